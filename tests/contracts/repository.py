"""Which files the contract tests judge."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("streams", "tests", "benchmarks", "dashboards", ".ci")


def code_files() -> list[Path]:
    """Return every Python file of the project, the package first."""
    return [path for folder in CODE_FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def cython_files() -> list[Path]:
    """Return every file of the project that Cython compiles."""
    return [path for pattern in ("*.pyx", "*.pxi") for path in sorted((ROOT / "streams").rglob(pattern))]


def committed_files() -> list[Path]:
    """Return the files that git tracks; where there is no checkout, all that a source archive brought."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*") if not set(path.relative_to(ROOT).parts) & {".venv", ".cache"}]
    return [path for path in found if path.is_file()]


def committed_texts() -> dict[str, str]:
    """Return path and text of every committed file that is text; anything else is no UTF-8 and left out."""
    texts = {}
    for path in committed_files():
        try:
            texts[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return texts

"""Imports point one way, and the core stays pure."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.repository import ROOT

PURE = {"iso8583", "msgspec", "mypy_extensions", "streams"}
"""What the core may import beside the standard library; of ``streams`` only ``streams.core``."""
AT_IMPORT = {"streams/core/__init__.py": {"os", "pathlib"}}
"""What looks at the world once, when the package is imported: whether there is a compiled core."""
IMPURE = {"asyncio", "logging", "os", "pathlib", "random", "socket", "subprocess", "threading", "time"}
"""Parts of the standard library that bring a clock, chance, files or another thread."""
CLOCK = re.compile(r"(^|\.)(date|datetime)\.(now|today|utcnow)$")
"""What of ``datetime`` reads the clock; its arithmetic is welcome."""


def run_import_linter(folder: Path) -> subprocess.CompletedProcess[str]:
    """Judge the package in ``folder`` by the project's own contracts."""
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


def imported_by(source: str) -> set[str]:
    """Return the dotted names that a module's text imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def impurities(source: str) -> set[str]:
    """Return what a core module imports or reads although the core may not."""
    attributes = [ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)]
    found = {name for name in attributes if CLOCK.search(name)}
    for name in imported_by(source):
        top = name.partition(".")[0]
        outside = top not in PURE and top not in sys.stdlib_module_names
        if outside or top in IMPURE or (top == "streams" and not name.startswith("streams.core")):
            found.add(name)
    return found


def test_every_import_contract_holds() -> None:
    """import-linter finds no import against the arrow."""
    done = run_import_linter(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("core/upward.py", "import streams.errors"),
        ("edges/sideways.py", "import streams.simulator"),
        ("simulator/peeking.py", "import streams.core"),
        ("homeless.py", ""),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, place: str, line: str) -> None:
    """The contracts can fail: a copy of the project with one wrong line does."""
    shutil.copytree(ROOT / "streams", tmp_path / "streams", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "streams" / place).write_text(f'"""A module in the wrong."""\n{line}\n')
    done = run_import_linter(tmp_path)
    assert done.returncode != 0
    assert Path(place).stem in done.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "streams" / "core").rglob("*.py")), ids=lambda path: path.name)
def test_the_core_is_pure(path: Path) -> None:
    """The core imports itself, msgspec and those parts of the standard library that do not touch the world."""
    assert impurities(path.read_text()) == AT_IMPORT.get(str(path.relative_to(ROOT)), set())


def test_an_impure_core_is_found() -> None:
    """The purity rule can fail, for each kind of import and for a clock."""
    imports = "import time\nimport orjson\nfrom streams.settings import Settings\nimport streams.core.event\n"
    assert impurities(imports) == {"time", "orjson", "streams.settings"}
    assert impurities("from datetime import UTC, datetime\nat = datetime.now(UTC)\n") == {"datetime.now"}

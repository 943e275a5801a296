"""What the package imports is what it declares, and what it declares is locked."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from typing import Any

from tests.contracts.repository import ROOT
from tests.contracts.test_layers import imported_by

LOADED_BY_NAME = {
    "cramjam": "aiokafka unpacks lz4, snappy and zstd with it",
    "crc32c": "kafka-python's checksums",
    "lz4": "kafka-python's codec",
    "noida-db": "a program file that streams.embedded looks up by name",
    "python-snappy": "kafka-python's codec",
    "zstandard": "kafka-python's codec",
}
"""Distributions that no import statement shows -> how they are used."""
HELD_BACK = {
    "click": "Faust and typer import it; the bound keeps Faust's command line working",
}
"""Distributions that are declared only to bound their version -> why."""


def project() -> dict[str, Any]:
    """Return the project table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def declared() -> set[str]:
    """Return the normalised names of the runtime dependencies."""
    return {normalised(re.split(r"[<>=~! ;\[]", line, maxsplit=1)[0]) for line in project()["dependencies"]}


def normalised(name: str) -> str:
    """Return a distribution's name as the lock writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def imported_distributions() -> dict[str, set[str]]:
    """Return distribution -> the files of the package that import it."""
    providers = packages_distributions()
    found: dict[str, set[str]] = {}
    for path in (ROOT / "streams").rglob("*.py"):
        for name in imported_by(path.read_text()):
            top = name.partition(".")[0]
            if top == "streams" or top in sys.stdlib_module_names:
                continue
            distribution = normalised(providers.get(top, [top])[0])
            found.setdefault(distribution, set()).add(str(path.relative_to(ROOT)))
    return found


def test_every_import_is_declared() -> None:
    """Nothing is imported that only another package happens to bring along."""
    assert {name: places for name, places in imported_distributions().items() if name not in declared()} == {}


def test_every_declared_dependency_is_used() -> None:
    """Nothing is installed on a worker for no reason."""
    assert declared() - imported_distributions().keys() - LOADED_BY_NAME.keys() - HELD_BACK.keys() == set()


def test_the_locks_hold_every_dependency() -> None:
    """Both locks pin all that is declared."""
    for lock in ("requirements.lock", "requirements-worker.lock"):
        pinned = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
        assert declared() - pinned == set(), lock


def test_the_worker_lock_is_part_of_the_whole_one() -> None:
    """A worker runs on the very versions and hashes that the tests ran on."""
    whole = set((ROOT / "requirements.lock").read_text().replace(" \\", "").splitlines())
    worker = set((ROOT / "requirements-worker.lock").read_text().replace(" \\", "").splitlines())
    assert worker - whole == set()

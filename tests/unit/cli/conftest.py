"""One command line run inside the test's process, its two outputs and its exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from streams.cli import run

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Voucherwatch = Callable[..., Ended]


@pytest.fixture
def voucherwatch(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Voucherwatch:
    """Return what runs a command in an empty folder, with no settings in the environment."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "VOUCHERWATCH_CONFIG", "VOUCHERWATCH_REQUIRE_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Ended:
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Ended(code, captured.out, captured.err)

    return call

"""``evaluate`` refuses what it cannot judge before it simulates anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Voucherwatch


def test_without_diagnosis_there_is_nothing_to_evaluate(voucherwatch: Voucherwatch) -> None:
    """The sentence says what to change."""
    ended = voucherwatch("evaluate", "--set", "diagnosis=false")
    assert ended.code == ExitCode.USAGE
    assert "diagnosis is false, so there is nothing to evaluate" in ended.err


def test_a_file_to_fit_that_is_not_there_is_unreachable(voucherwatch: Voucherwatch, tmp_path: Path) -> None:
    """It is told before the runs, not after them."""
    ended = voucherwatch("evaluate", "--fit", str(tmp_path / "none.yaml"))
    assert ended.code == ExitCode.UNREACHABLE
    assert "Cannot read" in ended.err
    assert "run 1" not in ended.err

"""Where Prometheus and Alertmanager come from, and what a machine hears that cannot have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contracts.test_skips import run_example
from tests.operations.programs import Programs, ProgramsNotAvailableError, cached, programs

if TYPE_CHECKING:
    from pathlib import Path

NEEDS_PROGRAMS = """
from tests.operations import programs as module

module._all_in = lambda path: None  # as on a machine that has none of them

def test_with_programs(programs):
    pass
"""
NAMES = ("prometheus", "promtool", "alertmanager", "amtool")


def put(folder: Path, *names: str) -> Path:
    """Put programs with these names into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def test_installed_programs_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands on the PATH is taken, under Debian's name for Alertmanager or its own."""
    for name in ("alertmanager", "prometheus-alertmanager"):
        folder = put(tmp_path / name, "prometheus", "promtool", name, "amtool")
        monkeypatch.setenv("PATH", str(folder))
        assert programs(tmp_path / "none") == Programs(
            folder / "prometheus", folder / "promtool", folder / name, folder / "amtool"
        )


def test_a_set_with_a_gap_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of the four on the PATH do not count; the cache is asked."""
    monkeypatch.setenv("PATH", str(put(tmp_path / "some", *NAMES[:3])))
    assert not cached(tmp_path / "cache")
    folder = put(tmp_path / "cache" / "unpacked" / "usr" / "bin", *NAMES)
    assert cached(tmp_path / "cache")
    assert programs(tmp_path / "cache").amtool == folder / "amtool"


def test_a_fetch_that_fails_names_the_complaint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An apt-get that cannot reach its archive is quoted, with the remedy; nothing half done is left to be found."""
    apt = put(tmp_path / "bin", "apt-get", "dpkg") / "apt-get"
    apt.write_text("#!/bin/sh\necho 'E: Unable to locate package prometheus' >&2\nexit 100\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    with pytest.raises(ProgramsNotAvailableError, match=r"E: Unable to locate package prometheus \(apt-get install"):
        programs(tmp_path / "cache")
    assert not cached(tmp_path / "cache")


@pytest.mark.parametrize(("required", "ends"), [("0", 0), ("1", 1)])
def test_a_machine_that_cannot_fetch_says_so(tmp_path: Path, required: str, ends: int) -> None:
    """Without apt-get a test is skipped with the remedy, or fails where all is required."""
    done = run_example(tmp_path, NEEDS_PROGRAMS, PATH=str(tmp_path), VOUCHERWATCH_REQUIRE_ALL=required)
    assert "a real Prometheus needs apt-get to be fetched with, or prometheus, promtool, alertmanager" in done.stdout
    assert done.returncode == ends

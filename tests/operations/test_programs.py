"""Where Prometheus and Alertmanager come from, and what a machine hears that cannot have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contracts.test_skips import run_example
from tests.operations import programs as module
from tests.operations.programs import Programs, ProgramsNotAvailableError, cached, home_of, programs

if TYPE_CHECKING:
    from collections.abc import Callable
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


def test_what_is_fetched_finds_its_templates_where_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's Alertmanager names a folder of the system; the one in the cache names the same below its own."""
    put(tmp_path / "bin", "apt-get")
    unpacks = "#!/bin/sh\nmkdir -p unpacked/usr/bin\ncd unpacked/usr/bin\n"
    puts = "".join(f"printf '#!/bin/sh\\n: /usr/share/prometheus/alertmanager/ui/' > {name}\n" for name in NAMES)
    (tmp_path / "bin" / "dpkg").write_text(f"{unpacks}{puts}chmod +x *\n")
    (tmp_path / "bin" / "dpkg").chmod(0o755)
    (tmp_path / "bin" / "apt-get").write_text("#!/bin/sh\n: > one.deb\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    monkeypatch.setattr("tests.operations.programs._NAMES", tuple((name,) for name in NAMES))
    monkeypatch.setattr("tests.operations.programs._all_in", only_below(tmp_path))
    found = programs(tmp_path / "cache")
    assert found.alertmanager.read_text() == "#!/bin/sh\n: usr/share/prometheus/alertmanager//ui/"
    assert found.alertmanager.stat().st_mode & 0o100
    assert found.amtool.read_text() == "#!/bin/sh\n: /usr/share/prometheus/alertmanager/ui/"
    assert home_of(found.alertmanager) == (tmp_path / "cache" / "unpacked").resolve()


def only_below(folder: Path) -> Callable[[str], Programs | None]:
    """Return a search that finds nothing but what lies in a folder: this machine may have the programs itself."""
    search = module._all_in

    def found(path: str) -> Programs | None:
        return search(path) if path.startswith(str(folder / "cache")) else None

    return found


@pytest.mark.parametrize(("required", "ends"), [("0", 0), ("1", 1)])
def test_a_machine_that_cannot_fetch_says_so(tmp_path: Path, required: str, ends: int) -> None:
    """Without apt-get a test is skipped with the remedy, or fails where all is required."""
    done = run_example(tmp_path, NEEDS_PROGRAMS, PATH=str(tmp_path), VOUCHERWATCH_REQUIRE_ALL=required)
    assert "a real Prometheus needs apt-get to be fetched with, or prometheus, promtool, alertmanager" in done.stdout
    assert done.returncode == ends

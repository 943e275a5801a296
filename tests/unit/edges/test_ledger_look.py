"""A look into a ledger on disk: what a worker has written shows, and nothing of its folder changes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from streams.core.ledger import NOT_YET
from streams.edges.rocks_ledger import Bounds, Identity, Store, UnreadableLedgerError, look, looking, places
from tests.unit.edges.test_rocks_ledger import CUT, HOUR_MS, NOON_MS, ROOT, TOPICS, claimed, commit, fact, shelf_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWNER = """
import sys
from pathlib import Path
from tests.unit.edges.test_rocks_ledger import NOON_MS, claimed, commit, fact, shelf_in

ledger = claimed(shelf_in(Path(sys.argv[1])))
ledger.begin(NOON_MS)
ledger.put([fact("1", "7", 0, 3, b"one"), fact("1", "8", 1, 4), fact("2", "7", 2, 5)])
commit(ledger)
print("written", flush=True)
sys.stdin.readline()
ledger.put([fact("1", "7", 0, 3, b"two")])
commit(ledger)
ledger.close()
"""


@contextmanager
def owner(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold a ledger open until a line, or its end, reaches its input."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        while "written" not in (line := process.stdout.readline()):
            assert line, "the owner ended before it had written"
        yield process
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(timeout=60)


def files_of(folder: Path) -> list[tuple[str, int, int]]:
    """Return every file with its size and time of change."""
    found = (path.stat() if path.is_file() else None for path in sorted(folder.rglob("*")))
    names = sorted(str(path) for path in folder.rglob("*"))
    return [(name, s.st_size, s.st_mtime_ns) for name, s in zip(names, found, strict=True) if s is not None]


def test_a_database_in_use_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    """What its owner wrote last, still in the log of writes, is seen; no file is made, written or locked."""
    with owner(tmp_path) as process:
        ((lane, place),) = places(tmp_path, "shop")
        before = files_of(tmp_path)
        seen = look(place, "1")
        assert files_of(tmp_path) == before
        assert (lane, seen.identity.topics, seen.covers_from, seen.cut) == (0, TOPICS, NOON_MS, CUT)
        assert seen.facts == [fact("1", "7", 0, 3, b"one"), fact("1", "8", 1, 4)]
        assert process.poll() is None
        process.communicate("go on\n", timeout=60)
        assert process.returncode == 0
    assert [one[5] for one in look(place, "1").facts if one[1] == "7"] == [b"two"]
    assert look(place, "3").facts == []


def test_buckets_that_were_merged_to_files_are_read(tmp_path: Path) -> None:
    """Facts of several buckets, in files and in the log of writes; those of a forgotten bucket are gone."""
    ledger = claimed(shelf_in(tmp_path))
    ledger.begin(NOON_MS)
    facts = [fact("1", str(hour), hour * HOUR_MS, hour) for hour in range(20)]
    ledger.put(facts[:15])
    commit(ledger)
    ledger.flush()
    ledger.put(facts[15:])
    commit(ledger)
    ((_, place),) = places(tmp_path, "shop")
    assert sorted(look(place, "1").facts) == sorted(facts)
    ledger.forget(NOON_MS + 12 * HOUR_MS)
    kept = look(place, "1").facts
    assert sorted(kept) == sorted(ledger.of_terminal("1", 0))
    assert 0 < len(kept) < len(facts)
    ledger.close()


def test_what_changes_meanwhile_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A view of two states is not believed; after some attempts it is a sentence."""
    ledger = claimed(shelf_in(tmp_path))
    ledger.put([fact("1", "7", 0, 3)])
    commit(ledger)
    ((_, place),) = places(tmp_path, "shop")
    states = iter([("MANIFEST-1", 1), ("MANIFEST-1", 2), ("MANIFEST-1", 2), ("MANIFEST-1", 2)])
    monkeypatch.setattr(looking, "_state_of", lambda _: next(states))
    assert len(look(place, "1").facts) == 1
    sizes = iter(range(100))
    monkeypatch.setattr(looking, "_state_of", lambda _: ("MANIFEST-1", next(sizes)))
    with pytest.raises(UnreadableLedgerError, match="changes while it is looked at"):
        look(place, "1")
    ledger.close()


def test_a_database_of_another_format_is_a_sentence(tmp_path: Path) -> None:
    """It says its format itself."""
    identity = Identity("shop", TOPICS, 0, 4, HOUR_MS, format=1)
    Store(tmp_path / "shop" / "0" / "0", identity, Bounds(HOUR_MS)).close()
    with pytest.raises(UnreadableLedgerError, match="it is of format 1, and this version reads format 2"):
        look(tmp_path / "shop" / "0" / "0", "1")


def test_what_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    """Damaged, gone or foreign; the folder of links is neither named nor left behind."""
    ledger = claimed(shelf_in(tmp_path))
    ledger.put([fact("1", "7", 0, 3)])
    commit(ledger)
    ledger.flush()
    ledger.close()
    ((_, place),) = places(tmp_path, "shop")
    file = max(place.glob("*.sst"), key=lambda path: path.stat().st_size)
    file.write_bytes(b"no table")
    with pytest.raises(UnreadableLedgerError, match=r"\.sst") as raised:
        look(place, "1")
    assert "voucherwatch-ledger-" not in str(raised.value)
    file.unlink()
    with pytest.raises(UnreadableLedgerError, match=f"No such file.*{file.name}|{file.name}.*No such file"):
        look(place, "1")
    (place / "CURRENT").write_bytes(b"not a name")
    with pytest.raises(UnreadableLedgerError):
        look(place, "1")
    shutil.rmtree(place)
    with pytest.raises(UnreadableLedgerError, match="No such file"):
        look(place, "1")


def test_only_databases_are_places(tmp_path: Path) -> None:
    """What was set aside is none, and no folder is no fault; nothing is made where nothing is."""
    assert places(tmp_path / "none", "shop") == []
    assert not (tmp_path / "none").exists()
    for name in ("0/0", "0/1", "3/0", "0/set-aside", "other"):
        (tmp_path / "a%2Fb" / name).mkdir(parents=True)
    assert [(lane, place.name) for lane, place in places(tmp_path, "a/b")] == [(0, "0"), (0, "1"), (3, "0")]


def test_a_new_database_covers_nothing(tmp_path: Path) -> None:
    """Its owner has opened it and written nothing yet."""
    ledger = claimed(shelf_in(tmp_path))
    ((_, place),) = places(tmp_path, "shop")
    seen = look(place, "1")
    assert (seen.covers_from, seen.cut, seen.facts) == (NOT_YET, None, [])
    ledger.close()

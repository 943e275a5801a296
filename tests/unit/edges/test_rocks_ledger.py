"""The ledger on disk: all that the one in memory promises, and what a disk adds to it."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.cut import Cut
from streams.core.ledger import NOT_YET, MemoryLedger
from streams.core.ledger_chunks import chunks_of, identity_of
from streams.edges.rocks_ledger import Shelf
from streams.edges.rocks_ledger import shelf as shelf_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.ledger import Fact, Ledger
    from streams.edges.rocks_ledger import RocksLedger

ROOT = Path(__file__).resolve().parents[3]
HOUR_MS = 3_600_000
NOON_MS = 1_750_000_000_000 // HOUR_MS * HOUR_MS
TOPICS = (("terminal-events", "id-one"), ("host-events", "id-two"))
CUT = Cut(NOON_MS, NOON_MS - 1_000, (5, 6), (10, 12), 4)


def shelf_in(
    folder: Path, *, group: str = "shop", topics: tuple[tuple[str, str], tuple[str, str]] = TOPICS, hours: int = 24
) -> Shelf:
    """Return the shelf of a worker."""
    return Shelf(folder, group, lambda: topics, hours * HOUR_MS, 16 * 1024 * 1024)


def claimed(shelf: Shelf, lane: int = 0, partitions: int = 4) -> RocksLedger:
    """Return an open ledger."""
    ledger = shelf.ledger(lane, partitions)
    ledger.claim()
    return ledger


def commit(ledger: RocksLedger, cut: Cut = CUT) -> None:
    """Write all that was put, as a commit of the lane does."""
    taken = replace(cut)
    ledger.seal(taken)
    ledger.write(taken)


def fact(terminal: str, number: str, at: int, offset: int, value: bytes = b"{}") -> Fact:
    """Return a fact whose first leg came ``at`` ms after noon."""
    return (terminal, number, NOON_MS + at, 0, offset, value, ("3514", "77"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RocksLedger]:
    """An open, empty ledger."""
    opened = claimed(shelf_in(tmp_path))
    yield opened
    opened.close()


TEXTS = st.sampled_from(["1", "12", "123", "T1", "T12", "终端"])
FACTS = st.tuples(
    TEXTS,
    TEXTS,
    st.integers(0, 4 * HOUR_MS).map(lambda at: NOON_MS + at),
    st.integers(0, 1),
    st.integers(0, 3),
    st.binary(max_size=6),
    st.lists(st.sampled_from(["12", "3514", "A7"]), max_size=2, unique=True).map(tuple),
)
STEPS = st.lists(st.one_of(st.lists(FACTS, max_size=5), st.just("write"), st.just("again")), max_size=12)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_it_answers_as_the_one_in_memory(tmp_path_factory: pytest.TempPathFactory, steps: list[object]) -> None:
    """Whatever was put, written, closed and opened again, both ledgers return the same facts."""
    shelf = shelf_in(tmp_path_factory.mktemp("ledger"))
    ours, theirs = claimed(shelf), MemoryLedger()
    try:
        for step in steps:
            if isinstance(step, list):
                ours.put(step)
                theirs.put(step)
            elif step == "write":
                commit(ours)
            else:
                commit(ours)
                ours.close()
                ours = claimed(shelf)
            _agree(ours, theirs)
    finally:
        ours.close()


def _agree(ours: Ledger, theirs: Ledger) -> None:
    for terminal in ("1", "12", "123", "T1", "T12", "终端"):
        for number in ("1", "12", "123"):
            assert sorted(ours.of_number(terminal, number)) == sorted(theirs.of_number(terminal, number))
        for reference in ("1", "12", "3514", "A7"):
            assert sorted(ours.of_reference(terminal, reference)) == sorted(theirs.of_reference(terminal, reference))
        for since in (0, NOON_MS + HOUR_MS):
            assert sorted(ours.of_terminal(terminal, since)) == sorted(theirs.of_terminal(terminal, since))


def test_facts_and_their_cut_outlive_the_process_that_wrote_them(tmp_path: Path) -> None:
    """What was written stands there after a restart: facts, begin and cut."""
    first = claimed(shelf_in(tmp_path))
    first.begin(NOON_MS)
    first.put([fact("1", "7", 0, 3, b"one")])
    commit(first)
    first.sync()
    first.close()
    second = claimed(shelf_in(tmp_path))
    second.begin(NOON_MS + HOUR_MS)
    assert second.covers_from == NOON_MS
    assert second.cut == CUT
    assert second.of_number("1", "7") == [fact("1", "7", 0, 3, b"one")]
    second.close()


def test_the_bytes_of_an_identity_may_stand_in_another_row(ledger: RocksLedger) -> None:
    """A packed leg can have the same log time and offset, and a length that looks like a number."""
    one = fact("1", "7", 100, 3)
    other = fact("1", "8", 50, 2, identity_of(one))
    ledger.put([other, one])
    commit(ledger)
    assert sorted(ledger.of_reference("1", "3514")) == [one, other]


def test_the_earliest_begin_counts(tmp_path: Path) -> None:
    """Whichever source is read first, on disk and in memory; what had to go is not covered again."""
    memory = MemoryLedger(1)
    disk = claimed(shelf_in(tmp_path))
    for ledger in (memory, disk):
        ledger.begin(NOON_MS + 900)
        ledger.begin(NOON_MS)
        ledger.begin(NOON_MS + 50)
        assert ledger.covers_from == NOON_MS
    memory.put([fact("1", "7", 100, 3), fact("1", "8", 200, 4)])
    memory.begin(NOON_MS + 50)
    assert memory.covers_from == NOON_MS + 101
    disk.close()


def test_whole_buckets_are_forgotten(ledger: RocksLedger) -> None:
    """What is older than the horizon goes with its bucket, and does not come back; what is younger stays."""
    old, young = fact("1", "7", 0, 1), fact("1", "7", 30 * HOUR_MS, 2)
    ledger.put([old, young])
    commit(ledger)
    ledger.forget(NOON_MS + 6 * HOUR_MS)
    assert ledger.of_number("1", "7") == [young]
    ledger.put([old])
    commit(ledger)
    assert ledger.of_number("1", "7") == [young]
    assert ledger.of_terminal("1", 0) == [young]


def test_a_day_takes_the_disk_of_a_day(tmp_path: Path) -> None:
    """Forgetting gives the files back: ten horizons later the disk holds hardly more than one horizon's facts."""
    ledger = claimed(shelf_in(tmp_path, hours=1))
    value = random.Random(1).randbytes(600)
    sizes = []
    for hour in range(10):
        for quarter in range(4):
            at = hour * HOUR_MS + quarter * HOUR_MS // 4
            ledger.put([fact(f"T{n}", str(n), at + n, n, value) for n in range(2_000)])
            ledger.forget(NOON_MS + at - HOUR_MS)
            commit(ledger)
        ledger.sync()
        sizes.append(ledger.disk_bytes)
    assert len(ledger._opened()._buckets) <= 6
    # Before the first flush the log alone holds everything; it may grow to its limit and no further.
    assert sizes[-1] < 2_000 * 4 * 700 * 10
    ledger.close()


@pytest.mark.parametrize(
    ("topics", "hours"),
    [((("terminal-events", "id-one"), ("host-events", "another")), 24), (TOPICS, 12)],
    ids=["a topic made anew", "another horizon"],
)
def test_a_foreign_database_is_set_aside(
    tmp_path: Path, topics: tuple[tuple[str, str], tuple[str, str]], hours: int
) -> None:
    """One of other topics or another horizon is renamed, and nothing of it is believed."""
    first = claimed(shelf_in(tmp_path))
    first.begin(NOON_MS)
    first.put([fact("1", "7", 0, 3)])
    commit(first)
    first.close()
    second = claimed(shelf_in(tmp_path, topics=topics, hours=hours))
    assert second.of_number("1", "7") == []
    assert second.covers_from == NOT_YET
    assert second.cut is None
    second.close()
    assert [path.name for path in sorted((tmp_path / "shop" / "0").iterdir())] == ["0", "set-aside"]


def test_another_partition_count_is_foreign(tmp_path: Path) -> None:
    """A terminal may have come from another lane."""
    first = claimed(shelf_in(tmp_path))
    first.put([fact("1", "7", 0, 3)])
    commit(first)
    first.close()
    second = claimed(shelf_in(tmp_path), partitions=8)
    assert second.of_number("1", "7") == []
    second.close()


def test_a_damaged_database_is_set_aside(tmp_path: Path) -> None:
    """A file that RocksDB does not understand costs the ledger, not the worker."""
    first = claimed(shelf_in(tmp_path))
    first.put([fact("1", "7", 0, 3)])
    commit(first)
    first.close()
    (tmp_path / "shop" / "0" / "0" / "CURRENT").write_bytes(b"not a name")
    second = claimed(shelf_in(tmp_path))
    assert second.cut is None
    assert (tmp_path / "shop" / "0" / "set-aside" / "CURRENT").read_bytes() == b"not a name"
    second.close()


def test_a_place_in_use_is_waited_for_and_then_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frozen process keeps its database; the new owner begins another, and later the better one is kept."""
    monkeypatch.setattr(shelf_module, "WAIT_SECONDS", 0.3)
    frozen = claimed(shelf_in(tmp_path))
    commit(frozen)
    began = time.monotonic()
    owner = claimed(shelf_in(tmp_path))
    assert time.monotonic() - began >= 0.3
    assert owner.cut is None
    newer = Cut(CUT.j_ms + 1, CUT.r_ms, CUT.offsets, (20, 20), 4)
    commit(owner, newer)
    owner.close()
    frozen.close()
    third = claimed(shelf_in(tmp_path))
    assert third.cut == newer
    assert [path.name for path in (tmp_path / "shop" / "0").iterdir()] == ["1"]
    third.close()


def test_lanes_and_groups_have_folders_of_their_own(tmp_path: Path) -> None:
    """Nothing of one is seen by the other, whatever signs a group's name has."""
    one, two, three = (
        claimed(shelf_in(tmp_path), 0),
        claimed(shelf_in(tmp_path), 1),
        claimed(shelf_in(tmp_path, group="../x")),
    )
    one.put([fact("1", "7", 0, 3)])
    assert not two.of_number("1", "7")
    assert not three.of_number("1", "7")
    for ledger in (one, two, three):
        ledger.close()
    assert {path.name for path in tmp_path.iterdir()} == {"shop", "..%2Fx"}


def test_begin_anew_leaves_nothing(tmp_path: Path) -> None:
    """A ledger that its driver does not trust begins empty."""
    ledger = claimed(shelf_in(tmp_path))
    ledger.begin(NOON_MS)
    ledger.put([fact("1", "7", 0, 3)])
    commit(ledger)
    ledger.begin_anew("the group has no commits")
    assert ledger.covers_from == NOT_YET
    assert ledger.cut is None
    assert ledger.of_number("1", "7") == []
    ledger.close()


def test_the_disk_stands_at_a_cut(tmp_path: Path) -> None:
    """What was put after the newest committed cut is found meanwhile, and is not there after a crash."""
    ledger = claimed(shelf_in(tmp_path))
    before, between, after = (fact("1", "7", at, at) for at in (0, 1, 2))
    first, second = replace(CUT), replace(CUT, j_ms=NOON_MS + 1)
    ledger.put([before])
    ledger.seal(first)
    ledger.put([between])
    ledger.seal(second)
    ledger.put([after])
    ledger.write(first)
    assert sorted(ledger.of_number("1", "7")) == [before, between, after]
    ledger.close()
    again = claimed(shelf_in(tmp_path))
    assert again.cut == first
    assert again.of_number("1", "7") == [before]
    again.close()


def test_what_is_filled_half_is_not_relied_on(tmp_path: Path) -> None:
    """A ledger that was being filled when its worker died begins anew; one that was filled has a cut."""
    ledger = claimed(shelf_in(tmp_path))
    ledger.fill(NOON_MS)
    ledger.put([fact("1", str(n), n, n) for n in range(30_000)])
    commit(ledger)
    assert ledger.written_facts == 30_000
    ledger.close()
    again = claimed(shelf_in(tmp_path))
    assert again.of_number("1", "7") == []
    again.fill(NOON_MS)
    again.put([fact("1", "7", 0, 0)])
    commit(again, replace(CUT, j_ms=NOON_MS + 1))
    again.close()
    third = claimed(shelf_in(tmp_path))
    assert third.of_number("1", "7") == [fact("1", "7", 0, 0)]
    third.close()


WRITER = """
import sys
from pathlib import Path
from streams.core.cut import Cut
from streams.edges.rocks_ledger import Shelf

noon = int(sys.argv[2])
topics = (("terminal-events", "id-one"), ("host-events", "id-two"))
ledger = Shelf(Path(sys.argv[1]), "shop", lambda: topics, 24 * 3_600_000, 16 << 20).ledger(0, 4)
ledger.claim()
ledger.begin(noon)
fetch = 0
while True:
    fetch += 1
    ledger.put([(f"T{n}", str(fetch), noon + fetch, 0, fetch * 50 + n, b"x" * 200, ()) for n in range(50)])
    cut = Cut(noon + fetch, noon, (0, 0), (fetch, fetch), 4)
    ledger.seal(cut)
    if fetch % 3 == 0:
        ledger.write(cut)
    if fetch % 21 == 0:
        ledger.sync()
        print('synced', fetch, flush=True)
"""


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.5])
def test_a_kill_loses_nothing_that_was_synced_and_halves_no_cut(tmp_path: Path, seconds: float) -> None:
    """After ``kill -9`` all up to the last acknowledged sync is there, and exactly what goes before the cut."""
    program = [sys.executable, "-c", WRITER, str(tmp_path), str(NOON_MS)]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(2)]
        time.sleep(seconds)
        writer.kill()
        said += writer.stdout.readlines()
    synced = max(int(line.split()[1]) for line in said if line.startswith("synced") and line.endswith("\n"))
    ledger = claimed(shelf_in(tmp_path))
    counts: dict[str, int] = {}
    for n in range(50):
        for found in ledger.of_terminal(f"T{n}", 0):
            counts[found[1]] = counts.get(found[1], 0) + 1
    assert set(counts.values()) == {50}
    assert len(counts) == max(map(int, counts))
    assert len(counts) >= synced
    assert ledger.cut is not None
    assert ledger.cut.processed[0] == len(counts)
    ledger.close()


def test_open_lanes_share_what_may_stay_packed(tmp_path: Path) -> None:
    """However many lanes a worker has, its memory does not grow with them; a closed one has no share."""
    shelf = shelf_in(tmp_path)
    first = claimed(shelf, 0)
    whole = first.most_at_hand
    second = claimed(shelf, 1)
    assert first.most_at_hand == second.most_at_hand == whole // 2
    second.close()
    assert first.most_at_hand == whole
    first.close()


def test_chunks_are_settled_once_they_are_written(tmp_path: Path) -> None:
    """Not when they are put, and not by an earlier cut; a fact that is put beside them counts as later."""
    ledger = claimed(shelf_in(tmp_path))
    ledger.begin(NOON_MS)
    early = replace(CUT)
    ledger.seal(early)
    chunks = chunks_of([fact("1", "7", 0, 3, b"one"), fact("1", "8", 5, 4, b"two")], ledger.bucket_ms)
    ledger.put_chunks(chunks, 2)
    ledger.put([fact("1", "7", 0, 3, b"one, voided")])
    ledger.write(early)
    assert ledger.settled == 0
    assert ledger.of_number("1", "8") == []
    commit(ledger, replace(CUT, j_ms=CUT.j_ms + 1))
    assert ledger.settled == 2
    assert ledger.of_number("1", "7") == [fact("1", "7", 0, 3, b"one, voided")]
    assert ledger.of_number("1", "8") == [fact("1", "8", 5, 4, b"two")]
    assert sorted(one[5] for one in ledger.of_reference("1", "3514")) == [b"one, voided", b"two"]
    assert ledger.written_facts == 3
    ledger.close()

"""Where a lane starts so that its ledger knows all that can be pointed at."""

# ruff: noqa: D102  the methods of the fake are those of the port

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from streams.core.cut import Cut
from streams.edges.batch_driver.hosted import HostedLane
from streams.edges.batch_driver.reach import Start, reach_back
from tests.unit.edges.fakes import TOPICS, FakeLane, FakeLog

if TYPE_CHECKING:
    from streams.edges.batch_driver.ports import LaneLedger

TERMINAL, HOST = ((TOPICS[0], 0), (TOPICS[1], 0))
REACH_MS = 5_000
START = Start(10_000, 9_000, (50, 60), (100, 120))


class Kept:
    """A ledger that stands at a cut, or at none, and remembers what it was told."""

    def __init__(self, cut: Cut | None = None) -> None:
        self.cut = cut
        self.told: list[str] = []
        self.disk_bytes = 0

    def claim(self) -> None: ...

    def begin_anew(self, why: str) -> None:
        self.told.append(f"anew: {why}")
        self.cut = None

    def fill(self, j_ms: int) -> None:
        self.told.append(f"fill to {j_ms}")

    def seal(self, cut: Cut) -> None: ...

    def write(self, cut: Cut) -> None: ...

    def sync(self) -> None: ...

    def close(self) -> None: ...


def reached(ledger: LaneLedger | None, start: Start = START, log: FakeLog | None = None) -> Start | None:
    """Return where a lane with this ledger starts."""
    if log is None:
        log = FakeLog()
        log.at_time = {TERMINAL: 7, HOST: None}
    lane: Any = FakeLane(0)
    hosted = HostedLane(0, lane, TOPICS, 0.0, ledger)
    return asyncio.run(reach_back(hosted, start, REACH_MS, {TERMINAL: 0, HOST: 0}, log))


def test_a_ledger_as_far_as_the_commit_costs_nothing() -> None:
    """The lane starts at the ledger's cut, which is the committed one."""
    ledger = Kept(Cut(10_000, 9_000, (50, 60), (100, 120), 1))
    assert reached(ledger) == START
    assert ledger.told == []


def test_a_cut_whose_commit_did_not_come_about_is_as_good() -> None:
    """All its outputs were acknowledged: J is the ledger's."""
    ledger = Kept(Cut(11_000, 9_500, (55, None), (130, 140), 1))
    assert reached(ledger) == Start(11_000, 9_500, (55, 60), (130, 140))


def test_a_ledger_that_is_behind_is_read_on_from_its_own_cut() -> None:
    """The lane was elsewhere meanwhile: silently up to the committed J, and without a cut until then."""
    ledger = Kept(Cut(8_000, 7_000, (30, 40), (80, 90), 1))
    assert reached(ledger) == Start(10_000, 7_000, (30, 40), (100, 120))
    assert ledger.told == ["fill to 10000"]


def test_a_ledger_that_is_too_old_begins_anew_from_the_horizon() -> None:
    """What lies between its cut and the horizon is not needed any more."""
    ledger = Kept(Cut(3_000, 2_000, (3, 4), (8, 9), 1))
    assert reached(ledger) == Start(10_000, 5_000, (7, 60), (100, 120))
    assert ledger.told == ["anew: it is older than what can be pointed at", "fill to 10000"]


def test_an_empty_ledger_and_one_in_memory_are_filled_from_the_horizon() -> None:
    """A new machine reads the horizon again; an input with nothing so young is read from its commit."""
    ledger = Kept()
    assert reached(ledger) == Start(10_000, 5_000, (7, 60), (100, 120))
    assert ledger.told == ["fill to 10000"]
    assert reached(None) == Start(10_000, 5_000, (7, 60), (100, 120))


def test_without_a_commit_nothing_of_the_ledger_is_believed() -> None:
    """The group was deleted: what is judged again must not meet facts of its own future."""
    ledger = Kept(Cut(10_000, 9_000, (50, 60), (100, 120), 1))
    fresh = Start(0, 0, (0, 0), (0, 0), known=False)
    assert reached(ledger, fresh) == fresh
    assert ledger.cut is None
    assert ledger.told[-1] == "fill to 0"


def test_an_input_that_does_not_answer_leaves_the_lane_waiting() -> None:
    """Reading from the commit instead would leave a hole in the ledger."""
    log = FakeLog()
    log.leaderless = {HOST}
    assert reached(Kept(), log=log) is None
    assert reached(None, START, log) is None


def test_the_horizon_does_not_reach_before_the_epoch() -> None:
    """A J that is small, as of a commit before the first record, asks for no negative time."""
    log = FakeLog()
    log.at_time = {TERMINAL: 0, HOST: 0}
    assert reached(None, Start(100, 50, (1, 1), (1, 1)), log) == Start(100, 0, (0, 0), (1, 1))
    assert log.times_asked == [0]

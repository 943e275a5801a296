"""What another setting would change: the anomalies of two replays of the same records, held against each other.

Two anomalies are the same when they have one id.  What is left is looked through for a leg in common:
then the voucher is accused either way, of something else.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from streams.core.lane import Lane
from streams.replay.compare_delays import permille
from streams.replay.kafka_lane import NotingState
from streams.replay.run import replay_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from streams.core.policy import Policy
    from streams.replay.compare_delays import PairDelays
    from streams.replay.run import ReplayResult

MEDIAN: Final = 500
P99: Final = 990

Record = dict[str, Any]
"""The JSON object of an anomaly."""


@dataclass(slots=True)
class KindChange:
    """How many anomalies of one kind there are under either setting, and what became of them."""

    base: int = 0
    changed: int = 0
    same: int = 0
    gained: int = 0
    lost: int = 0
    moved_in: int = 0
    """Found of vouchers that were accused of another kind before."""
    moved_out: int = 0
    gained_resolved: int = 0
    """Of the gained ones, how many resolve by themselves: false alarms, mostly."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Median and 99th percentile in milliseconds, and of how many; ``None`` of none."""

    count: int
    median_ms: int | None
    p99_ms: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changes between two replays of the same records."""

    kinds: dict[str, KindChange]
    moves: dict[tuple[str, str], int]
    """Kind before and kind after -> vouchers."""
    ends: dict[tuple[str, str], int]
    """How the same anomaly ends before and after, where that differs -> anomalies."""
    base_delay: Delays
    changed_delay: Delays
    earlier: Delays
    """Of the same anomalies those that the other setting opens earlier, and by how much."""
    later: Delays


@dataclass(slots=True)
class NotingLane:
    """Makes the lane of a file replay and keeps what it measured."""

    delays: list[PairDelays] = field(default_factory=list)

    def __call__(self, policy: Policy) -> Lane:
        """Return a lane; what an earlier one measured is dropped, since it saw the same files."""
        state = NotingState(0, policy)
        self.delays = [state.delays]
        return Lane(0, policy, live=False, state=state)


def measured_files(
    terminal: Sequence[Path], host: Sequence[Path], policy: Policy, *, flush: bool, deadletter: Path | None = None
) -> tuple[ReplayResult, list[PairDelays]]:
    """Replay files and measure how long pairs took; errors as in ``replay_files``."""
    lane = NotingLane()
    result = replay_files(terminal, host, policy, flush=flush, deadletter=deadletter, make_lane=lane)
    return result, lane.delays


def compare(base: Sequence[Record], changed: Sequence[Record]) -> Comparison:
    """Hold the final records of two replays of the same log against each other."""
    kinds: dict[str, KindChange] = {}
    for records, name in ((base, "base"), (changed, "changed")):
        for record in records:
            row = kinds.setdefault(record["kind"], KindChange())
            setattr(row, name, getattr(row, name) + 1)
    before = {record["id"]: record for record in base}
    after = {record["id"]: record for record in changed}
    ends: Counter[tuple[str, str]] = Counter()
    shifts: list[int] = []
    for known in before.keys() & after.keys():
        old, new = before[known], after[known]
        kinds[old["kind"]].same += 1
        shifts.append(new["opened_at"] - old["opened_at"])
        if _end(old) != _end(new):
            ends[_end(old), _end(new)] += 1
    lost = [record for record in base if record["id"] not in after]
    gained = [record for record in changed if record["id"] not in before]
    return Comparison(
        dict(sorted(kinds.items())),
        moves=dict(sorted(_moves(kinds, lost, gained).items())),
        ends=dict(sorted(ends.items())),
        base_delay=_delays([_detection_ms(record) for record in base]),
        changed_delay=_delays([_detection_ms(record) for record in changed]),
        earlier=_delays([-shift for shift in shifts if shift < 0]),
        later=_delays([shift for shift in shifts if shift > 0]),
    )


def _moves(kinds: dict[str, KindChange], lost: Sequence[Record], gained: Sequence[Record]) -> Counter[tuple[str, str]]:
    """Count as moved what shares a leg, the rest as lost and gained."""
    by_leg: dict[tuple[object, ...], list[Record]] = {}
    for record in gained:
        for leg in _legs(record):
            by_leg.setdefault(leg, []).append(record)
    moves: Counter[tuple[str, str]] = Counter()
    taken: set[str] = set()
    for record in lost:
        found = next((new for leg in _legs(record) for new in by_leg.get(leg, ()) if new["id"] not in taken), None)
        if found is None:
            kinds[record["kind"]].lost += 1
            continue
        taken.add(found["id"])
        moves[record["kind"], found["kind"]] += 1
        kinds[record["kind"]].moved_out += 1
        kinds[found["kind"]].moved_in += 1
    for record in gained:
        if record["id"] not in taken:
            kinds[record["kind"]].gained += 1
            kinds[record["kind"]].gained_resolved += record["status"] == "resolved"
    return moves


def _legs(record: Record) -> Iterator[tuple[object, ...]]:
    """Yield the place in the log of every leg of a record."""
    for leg in record["legs"].values():
        if leg is not None:
            yield leg["source"], leg["partition"], leg["offset"]


def _end(record: Record) -> str:
    """Return how an anomaly ended: its resolution where it has one, else its status."""
    return str(record["resolution"] or record["status"])


def _detection_ms(record: Record) -> int:
    """Return how long after the first of its legs an anomaly was opened, in log time."""
    legs = [leg["log_time"] for leg in record["legs"].values() if leg is not None]
    return int(record["opened_at"] - min(legs, default=record["opened_at"]))


def _delays(values: Sequence[int]) -> Delays:
    counts = Counter(values)
    if not counts:
        return Delays(0, None, None)
    return Delays(len(values), permille(counts, MEDIAN), permille(counts, P99))

"""Replay of topics: the lanes of a worker over a range of time, without stalls and idle sources.

Each lane is read and judged by itself, one after the other.  Reading begins twice the longest window
before the range, so that what began earlier is known; the account holds only vouchers whose earliest
leg lies in the range.
"""

from __future__ import annotations

import base64
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

import msgspec

from streams.core.lane import Lane
from streams.core.wire import SOURCES
from streams.errors import UsageError
from streams.replay.kafka_lane import NotingState
from streams.replay.kafka_range import shown
from streams.replay.run import Findings, ReplayResult, created, rare_collection, summed_up
from streams.replay.sides import behind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from streams.core.lane import LaneOutput
    from streams.core.policy import Policy
    from streams.core.wire import DeadLetter, RawRecord
    from streams.replay.compare_delays import PairDelays
    from streams.replay.kafka_range import TimeRange
    from streams.replay.kafka_reader import LaneSpan, PartSpan, RangeReader

WINDOWS_BEFORE: Final = 2
_OF_RECORDS: Final = ("events_total", "events_rejected_total")


@dataclass(frozen=True, slots=True)
class RangeReplay:
    """What a range holds under one policy, and how long its pairs took in each lane."""

    result: ReplayResult
    delays: list[PairDelays]


@dataclass(frozen=True, slots=True)
class LanePlan:
    """What to read of one lane, and the log time from which its vouchers are reported."""

    number: int
    spans: LaneSpan
    from_ms: int


@dataclass(slots=True)
class Progress:
    """Tells how far a replay is: a sentence now and then, and (records done, records in all) after each fetch."""

    say: Callable[[str], None]
    step: Callable[[int, int], None]
    total: int = 0
    done: int = 0

    def advance(self, records: int) -> None:
        """Take note of records that need not be read any more."""
        self.done += records
        self.step(self.done, self.total)


class RangeFindings(Findings):
    """Findings of all lanes under one policy; dead letters are placed by topic, partition and offset."""

    def __init__(self, deadletter: IO[bytes] | None, topics: tuple[str, str]) -> None:
        super().__init__(deadletter)
        self.letters = deadletter
        self._topics = topics
        self.delays: list[PairDelays] = []
        self.pending = 0
        self.records = 0

    def take_lane(self, out: LaneOutput, lane: RangeLane) -> None:
        """Take what one lane said of the range."""
        out.changes = [change for change in out.changes if change.anomaly_id not in lane.state.journal.earlier]
        if self.letters is not None:
            for letter in out.dead_letters:
                self.letters.write(self._row(letter, lane.lane.number) + b"\n")
        out.dead_letters.clear()
        self.take(out, lambda _: ("", 0))

    def _row(self, letter: DeadLetter, partition: int) -> bytes:
        row = {
            "source": SOURCES[letter.source],
            "topic": self._topics[letter.source],
            "partition": partition,
            "offset": letter.offset,
            "timestamp": letter.timestamp,
            "reason": letter.reason,
            "detail": letter.detail,
            "value": base64.b64encode(letter.value or b"").decode(),
        }
        return msgspec.json.encode(row)


class RangeLane:
    """One lane under one policy; what lies before the range changes its state and is not reported."""

    def __init__(self, plan: LanePlan, policy: Policy, findings: RangeFindings) -> None:
        self.state = NotingState(plan.number, policy, plan.from_ms)
        self.state.gathers = True
        self.lane = Lane(plan.number, policy, live=False, check_keys=True, state=self.state)
        self._policy = policy
        self._findings = findings

    def feed(self, source: int, records: Sequence[RawRecord], now_ms: int, *, inside: bool) -> None:
        """Judge some records that lie all inside the range or all before it."""
        out = self.lane.feed(source, records, now_ms)
        if not inside:
            out.dead_letters.clear()
            for name in [name for name in out.tally if name[0] in _OF_RECORDS]:
                del out.tally[name]
        self._findings.records += len(records) if inside else 0
        self._findings.take_lane(out, self)

    def pass_by(self, source: int, to_ms: int) -> None:
        """Let the log time of a source that was read to the end of the range move on to that end."""
        out = self.lane.caught_up(source, to_ms + self._policy.idle_lateness_ms)
        self._findings.take_lane(out, self)

    def end(self, *, flush: bool) -> None:
        """Close the account of this lane; with ``flush`` every deadline but the horizons passes first."""
        if flush:
            self._findings.take_lane(self.lane.flush(), self)
        self._findings.pending += self.state.unclosed_of_range()
        self._findings.delays.append(self.state.delays)


def replay_range(
    reader: RangeReader,
    policies: Sequence[Policy],
    span: TimeRange,
    progress: Progress,
    *,
    flush: bool = False,
    deadletter: Path | None = None,
) -> list[RangeReplay]:
    """Judge a range of both topics under each policy, reading once; ``deadletter`` gets what the first rejects.

    Raises:
        UsageError: The range holds no record, or its records were deleted.
        UnreachableError: A broker or the dead-letter file fails.
    """
    plans = plan_lanes(reader, span, lookback_ms(policies), progress.say)
    progress.total = sum(max(0, part.expected_end - part.first) for plan in plans for part in plan.spans)
    with rare_collection(), ExitStack() as stack:
        letters = created(deadletter, stack)
        found = [RangeFindings(None if number else letters, reader.topics) for number, _ in enumerate(policies)]
        for plan in plans:
            lanes = [RangeLane(plan, policy, findings) for policy, findings in zip(policies, found, strict=True)]
            _judge(reader, plan, lanes, span, progress)
            for lane in lanes:
                lane.end(flush=flush)
    if not found[0].records:
        raise UsageError(
            f"Neither {' nor '.join(reader.topics)} has a record from {shown(span.from_ms)} to {shown(span.to_ms)};"
            " choose another range."
        )
    return [RangeReplay(summed_up(findings, findings.pending), findings.delays) for findings in found]


def lookback_ms(policies: Sequence[Policy]) -> int:
    """Return how long before the range reading begins: twice the longest window of all policies."""
    return WINDOWS_BEFORE * max(policy.replay_ms for policy in policies)


def plan_lanes(reader: RangeReader, span: TimeRange, before_ms: int, say: Callable[[str], None]) -> list[LanePlan]:
    """Return what to read of every lane; says of which lanes the beginning was deleted.

    Where older records were deleted, a voucher's other side may be among them: such a lane is reported from
    ``before_ms`` after its oldest record on.
    """
    spans = reader.spans(span.from_ms - before_ms, span.to_ms)
    plans = []
    late: list[tuple[int, str]] = []
    for number, parts in enumerate(spans):
        from_ms = span.from_ms
        for source, part in enumerate(parts):
            if part.kept_from_ms is not None and part.kept_from_ms > span.from_ms - before_ms:
                safe_ms = part.kept_from_ms + before_ms
                from_ms = max(from_ms, safe_ms)
                late.append((safe_ms, f"{reader.topics[source]}-{number}"))
        if from_ms < span.to_ms:
            plans.append(LanePlan(number, parts, from_ms))
    if not plans:
        safe_ms, place = min(late)
        raise UsageError(
            f"Records of the range are deleted: {place} can be judged from {shown(safe_ms)} on, and --to is"
            f" {shown(span.to_ms)}; choose a later range."
        )
    for safe_ms, place in late:
        if safe_ms > span.from_ms:
            say(f"Older records of {place} are deleted; its lane is reported from {shown(safe_ms)} on.")
    return plans


class _Part:
    """The records of one partition as they come, and how far its log time is."""

    def __init__(self, span: PartSpan, fetches: Iterator[list[RawRecord]]) -> None:
        self._fetches = fetches
        self._position = span.first
        self._end = span.expected_end
        self.reached_ms = -1
        self.done = False

    def fetch(self) -> list[RawRecord]:
        """Return the next records, none at the end, which makes it done."""
        records = next(self._fetches, [])
        if records:
            self.reached_ms = max(self.reached_ms, *(record[1] for record in records))
        else:
            self.done = True
        return records

    def advanced(self, records: Sequence[RawRecord]) -> int:
        """Return how much of what was expected need not be read any more after some records, or after the end."""
        reached = min(records[-1][0] + 1, self._end) if records else self._end
        advance, self._position = reached - self._position, reached
        return advance


def _judge(
    reader: RangeReader, plan: LanePlan, lanes: Sequence[RangeLane], span: TimeRange, progress: Progress
) -> None:
    """Read both partitions of a lane, the one that is behind first, and let every policy judge them."""
    parts = [_Part(part, reader.read(source, plan.number, part, span.to_ms)) for source, part in enumerate(plan.spans)]
    while not all(part.done for part in parts):
        source = behind(parts)
        part = parts[source]
        before_ms = part.reached_ms
        records = part.fetch()
        for some, inside in _split(records, before_ms, plan.from_ms):
            for lane in lanes:
                lane.feed(source, some, span.now_ms, inside=inside)
        if part.done:
            for lane in lanes:
                lane.pass_by(source, span.to_ms)
        progress.advance(part.advanced(records))


def _split(records: list[RawRecord], reached_ms: int, from_ms: int) -> Iterator[tuple[list[RawRecord], bool]]:
    """Yield the records before the range, then those inside: from the first on whose timestamp lies in it."""
    first = 0
    if reached_ms < from_ms:
        first = next((place for place, record in enumerate(records) if record[1] >= from_ms), len(records))
    if records[:first]:
        yield records[:first], False
    if records[first:]:
        yield records[first:], True

"""Both logs of one lane read side by side: the terminal's records are judged, all others only move log time on.

The source that is behind is read first, so that few records wait for the other one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.replay.sides import behind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.core.wire import RawRecord
    from streams.replay.life.lane import LifeLane

SPEAKS: Final = 100
"""Last records that are looked at to tell whether one source went on without the other."""

Mine = Callable[[bytes | None, bytes | None], bool]
"""Tells by key and value, undecoded, whether a record can be the terminal's."""
Step = Callable[[int, int], None]
"""Takes (records read, records to read); 0 where their number is not known."""


@dataclass(slots=True)
class PartLog:
    """One source's log as it is read: fetches in, the terminal's records out, and where it got to."""

    fetches: Iterator[list[RawRecord]]
    mine: Mine
    expected: int = 0
    records: int = 0
    first_offset: int | None = None
    next_offset: int | None = None
    first_ms: int | None = None
    reached_ms: int = -1
    """Log time of the last record read; -1 before the first."""
    done: bool = False
    newest: deque[int] = field(default_factory=lambda: deque(maxlen=SPEAKS))
    """Log times of the last records."""

    def fetch(self) -> list[RawRecord]:
        """Return the terminal's records of the next fetch, stamped with log time; the end makes it done."""
        records = next(self.fetches, None)
        if records is None:
            self.done = True
            return []
        own, mine, log_time = [], self.mine, self.reached_ms
        if records and self.first_offset is None:
            self.first_offset, self.first_ms = records[0][0], records[0][1]
        for offset, timestamp, key, value in records:
            log_time = max(log_time, timestamp)
            if mine(key, value):
                own.append((offset, log_time, key, value))
        self.reached_ms = log_time
        self.records += len(records)
        self.newest.extend(record[1] for record in records[-SPEAKS:])
        if records:
            self.next_offset = records[-1][0] + 1
        return own

    def outlasts(self, other: PartLog, by_ms: int, records: int) -> bool:
        """Tell whether this source went on for longer than ``by_ms`` and at least so many records after the other."""
        since = sum(at_ms > other.reached_ms for at_ms in self.newest)
        return self.reached_ms - other.reached_ms > by_ms and since >= min(records, SPEAKS)


def judge_logs(lane: LifeLane, parts: Sequence[PartLog], step: Step, until_ms: int | None = None) -> None:
    """Read both logs and judge what is the terminal's.

    ``until_ms`` is the log time that a source has reached for certain once its log is read; ``None``
    says that nothing is known beyond its last record.
    """
    total = sum(part.expected for part in parts)
    while not all(part.done for part in parts):
        source = behind(parts)
        part = parts[source]
        own = part.fetch()
        if own:
            lane.judge(source, own)
        if not part.done:
            lane.pass_by(source, part.reached_ms)
        elif until_ms is not None:
            lane.pass_by(source, until_ms)
        step(sum(each.records for each in parts), total)

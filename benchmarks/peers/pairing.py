"""The pairing rule that every peer is asked for, and what it comes to on the workload: the yardstick of their counts.

Two records pair if they come from different sources, name the same terminal, voucher number and class, and their
record timestamps lie at most ``WINDOW_MS`` apart.  A record of a voucher without any such partner is an orphan.
It is the rule of a stream join, which knows neither redeliveries nor one partner alone for each leg.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

if TYPE_CHECKING:
    from streams.simulator.stage import SimRecord

WINDOW_MS: Final = 60_000

Key = tuple[str, str, bool]
"""Terminal, voucher number without leading zeros, whether the class is ``reversal``."""


class Leg(NamedTuple):
    """What a join keeps of one side of a voucher."""

    key: Key
    amount: int | None


def leg_of(value: bytes) -> Leg | None:
    """Return the leg in a record's value, None if there is none: no JSON, no object, or no voucher."""
    try:
        event = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(event, dict):
        return None
    terminal, number = event.get("terminal_id"), event.get("voucher_number")
    if not isinstance(terminal, str) or not isinstance(number, str):
        return None
    amount = event.get("amount")
    key = (terminal.strip(), number.strip().lstrip("0"), event.get("kind") == "reversal")
    return Leg(key, amount if isinstance(amount, int) else None)


@dataclass(slots=True)
class Counts:
    """What a run came to; a peer prints the same names."""

    pairs: int = 0
    mismatched: int = 0
    """Pairs whose amounts differ."""
    orphans_terminal: int = 0
    orphans_host: int = 0


@dataclass(slots=True, eq=False)
class _Waiting:
    at_ms: int
    side: int
    amount: int | None
    paired: bool = False


@dataclass(slots=True)
class Yardstick:
    """Counts pairs and orphans of records that come in the order of their timestamps."""

    counts: Counts = field(default_factory=Counts)
    records: int = 0
    _near: defaultdict[Key, list[_Waiting]] = field(default_factory=lambda: defaultdict(list))
    _order: deque[tuple[Key, _Waiting]] = field(default_factory=deque)

    def see(self, record: SimRecord) -> None:
        """Take the next record."""
        self.records += 1
        self._expire(record.at_ms - WINDOW_MS)
        leg = leg_of(record.value)
        if leg is None:
            return
        mine = _Waiting(record.at_ms, int(record.source == "host"), leg.amount)
        near = self._near[leg.key]
        for other in near:
            if other.side != mine.side:
                other.paired = mine.paired = True
                self.counts.pairs += 1
                self.counts.mismatched += other.amount != mine.amount
        near.append(mine)
        self._order.append((leg.key, mine))

    def finish(self) -> Counts:
        """Let every window pass and return the counts."""
        self._expire(None)
        return self.counts

    def _expire(self, before_ms: int | None) -> None:
        """Drop what is older than ``before_ms``, or all of it, and count what stayed alone."""
        while self._order and (before_ms is None or self._order[0][1].at_ms < before_ms):
            key, gone = self._order.popleft()
            near = self._near[key]
            near.remove(gone)
            if not near:
                del self._near[key]
            if not gone.paired:
                if gone.side:
                    self.counts.orphans_host += 1
                else:
                    self.counts.orphans_terminal += 1

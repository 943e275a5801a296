"""Silences of a whole source: what it would have sent comes in one go when it speaks again."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.simulator.params import SimulationParams, SourceName
    from streams.simulator.stage import SimRecord

LONGER_THAN_STALL: Final = 1.5
"""Length of a silence in multiples of the time after which a source counts as stalled."""
STARTS: Final[tuple[tuple[SourceName, float], ...]] = (("host", 0.2), ("terminal", 0.6))
"""Each source, and where in the timeline its silence begins."""
CATCH_UP: Final = 0.02
"""Length of the delivery after a silence, in multiples of the silence."""


@dataclass(frozen=True, slots=True)
class Silence:
    """One source says nothing from ``from_ms`` until ``until_ms``, both epoch milliseconds."""

    source: SourceName
    from_ms: int
    until_ms: int

    def hold(self, records: Iterable[SimRecord]) -> Iterator[SimRecord]:
        """Yield records in time order, those of the silent source moved to just after the silence."""
        waiting: list[tuple[int, int, SimRecord]] = []
        for number, record in enumerate(records):
            at_ms = self._moved(record)
            heapq.heappush(waiting, (at_ms, number, record._replace(at_ms=at_ms)))
            while waiting and waiting[0][0] <= record.at_ms:
                yield heapq.heappop(waiting)[2]
        while waiting:
            yield heapq.heappop(waiting)[2]

    def _moved(self, record: SimRecord) -> int:
        if record.source != self.source or not self.from_ms <= record.at_ms < self.until_ms:
            return record.at_ms
        return self.until_ms + int((record.at_ms - self.from_ms) * CATCH_UP)


def plan_silences(params: SimulationParams) -> list[Silence]:
    """Return the silences of a timeline; one that would not end well before it is left out."""
    length_ms = int(params.windows.stall_after_ms * LONGER_THAN_STALL)
    silences: list[Silence] = []
    for source, share in STARTS:
        from_ms = params.start_ms + int((params.end_ms - params.start_ms) * share)
        if from_ms + 2 * length_ms <= params.end_ms and (not silences or silences[-1].until_ms + length_ms <= from_ms):
            silences.append(Silence(source, from_ms, from_ms + length_ms))
    return silences

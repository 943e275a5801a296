"""Topics made of lists: what a broker would say of them, without one."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from streams.core.partitioner import partition_of
from streams.core.wire import SOURCES
from streams.replay.kafka import Progress
from streams.replay.kafka_reader import LaneSpan, PartSpan
from streams.simulator.feed import Simulation
from streams.simulator.params import SimulationParams
from streams.simulator.sinks import FileSink

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streams.core.wire import RawRecord
    from streams.simulator.stage import SimRecord

FETCH = 97
"""Records a fetch; no divisor of anything."""


class ListReader:
    """Both topics as lists; ``deleted`` names how many records of (source, partition) are gone."""

    topics = ("terminal-events", "host-events")

    def __init__(self, partitions: int, deleted: dict[tuple[int, int], int] | None = None) -> None:
        """Begin with empty partitions."""
        self._partitions = partitions
        self._deleted = deleted or {}
        self._next: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.records: defaultdict[tuple[int, int], list[RawRecord]] = defaultdict(list)

    def add(self, source: int, at_ms: int, key: bytes, value: bytes, *, gap: int = 0) -> None:
        """Write one record where murmur2 puts its key; ``gap`` offsets before it hold no record."""
        place = source, partition_of(key, self._partitions)
        self._next[place] += gap
        offset = self._next[place]
        self._next[place] += 1
        if offset >= self._deleted.get(place, 0):
            self.records[place].append((offset, at_ms, key, value))

    def spans(self, start_ms: int, to_ms: int) -> list[LaneSpan]:
        """Return where to read every lane."""
        return [
            (self._span(0, number, start_ms, to_ms), self._span(1, number, start_ms, to_ms))
            for number in range(self._partitions)
        ]

    def read(self, source: int, partition: int, span: PartSpan, to_ms: int) -> Iterator[list[RawRecord]]:
        """Yield the records of a span in fetches."""
        wanted = [record for record in self.records[source, partition] if span.first <= record[0] < span.end]
        wanted = wanted[: next((place for place, record in enumerate(wanted) if record[1] >= to_ms), len(wanted))]
        for start in range(0, len(wanted), FETCH):
            yield wanted[start : start + FETCH]

    def _span(self, source: int, number: int, start_ms: int, to_ms: int) -> PartSpan:
        records, after = self.records[source, number], self._next[source, number]
        first, end = (next((r[0] for r in records if r[1] >= at), after) for at in (start_ms, to_ms))
        kept_from_ms = None
        if self._deleted.get((source, number)):
            kept_from_ms = records[0][1] if records else to_ms
        return PartSpan(first, end, after, kept_from_ms)


def simulated(minutes: float, seed: int, *, terminals: int = 40, rate: float = 20.0) -> list[SimRecord]:
    """Return a simulated log with faults, in time order, each record with the key of its terminal."""
    params = SimulationParams(
        terminals=terminals,
        rate=rate,
        duration_s=minutes * 60,
        seed=seed,
        scenario="faults",
        start_ms=1_772_409_600_000,
    )
    return list(Simulation(params).records())


def as_files(records: list[SimRecord], folder: Path) -> tuple[Path, Path]:
    """Write records as JSON Lines and return the terminal and the host file."""
    paths = folder / "terminal.jsonl", folder / "host.jsonl"
    with FileSink(*paths) as sink:
        for record in records:
            sink.send(record)
    return paths


def as_topics(
    records: list[SimRecord], partitions: int, deleted: dict[tuple[int, int], int] | None = None
) -> ListReader:
    """Write records to lists, as a producer would."""
    reader = ListReader(partitions, deleted)
    for record in records:
        reader.add(SOURCES.index(record.source), record.at_ms, record.key, record.value)
    return reader


def silent() -> Progress:
    """Return progress that nobody looks at."""
    return Progress(lambda _: None, lambda *_: None)

"""Feeds what a fetch brought to the lanes and keeps their own positions, free of Faust.

A fetch moves aiokafka's position whether or not its records reach a lane.  So the position that
counts is the lane's own, and three rules keep it true:

- Records that cannot be fed to the end (rebalance, revocation, cancelled task) put their partition in
  doubt; it is sought to the lane's own position before the next fetch.
- A gap is legal where records were compacted, expired or replaced by a transaction marker, but it
  could be a lost fetch as well.  It is believed when reading again from our own position shows the
  same gap.
- aiokafka's position is taken over only for partitions that the same fetch was asked for, after its
  records were fed: a position from an earlier assignment would skip records in silence.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from streams.core.wire import RawRecord
    from streams.edges.batch_driver.host import LaneHost
    from streams.edges.batch_driver.hosted import HostedLane

SLICE_RECORDS = 256
"""Records of one lane call."""
BREATH_SECONDS = 0.025
"""Heartbeats, the web port and acknowledgements wait for about this long while records are at hand."""
RECENT_SECONDS = 0.25
"""How old the records of a fetch may be for its high watermark to prove anything."""

_log = structlog.stdlib.get_logger("voucherwatch.driver")

Partition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a fetch left the partitions that it was asked for, as aiokafka sees them."""

    asked: AbstractSet[Partition] = frozenset()
    positions: Mapping[Partition, int] = field(default_factory=dict)
    high_watermarks: Mapping[Partition, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Part:
    """What a fetch brought of one input partition, and how much of it the lane has been given."""

    partition: Partition
    hosted: HostedLane
    source: int
    records: Sequence[RawRecord]
    first: int = 0


def _next_timestamp(part: _Part) -> int:
    return part.records[part.first][1]


class Reader:
    """The lanes' side of the inner loop."""

    def __init__(self, host: LaneHost) -> None:
        self._host = host
        self._breath = 0.0
        self._all_in_doubt = True
        self._in_doubt: set[Partition] = set()

    def doubt_all(self) -> None:
        """Take note that records of any partition may have been lost on the way."""
        self._all_in_doubt = True

    def seeks(self) -> dict[Partition, int]:
        """Return where partitions in doubt have to be read on from; after that they are trusted again."""
        everything, some = self._all_in_doubt, self._in_doubt
        self._all_in_doubt, self._in_doubt = False, set()
        if not everything and not some:
            return {}
        return {
            partition: position
            for hosted in self._host.lanes.values()
            if hosted.ready
            for partition, position in hosted.positions().items()
            if everything or partition in some
        }

    async def take(self, batches: Mapping[Partition, Sequence[RawRecord]], whereabouts: Whereabouts) -> None:
        """Feed one fetch: raw records by partition, and where it left the partitions."""
        epoch = self._host.epoch
        lanes: dict[int, list[_Part]] = {}
        for partition, batch in batches.items():
            part = self._begin(partition, batch)
            if part is not None:
                lanes.setdefault(partition[1], []).append(part)
        for parts in lanes.values():
            await self._feed(parts)
        if self._host.epoch == epoch:
            self._take_over(batches.keys(), whereabouts)

    def _begin(self, partition: Partition, batch: Sequence[RawRecord]) -> _Part | None:
        """Return what of one partition's part of a fetch its lane is to be given, if anything."""
        # In doubt until it is fed to the end; whatever interrupts this leaves it so.
        self._in_doubt.add(partition)
        found = self._host.lane_of(partition)
        if found is None:
            return None
        hosted, source = found
        state = hosted.sources[source]
        records = batch if batch[0][0] == state.position else self._continue(hosted, source, batch)
        if records is None:
            return None
        if not records:
            self._in_doubt.discard(partition)
            return None
        self._host.lead.observe(self._host.clock.wall_ms(), records[-1][1], state.at_end_ms)
        return _Part(partition, hosted, source, records)

    async def _feed(self, parts: list[_Part]) -> None:
        """Give a lane its part of a fetch, slice by slice, always of the source whose next record is older.

        What was decoded is then applied while it is still in the processor's cache: the other source has come as far.
        """
        while parts:
            part = min(parts, key=_next_timestamp)
            if not part.hosted.ready:
                return
            end = part.first + SLICE_RECORDS
            self._host.feed(part.hosted, part.source, part.records[part.first : end])
            part.first = end
            if end >= len(part.records):
                parts.remove(part)
                self._in_doubt.discard(part.partition)
            if time.perf_counter() - self._breath >= BREATH_SECONDS:
                await asyncio.sleep(0)
                self._breath = time.perf_counter()
            await self._host.outbox.room()

    @staticmethod
    def _continue(hosted: HostedLane, source: int, records: Sequence[RawRecord]) -> Sequence[RawRecord] | None:
        """Return the records that follow our position; None when a gap has to be looked at again."""
        state = hosted.sources[source]
        following = [record for record in records if record[0] >= state.position]
        if not following or following[0][0] == state.position:
            return following
        if not state.believes(following[0][0]):
            return None
        topic, number = hosted.partitions[source]
        _log.info("offset_gap", topic=topic, partition=number, expected=state.position, found=following[0][0])
        return following

    def _take_over(self, fed: AbstractSet[Partition], whereabouts: Whereabouts) -> None:
        """Note where the fetch left each input, past markers too, and which input stood at its end."""
        now, wall_ms = self._host.clock.monotonic(), self._host.clock.wall_ms()
        for partition in whereabouts.asked:
            position = whereabouts.positions.get(partition)
            found = self._host.lane_of(partition)
            if position is None or found is None or partition in self._in_doubt:
                continue
            state = found[0].sources[found[1]]
            if position > state.position:
                if partition not in fed and not state.believes(position):
                    self._in_doubt.add(partition)
                    continue
                state.position = position
            end = whereabouts.high_watermarks.get(partition)
            if end is None:
                continue
            state.end = end
            # A high watermark proves something only together with the records that came with it.
            if state.position >= end and now - state.heard_monotonic < RECENT_SECONDS:
                state.stands_at_end(now, wall_ms)

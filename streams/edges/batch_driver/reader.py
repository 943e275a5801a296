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
from typing import TYPE_CHECKING, Any

import structlog

from streams.edges.batch_driver.slices import SliceSize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from streams.core.wire import RawRecord
    from streams.edges.batch_driver.host import LaneHost
    from streams.edges.batch_driver.hosted import HostedLane

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


class Reader:
    """The lanes' side of the inner loop."""

    def __init__(self, host: LaneHost) -> None:
        self._host = host
        self._slice = SliceSize()
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

    async def take(self, batches: Mapping[Partition, Sequence[Any]], whereabouts: Whereabouts) -> None:
        """Feed one fetch: aiokafka's records by partition, and where it left the partitions."""
        epoch = self._host.epoch
        for partition, batch in batches.items():
            await self._feed(partition, batch)
        if self._host.epoch == epoch:
            self._take_over(batches.keys(), whereabouts)

    async def _feed(self, partition: Partition, batch: Sequence[Any]) -> None:
        """Give one partition's part of a fetch to its lane, slice by slice."""
        # In doubt until it is fed to the end; whatever interrupts this leaves it so.
        self._in_doubt.add(partition)
        found = self._host.lane_of(partition)
        if found is None:
            return
        hosted, source = found
        received_ms = self._host.clock.wall_ms()
        state = hosted.sources[source]
        records = [(record.offset, record.timestamp, record.key, record.value) for record in batch]
        if records[0][0] != state.position:
            continued = self._continue(hosted, source, records)
            if continued is None:
                return
            records = continued
        if records:
            self._host.lead.observe(received_ms, records[-1][1], state.at_end_ms)
        first = 0
        while first < len(records):
            if not hosted.ready:
                return
            part = records[first : first + self._slice.records]
            began = time.perf_counter()
            self._host.feed(hosted, source, part)
            self._slice.took(time.perf_counter() - began, len(part))
            first += len(part)
            await asyncio.sleep(0)
            await self._host.outbox.room()
        self._in_doubt.discard(partition)

    @staticmethod
    def _continue(hosted: HostedLane, source: int, records: list[RawRecord]) -> list[RawRecord] | None:
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

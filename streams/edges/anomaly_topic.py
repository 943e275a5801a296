"""The anomaly topic: one record for each revision, written to the lane's own partition number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from aiokafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from aiokafka import AIOKafkaConsumer, ConsumerRecord

READ_SECONDS = 1.0
WRITER_HEADER = "writer"
"""Names the one who wrote a record, so that the owner of a lane knows its own."""


class _Order(msgspec.Struct):
    generation: int = 0
    revision: int = 0


@dataclass(slots=True)
class LanePast:
    """What a lane's partition showed when it was read to ``end``; see the driver's port ``Published``."""

    end: int = 0
    generation: int = 0
    newest: dict[bytes, tuple[tuple[int, int], bytes]] = field(default_factory=dict)
    """Key -> ((generation, revision), value)."""
    hidden: set[bytes] = field(default_factory=set)

    @property
    def records(self) -> Sequence[bytes]:
        """The newest record of each anomaly."""
        return [value for _, value in self.newest.values()]

    @property
    def overtaken(self) -> Mapping[bytes, bytes]:
        """The newest records that are not the last of their key."""
        return {key: self.newest[key][1] for key in self.hidden}

    def take(self, key: bytes, value: bytes, order: _Order) -> None:
        """Take one record in the order of offsets."""
        place = (order.generation, order.revision)
        known = self.newest.get(key)
        self.generation = max(self.generation, order.generation)
        if known is None or place >= known[0]:
            self.newest[key] = (place, value)
            self.hidden.discard(key)
        else:
            self.hidden.add(key)


class AnomalyTopic:
    """Writes changes of anomalies, reads them back when a lane is rebuilt, and follows what others write."""

    def __init__(self, topic: str, resolve_horizon_ms: int, connect: Callable[[], AIOKafkaConsumer]) -> None:
        """Take the topic's name, how long an open anomaly can be resolved, and how to build a plain consumer."""
        self._topic = topic
        self._resolve_horizon_ms = resolve_horizon_ms
        self._connect = connect
        self._decode = msgspec.json.Decoder(_Order).decode

    def record(
        self, lane: int, key: bytes, value: bytes, writer: bytes
    ) -> tuple[str, int | None, bytes | None, bytes | None, Sequence[tuple[str, bytes]]]:
        """Return topic, partition, key, value and headers of one record of a lane."""
        return self._topic, lane, key, value, ((WRITER_HEADER, writer),)

    async def read_back(self, j_ms: Mapping[int, int]) -> Mapping[int, LanePast]:
        """Return for each lane the newest record of each anomaly that could matter after its log time J.

        Reads each partition from the first record with a timestamp of J less the resolve horizon up to
        its end as of now.  Where J is 0 that is the whole partition.
        """
        if not j_ms:
            return {}
        consumer = self._connect()
        await consumer.start()
        try:
            return await self._read(consumer, j_ms)
        finally:
            await consumer.stop()

    async def _read(self, consumer: AIOKafkaConsumer, j_ms: Mapping[int, int]) -> Mapping[int, LanePast]:
        partitions = {TopicPartition(self._topic, lane): lane for lane in j_ms}
        consumer.assign(list(partitions))
        ends = await consumer.end_offsets(list(partitions))
        found = await consumer.offsets_for_times(
            {partition: max(0, j_ms[lane] - self._resolve_horizon_ms) for partition, lane in partitions.items()}
        )
        unread = set()
        for partition in partitions:
            start = found.get(partition)
            if start is not None and start.offset < ends[partition]:
                consumer.seek(partition, start.offset)
                unread.add(partition)
            else:
                # Nothing that young: the end is the place where reading would start.
                consumer.seek(partition, ends[partition])
        past = {lane: LanePast(end=ends[partition]) for partition, lane in partitions.items()}
        while unread:
            batches = await consumer.getmany(timeout_ms=int(READ_SECONDS * 1_000))
            for partition, records in batches.items():
                self._take(past[partitions[partition]], records)
            for partition in tuple(unread):
                # The position, not the last record: the end may be markers or compacted offsets.
                if await consumer.position(partition) >= ends[partition]:
                    unread.discard(partition)
        return past

    def _take(self, past: LanePast, records: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        for record in records:
            past.end = max(past.end, record.offset + 1)
            if record.key is None or record.value is None:
                continue
            try:
                order = self._decode(record.value)
            except msgspec.MsgspecError:
                continue
            past.take(record.key, record.value, order)

    async def strangers(self, positions: dict[int, int], own: bytes) -> AsyncIterator[Mapping[int, set[bytes]]]:
        """Follow lanes from ``positions``, which move on, and tell the keys that somebody else writes.

        ``own`` is the value of the writer header that is no news.  Never ends by itself.
        """
        consumer = self._connect()
        await consumer.start()
        try:
            consumer.assign([TopicPartition(self._topic, lane) for lane in positions])
            for lane, offset in positions.items():
                consumer.seek(TopicPartition(self._topic, lane), offset)
            while True:
                batches = await consumer.getmany(timeout_ms=int(READ_SECONDS * 1_000))
                found: dict[int, set[bytes]] = {}
                for partition, records in batches.items():
                    lane = partition.partition
                    keys = {record.key for record in records if (WRITER_HEADER, own) not in record.headers}
                    positions[lane] = max(positions[lane], records[-1].offset + 1)
                    if keys := keys - {None}:
                        found[lane] = keys
                if found:
                    yield found
        finally:
            await consumer.stop()

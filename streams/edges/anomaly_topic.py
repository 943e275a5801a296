"""The anomaly topic: one record for each revision, written to the lane's own partition number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from aiokafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aiokafka import AIOKafkaConsumer, ConsumerRecord

    from streams.core.lane import AnomalyChange

NO_HEADERS: tuple[tuple[str, bytes], ...] = ()
READ_SECONDS = 1.0


class _Revision(msgspec.Struct):
    revision: int = 0


class AnomalyTopic:
    """Writes changes of anomalies and reads them back when a lane is rebuilt."""

    def __init__(self, topic: str, resolve_horizon_ms: int, connect: Callable[[], AIOKafkaConsumer]) -> None:
        """Take the topic's name, how long an open anomaly can be resolved, and how to build a plain consumer."""
        self._topic = topic
        self._resolve_horizon_ms = resolve_horizon_ms
        self._connect = connect
        self._decode = msgspec.json.Decoder(_Revision).decode

    def record(
        self, lane: int, change: AnomalyChange, detected_at_ms: int
    ) -> tuple[str, int | None, bytes | None, bytes | None, Sequence[tuple[str, bytes]]]:
        """Return topic, partition, key, value and headers of one change."""
        return self._topic, lane, change.anomaly_id.encode(), change.encode(detected_at_ms), NO_HEADERS

    async def read_back(self, j_ms: Mapping[int, int]) -> Mapping[int, Sequence[bytes]]:
        """Return by lane the newest record of each anomaly that could matter after its log time J.

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

    async def _read(self, consumer: AIOKafkaConsumer, j_ms: Mapping[int, int]) -> Mapping[int, Sequence[bytes]]:
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
        newest: dict[int, dict[bytes, tuple[int, bytes]]] = {lane: {} for lane in j_ms}
        while unread:
            batches = await consumer.getmany(timeout_ms=int(READ_SECONDS * 1_000))
            for partition, records in batches.items():
                self._keep_newest(newest[partitions[partition]], records)
            for partition in tuple(unread):
                # The position, not the last record: the end may be markers or compacted offsets.
                if await consumer.position(partition) >= ends[partition]:
                    unread.discard(partition)
        return {lane: [value for _, value in records.values()] for lane, records in newest.items()}

    def _keep_newest(
        self, newest: dict[bytes, tuple[int, bytes]], records: Sequence[ConsumerRecord[bytes, bytes]]
    ) -> None:
        for record in records:
            if record.key is None or record.value is None:
                continue
            try:
                revision = self._decode(record.value).revision
            except msgspec.MsgspecError:
                continue
            known = newest.get(record.key)
            if known is None or revision >= known[0]:
                newest[record.key] = (revision, record.value)

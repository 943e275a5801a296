"""The thread in which aiokafka's consumer lives, with the calls that Faust's own lacks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers.aiokafka import DEFAULT_GENERATION_ID, AIOKafkaConsumerThread
from faust.types import TP

from streams.edges.batch_driver.raw_records import FetchResults

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from faust.transport.consumer import RecordMap

    from streams.edges.batch_driver.ports import Position

REQUEST_SECONDS = 10.0
"""Longest wait for a commit: aiokafka itself would retry for ever."""
CLOSE_SECONDS = 2.0
"""Longest wait for the group's coordinator at the end: aiokafka asks for it until the session is over."""

_log = structlog.stdlib.get_logger("voucherwatch.driver")


class BatchConsumerThread(AIOKafkaConsumerThread):
    """Faust's consumer thread; everything below runs on the thread's loop unless it says otherwise.

    ``positions`` and ``high_watermarks`` show the input partitions as of the last fetch; the main
    loop reads them after that fetch has come back and before it asks for the next.
    """

    input_topics: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Call when the thread object has been built."""
        super().__post_init__()
        self.positions: dict[tuple[str, int], int] = {}
        self.high_watermarks: dict[tuple[str, int], int] = {}

    async def on_start(self) -> None:
        """Start aiokafka's consumer; nothing is fetched yet when it has started."""
        await super().on_start()
        self._ensure_consumer()._fetcher._records = FetchResults(self.input_topics)  # noqa: SLF001  no public way

    async def on_thread_stop(self) -> None:
        """Leave the group and close the connections, within ``CLOSE_SECONDS`` also when no broker answers.

        aiokafka lets the cancellation of its own tasks escape from here; that would end the thread
        without a word to those who wait for it.
        """
        closing = asyncio.ensure_future(super().on_thread_stop())
        done, _ = await asyncio.wait({closing}, timeout=CLOSE_SECONDS)
        if not done:
            closing.cancel()
            _log.warning("group_not_left", seconds=CLOSE_SECONDS)
        elif closing.cancelled():
            _log.warning("group_not_left", error="CancelledError")
        elif closing.exception() is not None:
            _log.warning("group_not_left", error=repr(closing.exception()))

    def group_error(self) -> BaseException | None:
        """Return what stopped the work in the group for good, None while it goes on (any loop).

        aiokafka keeps such an error for the next ``getmany``, which Faust never calls; meanwhile it
        neither joins nor sends heartbeats, and a worker without lanes would wait for ever.
        """
        coordinator = getattr(self._consumer, "_coordinator", None)
        if coordinator is None:
            return None
        task = coordinator._coordination_task  # noqa: SLF001  only reading; check_errors belongs to the other loop
        if task.done():
            ended: BaseException | None = None if task.cancelled() else task.exception()
            return ended
        pending: BaseException | None = coordinator._pending_exception  # noqa: SLF001  as above
        return pending

    async def _fetch_records(
        self,
        consumer: Any,  # noqa: ANN401  aiokafka is untyped
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109  Faust's signature
        max_records: int | None = None,
    ) -> RecordMap:
        # All that is there: the lanes take it slice by slice.
        del max_records
        records: RecordMap = await super()._fetch_records(consumer, active_partitions, timeout=timeout)
        self._note_positions(consumer)
        return records

    def _note_positions(self, consumer: Any) -> None:  # noqa: ANN401  aiokafka is untyped
        """Remember, in the same step as the fetch, where it left the input partitions."""
        positions: dict[tuple[str, int], int] = {}
        high_watermarks: dict[tuple[str, int], int] = {}
        subscription = consumer._subscription.subscription  # noqa: SLF001  the public calls are coroutines
        assignment = subscription.assignment if subscription is not None else None
        if assignment is not None and assignment.active:
            for partition in assignment.tps:
                state = assignment.state_value(partition)
                if partition.topic in self.input_topics and state.has_valid_position:
                    positions[TP(partition.topic, partition.partition)] = state.position
                    if state.highwater is not None:
                        high_watermarks[TP(partition.topic, partition.partition)] = state.highwater
        self.positions, self.high_watermarks = positions, high_watermarks

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek the partitions that Faust commits; the inputs are sought by the lanes' own offsets (main loop)."""
        result: Mapping[TP, int] = await self.call_thread(self._seek_others_to_committed)
        return result

    async def _seek_others_to_committed(self) -> Mapping[TP, int]:
        consumer = self._ensure_consumer()
        others = [partition for partition in consumer.assignment() if partition.topic not in self.input_topics]
        if not others:
            return {}
        result: Mapping[TP, int] = await consumer.seek_to_committed(*others)
        return result

    async def seek_inputs(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Seek input partitions that are still assigned (main loop)."""
        await self.call_thread(self._seek_inputs, positions)

    async def _seek_inputs(self, positions: Mapping[tuple[str, int], int]) -> None:
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        for (topic, number), offset in positions.items():
            partition = TopicPartition(topic, number)
            if partition in assigned:
                consumer.seek(partition, offset)

    async def partition_count(self, topic: str) -> int:
        """Return how many partitions a topic has (main loop).

        Faust's ``topic_partitions`` knows that on the leader of the group alone.
        """
        result: int = await self.call_thread(self._partition_count, topic)
        return result

    async def _partition_count(self, topic: str) -> int:
        return len(await self._ensure_consumer()._client._wait_on_metadata(topic))  # noqa: SLF001  no public way to wait

    async def committed_inputs(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], Position]:
        """Return offset and metadata of the group's commits (main loop)."""
        result: Mapping[tuple[str, int], Position] = await self.call_thread(self._committed_inputs, list(partitions))
        return result

    async def _committed_inputs(self, partitions: list[tuple[str, int]]) -> Mapping[tuple[str, int], Position]:
        # The coordinator's call is the one that hands out metadata; consumer.committed() drops it.
        coordinator = self._ensure_consumer()._coordinator  # noqa: SLF001  as above
        found = await coordinator.fetch_committed_offsets([TopicPartition(*partition) for partition in partitions])
        return {
            (partition.topic, partition.partition): (entry.offset, entry.metadata or "")
            for partition, entry in found.items()
            if entry.offset >= 0
        }

    async def commit_inputs(self, positions: Mapping[tuple[str, int], Position]) -> BaseException | None:
        """Commit offsets with metadata in one request; return what went wrong, None for success (main loop)."""
        result: BaseException | None = await self.call_thread(self._commit_inputs, positions)
        return result

    async def _commit_inputs(self, positions: Mapping[tuple[str, int], Position]) -> BaseException | None:
        consumer = self._ensure_consumer()
        if consumer._coordinator.generation == DEFAULT_GENERATION_ID:  # noqa: SLF001  no public way to ask
            # A commit without generation would be accepted by an empty group, over a later owner's.
            stranger: BaseException = IllegalStateError("not a member of the group")
            return stranger
        offsets = {
            TopicPartition(topic, number): OffsetAndMetadata(offset, metadata)
            for (topic, number), (offset, metadata) in positions.items()
        }
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await consumer.commit(offsets)
        except (KafkaError, TimeoutError) as error:
            failure: BaseException = error
            return failure
        return None

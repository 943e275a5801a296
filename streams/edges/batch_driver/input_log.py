"""The group's commits and positions, as the rebuilding of lanes and the commits see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.edges.batch_driver.ends import BrokerAnswers
    from streams.edges.batch_driver.ports import Position
    from streams.edges.batch_driver.thread import BatchConsumerThread


class GroupInputLog:
    """Speaks for the consumer's thread and the connection for plain questions."""

    def __init__(self, thread: BatchConsumerThread, answers: BrokerAnswers) -> None:
        """Take the consumer's thread and the plain connection."""
        self._thread = thread
        self._answers = answers

    async def committed(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], Position]:
        """Return the group's commits with metadata."""
        return await self._thread.committed_inputs(partitions)

    async def beginnings(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        """Return the first offset of each partition that answered in time."""
        return await self._answers.beginnings(list(partitions))

    async def log_time_at(self, partition: tuple[str, int], offset: int) -> int | None:
        """Return the timestamp of the first record at or after an offset."""
        return await self._answers.log_time_at(partition, offset)

    async def offsets_at(
        self, partitions: Iterable[tuple[str, int]], log_time: int
    ) -> Mapping[tuple[str, int], int | None]:
        """Return the first offset of each partition with a log time or a later one."""
        return await self._answers.offsets_at(list(partitions), log_time)

    async def seek(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Go on reading at the given offsets."""
        await self._thread.seek_inputs(positions)

    async def commit(self, positions: Mapping[tuple[str, int], Position]) -> BaseException | None:
        """Commit positions with metadata."""
        return await self._thread.commit_inputs(positions)

    async def partition_count(self, topic: str) -> int:
        """Return the number of partitions as the brokers tell it."""
        return await self._thread.partition_count(topic)

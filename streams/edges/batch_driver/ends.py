"""Asks where the partitions end: the idle rule and the liveness check live on the answers.

Every second each input partition that gave nothing for a second is asked for its high watermark on
a connection of its own.  The worker's clock is read *before* the request goes out, so the answer was
made after that time: if it shows our position at the end, nothing that was appended before is
unread.  The lane is told that time less the measured lead of the clock; it takes ``idle_lateness``
off by itself.  A partition that is paused, being rebuilt or does not answer is not asked or gives
nothing, and after two seconds without a good answer it counts as not caught up.

The same answers show when reading has died: the end lies ahead and nothing came for
``liveness_after``, although the partition was not paused by us.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

import structlog
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from streams.errors import LivenessError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aiokafka import AIOKafkaConsumer

    from streams.edges.batch_driver.host import LaneHost
    from streams.edges.batch_driver.hosted import HostedLane
    from streams.edges.batch_driver.ports import EndOffsets

QUIET_SECONDS = 1.0
ANSWER_SECONDS = 1.5
BEGINNING_SECONDS = 5.0
"""At the start of lanes a broker may be busy, and nothing is lost by waiting."""
FIRST_RECORD_SECONDS = 10.0
CLOSE_SECONDS = 0.5

Question = Literal["end_offsets", "beginning_offsets"]

_log = structlog.stdlib.get_logger("voucherwatch.ends")


class BrokerAnswers:
    """A plain connection for questions, opened with the first one."""

    def __init__(self, connect: Callable[[], AIOKafkaConsumer]) -> None:
        """Take what builds a consumer without a group."""
        self._connect = connect
        self._consumer: AIOKafkaConsumer | None = None
        self._connecting = asyncio.Lock()

    async def _connected(self) -> AIOKafkaConsumer:
        async with self._connecting:
            if self._consumer is None:
                consumer = self._connect()
                try:
                    await consumer.start()
                except BaseException:
                    await consumer.stop()
                    raise
                self._consumer = consumer
            return self._consumer

    async def ask(self, partitions: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        """Return the high watermark of each partition that answered in time."""
        return await self._ask("end_offsets", partitions, ANSWER_SECONDS)

    async def beginnings(self, partitions: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        """Return the first offset of each partition that answered in time."""
        return await self._ask("beginning_offsets", partitions, BEGINNING_SECONDS)

    async def _ask(
        self, question: Question, partitions: Sequence[tuple[str, int]], seconds: float
    ) -> Mapping[tuple[str, int], int]:
        if not partitions:
            return {}
        found = await self._ask_together(question, partitions, seconds)
        if found is not None or self._consumer is None:
            return found or {}
        # One partition without leader spoils the common request: ask each by itself.
        answers = await asyncio.gather(*(self._ask_together(question, [one], seconds) for one in partitions))
        return {partition: offset for answer in answers if answer for partition, offset in answer.items()}

    async def _ask_together(
        self, question: Question, partitions: Sequence[tuple[str, int]], seconds: float
    ) -> Mapping[tuple[str, int], int] | None:
        """Return the offset of every partition, None if one of them did not answer."""
        try:
            async with asyncio.timeout(seconds):
                ask = getattr(await self._connected(), question)
                found = await ask([TopicPartition(*partition) for partition in partitions])
        except (KafkaError, OSError, TimeoutError):
            return None
        return {(partition.topic, partition.partition): offset for partition, offset in found.items()}

    async def log_time_at(self, partition: tuple[str, int], offset: int) -> int | None:
        """Return the timestamp in ms of the first record at or after ``offset``, None at the end."""
        consumer = self._connect()
        await consumer.start()
        try:
            place = TopicPartition(*partition)
            consumer.assign([place])
            consumer.seek(place, offset)
            end = (await consumer.end_offsets([place]))[place]
            if end <= offset:
                return None
            async with asyncio.timeout(FIRST_RECORD_SECONDS):
                return int((await consumer.getone(place)).timestamp)
        except TimeoutError:
            # Only transaction markers may be left, which are no records.
            return None
        finally:
            await consumer.stop()

    async def offsets_at(
        self, partitions: Sequence[tuple[str, int]], log_time: int
    ) -> Mapping[tuple[str, int], int | None]:
        """Return of each partition that answered in time the first offset with this log time or later."""
        found: dict[tuple[str, int], int | None] = {}
        for partition in partitions:
            try:
                async with asyncio.timeout(BEGINNING_SECONDS):
                    place = TopicPartition(*partition)
                    answer = (await (await self._connected()).offsets_for_times({place: log_time}))[place]
            except (KafkaError, OSError, TimeoutError):
                continue
            found[partition] = None if answer is None else answer.offset
        return found

    async def close(self) -> None:
        """Close the connection."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await consumer.stop()
            except TimeoutError:
                pass


class EndWatch:
    """Looks at the ends of all input partitions once a second."""

    def __init__(self, host: LaneHost, answers: EndOffsets, liveness_after_seconds: float) -> None:
        """Take the lanes, whom to ask, and how long reading may stand still although records wait."""
        self._host = host
        self._answers = answers
        self._liveness_after_seconds = liveness_after_seconds
        self._unsteady_since: float | None = None

    async def look(self, *, steady: bool) -> None:
        """Ask for the ends that matter now and tell lanes what they may conclude.

        ``steady`` is False during a rebalance or while the flow is stopped: then nothing is concluded
        but death.  Raises LivenessError when records wait and nothing is read any more.
        """
        now = self._host.clock.monotonic()
        if not steady:
            await self._look_while_unsteady(now)
            return
        self._unsteady_since = None
        epoch = self._host.epoch
        quiet = {
            partition: (hosted, source)
            for hosted in self._host.lanes.values()
            if hosted.ready
            for source, partition in enumerate(hosted.partitions)
            if now - hosted.sources[source].heard_monotonic >= QUIET_SECONDS
        }
        asked_ms = self._host.clock.wall_ms()
        ends = await self._answers.ask(list(quiet))
        if self._host.epoch != epoch:
            return
        for partition, end in ends.items():
            hosted, source = quiet[partition]
            state = hosted.sources[source]
            state.end = end
            if not hosted.wanted[source]:
                # Paused by us: it owes nothing until it may be read again.
                state.owed_since = None
            elif hosted.ready:
                self._conclude(hosted, source, end, asked_ms)

    def _conclude(self, hosted: HostedLane, source: int, end: int, asked_ms: int) -> None:
        state = hosted.sources[source]
        now = self._host.clock.monotonic()
        if state.position >= end:
            state.stands_at_end(now, asked_ms)
            # It stands at the end, so nothing is owed: silence starts to count when the end moves on.
            state.owed_since = None
            self._host.caught_up(hosted, source, asked_ms - self._host.lead.lead_ms)
            return
        if state.owed_since is None or state.owed_since < state.heard_monotonic:
            state.owed_since = now
        if now - state.owed_since >= self._liveness_after_seconds:
            raise _dead(hosted.partitions[source], state.position, end, now - state.owed_since)

    async def _look_while_unsteady(self, now: float) -> None:
        if self._unsteady_since is None:
            self._unsteady_since = now
        waited = now - self._unsteady_since
        positions = self._host.last_positions or {
            partition: position
            for hosted in self._host.lanes.values()
            if hosted.ready
            for partition, position in hosted.positions().items()
        }
        if waited < self._liveness_after_seconds or not positions:
            return
        ends = await self._answers.ask(list(positions))
        for partition, end in ends.items():
            if end > positions[partition]:
                raise _dead(partition, positions[partition], end, waited)


def _dead(partition: tuple[str, int], position: int, end: int, seconds: float) -> LivenessError:
    topic, number = partition
    _log.error("reading_stopped", topic=topic, partition=number, position=position, end=end, seconds=round(seconds, 1))
    return LivenessError(
        f"Nothing was read from {topic} partition {number} for {seconds:.0f} s although {end - position} records wait"
        f" from offset {position} on; the worker stops so that it is started again, which loses nothing."
    )

"""Faust's consumer with the inner loop replaced: one synchronous lane call per fetch and partition.

Group membership, rebalance callbacks, heartbeats, pauses and the commits of other topics stay
Faust's.  Input topics bypass its conductor, streams, acknowledgements and commits altogether.

What is not obvious:

- A fetch whose records cannot be handled to the end (rebalance, revocation, cancelled task) has
  moved aiokafka's position already.  ``_doubtful`` makes the loop seek to the lanes' own offsets first.
- An empty set of active partitions means *all* to aiokafka's ``fetched_records``; ``_getmany`` never
  passes one.
- Positions are taken over only after the records of the same fetch were fed, so a position at the
  end proves that nothing read is left unfed.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import structlog
from faust.transport.consumer import CONSUMER_FETCHING
from faust.transport.drivers.aiokafka import Consumer
from mode import Service

from streams.edges.batch_driver.input_log import GroupInputLog
from streams.edges.batch_driver.slices import SliceSize
from streams.edges.batch_driver.thread import BatchConsumerThread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from faust.transport.consumer import RecordMap
    from faust.types import TP
    from mode import ServiceT

    from streams.edges.batch_driver.ends import BrokerAnswers, EndWatch
    from streams.edges.batch_driver.host import LaneHost
    from streams.edges.batch_driver.hosted import HostedLane
    from streams.edges.batch_driver.ports import Observer

FETCH_SECONDS = 0.25
"""Longest wait of one fetch call; a partition that may be read again is asked for within this time."""
LOOK_SECONDS = 1.0
STALL_LOOK_SECONDS = 5.0

_log = structlog.stdlib.get_logger("voucherwatch.driver")


@dataclass(frozen=True)
class DriverParts:
    """What the consumer finds as ``driver`` on the Faust app."""

    lane_host: LaneHost
    answers: BrokerAnswers
    end_watch: EndWatch
    observer: Observer
    commit_interval_seconds: float
    fail: Callable[[BaseException], None]
    """Ends the worker, loudly, because of an error."""


class DriverApp(Protocol):
    """A Faust app that this driver can work for."""

    driver: DriverParts


class BatchConsumer(Consumer):
    """The consumer of a worker: inputs per fetch, everything else per message as in Faust."""

    _thread: BatchConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Faust's signature
        """Build the consumer; Faust calls this through the transport."""
        super().__init__(*args, **kwargs)
        self._driver = cast("DriverApp", self.app).driver
        self._host = self._driver.lane_host
        self._slice = SliceSize()
        self._input_log = GroupInputLog(self._thread, self._driver.answers)
        self._doubtful = True

    def _new_consumer_thread(self) -> BatchConsumerThread:
        thread = BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)
        thread.input_topics = frozenset(cast("DriverApp", self.app).driver.lane_host.topics)
        return thread

    # The inner loop

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> RecordMap:  # noqa: ASYNC109  Faust's signature
        wanted = (active_partitions or set()) - self._host.withheld()
        if not wanted:
            await self.sleep(timeout)
            return {}
        records: RecordMap = await super()._getmany(wanted, timeout)
        return records

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        self._doubtful = True
        stops = (cast("Service", self)._stopped.is_set, cast("Service", fetcher)._stopped.is_set)  # noqa: SLF001  as Faust does
        try:
            while not any(stopped() for stopped in stops):
                self.diag.set_flag(CONSUMER_FETCHING)
                await self._drain_once()
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._driver.fail(error)
            raise
        finally:
            self.diag.unset_flag(CONSUMER_FETCHING)

    async def _drain_once(self) -> None:
        """Fetch once and handle what came."""
        host = self._host
        if self._doubtful and self.flow_active:
            await self._seek_to_own_offsets()
        epoch = host.epoch
        records, _ = await self._wait_next_records(FETCH_SECONDS)
        if self.should_stop or not self.flow_active or host.epoch != epoch:
            self._doubtful = True
            return
        if records:
            began = time.perf_counter()
            count = 0
            for partition, batch in records.items():
                if partition.topic in host.topics:
                    count += len(batch)
                    await self._feed(partition, batch)
                else:
                    await self._pass_on(partition, batch)
            if count:
                self._driver.observer.observe_fetch(time.perf_counter() - began, count)
        if host.epoch == epoch and not self._doubtful:
            self._take_over_positions(self._thread.positions, self._thread.high_watermarks)
        # With records at hand the fetch may not have yielded at all.
        await asyncio.sleep(0)

    async def _feed(self, partition: TP, batch: list[Any]) -> None:
        """Give one partition's part of a fetch to its lane, slice by slice."""
        found = self._host.lane_of(partition)
        if found is None:
            self._doubtful = True
            return
        hosted, source = found
        received_ms = self._host.clock.wall_ms()
        state = hosted.sources[source]
        records = [(record.offset, record.timestamp, record.key, record.value) for record in batch]
        if records[0][0] != state.position:
            records = self._continue_at(hosted, source, records)
            if not records:
                return
        self._host.lead.observe(received_ms, records[-1][1], state.at_end_ms)
        first = 0
        while first < len(records):
            if not hosted.ready:
                self._doubtful = True
                return
            part = records[first : first + self._slice.records]
            began = time.perf_counter()
            self._host.feed(hosted, source, part)
            self._slice.took(time.perf_counter() - began, len(part))
            first += len(part)
            await asyncio.sleep(0)
            await self._host.outbox.room()

    def _continue_at(
        self, hosted: HostedLane, source: int, records: list[tuple[int, int, bytes | None, bytes | None]]
    ) -> list[tuple[int, int, bytes | None, bytes | None]]:
        """Return what follows our position; empty when the partition has to be read again from there.

        Records that we have are dropped.  A gap is legal where records were compacted, expired or
        belonged to a transaction, but it could also be a fetch that was lost: it is believed when
        reading again from our own position shows the same gap.
        """
        state = hosted.sources[source]
        following = [record for record in records if record[0] >= state.position]
        if not following or following[0][0] == state.position:
            return following
        gap_end = following[0][0]
        if state.verified_gap != gap_end:
            state.verified_gap = gap_end
            self._doubtful = True
            return []
        topic, number = hosted.partitions[source]
        _log.info("offset_gap", topic=topic, partition=number, expected=state.position, found=gap_end)
        return following

    async def _pass_on(self, partition: TP, batch: list[Any]) -> None:
        """Hand the records of a topic that is no input to Faust, one by one, as Faust itself does."""
        for record in batch:
            read = self._read_offset[partition]
            if read is not None and record.offset < read:
                continue
            if read and record.offset - read > 1 and self.app.topics.acks_enabled_for(partition.topic):
                await self._add_gap(partition, read + 1, record.offset)
            await self.wait_first(self.callback(self._to_message(partition, record)), self.suspend_flow.wait())
            self._read_offset[partition] = record.offset

    def _take_over_positions(self, positions: Mapping[TP, int], high_watermarks: Mapping[TP, int]) -> None:
        """Note where the fetch left every input, past markers too, and which input stood at its end."""
        now, wall_ms = self._host.clock.monotonic(), self._host.clock.wall_ms()
        for partition, position in positions.items():
            found = self._host.lane_of(partition)
            if found is None:
                continue
            state = found[0].sources[found[1]]
            state.position = max(state.position, position)
            end = high_watermarks.get(partition)
            if end is not None:
                state.end = end
            # A high watermark proves something only together with the records that came with it.
            if end is not None and now - state.heard_monotonic < FETCH_SECONDS and state.position >= end:
                state.stands_at_end(now, wall_ms)

    async def _seek_to_own_offsets(self) -> None:
        self._doubtful = False
        positions: dict[tuple[str, int], int] = {}
        for hosted in self._host.lanes.values():
            if hosted.ready:
                positions |= hosted.positions()
        if positions:
            await self._thread.seek_inputs(positions)

    # Assignment, seeks and commits

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Create the lanes before Faust resumes the flow."""
        if not self.app.should_stop:
            try:
                await self._host.assign(assigned, self._input_log)
            except Exception as error:  # noqa: BLE001  aiokafka would log it and go on
                self._driver.fail(error)
                return
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit the lanes' cuts before Faust forgets the partitions."""
        if self._host.lanes and not self.app.should_stop:
            try:
                await self._host.revoke(self._input_log)
            except Exception as error:  # noqa: BLE001  as above
                self._driver.fail(error)
        await super().on_partitions_revoked(revoked)

    async def perform_seek(self) -> None:
        """Seek Faust's topics to their commits and the inputs to the lanes' own offsets."""
        await super().perform_seek()
        await self._seek_to_own_offsets()

    async def on_stop(self) -> None:
        """Finish the lanes while producer and coordinator still answer, then stop as Faust does."""
        try:
            await self._host.revoke(self._input_log)
        except Exception as error:  # noqa: BLE001  the stop goes on
            self._driver.fail(error)
        await super().on_stop()

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Leave the inputs to our own liveness check: they pass no stream that Faust could watch."""
        if tp.topic not in self._host.topics:
            super().verify_event_path(now, tp)

    # Tasks beside the loop

    @Service.task
    async def _send_outputs(self) -> None:
        await self._host.outbox.run()

    @Service.task
    async def _commit_cuts(self) -> None:
        await self._repeat(self._driver.commit_interval_seconds, lambda: self._host.commit(self._input_log))

    @Service.task
    async def _watch_ends(self) -> None:
        await self._repeat(LOOK_SECONDS, self._look_at_ends)

    @Service.task
    async def _watch_stalls(self) -> None:
        await self._repeat(STALL_LOOK_SECONDS, self._look_for_stalls)

    async def _look_for_stalls(self) -> None:
        self._host.judge_stalls()

    async def _look_at_ends(self) -> None:
        await self._driver.end_watch.look(steady=self.flow_active and not self.app.rebalancing)

    async def _repeat(self, interval_seconds: float, action: Callable[[], Awaitable[None]]) -> None:
        """Call ``action`` until the consumer stops; an error ends the worker."""
        while True:
            await self.sleep(interval_seconds)
            if self.should_stop:
                return
            try:
                await action()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001  told to the one who ends the worker
                self._driver.fail(error)
                return

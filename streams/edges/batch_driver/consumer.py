"""Faust's consumer with the inner loop replaced: one synchronous lane call per fetch and partition.

Group membership, rebalance callbacks, heartbeats, pauses and the commits of other topics stay
Faust's.  Input topics bypass its conductor, streams, acknowledgements and commits altogether.

An empty set of active partitions means *all* to aiokafka's ``fetched_records``; ``_getmany`` never
passes one.
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
from streams.edges.batch_driver.reader import Reader, Whereabouts
from streams.edges.batch_driver.thread import BatchConsumerThread
from streams.errors import LivenessError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from faust.transport.consumer import RecordMap
    from faust.types import TP
    from mode import ServiceT

    from streams.edges.batch_driver.ends import BrokerAnswers, EndWatch
    from streams.edges.batch_driver.host import LaneHost
    from streams.edges.batch_driver.ports import Control, Observer

FETCH_SECONDS = 0.25
"""Longest wait of one fetch call; a partition that may be read again is asked for within this time."""
LOOK_SECONDS = 1.0
STALL_LOOK_SECONDS = 5.0
STOP_SECONDS = 5.0
"""Longest time that a stop waits for acknowledgements and the last commit."""

_log = structlog.stdlib.get_logger("voucherwatch.driver")


@dataclass(frozen=True)
class DriverParts:
    """What the consumer finds as ``driver`` on the Faust app."""

    lane_host: LaneHost
    answers: BrokerAnswers
    end_watch: EndWatch
    control: Control
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
        self._reader = Reader(self._host)
        self._asked: set[TP] = set()
        self._input_log = GroupInputLog(self._thread, self._driver.answers)

    def _new_consumer_thread(self) -> BatchConsumerThread:
        thread = BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)
        thread.input_topics = frozenset(cast("DriverApp", self.app).driver.lane_host.topics)
        return thread

    # The inner loop

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> RecordMap:  # noqa: ASYNC109  Faust's signature
        self._asked = (active_partitions or set()) - self._host.withheld()
        if not self._asked:
            await self.sleep(timeout)
            return {}
        records: RecordMap = await super()._getmany(self._asked, timeout)
        return records

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        self._reader.doubt_all()
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
        if self.flow_active:
            await self._seek_to_own_offsets()
        epoch = host.epoch
        self._asked = set()
        records, _ = await self._wait_next_records(FETCH_SECONDS)
        if self.should_stop or not self.flow_active or host.epoch != epoch:
            self._reader.doubt_all()
            return
        inputs: dict[tuple[str, int], list[Any]] = {
            partition: batch for partition, batch in (records or {}).items() if partition.topic in host.topics
        }
        began = time.perf_counter()
        await self._reader.take(inputs, self._whereabouts())
        if inputs:
            count = sum(len(batch) for batch in inputs.values())
            self._driver.observer.observe_fetch(time.perf_counter() - began, count)
        for partition, batch in (records or {}).items():
            if partition not in inputs:
                await self._pass_on(partition, batch)
        # With records at hand the fetch may not have yielded at all.
        await asyncio.sleep(0)

    def _whereabouts(self) -> Whereabouts:
        """Return where the last fetch left what it was asked for; nothing if there was none."""
        return Whereabouts(self._asked, self._thread.positions, self._thread.high_watermarks)

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

    async def _seek_to_own_offsets(self) -> None:
        positions = self._reader.seeks()
        if positions:
            await self._thread.seek_inputs(positions)

    # Assignment, seeks and commits

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Create the lanes before Faust resumes the flow."""
        if not self.app.should_stop:
            try:
                await self._host.assign(assigned, self._input_log, generation_id)
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
        self._reader.doubt_all()
        await self._seek_to_own_offsets()

    async def on_stop(self) -> None:
        """Finish the lanes while producer and coordinator still answer, then stop as Faust does."""
        try:
            await self._host.revoke(self._input_log, STOP_SECONDS)
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
    async def _follow_control(self) -> None:
        try:
            await self._driver.control.follow(self._host.acknowledge, self._host.tell_windows)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  a lane may be broken
            self._driver.fail(error)

    @Service.task
    async def _watch_ends(self) -> None:
        await self._repeat(LOOK_SECONDS, self._look_at_ends)

    @Service.task
    async def _watch_stalls(self) -> None:
        await self._repeat(STALL_LOOK_SECONDS, self._look_for_stalls)

    async def _look_for_stalls(self) -> None:
        self._host.judge_stalls()

    async def _look_at_ends(self) -> None:
        error = self._thread.group_error()
        if error is not None:
            _log.error("group_stopped", error=repr(error))
            raise LivenessError(
                f"The consumer group cannot be worked in any more ({error}); the worker stops so that it is started"
                " again, which loses nothing."
            )
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

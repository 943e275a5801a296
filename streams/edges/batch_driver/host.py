"""Holds the lanes of this worker: feeds them, sends what they produce, commits their cuts."""

from __future__ import annotations

import asyncio
import uuid
from functools import partial
from typing import TYPE_CHECKING

import structlog

from streams.edges.batch_driver.hosted import HostedLane
from streams.edges.batch_driver.last_word import LastWord
from streams.edges.batch_driver.lead import ClockLead
from streams.edges.batch_driver.ports import NoLedgers, Writer
from streams.edges.batch_driver.rebuild import rebuild
from streams.edges.batch_driver.stalls import stalled_sources
from streams.errors import ConfigurationError, VoucherwatchError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from streams.core.diagnosis.calendar import Window
    from streams.core.lane import AnomalyChange, LaneOutput
    from streams.core.wire import RawRecord
    from streams.edges.batch_driver.outbox import Outbox
    from streams.edges.batch_driver.ports import (
        Clock,
        History,
        InputLog,
        Ledgers,
        MakeLane,
        Observer,
        Outgoing,
        Position,
        Publisher,
    )

REVOKE_SECONDS = 16.0
"""Longest hand-over when lanes move: half of it for acknowledgements, what is left of it for the commit.

What comes later is done again by the next owner.  It must stay well below the group's rebalance timeout (60 s).
"""

REBUILD_AGAIN_SECONDS = 1.0
"""Until lanes whose inputs did not answer are tried again."""

MOST_ACKNOWLEDGEMENTS = 10_000
"""Kept for lanes that come later; beyond this the oldest is forgotten."""

_log = structlog.stdlib.get_logger("voucherwatch.lanes")


class LaneHost:
    """All lanes that are assigned to this worker."""

    def __init__(
        self,
        topics: tuple[str, str],
        make_lane: MakeLane,
        publisher: Publisher,
        history: History,
        observer: Observer,
        outbox: Outbox,
        clock: Clock,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        """Take the terminal and the host topic, in this order, and the parts around the lanes."""
        self.topics = topics
        self.clock = clock
        self.outbox = outbox
        self.lead = ClockLead()
        self.lanes: dict[int, HostedLane] = {}
        self.epoch = 0
        """Rises with every assignment and revocation; what was fetched under another value is dropped."""
        self.assigned = False
        """Whether the group has given this worker its share, which may be empty."""
        self.last_positions: dict[tuple[str, int], int] = {}
        """Where reading stood when the lanes were last taken away; empty again after an assignment."""
        self.ledgers: Ledgers = NoLedgers()
        """The ledgers on disk that ``make_lane`` gives to the lanes."""
        self.stalled = (False, False)
        """Whether more than half the lanes hear nothing from the terminals, from the host."""
        self._make_lane = make_lane
        self._publisher = publisher
        self._history = history
        self._observer = observer
        self._on_failure = on_failure
        self._name = uuid.uuid4().hex
        self._guard = LastWord(history, publisher, outbox)
        self.on_notice: Callable[[Window], None] = lambda _: None
        """Passes on the window that a notice told one lane of."""
        self._acknowledgements: dict[str, tuple[str, int]] = {}
        self._windows: tuple[Window, ...] | None = None
        self._commit_lock = asyncio.Lock()
        self._rebuilding: asyncio.Task[None] | None = None

    # Assignment

    async def assign(self, partitions: Iterable[tuple[str, int]], log: InputLog, generation: int = 0) -> None:
        """Create the lanes of a new assignment and begin to rebuild them; they are read once they are ready.

        ``generation`` is the group's: it rises with every assignment.
        Raises VoucherwatchError when the two topics' partition numbers differ: lanes would be cut in half.
        """
        numbers: tuple[set[int], set[int]] = (set(), set())
        for topic, number in partitions:
            if topic in self.topics:
                numbers[self.topics.index(topic)].add(number)
        count = await self._check_partitioning(numbers, log)
        now = self.clock.monotonic()
        self.epoch += 1
        self.lanes = {
            number: HostedLane(number, self._make_lane(number, count), self.topics, now, self.ledgers.of(number))
            for number in sorted(numbers[0])
        }
        if self._windows is not None:
            for hosted in self.lanes.values():
                hosted.lane.tell_windows(self._windows)
        self.assigned = True
        self.last_positions = {}
        self._observer.count_rebalance()
        _log.info("lanes_assigned", lanes=sorted(numbers[0]), partitions=count, generation=generation)
        if self.lanes:
            # A name for each assignment: what this worker left unsent in an earlier one is a stranger's too.
            writer = Writer(generation, f"{self._name}-{self.epoch}".encode())
            lanes = tuple(self.lanes.values())
            work = partial(self._rebuild_and_guard, lanes, count, log, writer)
            self._rebuilding = asyncio.ensure_future(self._or_fail(work))

    async def _check_partitioning(self, numbers: tuple[set[int], set[int]], log: InputLog) -> int:
        counts = [await log.partition_count(topic) for topic in self.topics]
        if numbers[0] != numbers[1]:
            raise VoucherwatchError(
                f"This worker was assigned partitions {sorted(numbers[0])} of {self.topics[0]} but"
                f" {sorted(numbers[1])} of {self.topics[1]}; a lane needs both partitions of one number."
                " Check that all workers of the group run the same release and configuration."
            )
        if counts[0] != counts[1]:
            raise ConfigurationError(
                f"{self.topics[0]} has {counts[0]} partitions and {self.topics[1]} has {counts[1]};"
                " the two inputs need the same number."
            )
        return counts[0]

    async def _rebuild_and_guard(
        self, lanes: tuple[HostedLane, ...], partitions: int, log: InputLog, writer: Writer
    ) -> None:
        """Rebuild the lanes, then watch until they are taken away that nobody else has the last word on them.

        Lanes whose inputs do not answer are tried again while the others work.
        """
        guards: list[asyncio.Task[None]] = []
        try:
            while lanes:
                reach_ms = self.ledgers.reach_ms
                published = await rebuild(lanes, partitions, log, self._history, self.clock, writer, reach_ms)
                ready = tuple(hosted for hosted in lanes if hosted.ready)
                for hosted in ready:
                    for anomaly_id, (by, at_ms) in self._acknowledgements.items():
                        self._take(hosted, hosted.lane.acknowledge(anomaly_id, by, at_ms), timed=False)
                    if self._windows is not None:
                        self._take(hosted, hosted.lane.tell_windows(self._windows), timed=False)
                if ready:
                    work = partial(self._guard.keep, ready, published, writer)
                    guards.append(asyncio.ensure_future(self._or_fail(work)))
                lanes = tuple(hosted for hosted in lanes if not hosted.ready)
                if lanes:
                    await asyncio.sleep(REBUILD_AGAIN_SECONDS)
            await asyncio.gather(*guards)
        finally:
            for guard in guards:
                guard.cancel()

    async def _or_fail(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do some work without which the worker cannot go on."""
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  told to the one who ends the worker
            self._on_failure(error)

    async def revoke(self, log: InputLog, seconds: float = REVOKE_SECONDS) -> None:
        """Stop feeding all lanes, wait for their sends, commit their newest cuts and forget them.

        All of that takes at most ``seconds``, also when no broker answers.
        """
        self.epoch += 1
        lanes = [hosted for hosted in self.lanes.values() if hosted.ready]
        for hosted in lanes:
            hosted.ready = False
            self.last_positions |= hosted.positions()
        if self._rebuilding is not None:
            self._rebuilding.cancel()
            self._rebuilding = None
        try:
            async with asyncio.timeout(seconds):
                if lanes and not await self.outbox.settle([hosted.sends for hosted in lanes], seconds / 2):
                    _log.warning("sends_unfinished", unacknowledged=self.outbox.unacknowledged)
                await self._commit(lanes, log)
        except TimeoutError:
            _log.warning("commit_unfinished", lanes=[hosted.number for hosted in lanes])
        finally:
            for hosted in self.lanes.values():
                hosted.lane.close()
            self._close_ledgers()
            self.lanes = {}
            self.assigned = False

    def _close_ledgers(self) -> None:
        """Close the lanes' ledgers, so that their next owner can open them."""
        for hosted in self.lanes.values():
            if hosted.ledger is not None:
                hosted.ledger.close()

    # Feeding

    def lane_of(self, partition: tuple[str, int]) -> tuple[HostedLane, int] | None:
        """Return the lane and the source of an input partition, None while it is not to be fed."""
        topic, number = partition
        hosted = self.lanes.get(number)
        if hosted is None or not hosted.ready:
            return None
        return hosted, self.topics.index(topic)

    def feed(self, hosted: HostedLane, source: int, records: Sequence[RawRecord]) -> None:
        """Give one slice of a fetch to the lane: one synchronous call.

        An exception means that the lane's state is unknown; it is raised after marking the lane as broken.
        """
        now_ms = self.clock.wall_ms()
        try:
            output = hosted.lane.feed(source, records, now_ms)
        except BaseException:
            hosted.broken = True
            raise
        state = hosted.sources[source]
        state.position = records[-1][0] + 1
        state.heard_monotonic = self.clock.monotonic()
        if not hosted.replays(source, records[0][0]):
            self._observer.observe_latency([record[1] for record in records], now_ms)
        self._take(hosted, output)

    def caught_up(self, hosted: HostedLane, source: int, at_ms: int) -> None:
        """Tell the lane that one source had nothing more to read at log time ``at_ms``."""
        try:
            output = hosted.lane.caught_up(source, at_ms)
        except BaseException:
            hosted.broken = True
            raise
        self._take(hosted, output)

    def acknowledge(self, anomaly_id: str, by: str, at_ms: int) -> None:
        """Let the lane that has the anomaly write down who takes care of it; the latest word counts.

        Words are kept for lanes that come later.
        """
        known = self._acknowledgements.get(anomaly_id)
        if known is not None and known[1] >= at_ms:
            return
        self._acknowledgements[anomaly_id] = (by, at_ms)
        if len(self._acknowledgements) > MOST_ACKNOWLEDGEMENTS:
            oldest = min(self._acknowledgements, key=lambda key: self._acknowledgements[key][1])
            del self._acknowledgements[oldest]
        for hosted in self.lanes.values():
            if hosted.ready:
                self._take(hosted, hosted.lane.acknowledge(anomaly_id, by, at_ms), timed=False)

    def tell_windows(self, windows: tuple[Window, ...]) -> None:
        """Let every lane know the maintenance windows that stand in the control topic; later lanes, too."""
        self._windows = windows
        for hosted in self.lanes.values():
            if hosted.ready:
                self._take(hosted, hosted.lane.tell_windows(windows), timed=False)

    def _take(self, hosted: HostedLane, output: LaneOutput, *, timed: bool = True) -> None:
        self._observer.count(output.tally)
        if output.pair_delays:
            self._observer.observe_pairs(output.pair_delays)
        timed = timed and not hosted.replaying
        for change in output.changes:
            if change.revision == 1:
                self._observer.count_anomaly(change.record)
            on_acknowledged = partial(self._published, change) if timed else None
            self.outbox.put(hosted.sends, partial(self._anomaly, hosted, change), on_acknowledged)
            hosted.hidden.discard(change.anomaly_id)
        for letter in output.dead_letters:
            self.outbox.put(hosted.sends, partial(self._publisher.dead_letter, hosted.number, letter))
        for window in output.notices:
            self.on_notice(window)
        hosted.wanted = hosted.lane.wants()

    def _anomaly(self, hosted: HostedLane, change: AnomalyChange) -> Outgoing:
        return self._publisher.anomaly(hosted.number, change, self.clock.wall_ms(), hosted.writer)

    def _published(self, change: AnomalyChange) -> None:
        if not change.held:
            self._observer.observe_published(self.clock.wall_ms() - change.log_time)

    def withheld(self) -> set[tuple[str, int]]:
        """Return the input partitions that are not to be fetched now: not ready, or the lane asks to wait."""
        held: set[tuple[str, int]] = set()
        for hosted in self.lanes.values():
            for partition, wanted in zip(hosted.partitions, hosted.wanted, strict=True):
                if not hosted.ready or not wanted:
                    held.add(partition)
        return held

    def judge_stalls(self) -> None:
        """Look at all lanes together: a source that is silent in more than half of them has stalled.

        The lowest of these lanes says so in the anomaly topic, once for the worker.
        """
        ready = sorted((hosted for hosted in self.lanes.values() if hosted.ready), key=lambda hosted: hosted.number)
        by_lane = [hosted.lane.stalled() for hosted in ready]
        now = stalled_sources(by_lane)
        for source in (0, 1):
            speaking = [hosted for hosted in ready if hosted.lane.speaks_for_stall(source)]
            if now[source] and not speaking:
                first = next(hosted for hosted, lane in zip(ready, by_lane, strict=True) if lane[source])
                self._take(first, first.lane.source_stalled(source, stalled=True))
            elif not now[source]:
                for hosted in speaking:
                    self._take(hosted, hosted.lane.source_stalled(source, stalled=False))
        if now != self.stalled:
            _log.warning("source_stalled" if any(now) else "source_recovered", terminal=now[0], host=now[1])
        self.stalled = now

    # Commits

    async def commit(self, log: InputLog) -> None:
        """Commit, in one request, the newest cut of every lane whose outputs are acknowledged."""
        await self._commit([hosted for hosted in self.lanes.values() if hosted.ready], log)

    async def _commit(self, lanes: Sequence[HostedLane], log: InputLog) -> None:
        async with self._commit_lock:
            chosen = []
            positions: dict[tuple[str, int], Position] = {}
            for hosted in lanes:
                if not hosted.broken:
                    hosted.snapshot()
                cut = hosted.committable()
                if cut is not None:
                    chosen.append((hosted, cut))
                    positions |= hosted.commit_positions(cut)
            if not positions:
                return
            # A commit lets go of records: what is to be known of them must be on the disk before.
            synced = [hosted.ledger.sync for hosted, cut in chosen if hosted.write_ledger(cut) and hosted.ledger]
            await asyncio.gather(*(asyncio.to_thread(sync) for sync in synced))
            error = await log.commit(positions)
            self._observer.count_commit("ok" if error is None else "failed")
            if error is not None:
                _log.warning("commit_failed", error=repr(error), lanes=[hosted.number for hosted, _ in chosen])
                return
            for hosted, cut in chosen:
                hosted.cuts.accept(cut)

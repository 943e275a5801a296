"""The face of the core: one lane, fed with whole fetches of both topics, answering with what changed.

A lane is the pair of partitions with one number.  It is pure: the same two logs and the same policy
give the same anomalies, however the logs were split into fetches and interleaved.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mypy_extensions import mypyc_attr

from streams.core.correlator import Correlator
from streams.core.cut import Cut, Marks
from streams.core.decode import Decoder
from streams.core.episodes import Episodes
from streams.core.event import Event
from streams.core.journal import AnomalyChange, LaneOutput
from streams.core.merge import UNREAD, Merge
from streams.core.redelivery import KnownIds
from streams.core.restart import RestartPoint, Severed, restore_anomalies
from streams.core.state import LaneState
from streams.core.timers import NEVER
from streams.core.usual import Usual, fits
from streams.core.wire import HOST, SOURCES, TERMINAL, DeadLetter, RawRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from streams.core.diagnosis.calendar import Window
    from streams.core.ledger import Ledger
    from streams.core.policy import Policy

__all__ = ["HOST", "SOURCES", "TERMINAL", "AnomalyChange", "Cut", "Lane", "LaneGauges", "LaneOutput", "RawRecord"]

ROOM_PERCENT: Final = 90


@dataclass(frozen=True, slots=True)
class LaneGauges:
    """The state of a lane at a glance; pairs are (terminal, host), times epoch milliseconds of log time.

    ``amount_at_risk``, ``largest_amount`` and ``amount_unresolved`` are minor units of ISO 4217 currencies;
    ``largest_amount`` is the amount of the one open anomaly that risks most.
    """

    pending: tuple[int, int]
    waiting: tuple[int, int]
    watermark_ms: tuple[int | None, int | None]
    log_time_ms: tuple[int | None, int | None]
    open: dict[tuple[str, str, str], int]
    amount_at_risk: dict[tuple[str, str], int]
    largest_amount: dict[tuple[str, str], int]
    amount_unresolved: dict[str, int]
    stalled: tuple[bool, bool]
    silent_since_ms: tuple[int, int]
    position: tuple[int, int]
    replay_span_ms: int
    originals_from_ms: int
    """Since when every voucher is known that can be pointed at, -1 before anything was read."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Lane:
    """One lane of the monitor."""

    def __init__(
        self,
        number: int,
        policy: Policy,
        *,
        partitions: int = 1,
        live: bool = True,
        check_keys: bool | None = None,
        state: LaneState | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        """Take the partition's number; ``check_keys`` is ``live`` unless said otherwise.

        A replay may bring a ``state`` of its own that takes notes of what becomes of each voucher.
        ``ledger`` keeps the originals; without one they are kept in memory.
        """
        self.number = number
        self.partitions = partitions
        self._policy = policy
        self._live = live
        self._state = state or LaneState(number, policy, partitions=partitions, live=live, ledger=ledger)
        self._correlator = Correlator(self._state)
        self._merge = Merge(self._state, self._correlator)
        check_keys = live if check_keys is None else check_keys
        if state is None and fits(policy):
            self._state.memory.usual = Usual(self._state, live=live, check_keys=check_keys, partitions=partitions)
        self._decoders = tuple(
            Decoder(source, policy, defaultdict(int), check_keys=check_keys) for source in (TERMINAL, HOST)
        )
        self._known_ids = (KnownIds(policy.redelivery_horizon_ms), KnownIds(policy.redelivery_horizon_ms))
        self._episodes = Episodes(self._state)
        self._log_time = [UNREAD, UNREAD]
        self._marks = (Marks(), Marks())
        self._processed = [0, 0]
        self._idle = [False, False]
        self._restored: Cut | None = None
        self._cut_ms = UNREAD
        self._severed: Severed | None = None
        """In a replay up to J: what was judged before R is not judged again, also where a cut is lower."""

    def restore(
        self, j_ms: int, processed: tuple[int, int], anomalies: Iterable[bytes], *, r_ms: int, starts: tuple[int, int]
    ) -> None:
        """Take up where an earlier owner of this lane stopped; called once, before the first fetch.

        ``j_ms``, ``r_ms`` and ``processed`` are what the metadata of the commit says, ``starts`` the
        offsets at which reading begins (terminal, host), ``anomalies`` the newest published record
        of each anomaly of this lane.
        """
        self._state.journal.silent_until = j_ms
        self._processed = list(processed)
        self._severed = Severed(r_ms, self._policy.memory_ms)
        self._merge.gate = self._apply_again
        if self._merge.usual is not None:
            self._merge.usual.pack_from(r_ms)
        self._restored = Cut(j_ms, r_ms, starts, processed, self.partitions)
        if self._state.memory.put_lately is not None:
            self._state.memory.put_lately.floor = j_ms  # what an earlier life has put began before
        restore_anomalies(self._state, RestartPoint(j_ms, r_ms), anomalies)
        self._episodes.take_up()
        self._state.look_at_windows()

    def feed(self, source: int, records: Sequence[RawRecord], now_ms: int = 0) -> LaneOutput:
        """Take one fetch of one source and return everything that it led to.

        ``records`` are (offset, record timestamp in epoch ms, key, value) in offset order;
        ``now_ms`` is the wall clock, used only where producer timestamps are allowed.
        """
        if records:
            if self._log_time[source] == UNREAD:
                self._state.ledger.begin(records[0][1])
            self._idle[source] = False
            self._read(source, records, now_ms)
            merge = self._merge
            merge.watermark[source] = max(merge.watermark[source], self._log_time[source])
            merge.advance()
            if self._severed is not None and merge.passed > self._state.journal.silent_until:
                self._severed = merge.gate = None
                if merge.usual is not None:
                    merge.usual.pack_from(UNREAD)
            self._bound_pending()
        # Nobody sees the counters of a file replay before its end.
        return self._take(len(records), settled=self._live)

    def _apply_again(self, event: Event) -> None:
        """Apply an event of a replay; what lies before R or goes on from there only shows who was silent."""
        if self._severed is not None and self._severed.takes(event):
            self._correlator.overhear(event)
            if self._merge.usual is not None and self._severed.any:
                self._merge.usual.pack_from(NEVER)
        else:
            self._correlator.apply(event)

    def _read(self, source: int, records: Sequence[RawRecord], now_ms: int) -> None:
        """Read a fetch: events go into the waiting line, the rest to the dead letters."""
        decoder, marks, out = self._decoders[source], self._marks[source], self._state.journal.out
        merge, processed = self._merge, self._processed[source]
        usual = merge.usual
        if usual is None:
            log_time, letters, behind = self._decode(source, records, processed, now_ms)
        else:
            started = self._log_time[source], processed, now_ms, merge.passed
            log_time, letters, behind = usual.read(source, records, *started, marks if self._live else None, decoder)
        diagnoser = self._state.diagnoser
        for letter in letters:
            if diagnoser is not None:
                diagnoser.pulse.letter(letter)
            if letter.offset >= processed:
                out.dead_letters.append(letter)
                out.tally["events_rejected_total", (SOURCES[source], letter.reason)] += 1
        for event in behind:
            out.tally["behind_watermark_total", (SOURCES[source],)] += 1
            merge.apply_behind(event)
        self._log_time[source] = log_time
        marks.next_offset = records[-1][0] + 1
        self._processed[source] = max(processed, marks.next_offset)
        if records[0][0] < processed:
            decoder.tally.clear()
        for name, count in decoder.tally.items():
            out.tally[name] += count
        decoder.tally.clear()

    def _decode(
        self, source: int, records: Sequence[RawRecord], processed: int, now_ms: int
    ) -> tuple[int, list[DeadLetter], list[Event]]:
        """Decode a fetch record by record; returns the same as ``Usual.read``."""
        decoder, marks, live = self._decoders[source], self._marks[source], self._live
        log_time = self._log_time[source]
        counts: dict[tuple[str, str], int] = defaultdict(int)
        kind = outcome = ""
        count = 0
        events: list[Event] = []
        letters: list[DeadLetter] = []
        for offset, timestamp, key, value in records:
            if timestamp > log_time:
                log_time = timestamp
                if live:
                    marks.add(log_time, offset)
            event = decoder.decode(offset, log_time, timestamp, key, value, now_ms)
            if type(event) is not Event:
                if event is not None:
                    letters.append(event)  # type: ignore[arg-type]  # what is no event is a dead letter
                continue
            if offset >= processed:
                if event.kind is not kind or event.outcome is not outcome:
                    counts[kind, outcome] += count
                    kind, outcome, count = event.kind, event.outcome, 0
                count += 1
            events.append(event)
        counts[kind, outcome] += count
        for (kind, outcome), count in counts.items():
            if count:
                self._state.journal.out.tally["events_total", (SOURCES[source], kind, outcome)] += count
        self._known_ids[source].meet(events)
        passed = self._merge.passed
        behind = [event for event in events if event.log_time < passed]  # the first ones: log time never falls
        self._merge.waiting[source].extend(events[len(behind) :])
        return log_time, letters, behind

    def caught_up(self, source: int, at_ms: int) -> LaneOutput:
        """Let a source that is known to be read to its end at ``at_ms`` move its watermark on.

        ``at_ms`` is the worker's clock less its lead over log time; the watermark rises to it less
        ``idle_lateness``, so that a record still in replication is not overtaken.
        """
        merge = self._merge
        self._idle[source] = True
        mark = at_ms - self._policy.idle_lateness_ms
        if mark > merge.watermark[source]:
            merge.watermark[source] = mark
            merge.advance()
        self._bound_pending()
        return self._take(0)

    def flush(self) -> LaneOutput:
        """End a file replay: pass every deadline, ``resolve_horizon`` excepted."""
        self._merge.flush(max(self._log_time))
        return self._take(0)

    def settle(self) -> LaneOutput:
        """End a file replay without a flush: apply all that was read, and no deadline after it."""
        self._merge.settle(max(self._log_time))
        return self._take(0)

    def close(self) -> None:
        """Give the packed vouchers back at once; nothing else is asked of this lane afterwards.

        They hold on to what holds them, and are far larger than the cycle collector can see.
        """
        self._state.memory.usual = None

    def stalled(self) -> tuple[bool, bool]:
        """Tell of terminal and host whether the source is stalled in this lane."""
        blind, now = self._state.blind, self._merge.passed
        return (False, False) if blind is None else (blind.stalled(TERMINAL, now), blind.stalled(HOST, now))

    def speaks_for_stall(self, source: int) -> bool:
        """Tell whether this lane has an open ``source_stalled`` of a source."""
        return self._episodes.speaks_for(source)

    def source_stalled(self, source: int, *, stalled: bool) -> LaneOutput:
        """Let this lane say for its worker that a source has fallen silent, or speaks again."""
        if stalled:
            self._episodes.stalled(source)
        else:
            self._episodes.recovered(source)
        return self._take(0)

    def acknowledge(self, anomaly_id: str, by: str, at_ms: int) -> LaneOutput:
        """Write down who takes care of an anomaly, and when (epoch ms); nothing else about it changes.

        An id that is no open anomaly of this lane changes nothing.
        """
        self._state.journal.acknowledge(anomaly_id, by, at_ms)
        return self._take(0)

    def tell_windows(self, windows: tuple[Window, ...]) -> LaneOutput:
        """Take the maintenance windows that the control topic holds now, all of them, in place of those before.

        What is open then says in which window it lies, or that it lies in none.
        """
        self._state.tell_windows(windows)
        return self._take(0)

    def _take(self, read: int, *, settled: bool = True) -> LaneOutput:
        self._episodes.report_splits()
        out = self._state.journal.take(settled=settled)
        out.read = read
        return out

    def _bound_pending(self) -> None:
        """At the limit judge the oldest legs, unless the source that is behind can still be read on."""
        limit = self._policy.max_pending
        pending = self._merge.pending_legs()
        if pending <= limit:
            return
        if not self._live or self._idle[self._behind()] or pending > 2 * limit:
            self._merge.make_room(limit * ROOM_PERCENT // 100)

    def _behind(self) -> int:
        terminal, host = self._merge.watermark
        return TERMINAL if terminal <= host else HOST

    def wants(self) -> tuple[bool, bool]:
        """Tell of each source whether it may be fetched now; at a limit only the one ahead may not."""
        waiting = self._merge.waiting_counts()
        full = self._merge.pending_legs() > self._policy.max_pending
        behind = self._behind()
        ahead = 1 - behind
        pause = waiting[ahead] > self._policy.max_waiting or (full and waiting[ahead] > 0)
        answer = [True, True]
        answer[ahead] = not pause
        return answer[TERMINAL], answer[HOST]

    def cut(self) -> Cut:
        """Return the cut of the state as it is; valid once all earlier outputs are acknowledged."""
        state, merge = self._state, self._merge
        j_ms = merge.passed - 1
        if self._restored is not None:
            if j_ms <= self._restored.j_ms:
                state.memory.hand_over(all_of_it=True)
                return self._restored  # still replaying: what was committed stays true
            self._restored = None
        held = state.blind.oldest_held() if state.blind is not None else None
        if held is not None:
            j_ms = min(j_ms, held - 1)
        r_ms = state.memory.oldest_needed(j_ms - self._policy.replay_ms)
        state.memory.hand_over(all_of_it=True)  # what this cut lets go of is in the ledger before it is committed
        self._cut_ms = r_ms if state.blind is None else state.blind.needed_from(r_ms, merge.passed, self._marks)
        offsets = tuple(marks.offset_at(self._cut_ms) for marks in self._marks)
        for marks in self._marks:
            marks.forget_before(self._cut_ms - self._policy.memory_ms)  # a silence from now on reaches so far
        terminal, host = self._processed
        return Cut(j_ms, r_ms, (offsets[TERMINAL], offsets[HOST]), (terminal, host), self.partitions)

    def gauges(self) -> LaneGauges:
        """Return the gauges of this moment; walks the open anomalies, so not for the hot path."""
        state, merge = self._state, self._merge
        standing: dict[tuple[str, str, str], int] = defaultdict(int)
        risk: dict[tuple[str, str], int] = defaultdict(int)
        largest: dict[tuple[str, str], int] = {}
        for anomaly in state.journal.open.values():
            standing[anomaly.kind, anomaly.severity, anomaly.link] += 1
            if anomaly.amount:
                about = (anomaly.currency, anomaly.kind)
                risk[about] += anomaly.amount
                largest[about] = max(largest.get(about, 0), anomaly.amount)
        blind = state.blind
        packed = (0, 0) if merge.usual is None else merge.usual.pending
        times = tuple(time if time != UNREAD else None for time in self._log_time)
        marks = tuple(mark if mark != UNREAD else None for mark in merge.watermark)
        return LaneGauges(
            pending=(state.pending[TERMINAL] + packed[TERMINAL], state.pending[HOST] + packed[HOST]),
            waiting=merge.waiting_counts(),
            watermark_ms=(marks[TERMINAL], marks[HOST]),
            log_time_ms=(times[TERMINAL], times[HOST]),
            open=dict(standing),
            amount_at_risk=dict(risk),
            largest_amount=largest,
            amount_unresolved=dict(state.journal.unresolved),
            stalled=self.stalled(),
            silent_since_ms=(blind.silent_since(TERMINAL), blind.silent_since(HOST)) if blind is not None else (-1, -1),
            position=(self._marks[TERMINAL].next_offset or 0, self._marks[HOST].next_offset or 0),
            replay_span_ms=max(0, max(self._log_time) - self._cut_ms) if self._cut_ms > UNREAD else 0,
            originals_from_ms=state.ledger.covers_from,
        )

    @property
    def unclosed(self) -> int:
        """Return how many vouchers are not closed."""
        return self._state.unclosed + (0 if self._merge.usual is None else sum(self._merge.usual.pending))

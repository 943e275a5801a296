"""The one order: events of both sources and timers by log time, whatever order they were read in.

An event waits until the lane watermark, the smaller of the two sources', is greater than its log
time; then events and timers are applied by log time, events before timers, terminal before host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core import judgement
from streams.core.event import Event
from streams.core.timers import HORIZON, LEG_DEADLINE, NEVER, REVERSAL_LEG_DEADLINE
from streams.core.wire import HOST, TERMINAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.core.correlator import Correlator
    from streams.core.state import LaneState
    from streams.core.timers import Due
    from streams.core.usual import Usual

UNREAD: Final = -1
"""The watermark of a source of which nothing was read: no log time is smaller."""


class Merge:
    """Merges the two sources of one lane and drives its timers."""

    def __init__(self, state: LaneState, correlator: Correlator) -> None:
        self._state = state
        self._correlator = correlator
        self.gate: Callable[[Event], None] | None = None
        """Stands before the correlator while a lane replays."""
        self.waiting: tuple[list[Event], list[Event]] = ([], [])
        self.watermark = [UNREAD, UNREAD]
        """Of each source, in epoch milliseconds of log time."""
        self._horizon_end = NEVER
        self._kept: list[Due] = []
        self.passed = UNREAD
        """The lane watermark up to which events and timers were applied, itself excluded."""

    @property
    def usual(self) -> Usual | None:
        """Return what reads, keeps in line and applies the usual events, where that is compiled."""
        return self._state.memory.usual

    def advance(self) -> None:
        """Apply everything that lies before the lane watermark."""
        mark = min(self.watermark)
        if mark <= self.passed:
            return
        usual = self.usual
        if usual is None:
            self._events(mark)
        else:
            usual.apply(mark, self.gate or self._correlator.apply, self._timers)
        self._timers(mark)
        self.passed = mark
        self._state.now = mark - 1
        self._state.memory.sweep(mark)

    def _events(self, mark: int) -> None:
        terminals, hosts = self.waiting
        timers, correlator, gate = self._state.timers, self._correlator, self.gate
        terminal = host = 0
        last_terminal, last_host = len(terminals), len(hosts)
        while True:
            if terminal < last_terminal and terminals[terminal].log_time < mark:
                event = terminals[terminal]
                if host < last_host and hosts[host].log_time < event.log_time:
                    event = hosts[host]
                    host += 1
                else:
                    terminal += 1
            elif host < last_host and hosts[host].log_time < mark:
                event = hosts[host]
                host += 1
            else:
                break
            if timers.next_due < event.log_time:
                self._timers(event.log_time)
            if gate is None:
                correlator.apply(event)
            else:
                gate(event)
        del terminals[:terminal]
        del hosts[:host]

    def _timers(self, before: int) -> None:
        """Apply, in order, every timer with a time smaller than ``before``."""
        timers, state = self._state.timers, self._state
        usual = self.usual
        if usual is not None:
            usual.unpack_due(before)
            usual.judge_due(before)
        while timers.next_due < before:
            due = timers.pop(before)
            if due is None:
                return
            if due[1] == HORIZON and due[0] >= self._horizon_end:
                self._kept.append(due)
            else:
                judgement.fire(state, due)

    def apply_behind(self, event: Event) -> None:
        """Apply at once an event that lies behind the watermark, and mark what it touches."""
        event.limited = True
        if self.usual is not None:
            self.usual.hear_behind(event)
        if self.gate is None:
            self._correlator.apply(event)
        else:
            self.gate(event)
        self._timers(self.passed)

    def settle(self, last_log_time: int) -> None:
        """Apply all that was read, as at the end of a file; horizons fire only before ``last_log_time``."""
        self._horizon_end = last_log_time
        self.watermark[TERMINAL] = self.watermark[HOST] = max(self.passed, last_log_time + 1)
        self.advance()

    def flush(self, last_log_time: int) -> None:
        """Settle, then pass every deadline but the horizons."""
        self.settle(last_log_time)
        self._timers(NEVER)
        for time, kind, source, offset, _, subject in self._kept:
            self._state.timers.set(time, kind, source, offset, subject)
        self._kept.clear()

    def pending_legs(self) -> int:
        """Return how many legs wait for their other side."""
        usual = self.usual
        return sum(self._state.pending) + (0 if usual is None else sum(usual.pending))

    def waiting_counts(self) -> tuple[int, int]:
        """Return how many events of terminal and host wait for the other source's watermark."""
        usual = self.usual
        if usual is not None:
            return usual.waiting
        return len(self.waiting[TERMINAL]), len(self.waiting[HOST])

    def make_room(self, keep: int) -> None:
        """Judge the oldest lone legs, marked ``limited``, until at most ``keep`` are pending."""
        state = self._state
        kept: list[Due] = []
        usual = self.usual
        if usual is not None:
            # The oldest of all are among these and those that are not packed.
            usual.unpack_due(NEVER, self.pending_legs() - keep)
        while self.pending_legs() > keep and (due := state.timers.pop(NEVER)) is not None:
            leg = due[5]
            if due[1] not in (LEG_DEADLINE, REVERSAL_LEG_DEADLINE) or not isinstance(leg, Event):
                kept.append(due)
                continue
            voucher = leg.voucher
            if voucher is not None and voucher.lone is leg:
                voucher.limited = True
                judgement.judge_lone(state, voucher, leg, max(state.now, leg.log_time), forced=True)
        for time, kind, source, offset, _, subject in kept:
            state.timers.set(time, kind, source, offset, subject)

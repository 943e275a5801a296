"""Events to vouchers: a new leg, a status update, a duplicate, a late answer.

Events come one by one in the merged order; nothing here looks at arrival.  The usual voucher takes
two short paths, ``_new_voucher`` for its first leg and ``_pair`` for its second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from streams.core import chains, lates, reversals
from streams.core.chains import POINTING
from streams.core.compare import comparable, differences, same_amount_and_card, value_of
from streams.core.event import Event, content_of
from streams.core.fields import read_original
from streams.core.judgement import consider, deadline_kind, judge_pair, pair_deadline, rejudge
from streams.core.policy import COMPARABLE_FIELDS
from streams.core.redelivery import Redeliveries, latest_copy, was_delivered
from streams.core.rules import duplicate_voucher
from streams.core.voucher import NO_VOUCHERS, Run, Voucher
from streams.core.wire import AUTO_REVERSED, FINAL, RANK, SOURCES, TERMINAL, Body

if TYPE_CHECKING:
    from streams.core.state import LaneState

_NOT_FILLED = frozenset({"event_id", "source", "received_at", "outcome", "response_code"})
MANY_VOUCHERS = 64
"""Vouchers of one number beyond which the closed ones are looked through for what can go."""


class Correlator:
    """Applies the events of one lane to its state."""

    def __init__(self, state: LaneState) -> None:
        self._state = state
        policy = state.policy
        self._span_ms = policy.memory_ms
        self._windows = dict(policy.pair_window_ms)
        self._by_merchant = policy.by_merchant
        self._keyed_by_batch = policy.default_link.batch_in_key or any(
            link.batch_in_key for link in policy.links.values()
        )
        self._long_ms = policy.originals_horizon_ms if state.ledger.outlives else 0
        self._horizon_ms = max(policy.redelivery_horizon_ms, self._long_ms)
        self._redeliveries = tuple(Redeliveries(policy.redelivery_horizon_ms) for _ in SOURCES)

    def apply(self, event: Event) -> None:
        """Apply one event at its place in the merged order."""
        state = self._state
        at = event.log_time
        source = event.source
        self.overhear(event)
        if not event.number:
            self._plain(event)
            return
        memory = state.memory
        key = (event.terminal, event.number)
        run = memory.run_of(key)
        fresh = run is None
        long_ms = self._long_ms if run is None or at - run.last > self._span_ms else 0
        if long_ms and was_delivered(memory, event, long_ms):
            state.journal.count(at, "events_redelivered_total", SOURCES[source])
            return
        if run is None:
            run = memory.begin(key, at)
        elif at - run.last > self._span_ms:
            run = memory.renew(run, at)
        else:
            run.last = max(run.last, at)
        batch_key = "" if not self._keyed_by_batch else self._batch_key(event)
        # Nearly all events are the first of their number, or the second leg that a lone first one waits for.
        if event.kind != "reversal" and not event.id_known and not memory.has_anomaly(key):
            if fresh:
                self._new_voucher(event, run, batch_key)
                return
            vouchers = run.vouchers
            if len(vouchers) == 1 and run.delivered is None and run.reversals is None:
                voucher = vouchers[0]
                lone = voucher.lone
                if lone is not None and lone.source != source and voucher.batch_key == batch_key:
                    self._pair(voucher, event)
                    return
        self._unusual(event, run, batch_key)

    def overhear(self, event: Event) -> None:
        """Take note of who speaks: all that an event means which is not applied."""
        diagnoser = self._state.diagnoser
        if diagnoser is not None:
            diagnoser.hear(self._state, event)
        blind, owner = self._state.blind, event.terminal
        if self._by_merchant:
            owner = event.merchant
            self._state.memory.tills.note(owner, event.terminal, event.log_time)
        if blind is not None and blind.note(event.source, owner, event.log_time):
            self._release(event.source, event.log_time)

    def _plain(self, event: Event) -> None:
        """Take an event that has no voucher."""
        at, source = event.log_time, event.source
        if self._redeliveries[source].seen(event.body.event_id, content_of(event), at):
            self._state.journal.count(at, "events_redelivered_total", SOURCES[source])
            return
        if event.id_known:
            self._state.journal.count(at, "event_ids_reused_total", SOURCES[source])
        if event.kind == "notice":
            self._state.notice(event)

    def _unusual(self, event: Event, run: Run, batch_key: str) -> None:
        """Take an event of a number that stands already, or a reversal."""
        state = self._state
        vouchers = state.memory.vouchers_of(run)
        before = latest_copy(run, vouchers, event, self._horizon_ms)
        if before is not None and event.log_time - before <= self._horizon_ms:
            state.journal.count(event.log_time, "events_redelivered_total", SOURCES[event.source])
            return
        if event.id_known and before is None:
            state.journal.count(event.log_time, "event_ids_reused_total", SOURCES[event.source])
        if event.kind == "reversal":
            self._reversal(event, run, batch_key)
        elif vouchers or state.memory.has_anomaly(run.key):
            self._again(event, run, batch_key, vouchers)
        else:
            self._new_voucher(event, run, batch_key)

    def _batch_key(self, event: Event) -> str:
        return event.batch if self._state.link_policy(event).batch_in_key else ""

    def _again(self, event: Event, run: Run, batch_key: str, vouchers: list[Voucher]) -> None:
        """Take an event whose number stands already: an update, a duplicate, a second leg, a new voucher."""
        at, source = event.log_time, event.source
        if len(vouchers) > MANY_VOUCHERS:
            self._state.thin_out(vouchers, at)
        pending = None
        for voucher in vouchers:
            if voucher.batch_key != batch_key:
                continue
            leg = voucher.leg(source)
            if leg is not None and at <= leg.deadline:
                self._repeat(voucher, leg, event)
                return
            lone = voucher.lone
            if lone is not None and lone.source != source and lates.is_older(lone, pending):
                pending = lone
        if self._answer_late(event, run, batch_key):
            return
        if pending is not None and pending.voucher is not None:
            self._pair(pending.voucher, event)
        else:
            self._new_voucher(event, run, batch_key)

    def _answer_late(self, event: Event, run: Run, batch_key: str) -> bool:
        leg = lates.find_unanswered(self._state, event, batch_key)
        if leg is None or leg.voucher is None:
            return False
        voucher = leg.voucher
        self._state.adopt(run, voucher)
        self._update(leg, event, late=True, judged=voucher.closed)
        if voucher.is_reversal:
            reversals.confirm_if_approved(self._state, voucher, event.log_time)
        rejudge(self._state, voucher, event.log_time)
        if voucher.kind in POINTING:
            self._await_chain(voucher, event.log_time)
        return True

    def _new_voucher(self, event: Event, run: Run, batch_key: str) -> Voucher:
        state = self._state
        kind = event.kind
        is_reversal = kind == "reversal"
        if event.source == TERMINAL:
            voucher = Voucher(run, batch_key, is_reversal, event, event, None)
        else:
            voucher = Voucher(run, batch_key, is_reversal, event, None, event)
        if event.limited:
            voucher.limited = True
        event.voucher = voucher
        if is_reversal:
            run.reversals = [*(run.reversals or ()), voucher]
            state.memory.keep_reversal(voucher, event)
        elif run.vouchers is NO_VOUCHERS and run.host_bytes is None:
            run.vouchers = [voucher]
        else:
            state.memory.vouchers_of(run).append(voucher)
        run.open += 1
        state.unclosed += 1
        state.pending[event.source] += 1
        event.terminal, event.number = run.key
        window = self._windows[kind] if event.outcome in FINAL else self._window(event)
        event.deadline = event.log_time + window
        state.timers.set_leg(event, deadline_kind(event), window)
        if not is_reversal and (kind in POINTING or state.memory.wanted):
            chains.begin(state, voucher)
        return voucher

    def _window(self, event: Event) -> int:
        """Return how long a leg waits alone: longer in progress, or where its reversal is to be expected."""
        outcome = event.outcome
        if outcome in FINAL:
            return self._windows[event.kind]
        if outcome == "in_progress":
            return self._state.policy.in_progress_window_ms
        window = self._windows[event.kind]
        if event.source == TERMINAL and event.kind in AUTO_REVERSED and event.body.offline is not True:
            return max(window, self._state.policy.reversal_window_ms)
        return window

    def _pair(self, voucher: Voucher, event: Event) -> None:
        state = self._state
        lone = voucher.lone
        if lone is None:
            return
        at = event.log_time
        event.deadline = at + (self._windows[event.kind] if event.outcome in FINAL else self._window(event))
        event.terminal = lone.terminal
        state.pending[lone.source] -= 1
        voucher.join(event)
        state.release(voucher)
        if at > state.journal.silent_until:
            state.journal.out.pair_delays.append(at - lone.log_time)
        if event.kind in POINTING or lone.kind in POINTING:
            self._await_chain(voucher, at)
        if voucher.is_reversal:
            reversals.look(state, voucher, event)
        elif event.outcome == "approved" == lone.outcome and voucher.reversed_at is None and not voucher.denied:
            self._pair_approved(voucher, at)
            return
        consider(state, voucher, at)

    def _await_chain(self, voucher: Voucher, at: int) -> None:
        """Let a pair that may point at an original be held against it at the pair's deadline."""
        if not voucher.is_reversal and voucher.lone is None:
            chains.await_deadline(self._state, voucher, max(at, pair_deadline(self._state, voucher)))

    def _pair_approved(self, voucher: Voucher, at: int) -> None:
        """Judge a pair that both sides approve: the first row of the table, and nearly every voucher."""
        state = self._state
        terminal, host = voucher.terminal, voucher.host
        if terminal is not None and host is not None and not differences(COMPARABLE_FIELDS, terminal, host):
            state.close_matched(voucher, at)
        else:
            judge_pair(state, voucher, at)

    def _repeat(self, voucher: Voucher, leg: Event, event: Event) -> None:
        """Take an event of a side that is there: a status update, an idle repeat or a duplicate."""
        state = self._state
        if same_amount_and_card(leg, event):
            if RANK[event.outcome] > RANK[leg.outcome]:
                closed = voucher.closed
                self._update(leg, event, judged=closed)
                self._after_update(voucher, event, closed=closed)
                return
            if leg.outcome not in FINAL or event.outcome not in FINAL:
                state.journal.count(event.log_time, "updates_ignored_total", SOURCES[event.source])
                return
        voucher.limited = voucher.limited or event.limited
        finding = duplicate_voucher.find(voucher, leg, event)
        state.open_anomaly(voucher, finding, event.log_time, main=False)

    def _update(self, leg: Event, event: Event, *, late: bool = False, judged: bool = False) -> None:
        """Let a later message of one side fill in and correct its leg; the leg keeps its log time.

        A ``late`` answer changes no deadline: what comes after it is a new voucher.  Where the leg was
        ``judged`` before, the answer gives it a new identity for what is judged now.
        """
        state = self._state
        state.journal.count(event.log_time, "status_updates_total", SOURCES[event.source])
        mine, theirs = leg.body, event.body
        content_of(leg)
        fill: dict[str, Any] = {}
        for name in Body.__struct_fields__:
            value = getattr(theirs, name)
            if (
                name in _NOT_FILLED
                or value is UNSET
                or value is None
                or (name == "original" and leg.kind == "reversal")
            ):
                continue
            if name == "original":
                lacks = not mine.original or read_original(msgspec.to_builtins(mine.original)) is None
            else:
                lacks = getattr(mine, name) in (UNSET, None, "") or comparable(name, value_of(leg, name)) is None
            if lacks:
                fill[name] = value
        leg.body = msgspec.structs.replace(mine, response_code=theirs.response_code, outcome=theirs.outcome, **fill)
        leg.raw = None
        leg.outcome = event.outcome
        leg.amount = leg.amount if leg.amount is not None else event.amount
        leg.currency = leg.currency or event.currency
        leg.card = leg.card or event.card
        leg.batch = leg.batch or event.batch
        if leg.voucher is not None:
            leg.voucher.limited = leg.voucher.limited or event.limited
        if judged:
            leg.answer = event
        if not late:
            leg.updated_at = event.log_time
            leg.deadline = event.log_time + self._window(leg)

    def _after_update(self, voucher: Voucher, event: Event, *, closed: bool) -> None:
        state = self._state
        at = event.log_time
        if voucher.is_reversal:
            reversals.confirm_if_approved(state, voucher, at)
        elif voucher.kind in POINTING:
            self._await_chain(voucher, at)
        lone = voucher.lone
        if lone is not None:
            state.timers.set(lone.deadline, deadline_kind(lone), lone.source, lone.offset, lone)
        elif closed:
            rejudge(state, voucher, at)
        elif not voucher.closed:
            consider(state, voucher, at)

    def _reversal(self, event: Event, run: Run, batch_key: str) -> None:
        """Take a reversal: repeats of one reversal belong together whatever their own numbers."""
        repeated = self._repeated_reversal(event, batch_key)
        if repeated is not None:
            voucher, leg = repeated
            self._repeat_reversal(voucher, leg, event, run)
            return
        self._again(event, run, batch_key, run.reversals or [])
        if event.voucher is not None and event.voucher.lone is event:
            reversals.look(self._state, event.voucher, event)

    def _repeated_reversal(self, event: Event, batch_key: str) -> tuple[Voucher, Event] | None:
        wanted = reversals.repeats_key(event)
        for voucher in self._state.memory.reversals_of(event.terminal, event.log_time):
            leg = voucher.leg(event.source)
            if leg is None or event.log_time > leg.deadline:
                continue
            if voucher.batch_key != batch_key and reversals.reference(event) is None:
                continue
            if leg.amount == event.amount and reversals.repeats_key(leg) == wanted:
                return voucher, leg
        return None

    def _repeat_reversal(self, voucher: Voucher, leg: Event, event: Event, run: Run) -> None:
        """Take a repeat: a higher outcome counts, and its own number becomes one more key of the leg."""
        state = self._state
        stronger = event.outcome == "approved" and leg.outcome != "approved"
        if stronger or RANK[event.outcome] > RANK[leg.outcome]:
            closed = voucher.closed
            self._update(leg, event, judged=closed)
            self._after_update(voucher, event, closed=closed)
        else:
            state.journal.count(event.log_time, "updates_ignored_total", SOURCES[event.source])
        standing = run.reversals or []
        if voucher in standing:
            return
        run.reversals = [*standing, voucher]
        if run.key != voucher.run.key and run.key not in voucher.more_keys:
            voucher.more_keys = (*voucher.more_keys, run.key)
        lone = voucher.lone
        if lone is None:
            return
        for other in standing:
            waiting = other.lone
            if waiting is not None and waiting.source != lone.source and other.batch_key == voucher.batch_key:
                self._unite(voucher, other, waiting, event.log_time)
                return

    def _unite(self, voucher: Voucher, other: Voucher, leg: Event, at: int) -> None:
        """Pair two lone reversals that a repeat's number has shown to be one."""
        state = self._state
        other.counted = True
        state.close(other, "late_match", at)
        for standing in (other.run.reversals, voucher.run.reversals):
            if standing and other in standing:
                standing.remove(other)
        lone = voucher.lone
        if lone is None:
            return
        state.pending[lone.source] -= 1
        voucher.join(leg)
        state.release(voucher)
        if voucher.target is None:
            voucher.target = other.target
        reversals.confirm_if_approved(state, voucher, at)
        consider(state, voucher, at)

    def _release(self, missing: int, at: int) -> None:
        """Let the verdicts held for a source that speaks again end when its backlog has had its time."""
        blind = self._state.blind
        if blind is None:
            return
        for voucher in blind.held:
            leg = voucher.lone
            if leg is None or leg.source == missing:
                continue
            until = blind.hold_end(missing, leg, at)
            if until > at:
                voucher.held_until = until
                self._state.timers.set(until, deadline_kind(leg), leg.source, leg.offset, leg)

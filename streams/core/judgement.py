"""When a voucher is judged and what follows: pairs, lone legs, waits for a reversal, horizons."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from streams.core import chains, lates, reversals
from streams.core.compare import differences
from streams.core.rules import mismatch, orphan_host, orphan_terminal, outcome_conflict, unreversed
from streams.core.timers import (
    CHAIN,
    HORIZON,
    LEG_DEADLINE,
    LOOK_AGAIN,
    PAIR_DEADLINE,
    REVERSAL_LEG_DEADLINE,
    REVERSAL_WAIT_END,
    STORED,
)
from streams.core.verdicts import BOTH_UNKNOWN, COMPARE, CONFLICT, MATCHED, WAIT, both_final, is_denial, row_of
from streams.core.voucher import ONE_SIDED, Voucher
from streams.core.wire import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.core.anomaly import Anomaly
    from streams.core.event import Event
    from streams.core.state import LaneState
    from streams.core.timers import Due

ORPHANS = frozenset({"orphan_terminal", "orphan_host"})
ANSWERABLE = ORPHANS | {"outcome_conflict", "unreversed"}
"""The kinds that a late answer resolves."""


def pair_deadline(state: LaneState, voucher: Voucher) -> int:
    """Return the later deadline of a pair's legs; a leg without answer counts with its pair window."""
    window = state.policy.pair_window_ms[voucher.kind]
    ends = []
    for leg in voucher.legs:
        since = leg.updated_at or leg.log_time
        ends.append(since + (state.policy.in_progress_window_ms if leg.outcome == "in_progress" else window))
    return max(ends)


def consider(state: LaneState, voucher: Voucher, at: int, *, late: bool = False, keep: int = 0) -> None:
    """Judge a pair now if its row allows, else set the deadline at which it will be.

    Called when the second leg or an answer comes.  ``late`` says that every deadline has passed,
    so that what is not final counts as it stands; ``keep`` is a deadline that stays as it was set.
    """
    terminal, host = cast("Event", voucher.terminal), cast("Event", voucher.host)
    settled = voucher.reversed_at is not None or voucher.denied
    if late or settled or (both_final(terminal, host) and not _is_bound(state, voucher, terminal, host)):
        deadline = at
    else:
        deadline = keep or pair_deadline(state, voucher)
    if deadline > at:
        voucher.deadline = deadline
        voucher.wait_end = 0
        state.timers.set(deadline, PAIR_DEADLINE, terminal.source, terminal.offset, voucher)
    elif voucher.is_reversal:
        reversals.judge(state, voucher, at)
    else:
        judge_pair(state, voucher, at)


def _is_bound(state: LaneState, voucher: Voucher, terminal: Event, host: Event) -> bool:
    """Tell whether a pair with final outcomes is still to be judged at its deadline only."""
    if voucher.is_reversal:
        return is_denial(host)
    if terminal.outcome == "approved" or voucher.reversed_at is not None or voucher.waits_for_reversal:
        return False
    return voucher.kind != "query" and row_of(terminal, host, state.policy.both_unknown) is WAIT


def judge_pair(state: LaneState, voucher: Voucher, at: int) -> None:
    """Judge a pair of a transaction by the verdict table."""
    terminal, host = cast("Event", voucher.terminal), cast("Event", voucher.host)
    voucher.deadline = 0
    if voucher.reversed_at is not None or voucher.denied:
        state.close(voucher, "original_denied" if voucher.denied else "reversed", at)
        return
    row = row_of(terminal, host, state.policy.both_unknown)
    if row is COMPARE:
        names = differences(state.compare_fields(voucher), terminal, host)
        if names:
            state.accuse(voucher, mismatch.find(voucher, terminal, host, names), at)
        else:
            state.close_matched(voucher, at)
    elif row is MATCHED:
        state.close(voucher, "matched", at)
    elif row is BOTH_UNKNOWN:
        state.close(voucher, "both_unknown", at)
    elif row is WAIT and voucher.waits_for_reversal:
        _wait(state, voucher, at)
    elif row is WAIT and voucher.kind == "query":
        state.close(voucher, "matched", at)
    else:
        names = differences(state.compare_fields(voucher), terminal, host)
        waiting_row = row is not CONFLICT
        state.accuse(voucher, outcome_conflict.find(voucher, terminal, host, names, waiting_row=waiting_row), at)


def _wait(state: LaneState, voucher: Voucher, at: int) -> None:
    later = max(leg.log_time for leg in voucher.legs)
    end = max(at, later + state.policy.reversal_window_ms)
    voucher.wait_end = end
    # Also when the wait is over already: records of this log time come before its timers.
    leg = cast("Event", voucher.terminal)
    state.timers.set(end, REVERSAL_WAIT_END, leg.source, leg.offset, voucher)


def end_wait(state: LaneState, voucher: Voucher, at: int) -> None:
    """End the wait for a reversal: none was confirmed, or the voucher would be closed."""
    voucher.wait_end = 0
    state.accuse(voucher, unreversed.find(voucher), at)


def judge_lone(state: LaneState, voucher: Voucher, leg: Event, at: int, *, forced: bool = False) -> None:
    """Judge a leg that is still alone at its deadline."""
    found = lates.find_counterpart(state, voucher, at)
    if found is not None:
        join_late(state, voucher, leg, found[0], at, weak=found[1])
        return
    held = False
    blind = state.blind
    if blind is not None and not forced:
        until = blind.hold_end(1 - leg.source, leg, at)
        if until > at:
            voucher.held_until = until
            blind.held[voucher] = leg.deadline
            state.timers.set(until, deadline_kind(leg), leg.source, leg.offset, leg)
            return
        held = bool(blind.held.pop(voucher, 0)) and until == at
        if blind.split and voucher.reversed_at is None:
            chains.leave(state, voucher)
            state.close(voucher, "unjudged", at)
            return
    if voucher.kind in chains.POINTING:
        chains.await_deadline(state, voucher, at)
    if voucher.is_reversal:
        reversals.judge(state, voucher, at, held=held)
    elif voucher.reversed_at is not None or voucher.denied:
        state.close(voucher, "original_denied" if voucher.denied else "reversed", at)
    elif leg.body.offline is True:
        state.close(voucher, "offline_unverified", at)
    elif leg.source == TERMINAL:
        state.accuse(voucher, orphan_terminal.find(voucher), at, held=held)
    else:
        state.accuse(voucher, orphan_host.find(voucher), at, held=held)


def join_late(state: LaneState, own: Voucher, leg: Event, found: Voucher, at: int, *, weak: bool) -> None:
    """Let a lone leg join the voucher that lacks it; an open orphan resolves and the pair is judged."""
    orphan = found.anomaly is not None and found.anomaly.kind in ORPHANS
    was_reversed = found.reversed_at is not None or own.reversed_at is not None
    found.limited = found.limited or own.limited
    if orphan:
        state.meets_late(found, leg)
        state.resolve(found, "late_match", at, ("weak_match",) if weak else ())
    state.memory.drop_one_sided(found)
    own.counted = True
    state.close(own, "late_match", at)
    state.memory.drop_one_sided(own)
    standing = own.run.reversals if own.is_reversal else state.memory.vouchers_of(own.run)
    if standing and own in standing:
        standing.remove(own)
    state.adopt(own.run, found)
    found.join(leg)
    if leg.kind in chains.POINTING or found.kind in chains.POINTING:
        chains.leave(state, own)
        chains.await_deadline(state, found, at)
    if found.is_reversal:
        if found.target is None or (own.host is leg and leg.outcome == "approved" and own.target is not None):
            found.target = own.target
        reversals.confirm_if_approved(state, found, at)
        if orphan:
            reversals.judge(state, found, at)
        return
    own.target = found
    if found.reversed_at is None:
        found.reversed_at = own.reversed_at
    found.denied = found.denied or own.denied
    if orphan and not was_reversed:
        state.reopen(found)
        judge_pair(state, found, at)


def rejudge(state: LaneState, voucher: Voucher, at: int) -> None:
    """Judge a voucher again after an answer that was late: its open anomaly resolves first."""
    closed, accused = voucher.closed, voucher.anomaly is not None
    if accused and voucher.anomaly.kind not in (ANSWERABLE | {"mismatch"} if voucher.is_reversal else ANSWERABLE):
        return
    state.resolve(voucher, "late_match", at)
    if voucher.reversed_at is not None and closed:
        return
    if voucher.terminal is not None and voucher.host is not None:
        if accused or not closed or voucher.verdict not in ONE_SIDED:
            state.reopen(voucher)
            consider(state, voucher, at, late=closed, keep=0 if closed else voucher.deadline)
        return
    if voucher.is_reversal and not accused:
        reversals.judge(state, voucher, at)
    elif accused:
        leg = voucher.legs[0]
        state.memory.drop_one_sided(voucher)
        state.reopen(voucher)
        voucher.lone = leg
        state.pending[leg.source] += 1
        judge_lone(state, voucher, leg, at, forced=True)


def deadline_kind(leg: Event) -> int:
    """Return the timer kind of a lone leg: reversals come before the transactions they belong to."""
    return REVERSAL_LEG_DEADLINE if leg.kind == "reversal" else LEG_DEADLINE


def fire(state: LaneState, due: Due) -> None:
    """Apply one timer that is due, unless what it was set for has changed since."""
    at, kind, _, _, _, subject = due
    if kind == HORIZON:
        state.expire(cast("Anomaly", subject), at)
    elif kind == STORED:
        cast("Callable[[], None]", subject)()
    elif kind == LOOK_AGAIN:
        for anomaly in cast("list[Anomaly]", subject):
            state.journal.diagnose_again(anomaly, at)
    elif kind in (PAIR_DEADLINE, REVERSAL_WAIT_END, CHAIN):
        _fire_pair(state, cast("Voucher", subject), kind, at)
    else:
        leg = cast("Event", subject)
        lone = leg.voucher
        if lone is not None and lone.lone is leg and at in (leg.deadline, lone.held_until):
            judge_lone(state, lone, leg, at)


def _fire_pair(state: LaneState, voucher: Voucher, kind: int, at: int) -> None:
    if kind == CHAIN:
        if voucher.chain_at == at:
            chains.judge(state, voucher, at)
    elif voucher.closed:
        return
    elif kind == REVERSAL_WAIT_END:
        if voucher.wait_end == at:
            end_wait(state, voucher, at)
    elif voucher.deadline == at:
        if voucher.is_reversal:
            voucher.deadline = 0
            reversals.judge(state, voucher, at)
        else:
            judge_pair(state, voucher, at)

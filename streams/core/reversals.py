"""Reversals: which transaction one belongs to, when it is confirmed, what confirmation does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import to_builtins

from streams.core.compare import differences
from streams.core.fields import read_original
from streams.core.rules import mismatch, original_denied, orphan_host, orphan_terminal
from streams.core.verdicts import is_denial, reversal_outcomes_agree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.core.event import Event
    from streams.core.state import LaneState
    from streams.core.voucher import Voucher
    from streams.core.wire import Original

REVERSIBLE_VERDICTS = frozenset({"unreversed", "orphan_terminal", "orphan_host", "outcome_conflict", "mismatch"})


def reference(leg: Event) -> Original | None:
    """Return what a leg's ``original`` names, without values of zeros; ``None`` where it names no voucher."""
    raw = leg.body.original
    named = read_original(to_builtins(raw)) if raw else None
    if named is None or not (named.voucher_number or named.rrn or named.auth_code):
        return None
    return named


def repeats_key(leg: Event) -> tuple[str, ...]:
    """Return what two messages of one reversal have in common: the reference, else the own number."""
    named = reference(leg)
    if named is None:
        return ("", leg.number)
    texts = (named.batch_number, named.voucher_number, named.rrn, named.auth_code)
    return tuple(text.lstrip("0") if text else "" for text in texts)


def find_transaction(state: LaneState, leg: Event) -> Voucher | None:
    """Find the transaction that a reversal leg points at, at or before the leg's log time.

    By the voucher number (and batch, where both know it) that the original names, else by its
    rrn, else by auth code and card; without an original by the reversal's own number.  Of several
    the latest.
    """
    named = reference(leg)
    memory, at = state.memory, leg.log_time
    found: Iterable[Voucher]
    if named is None:
        found = memory.of_number((leg.terminal, leg.number), at, is_reversal=False)
    elif named.voucher_number:
        number = named.voucher_number.lstrip("0")
        batch = (named.batch_number or "").lstrip("0")
        same_number = memory.of_number((leg.terminal, number), at, is_reversal=False)
        found = (v for v in same_number if _batch_fits(v, batch))
    else:
        found = (v for v in memory.of_terminal(leg.terminal, at) if _reference_fits(v, named, leg))
    horizon = at - state.policy.resolve_horizon_ms
    within = [v for v in found if horizon <= v.log_time <= at]
    return max(within, key=_place, default=None)


def _place(voucher: Voucher) -> tuple[int, int, int]:
    return min((leg.log_time, leg.source, leg.offset) for leg in voucher.legs)


def transaction_of(reversal: Voucher) -> Voucher | None:
    """Return the transaction that a reversal belongs to, also when its leg has joined another voucher since."""
    found = reversal.target
    while found is not None and found.verdict == "late_match" and found.target is not None:
        found = found.target
    return found


def _batch_fits(voucher: Voucher, batch: str) -> bool:
    known = {leg.batch for leg in voucher.legs if leg.batch}
    return not batch or not known or batch in known


def _reference_fits(voucher: Voucher, named: Original, leg: Event) -> bool:
    if named.rrn:
        rrn = named.rrn.lstrip("0")
        return any(one.body.rrn and one.body.rrn.strip().lstrip("0") == rrn for one in voucher.legs)
    if not named.auth_code or leg.card is None:
        return False
    code = named.auth_code.lstrip("0")
    return any(
        one.body.auth_code and one.body.auth_code.strip().lstrip("0") == code and one.card == leg.card
        for one in voucher.legs
    )


def look(state: LaneState, reversal: Voucher, leg: Event) -> None:
    """Let one leg of a reversal look for its transaction, unless an earlier leg has found it."""
    if reversal.target is None:
        reversal.target = find_transaction(state, leg)
        if reversal.target is not None:
            reversal.target.pinned = True
    confirm_if_approved(state, reversal, leg.log_time)


def confirm_if_approved(state: LaneState, reversal: Voucher, at: int) -> None:
    """Confirm a reversal whose host leg is approved and whose transaction is known."""
    host = reversal.host
    transaction = transaction_of(reversal)
    if host is not None and host.outcome == "approved" and transaction is not None:
        confirm(state, reversal, transaction, at)


def confirm(state: LaneState, reversal: Voucher, transaction: Voucher, at: int) -> None:
    """Take a reversal of a transaction as done at a log time.

    A pair that waits for it closes at once; one that is not judged yet closes at its own
    judgement; an anomaly that stands is resolved.
    """
    if transaction.reversed_at is not None or reversal is transaction:
        return
    transaction.reversed_at = at
    transaction.limited = transaction.limited or reversal.limited
    if not transaction.closed:
        if transaction.lone is None:
            state.close(transaction, "reversed", at)
        return
    if transaction.anomaly is not None and transaction.anomaly.kind in REVERSIBLE_VERDICTS:
        state.resolve(transaction, "reversed", at)
        if transaction.terminal is None or transaction.host is None:
            state.memory.keep_one_sided(transaction)
        state.memory.let_go(transaction)


def judge(state: LaneState, reversal: Voucher, at: int, *, held: bool = False) -> None:
    """Judge a reversal, paired or alone: at once when it is a plain pair, else at its deadline."""
    terminal, host = reversal.terminal, reversal.host
    if is_denial(host) and _judge_denied(state, reversal, at):
        return
    if terminal is not None and host is not None:
        names = state.compare_fields(reversal)
        differing = differences(names, terminal, host)
        if not reversal_outcomes_agree(terminal, host):
            state.accuse(reversal, mismatch.find(reversal, terminal, host, ("outcome", *differing)), at)
        elif differing and terminal.outcome == host.outcome == "approved":
            state.accuse(reversal, mismatch.find(reversal, terminal, host, differing), at)
        else:
            state.close(reversal, "matched", at)
        return
    if reversal.offline:
        state.close(reversal, "offline_unverified", at)
        return
    if terminal is not None:
        state.accuse(reversal, orphan_terminal.find(reversal), at, held=held)
        return
    target = transaction_of(reversal)
    if target is not None and target.terminal is not None and target.terminal.outcome == "approved":
        state.accuse(reversal, orphan_host.find(reversal), at, held=held)
    else:
        state.close(reversal, "reversal_host_only", at)


def _judge_denied(state: LaneState, reversal: Voucher, at: int) -> bool:
    """Judge what a host's 25 or 12 means for the transaction; tell whether the reversal is closed by it."""
    target = transaction_of(reversal)
    if target is None:
        return False
    host = target.host
    if host is None or host.outcome in ("declined", "rejected"):
        confirm(state, reversal, target, at)
        return False
    if host.outcome != "approved":
        return False
    if target.reversed_at is not None:
        state.close(reversal, "reversal_repeated", at)
        return True
    state.accuse(reversal, original_denied.find(reversal, target), at)
    target.denied = True
    if target.lone is None and not target.closed:
        state.close(target, "original_denied", at)
    return True

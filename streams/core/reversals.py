"""Reversals: which transaction one belongs to, when it is confirmed, what confirmation does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import to_builtins

from streams.core.compare import differences
from streams.core.fact import reference_of
from streams.core.fields import read_original
from streams.core.masking import cards_agree, cards_comparable
from streams.core.rules import mismatch, original_denied, orphan_host, orphan_terminal
from streams.core.verdicts import is_denial, reversal_outcomes_agree
from streams.core.voucher import Mark

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
    since = at - state.policy.resolve_horizon_ms
    found: Iterable[Voucher]
    if named is None:
        found = memory.ever_of_number((leg.terminal, leg.number))
    elif named.voucher_number:
        found = by_number(state, leg.terminal, named)
    else:
        found = by_reference(state, leg.terminal, named, (leg.card,), since)
    within = [v for v in found if since <= v.log_time <= at and memory.reaches(v, at)]
    latest = max(within, key=_place, default=None)
    if latest is not None:
        memory.use(latest, at)
    return latest


def by_number(state: LaneState, terminal: str, named: Original) -> list[Voucher]:
    """Return the transactions of a terminal with the voucher number that an original names, and its batch if known."""
    number = (named.voucher_number or "").lstrip("0")
    batch = (named.batch_number or "").lstrip("0")
    return [v for v in state.memory.ever_of_number((terminal, number)) if batch_fits(v, batch)]


def by_reference(
    state: LaneState, terminal: str, named: Original, cards: Iterable[str | None], since_ms: int
) -> list[Voucher]:
    """Return the transactions of a terminal with the rrn that an original names, else with its auth code and a card."""
    known = [card for card in cards if card is not None]
    sought = reference_of(named.rrn or named.auth_code or "")
    found = state.memory.ever_of_terminal(terminal, since_ms, sought)
    return [voucher for voucher in found if _reference_fits(voucher, named, known)]


def _place(voucher: Voucher) -> tuple[int, int, int]:
    return voucher.place


def transaction_of(reversal: Voucher) -> Voucher | None:
    """Return the transaction that a reversal belongs to, also when its leg has joined another voucher since."""
    found = reversal.target
    while found is not None and found.verdict == "late_match" and found.target is not None:
        found = found.target
    return found


def batch_fits(voucher: Voucher, batch: str) -> bool:
    """Tell whether a voucher can be of a batch: what does not say its batch can be of any."""
    known = {leg.batch for leg in voucher.legs if leg.batch}
    return not batch or not known or batch in known


def _reference_fits(voucher: Voucher, named: Original, cards: list[str]) -> bool:
    if named.rrn:
        rrn = named.rrn.lstrip("0")
        return any(one.body.rrn and one.body.rrn.strip().lstrip("0") == rrn for one in voucher.legs)
    if not named.auth_code:
        return False
    code = named.auth_code.lstrip("0")
    return any(
        one.body.auth_code and one.body.auth_code.strip().lstrip("0") == code and _is_one_of(one.card, cards)
        for one in voucher.legs
    )


def _is_one_of(card: str | None, cards: list[str]) -> bool:
    return card is not None and any(cards_comparable(card, other) and cards_agree(card, other) for other in cards)


def look(state: LaneState, reversal: Voucher, leg: Event) -> None:
    """Let one leg of a reversal look for its transaction, unless an earlier leg has found it."""
    if reversal.target is None:
        reversal.target = find_transaction(state, leg)
        if reversal.target is not None:
            reversal.target.pinned = reversal.target.awaited = True
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
    transaction.marks = (*transaction.marks, mark_of(reversal, approved=True))
    state.memory.put_down(transaction)
    if not transaction.closed:
        if transaction.lone is None:
            state.close(transaction, "reversed", at)
        return
    if transaction.anomaly is not None and transaction.anomaly.kind in REVERSIBLE_VERDICTS:
        state.resolve(transaction, "reversed", at)
        if transaction.terminal is None or transaction.host is None:
            state.memory.keep_one_sided(transaction)
        state.memory.let_go(transaction)


def mark_of(marker: Voucher, *, approved: bool) -> Mark:
    """Return the mark that a voucher leaves on the one that it points at."""
    first = min(marker.legs, key=lambda leg: (leg.log_time, leg.body.event_id))
    leg = marker.host or marker.terminal
    amount = leg.amount if leg is not None and leg.amount is not None else 0
    events = tuple(leg.body.event_id for leg in marker.legs)
    return Mark(marker.kind, first.log_time, first.body.event_id, events, amount, marker.run.key[1], approved)


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

"""Reversals: which voucher one belongs to, when it is confirmed, and what its own verdict is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.oracle_cards import agree, comparable, without_padding
from tests.simulation.oracle_state import HOST, TERMINAL, Leg, Voucher
from tests.simulation.oracle_world import nothing_at_risk, outcome_field

if TYPE_CHECKING:
    from tests.simulation.oracle_world import World

CRITICAL_FIELDS = ("amount", "currency", "card", "kind", "merchant_id")


def target_of(voucher: Voucher) -> Voucher | None:
    """Return the transaction that a reversal found, where its legs are now."""
    found = voucher.target
    while found is not None and found.merged_into is not None:
        found = found.merged_into
    return found


def look(world: World, voucher: Voucher, leg: Leg) -> None:
    """Let a leg of a reversal look for its transaction: "each leg looks until one has found it"."""
    if target_of(voucher) is not None:
        return
    terminal = leg.get("terminal_id")
    horizon = world.policy.resolve_horizon_ms
    found = [
        other
        for other in world.reached()
        if not other.reversal
        and other.shown.get("terminal_id") == terminal
        and leg.log_time - other.first_time <= horizon
        and _named_by(leg, other)
    ]
    if found:  # "of several the latest"
        voucher.target = max(found, key=_place)


def _place(voucher: Voucher) -> tuple[int, int, int]:
    return min((leg.log_time, leg.source, leg.offset) for leg in voucher.legs.values())


def _named_by(leg: Leg, transaction: Voucher) -> bool:
    """Say whether a reversal names a transaction by its original, else by its own number."""
    original = leg.get("original")
    sides = list(transaction.legs.values())
    numbers = {key[1] for side in sides for key in side.keys}
    if not original or set(original) == {"date"}:
        # "else to the latest transaction with its terminal and voucher number at or before its log time"
        return leg.event.number in numbers and transaction.first_time <= leg.log_time
    # "there is no fallback from a given original"
    batch, number = original.get("batch_number"), original.get("voucher_number")
    if number is not None:  # "by reference alone: (original batch, original voucher)"
        batches = {without_padding(side.get("batch_number")) for side in sides if side.get("batch_number")}
        same_batch = batch is None or not batches or batch in batches
        return same_batch and number in numbers
    if batch is not None:
        return False
    if original.get("rrn") is not None:  # "with neither, rrn"
        return any(without_padding(side.get("rrn")) == original["rrn"] for side in sides)
    return any(_same_authorisation(leg, original, side) for side in sides)  # "with none, auth_code + card"


def _same_authorisation(leg: Leg, original: dict[str, Any], side: Leg) -> bool:
    if side.get("auth_code") is None or without_padding(side.get("auth_code")) != original.get("auth_code"):
        return False
    card, other = leg.get("card"), side.get("card")
    return comparable("card", card, other) and agree("card", card, other)


def confirm_when_approved(world: World, voucher: Voucher) -> None:
    """Confirm "when its host leg is approved", at "the later of the approving host leg and the finding"."""
    host = voucher.legs.get(HOST)
    if host is not None and host.outcome == "approved" and target_of(voucher) is not None:
        _confirm(world, voucher)


def _confirm(world: World, voucher: Voucher) -> None:
    transaction = target_of(voucher)
    if transaction is None or voucher.confirms:
        return
    voucher.confirms = True
    if transaction.confirmed_at is None:
        transaction.confirmed_at = world.now
        transaction.reversers.append(voucher)
    if transaction.closed:
        # "confirmed later it resolves the open unreversed, orphan, outcome_conflict or mismatch of that voucher"
        orphan = transaction.has_open_anomaly and not transaction.pair
        world.resolve(transaction, "reversed")
        if orphan:
            transaction.verdict = "reversed"  # "an orphan resolved as reversed stays findable for that side"
    elif transaction.pair:
        world.close(transaction, "reversed")  # "a waiting pair closes as reversed at the confirmation"


def refused(leg: Leg | None) -> bool:
    """Say whether a leg of a reversal is answered 25 or 12: "original not found", "invalid transaction"."""
    return leg is not None and leg.outcome == "declined" and leg.code() in ("25", "12")


def judge_refusal(world: World, voucher: Voucher) -> bool:
    """Judge the 25 or 12 of a host's leg at the deadline; True when that closed the reversal."""
    transaction = target_of(voucher)
    if not refused(voucher.legs.get(HOST)) or transaction is None:
        return False
    host = transaction.legs.get(HOST)
    if host is None or host.settled_outcome not in ("approved", "unknown"):
        # "confirmed only if no host leg of the transaction is approved or unknown by the reversal's deadline"
        _confirm(world, voucher)
        return False
    if host.settled_outcome != "approved":
        return False
    if transaction.confirmed_at is not None:
        # As the page says, "unless a reversal of that transaction was confirmed before: then matched"
        world.close(voucher, "reversal_repeated")
        return True
    # "With an approved host leg a 25 or 12 is anomaly original_denied; it carries the transaction's amount"
    # ... and "a query risks 0", also where a reversal points at one
    amount = (0 if host.get("kind") == "query" else host.get("amount") or 0, host.get("currency"))
    world.close_with_anomaly(voucher, "original_denied", "critical", [], amount)
    transaction.denied = True
    if transaction.pair and not transaction.closed:  # "and closes the transaction, no unreversed beside it"
        world.close(transaction, "denied")
    return True


def judge_reversal_pair(world: World, voucher: Voucher) -> None:
    """Judge two legs of a reversal: they "end only as matched, mismatch or orphan"."""
    if judge_refusal(world, voucher):
        return
    stances = {source: _stance(leg) for source, leg in voucher.legs.items()}
    # "25 and 12 agree with approved": the host reversed nothing, as a terminal that was declined says too
    disagree = stances[TERMINAL] != stances[HOST] and not any(refused(leg) for leg in voucher.legs.values())
    both_approved = all(leg.outcome == "approved" for leg in voucher.legs.values())
    if "unknown" in stances.values() or not (disagree or both_approved):
        world.close(voucher, "matched")  # "25 and 12 agree with approved, unknown agrees with everything"
        return
    fields = world.differing(voucher)
    critical = any(item["field"] in CRITICAL_FIELDS for item in fields)
    if disagree:  # "disagreeing outcomes: outcome first, warning, amount 0"
        fields.insert(0, outcome_field(voucher))
    if not fields:
        world.close(voucher, "matched")
        return
    severity = "critical" if critical else "warning"
    world.close_with_anomaly(voucher, "mismatch", severity, fields, nothing_at_risk(voucher.legs))


def _stance(leg: Leg) -> str:
    """Take declined and rejected for one: nothing was reversed."""
    return "declined" if leg.settled_outcome == "rejected" else leg.settled_outcome


def judge_reversal_alone(world: World, voucher: Voucher) -> None:
    """Judge a reversal with one leg at its deadline; "at most one anomaly, original_denied before orphan_host"."""
    if judge_refusal(world, voucher):
        return
    nothing = nothing_at_risk(voucher.legs)
    if voucher.only.get("offline"):
        world.close(voucher, "offline_unverified")
    elif voucher.only.source == TERMINAL:  # "a terminal reversal without host leg is orphan_terminal, warning"
        world.close_with_anomaly(voucher, "orphan_terminal", "warning", [], nothing)
    elif _approved_at_terminal(voucher):  # "orphan_host, critical, only when its ... terminal leg is approved"
        world.close_with_anomaly(voucher, "orphan_host", "critical", [], nothing)
    else:  # "else counted reversal_host_only"
        world.close(voucher, "reversal_host_only")


def _approved_at_terminal(voucher: Voucher) -> bool:
    transaction = target_of(voucher)
    terminal = transaction.legs.get(TERMINAL) if transaction is not None else None
    return terminal is not None and terminal.outcome == "approved"

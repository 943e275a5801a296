"""Verdicts over a pair or over a leg that stayed alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.oracle_chains import expect
from tests.simulation.oracle_reversals import (
    CRITICAL_FIELDS,
    confirm_when_approved,
    judge_reversal_alone,
    judge_reversal_pair,
    refused,
)
from tests.simulation.oracle_state import HOST, TERMINAL, Leg, Voucher
from tests.simulation.oracle_world import amount_at_risk, late_counterpart, nothing_at_risk, outcome_field

if TYPE_CHECKING:
    from tests.simulation.oracle_world import World


def row_of_the_table(world: World, voucher: Voucher) -> str:
    """Return the verdict that the table gives to the two outcomes, in progress counting as unknown."""
    legs = voucher.legs
    terminal, host = legs[TERMINAL].settled_outcome, legs[HOST].settled_outcome
    if terminal == "approved":
        return "compare" if host == "approved" else "outcome_conflict"
    if host in ("declined", "rejected"):
        return "matched"
    code = legs[TERMINAL].code()
    same_code = code is not None and code == legs[HOST].code()
    if terminal == host == "unknown" and same_code and world.policy.both_unknown == "matched":
        return "both_unknown"
    if voucher.kind == "query":  # "a query is matched"
        return "matched"
    # As the page says, "Other kinds do not wait: a refund in the waiting row is outcome_conflict, warning"
    return "wait" if voucher.automatic else "conflict_without_reversal"


def consider(world: World, voucher: Voucher, *, at_deadline: bool = False) -> None:
    """Judge a pair "when both outcomes are final ..., unless the row waits; else at the pair's deadline"."""
    if voucher.joined:
        return
    past = at_deadline or world.now > voucher.pair_deadline
    if voucher.reversal:
        # "One answered 25 or 12 is judged at its deadline, alone or paired"
        if past or (voucher.both_final and not refused(voucher.legs[HOST])):
            judge_reversal_pair(world, voucher)
        return
    if voucher.confirmed_at is not None:
        # "A reversal confirmed at or before the transaction's own judgement closes it as reversed"
        world.close(voucher, "reversed")
        return
    if voucher.denied:
        world.close(voucher, "denied")
        return
    voucher.waiting = False
    row = row_of_the_table(world, voucher)
    if not past and (not voucher.both_final or row == "conflict_without_reversal"):
        return
    if row == "wait":
        voucher.waiting = True
    else:
        _pair_verdict(world, voucher, row)


def end_of_wait(world: World, voucher: Voucher) -> int:
    """Follow "until reversal_window (default 10 min) after the later leg"."""
    return max(leg.log_time for leg in voucher.legs.values()) + world.policy.reversal_window_ms


def no_reversal_came(world: World, voucher: Voucher) -> None:
    """End the wait: "reversed, else anomaly unreversed"."""
    world.close_with_anomaly(voucher, "unreversed", "critical", [], amount_at_risk(voucher.legs))


def _pair_verdict(world: World, voucher: Voucher, row: str) -> None:
    if row in ("matched", "both_unknown"):
        world.close(voucher, row)
        return
    fields = world.differing(voucher)
    if row == "compare":
        if not fields:
            world.close(voucher, "matched")
            return
        amount = nothing_at_risk(voucher.legs)
        if any(item["field"] == "amount" for item in fields):  # "amount mismatch: the absolute difference"
            one, two = voucher.legs[TERMINAL].get("amount"), voucher.legs[HOST].get("amount")
            amount = (abs(one - two), amount[1])
        critical = any(item["field"] in CRITICAL_FIELDS for item in fields)
        world.close_with_anomaly(voucher, "mismatch", "critical" if critical else "warning", fields, amount)
        return
    # "outcome_conflict lists outcome first, then every differing field"
    severity = "warning" if row == "conflict_without_reversal" else "critical"
    fields.insert(0, outcome_field(voucher))
    world.close_with_anomaly(voucher, "outcome_conflict", severity, fields, amount_at_risk(voucher.legs))


def judge_alone(world: World, voucher: Voucher) -> None:
    """Judge a leg that is still alone at its own deadline; it "first looks for an open orphan"."""
    leg = voucher.only
    found = late_counterpart(world, leg)
    if found is not None:
        _join(world, found, voucher)
        return
    expect(world, voucher, world.now)
    if voucher.reversal:
        judge_reversal_alone(world, voucher)
    elif voucher.confirmed_at is not None:
        world.close(voucher, "reversed")
    elif voucher.denied:
        world.close(voucher, "denied")
    elif leg.get("offline"):  # "Legs marked offline open no orphan: ... counted offline_unverified"
        world.close(voucher, "offline_unverified")
    else:
        kind = "orphan_terminal" if leg.source == TERMINAL else "orphan_host"
        world.close_with_anomaly(voucher, kind, _orphan_severity(leg), [], amount_at_risk(voucher.legs))


def _orphan_severity(leg: Leg) -> str:
    """Follow "Orphans: critical approved, warning unknown, info declined or rejected"."""
    severity = {"approved": "critical", "unknown": "warning"}.get(leg.settled_outcome, "info")
    # "an orphan of kind preauth never above warning"
    return "warning" if severity == "critical" and leg.event.kind == "preauth" else severity


def _join(world: World, found: Voucher, late: Voucher) -> None:
    """Make one voucher of a leg and the one that was judged without it."""
    orphan = found.has_open_anomaly and found.verdict in ("orphan_terminal", "orphan_host")
    world.recall(found)
    merge(world, found, late)
    expect(world, found, world.now)
    if orphan:  # "that orphan resolves as late_match, and the two legs are a pair judged now by the table"
        world.resolve(found, "late_match")
        found.closed = False
        consider(world, found, at_deadline=True)
    else:  # "the leg joins it and nothing is opened"
        found.joined = True
    if found.reversal:
        confirm_when_approved(world, found)


def merge(world: World, first: Voucher, second: Voucher) -> None:
    """Put the leg of the second voucher into the first, with what is known of reversals."""
    leg = second.only
    first.legs[leg.source] = leg
    times = [time for time in (first.confirmed_at, second.confirmed_at) if time is not None]
    first.confirmed_at = min(times) if times else None
    first.denied = first.denied or second.denied
    first.reversers += second.reversers
    first.target = first.target or second.target
    first.confirms = first.confirms or second.confirms
    world.remove(second, first)

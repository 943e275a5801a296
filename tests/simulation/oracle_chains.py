"""Chains in the oracle: a void, refund or completion beside its original, looked for anew at every question."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from tests.simulation.oracle_cards import agree, comparable, without_padding
from tests.simulation.oracle_state import HOST, TERMINAL, Leg, Voucher

if TYPE_CHECKING:
    from tests.simulation.oracle_world import World

VOIDS = ("void", "preauth_void", "completion_void")
POINTING = (*VOIDS, "refund", "completion")
ZONE = UTC
Blame = tuple[int, str]


def expect(world: World, voucher: Voucher, at: int) -> None:
    """Set when a voucher is held against its original: "at the pointing voucher's own deadline"."""
    voucher.chain_at = max(at, world.now) if voucher.kind in POINTING and not voucher.reversal else None


def expect_of_pair(world: World, voucher: Voucher) -> None:
    """Set it for a pair, whose deadline is the later of its legs'."""
    if voucher.pair:
        expect(world, voucher, voucher.pair_deadline)


def came(world: World, comer: Voucher) -> None:
    """Follow "original_not_found resolves as late_match when a voucher that would have been found comes"."""
    for voucher in world.ever():
        missing = voucher.not_found
        if missing is None or not missing.open or voucher is comer or comer.reversal:
            continue
        named = reference(voucher)
        if named and _bears(comer, voucher, named):
            missing.record.update(status="resolved", resolution="late_match", resolved_at=world.now)
            voucher.chain_target = comer


def reference(voucher: Voucher) -> dict[str, Any] | None:
    """Return what a voucher names: the terminal's original if it names anything, else the host's."""
    for source in (TERMINAL, HOST):
        leg = voucher.legs.get(source)
        original = leg.get("original") if leg is not None else None
        if original and any(original.get(name) for name in ("voucher_number", "rrn", "auth_code")):
            return dict(original)
    return None


def _till(voucher: Voucher) -> str:
    return str(voucher.shown.get("terminal_id"))


def _batches(voucher: Voucher) -> set[str | None]:
    return {without_padding(leg.get("batch_number")) for leg in voucher.legs.values() if leg.get("batch_number")}


def _bears(other: Voucher, voucher: Voucher, named: dict[str, Any]) -> bool:
    """Follow "all of the same terminal: (original batch, original voucher)"."""
    batches, number = _batches(other), other.shown.event.number
    right_batch = named.get("batch_number") is None or not batches or named["batch_number"] in batches
    return _till(other) == _till(voucher) and right_batch and number == named.get("voucher_number")


def _fits(other: Voucher, voucher: Voucher, named: dict[str, Any]) -> bool:
    if other.reversal or other is voucher or _till(other) != _till(voucher):
        return False
    if named.get("voucher_number"):
        return _bears(other, voucher, named)
    if named.get("rrn"):  # "with neither, rrn"
        return any(without_padding(leg.get("rrn")) == named["rrn"] for leg in other.legs.values())
    return any(_authorised(leg, mine, named) for leg in other.legs.values() for mine in voucher.legs.values())


def _authorised(leg: Leg, mine: Leg, named: dict[str, Any]) -> bool:
    """Follow "with none, auth_code + card"."""
    if without_padding(leg.get("auth_code")) != named.get("auth_code"):
        return False
    cards = mine.get("card"), leg.get("card")
    return comparable("card", *cards) and agree("card", *cards)


def find(world: World, voucher: Voucher) -> Voucher | None:
    """Look among all vouchers "as far back as the originals ledger reaches"; "of several the latest"."""
    named = reference(voucher)
    since = world.now - world.policy.originals_horizon_ms
    found = [other for other in world.ever() if named and other.first_time >= since and _fits(other, voucher, named)]
    return max(found, key=_place, default=None)


def _place(voucher: Voucher) -> tuple[int, int, int]:
    return min((leg.log_time, leg.source, leg.offset) for leg in voucher.legs.values())


def _blame(voucher: Voucher) -> Blame:
    """Follow "blame goes by (log time of the first leg, event_id)"."""
    return min((leg.log_time, str(leg.get("event_id"))) for leg in voucher.legs.values())


def _target(world: World, voucher: Voucher) -> Voucher | None:
    return voucher.chain_target if voucher.chain_done and voucher.chain_at is None else find(world, voucher)


def _wish(voucher: Voucher) -> tuple[str, int, str]:
    leg = voucher.legs.get(HOST) or voucher.shown
    return voucher.kind, leg.get("amount") or 0, voucher.shown.event.number


def _markers(world: World, original: Voucher) -> list[Voucher]:
    """List what the host approved and what points at a voucher, and the reversals of it."""
    found = [
        other
        for other in world.ever()
        if other.kind in POINTING
        and HOST in other.legs
        and other.legs[HOST].outcome == "approved"
        and other is not original
        and _target(world, other) is original
    ]
    return [*found, *original.reversers]


def _stands(world: World, voucher: Voucher) -> bool:
    """Tell whether something was done and not undone by what came after it."""
    if voucher.reversal:
        return True
    if voucher.confirmed_at is not None:
        return False
    later = [other for other in _markers(world, voucher) if other.kind in VOIDS and _blame(other) > _blame(voucher)]
    return not any(_stands(world, other) for other in later)


def hold(world: World, voucher: Voucher) -> None:
    """Judge a voucher by the table of chains."""
    original = find(world, voucher)
    voucher.chain_at, voucher.chain_done, voucher.chain_target = None, True, original
    host = voucher.legs.get(HOST)
    if host is None or voucher.chain_kind or voucher.confirmed_at is not None:
        return
    before = _before(world, voucher, original)
    if host.outcome == "declined" and host.code() in ("25", "12"):
        if original is not None and _denied(original, before):
            _open(world, voucher, "original_denied")
    elif host.outcome == "approved" and voucher.pair:
        if original is None:
            _missing(world, voucher)
        elif _conflict(world, voucher, original, [one for one in before if _wish(one) != _wish(voucher)]):
            _open(world, voucher, "original_conflict")


def _before(world: World, voucher: Voucher, original: Voucher | None) -> list[Voucher]:
    if original is None:
        return []
    return [
        other
        for other in _markers(world, original)
        if other is not voucher and _blame(other) < _blame(voucher) and _stands(world, other)
    ]


def _open(world: World, voucher: Voucher, kind: str) -> None:
    voucher.chain_kind = kind
    leg = voucher.legs[HOST]
    at_risk = (_wish(voucher)[1], leg.get("currency"))
    anomaly = world.open_anomaly(kind, voucher.legs, "critical", [], at_risk)
    voucher.not_found = anomaly if kind == "original_not_found" else None


def _refunded(before: list[Voucher]) -> int:
    return sum(amount for _, amount, _ in {_wish(one) for one in before if one.kind == "refund"})


def _whole(original: Voucher) -> int:
    amounts = [original.legs[source].get("amount") for source in (HOST, TERMINAL) if source in original.legs]
    return next((amount for amount in amounts if amount is not None), 0)


def _denied(original: Voucher, before: list[Voucher]) -> bool:
    """Follow "an original approved on both sides, neither voided, reversed nor refunded in full ... before"."""
    if not original.pair or any(leg.outcome != "approved" for leg in original.legs.values()):
        return False
    if any(one.reversal or one.kind in VOIDS for one in before):
        return False
    return not _refunded(before) or _refunded(before) < _whole(original)


def _conflict(world: World, voucher: Voucher, original: Voucher, before: list[Voucher]) -> bool:
    """Follow "declined ..., already voided or reversed by another voucher, or the amount breaks its rule"."""
    decides = original.legs.get(HOST) or original.shown
    if decides.outcome in ("declined", "rejected") or any(one.reversal or one.kind in VOIDS for one in before):
        return True
    amount, whole = _wish(voucher)[1], _whole(original)
    if voucher.kind in VOIDS:
        return amount != whole
    if voucher.kind == "refund":
        return _refunded(before) + amount > whole
    return amount * 100 > whole * world.policy.completion_max_percent


def _missing(world: World, voucher: Voucher) -> None:
    named = reference(voucher)
    if named and named.get("voucher_number") and voucher.kind in VOIDS and _covered(world, voucher, named):
        _open(world, voucher, "original_not_found")
    elif not voucher.unverifiable:
        voucher.unverifiable = True
        world.summary["original_unverifiable"] += 1


def _covered(world: World, voucher: Voucher, named: dict[str, Any]) -> bool:
    """Follow "with a date ... (file replay: always); without a date, when it holds an earlier voucher ..."."""
    if named.get("date"):
        return True
    since = world.now - world.policy.originals_horizon_ms
    return any(
        _is_earlier(other, voucher, named)
        for other in world.ever()
        if other is not voucher
        and not other.reversal
        and _till(other) == _till(voucher)
        and other.first_time >= since
        and _place(other) < _place(voucher)
    )


def _is_earlier(other: Voucher, voucher: Voucher, named: dict[str, Any]) -> bool:
    batches, number = _batches(other), other.shown.event.number
    batch = named.get("batch_number")
    if batch and batches and batch not in batches:
        return any(_ahead(str(one), batch) for one in batches)
    if not batch and batches and _batches(voucher) and not batches & _batches(voucher):
        return True
    return _ahead(number, named["voucher_number"])


def _ahead(one: str, two: str) -> bool:
    """Tell whether a number was given before another; after 999999 they begin anew."""
    size = 10**6 if max(len(one), len(two)) <= 6 else 10**12
    return 0 < (int(two) - int(one)) % size < size // 2

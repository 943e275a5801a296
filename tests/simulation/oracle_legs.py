"""What one transaction event does: a repeat, a late answer, or a new leg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.oracle_chains import came, expect_of_pair
from tests.simulation.oracle_reversals import confirm_when_approved, look
from tests.simulation.oracle_state import FINAL, Leg, Voucher, target_identity
from tests.simulation.oracle_verdicts import consider, judge_alone, merge
from tests.simulation.oracle_world import different

if TYPE_CHECKING:
    from tests.simulation.oracle_decode import Event
    from tests.simulation.oracle_world import World

Place = tuple[Voucher, Leg]


def apply_event(world: World, event: Event, offset: int) -> None:
    """Apply an event that is no redelivery: repeat first, then late answer, then a new leg."""
    run = world.runs[event.get("terminal_id"), event.number]
    new = Leg(event, offset, world.now, world.policy, [run])
    place = _live_leg(world, new)
    if place is not None:
        _repeat(world, place, new)
        return
    place = _leg_without_answer(world, new)
    if place is not None:
        _late_answer(world, place, new)
        return
    voucher = _pending_other_side(world, new)
    if voucher is None:
        voucher = Voucher({new.source: new})
        world.vouchers.append(voucher)
        came(world, voucher)
    else:
        voucher.legs[new.source] = new
    if event.reversal:
        look(world, voucher, new)
        confirm_when_approved(world, voucher)
    if voucher.pair:
        expect_of_pair(world, voucher)
        consider(world, voucher)


def _own_legs(world: World, new: Leg) -> list[Place]:
    """List the legs of the same source and class, oldest first."""
    places = [
        (voucher, voucher.legs[new.source])
        for voucher in world.vouchers
        if new.source in voucher.legs and voucher.legs[new.source].event.reversal == new.event.reversal
    ]
    return sorted(places, key=lambda place: (place[1].log_time, place[1].offset))


def _is_repeat(leg: Leg, new: Leg) -> bool:
    """Follow "Repeats of a reversal (same original, amount, class) ... whatever their own number"."""
    return (
        new.event.reversal
        and leg.get("terminal_id") == new.get("terminal_id")
        and target_identity(leg) == target_identity(new)
        and leg.get("amount") == new.get("amount")
    )


def _live_leg(world: World, new: Leg) -> Place | None:
    """Find "the same key and source again, at or before the deadline of a leg (pending or closed)"."""
    live = [place for place in _own_legs(world, new) if world.now <= place[1].deadline]
    repeats = [place for place in live if _is_repeat(place[1], new)]
    same_key = [place for place in live if set(new.keys) & set(place[1].keys)]
    return next(iter(repeats + same_key), None)


def _rank(outcome: str) -> int:
    """Follow "in_progress < unknown < final"."""
    return {"in_progress": 0, "unknown": 1}.get(outcome, 2)


def _repeat(world: World, place: Place, new: Leg) -> None:
    voucher, leg = place
    if _is_repeat(leg, new):
        _repeat_of_reversal(world, voucher, leg, new)
    elif different("amount", leg, new) or different("card", leg, new):
        _duplicate(world, voucher, new)  # "another amount or card: anomaly duplicate_voucher"
    elif _rank(new.outcome) > _rank(leg.outcome):
        _status_update(world, voucher, leg, new)
    elif _rank(new.outcome) == _rank(leg.outcome) == 2:
        _duplicate(world, voucher, new)  # "Two finals"
    # else "Lower or equal rank, not both final: counted, ignored"


def _repeat_of_reversal(world: World, voucher: Voucher, leg: Leg, new: Leg) -> None:
    # "a repeat adds its own number to the keys under which its leg pairs"
    leg.keys.extend(key for key in new.keys if key not in leg.keys)
    if not voucher.closed and not voucher.pair:
        other = _pending_other_side(world, leg)
        if other is not None:
            merge(world, other, voucher)
            voucher = other
    # "approved outranks every other final"
    ranks = [_rank(outcome) + (outcome == "approved") for outcome in (leg.outcome, new.outcome)]
    if ranks[1] > ranks[0]:
        _status_update(world, voucher, leg, new)
    elif voucher.pair and not voucher.closed:
        confirm_when_approved(world, voucher)
        consider(world, voucher)


def _status_update(world: World, voucher: Voucher, leg: Leg, new: Leg) -> None:
    """Apply a repeat of higher rank, and judge again where the voucher was closed while unknown."""
    leg.update(new)
    expect_of_pair(world, voucher)
    if voucher.closed:
        leg.become(new)
    if new.event.reversal:
        confirm_when_approved(world, voucher)
    if voucher.closed:
        _judge_again(world, voucher)
    elif voucher.pair:
        consider(world, voucher)


def _duplicate(world: World, voucher: Voucher, new: Leg) -> None:
    """Open duplicate_voucher; "the first stays the leg", "a duplicate shows the repeat in its slot"."""
    legs = {**voucher.legs, new.source: new}
    world.open_anomaly("duplicate_voucher", legs, "warning", [], (0, new.get("currency")))


def _leg_without_answer(world: World, new: Leg) -> Place | None:
    """Find the leg of which this is the late answer.

    "A final event of the same key, source, amount and card, within resolve_horizon after the deadline of
    a leg that was judged as unknown".
    """
    if new.outcome not in FINAL:
        return None
    for voucher, leg in _own_legs(world, new):
        unknown = leg.outcome not in FINAL
        in_time = leg.deadline < world.now <= leg.deadline + world.policy.resolve_horizon_ms
        same = not different("amount", leg, new) and not different("card", leg, new)
        if unknown and in_time and same and set(new.keys) & set(leg.keys):
            return voucher, leg
    return None


def _late_answer(world: World, place: Place, new: Leg) -> None:
    voucher, leg = place
    leg.take(new)
    expect_of_pair(world, voucher)
    if voucher.closed:
        leg.become(new)
    if new.event.reversal:
        confirm_when_approved(world, voucher)
    if voucher.closed:
        _judge_again(world, voucher)
    else:
        consider(world, voucher)


def _judge_again(world: World, voucher: Voucher) -> None:
    """Follow "the open outcome_conflict, unreversed or orphan resolves as late_match and the pair is judged now"."""
    if voucher.joined or voucher.verdict == "original_denied":
        return
    world.resolve(voucher, "late_match")
    voucher.closed = False
    if voucher.pair:
        consider(world, voucher, at_deadline=True)
    else:
        judge_alone(world, voucher)


def _pending_other_side(world: World, new: Leg) -> Voucher | None:
    """Follow "A new leg pairs with the oldest unpaired pending leg of the other source with its key"."""
    pending = [
        voucher
        for voucher in world.vouchers
        if not voucher.closed
        and not voucher.pair
        and voucher.only.source != new.source
        and set(new.keys) & set(voucher.only.keys)
    ]
    pending.sort(key=lambda voucher: (voucher.only.log_time, voucher.only.offset))
    return pending[0] if pending else None

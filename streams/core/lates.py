"""What comes after a deadline: the counterpart of an open orphan, the answer of a leg judged unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.compare import likeness, same_amount_and_card
from streams.core.wire import FINAL

if TYPE_CHECKING:
    from streams.core.event import Event
    from streams.core.state import LaneState
    from streams.core.voucher import Voucher


def find_counterpart(state: LaneState, voucher: Voucher, at: int) -> tuple[Voucher, bool] | None:
    """Find the voucher that a lone leg completes at its deadline, and whether the match is weak.

    Candidates lack just this side, bear the same key (of a reversal, the number of a repeat will do),
    lie within ``resolve_horizon`` of log time and disagree in nothing.  Those with something to compare
    go first, oldest first; with nothing to compare, a single candidate is taken as a weak match.
    """
    leg = voucher.lone
    if leg is None:
        return None
    fitting: list[tuple[int, str, int, Voucher]] = []
    standing: list[Voucher] = []
    for key in (voucher.run.key, *voucher.more_keys):
        found = state.memory.one_sided(key, is_reversal=voucher.is_reversal)
        standing += [other for other in found if other not in standing]
    for other in standing:
        lone = other.leg(1 - leg.source)
        if other.leg(leg.source) is not None or lone is None:
            continue
        if other.batch_key != voucher.batch_key or not state.memory.reaches(other, at):
            continue
        if abs(leg.log_time - lone.log_time) > state.policy.resolve_horizon_ms:
            continue
        hints = likeness(leg, lone)
        if hints is not None:
            fitting.append((lone.log_time, lone.body.event_id, hints, other))
    fitting.sort(key=lambda found: found[:2])
    strong = [found for found in fitting if found[2]]
    if strong:
        return strong[0][3], False
    return (fitting[0][3], True) if len(fitting) == 1 else None


def find_unanswered(state: LaneState, event: Event, batch_key: str) -> Event | None:
    """Find the leg that a final event answers late: same key, source, amount and card, not final yet.

    The leg lies at most ``resolve_horizon`` past its deadline; of several the oldest is taken.
    """
    if event.outcome not in FINAL:
        return None
    key = (event.terminal, event.number)
    found: list[Event] = []
    for voucher in state.memory.of_number(key, event.log_time, is_reversal=event.kind == "reversal"):
        leg = voucher.leg(event.source)
        if leg is None or voucher.batch_key != batch_key or leg.outcome in FINAL or voucher.lone is leg:
            continue
        if event.log_time <= leg.deadline + state.policy.resolve_horizon_ms and same_amount_and_card(leg, event):
            found.append(leg)
    return min(found, key=lambda leg: (leg.log_time, leg.offset), default=None)


def is_older(leg: Event, than: Event | None) -> bool:
    """Tell whether a leg came before another, if there is another."""
    return than is None or (leg.log_time, leg.offset) < (than.log_time, than.offset)

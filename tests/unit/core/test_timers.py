"""Timers: one order, whatever order they were set in."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from streams.core.timers import (
    CHAIN,
    HORIZON,
    LEG_DEADLINE,
    NEVER,
    PAIR_DEADLINE,
    REVERSAL_LEG_DEADLINE,
    REVERSAL_WAIT_END,
    Timers,
)
from streams.core.voucher import Run, Voucher
from tests.unit.core.events import event_of, line

KINDS = (PAIR_DEADLINE, REVERSAL_LEG_DEADLINE, LEG_DEADLINE, REVERSAL_WAIT_END, CHAIN, HORIZON)


def popped(timers: Timers, before: int = NEVER) -> list[tuple[int, int, int, int]]:
    """Take everything that is due and return time, kind, source and offset of each."""
    found = []
    while (due := timers.pop(before)) is not None:
        found.append(due[:4])
    return found


def test_the_kinds_stand_in_the_order_of_the_contract() -> None:
    """Pair, reversal's leg, leg, end of the reversal wait, chain, horizon."""
    assert sorted(KINDS) == list(KINDS)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(KINDS), st.integers(0, 1), st.integers(0, 3)), max_size=12),
    st.integers(0, 4),
)
def test_time_kind_source_offset(wanted: list[tuple[int, int, int, int]], before: int) -> None:
    """Everything before a time comes in that order, the rest stays."""
    timers = Timers()
    for time, kind, source, offset in wanted:
        timers.set(time, kind, source, offset, "x")
    assert popped(timers, before) == sorted(row for row in wanted if row[0] < before)
    assert timers.next_due == min((row[0] for row in wanted if row[0] >= before), default=NEVER)
    assert popped(timers) == sorted(row for row in wanted if row[0] >= before)


def lone(log_time: int, window: int, offset: int) -> Voucher:
    """Return a voucher with one leg that waits for its other side."""
    leg = event_of(line())
    leg.log_time, leg.deadline, leg.offset = log_time, log_time + window, offset
    voucher = Voucher(Run(("T", "1"), 0, 0, 0, []), "", is_reversal=False, lone=leg, terminal=leg, host=None)
    leg.voucher = voucher
    return voucher


def test_legs_of_several_windows_come_in_order() -> None:
    """The queues of the windows and the heap are one order."""
    timers, rng, wanted, kept = Timers(), random.Random(5), [], []
    for offset in range(300):
        at, window = offset * 3, rng.choice([60, 120, 300])
        voucher = lone(at, window, offset)
        kind = rng.choice([LEG_DEADLINE, REVERSAL_LEG_DEADLINE])
        if rng.random() < 0.2:
            timers.set(at + window, PAIR_DEADLINE, 0, offset, voucher)
            wanted.append((at + window, PAIR_DEADLINE, 0, offset))
        else:
            assert voucher.lone is not None
            timers.set_leg(voucher.lone, kind, window)
            wanted.append((at + window, kind, 0, offset))
        kept.append(voucher)
    assert popped(timers) == sorted(wanted)
    assert len(kept) == 300


def test_the_deadline_of_a_paired_leg_is_dropped() -> None:
    """A leg that found its other side, or whose deadline was set anew, has no turn in the queue."""
    timers = Timers()
    vouchers = [lone(at, 60, at) for at in range(3)]
    for voucher in vouchers:
        assert voucher.lone is not None
        timers.set_leg(voucher.lone, LEG_DEADLINE, 60)
    vouchers[0].lone = None
    moved = vouchers[1].lone
    assert moved is not None
    moved.deadline = 500
    timers.set(500, LEG_DEADLINE, 0, 1, moved)
    assert popped(timers) == [(62, LEG_DEADLINE, 0, 2), (500, LEG_DEADLINE, 0, 1)]


def test_a_leg_behind_the_others_keeps_its_place() -> None:
    """A record behind the watermark comes to the queue late and is still judged first."""
    timers = Timers()
    first, behind = lone(100, 60, 1), lone(50, 60, 2)
    for voucher in (first, behind):
        assert voucher.lone is not None
        timers.set_leg(voucher.lone, LEG_DEADLINE, 60)
    assert popped(timers) == [(110, LEG_DEADLINE, 0, 2), (160, LEG_DEADLINE, 0, 1)]

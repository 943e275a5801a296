"""Slices keep the event loop breathing on machines of any speed."""

from __future__ import annotations

import pytest

from streams.edges.batch_driver.slices import LARGEST, SMALLEST, TARGET_SECONDS, SliceSize


@pytest.mark.parametrize("seconds_per_record", [5e-6, 2e-5, 2e-4])
def test_a_slice_takes_about_the_target(seconds_per_record: float) -> None:
    """After a few calls at one pace the next one takes 25 ms."""
    size = SliceSize()
    for _ in range(100):
        size.took(size.records * seconds_per_record, size.records)
    assert size.records * seconds_per_record == pytest.approx(TARGET_SECONDS, rel=0.05)


def test_the_size_is_bounded_on_both_sides() -> None:
    """A pipeline that costs nothing still yields, a very slow one still moves."""
    size = SliceSize()
    size.took(0.0, 1_000)
    assert size.records == LARGEST
    size.took(10.0, 100)
    assert size.records == SMALLEST

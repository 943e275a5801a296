"""A lane of raw messages that is killed and taken up again ends as one that was not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streams.testing import timeline
from tests.unit.core import test_restart
from tests.unit.core.dialects.messages import policy

STORY = (
    test_restart.CLOCK
    + """
    t=0   terminal iso iso8583-ascii 0200 11=42
    t=1   terminal iso iso8583-ascii 0210 11=42 39=91
    t=1.5 host     iso iso8583-ascii 0210 11=42 39=00
    t=5   terminal iso iso8583-ascii 0210 11=43 39=00
    t=700 host     iso iso8583-ascii 0410 11=101 39=00 90=020000004203020000000000000000000000000000
    t=701 terminal iso iso8583-ascii 0410 11=101 39=00 90=020000004203020000000000000000000000000000
    t=710 host     iso iso8583-ascii 0210 11=43 39=00
    """
)


@pytest.mark.parametrize("killed_at", [0, 1, 3, 30, 66, 605, 650, 700, 705, 760, 900, 1990])
def test_a_restart_changes_nothing(killed_at: float) -> None:
    """An unreversed sale is resolved by its reversal, an orphan by its counterpart, wherever the lane was killed."""
    quiet = replace(policy("iso8583-ascii"), stall_min_events=1_000_000)
    told, lane = test_restart.told_by(timeline(STORY), killed_at, quiet)
    assert told.ends() == [
        ("orphan_terminal", "resolved", "late_match", 770.0),
        ("unreversed", "resolved", "reversed", 700.0),
    ]
    assert lane.gauges().open == {}

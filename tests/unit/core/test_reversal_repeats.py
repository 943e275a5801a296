"""Repeats of a reversal under numbers of their own: every number is a key under which the leg pairs."""

from __future__ import annotations

from streams.core.lane import Lane
from streams.testing import replay, run_live, timeline
from tests.unit.core.events import POLICY


def test_a_late_reversal_finds_its_other_side_under_the_number_of_a_repeat() -> None:
    """The host recorded the second try alone; the terminal's both tries come when that is an orphan."""
    story = timeline(
        """
        t=0   terminal sale 42 00
        t=0   host     sale 42 00
        t=1   host     reversal 44 00 original.voucher_number=42
        t=130 terminal reversal 43 00 original.voucher_number=42
        t=131 terminal reversal 44 00 original.voucher_number=42
        """
    )
    sink = replay(story, POLICY)
    assert [(r["kind"], r["resolution"], r["marks"]) for r in sink.anomalies()] == [
        ("orphan_host", "late_match", ["weak_match"])
    ]


def test_a_held_reversal_that_a_repeat_pairs_holds_no_cut_back() -> None:
    """The host was silent; its first record names another number, its repeat the terminal's."""
    story = timeline(
        """
        t=0      host     status
        t=1      terminal reversal 43 00 original.voucher_number=42
        t=2..200 terminal status
        t=235    host     idle
        t=236    host     reversal 44 00 original.voucher_number=42
        t=237    host     reversal 43 00 original.voucher_number=42
        t=240..900/10 terminal status
        t=240..900/10 host     status
        """
    )
    lane = Lane(0, POLICY)
    sink = run_live(story, lane)
    assert lane.unclosed == 0
    assert sink.count("vouchers_closed_total", "matched") == 1
    assert lane.cut().j_ms == story.records(0)[-1][1] - 1

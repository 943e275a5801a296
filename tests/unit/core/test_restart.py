"""What the anomaly topic shows of the time between R and J, when a lane takes up where another stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from streams.core.lane import Lane
from streams.testing import START_MS, timeline
from tests.unit.core.events import POLICY

if TYPE_CHECKING:
    from streams.core.lane import LaneOutput
    from streams.core.policy import Policy
    from streams.core.wire import RawRecord
    from streams.testing import Timeline

QUIET = replace(POLICY, stall_min_events=1_000_000)
CLOCK = """
    t=0..2000/10 terminal status
    t=0..2000/10 host status
"""
"""A record every ten seconds, so that log time goes on."""


class Told:
    """The anomaly topic: the newest record of each anomaly."""

    def __init__(self) -> None:
        self.newest: dict[str, dict[str, Any]] = {}

    def take(self, output: LaneOutput) -> None:
        """Publish what one call said."""
        for change in output.changes:
            self.newest[change.anomaly_id] = msgspec.json.decode(change.encode(0))

    def ends(self) -> list[tuple[str, str, str | None, float | None]]:
        """Return kind, status, resolution and the second of it, of each anomaly."""
        return sorted(
            (r["kind"], r["status"], r["resolution"], r["resolved_at"] and (r["resolved_at"] - START_MS) / 1_000)
            for r in self.newest.values()
        )


def feed(lane: Lane, told: Told, log: tuple[list[RawRecord], list[RawRecord]], until_ms: int = 1 << 60) -> None:
    """Feed both logs up to a log time."""
    for source in (0, 1):
        told.take(lane.feed(source, [record for record in log[source] if record[1] <= until_ms]))


def told_by(story: Timeline, killed_at: float, policy: Policy = QUIET) -> tuple[Told, Lane]:
    """Kill a lane at a second, let another take up where it stopped, and run it to the end."""
    log = tuple(sorted(story.records(source), key=lambda record: record[1]) for source in (0, 1))
    log = tuple([(offset, *record[1:]) for offset, record in enumerate(side)] for side in log)
    told, first, second = Told(), Lane(0, policy), Lane(0, policy)
    feed(first, told, log, START_MS + round(killed_at * 1_000))  # type: ignore[arg-type]  # a pair of lists
    cut = first.cut()
    starts = (cut.offsets[0] or 0, cut.offsets[1] or 0)
    past = [msgspec.json.encode(record) for record in told.newest.values()]
    second.restore(cut.j_ms, cut.processed, past, r_ms=cut.r_ms, starts=starts)
    feed(second, told, tuple(log[source][starts[source] :] for source in (0, 1)))  # type: ignore[arg-type]  # as above
    return told, second


@pytest.mark.parametrize("killed_at", [650, 700, 710, 730, 760, 800])
def test_what_ended_by_a_leg_before_r_stays_ended(killed_at: float) -> None:
    """The counterpart of an orphan came before R, and its deadline, at which it was found, lies after R."""
    story = timeline(CLOCK + "t=0 terminal sale 42 approved\nt=100 host sale 42 approved\n")
    told, lane = told_by(story, killed_at)
    assert told.ends() == [("orphan_terminal", "resolved", "late_match", 160.0)]
    assert lane.gauges().open == {}


@pytest.mark.parametrize("killed_at", [650, 700, 790, 1150])
def test_what_is_derived_again_is_one_with_what_the_topic_shows(killed_at: float) -> None:
    """One leg of a conflict lies before R: it is derived again, and the reversal that comes later resolves it."""
    story = timeline(
        CLOCK
        + """
        t=0   terminal sale 42 approved
        t=500 host     sale 42 51
        t=800 host     reversal 43 00 original.voucher_number=42
        t=801 terminal reversal 43 00 original.voucher_number=42
        """
    )
    told, lane = told_by(story, killed_at)
    assert told.ends() == [
        ("orphan_terminal", "resolved", "late_match", 560.0),
        ("outcome_conflict", "resolved", "reversed", 800.0),
    ]
    assert lane.gauges().open == {}


@pytest.mark.parametrize("killed_at", [1102, 1130, 1155, 1170])
def test_what_opened_after_r_of_legs_before_it_is_taken_at_its_time(killed_at: float) -> None:
    """Both legs of a conflict lie before R and the deadline that opened it after R; it is open at J."""
    story = timeline(CLOCK + "t=0 terminal sale 42 approved\nt=500 host sale 42 51\n")
    told, lane = told_by(story, killed_at)
    assert told.ends() == [
        ("orphan_terminal", "resolved", "late_match", 560.0),
        ("outcome_conflict", "open", None, None),
    ]
    assert sum(lane.gauges().open.values()) == 1


@pytest.mark.parametrize("killed_at", [170, 400, 900, 1_400])
def test_a_void_finds_its_original_after_a_restart(killed_at: float) -> None:
    """An open ``original_not_found`` comes from the topic, and the voucher that it lacks resolves it."""
    fields = "batch_number=7 original.voucher_number=42 original.batch_number=7 original.date=0302"
    story = timeline(
        f"{CLOCK}t=1 terminal sale 41 00 batch_number=7\nt=2 host sale 41 00\nt=100 terminal void 43 00 {fields}\n"
        "t=101 host void 43 00\nt=1500 terminal sale 42 00 batch_number=7\nt=1501 host sale 42 00\n"
    )
    told, _ = told_by(story, killed_at, replace(QUIET, originals_min_cover_ms=0))
    assert told.ends() == [("original_not_found", "resolved", "late_match", 1_500.0)]

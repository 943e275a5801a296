"""A restart while an outage lasts, or after it: what the cut goes through is not judged by its half."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import msgspec
import pytest

from streams.core.lane import Lane
from streams.testing import START_MS, ListSink, timeline
from tests.unit.core import events

if TYPE_CHECKING:
    from streams.core.cut import Cut
    from streams.testing import Timeline

POLICY = dataclasses.replace(events.POLICY, originals_horizon_ms=1)
"""Without a ledger that outlives the process, the promise speaks of what lies within L."""
OUTAGE = timeline(
    """
    t=1..2400/2 host sale 100001+ approved
    t=5..2404/2 terminal sale 100001+ approved
    """
)
"""The host's message is first by four seconds, so that some pair is astride of every moment."""


def said(lane: Lane, story: Timeline, cut: Cut | None = None, until_ms: int | None = None) -> ListSink:
    """Feed a story to a lane, from a cut or the beginning up to a log time, and return what it says."""
    sink = ListSink()
    starts = (0, 0) if cut is None else cut.offsets
    for source in (0, 1):
        records = [record for record in story.records(source) if record[0] >= (starts[source] or 0)]
        sink.take(lane.feed(source, [record for record in records if until_ms is None or record[1] <= until_ms]))
    if until_ms is None:
        sink.take(lane.flush())
    return sink


def restarted(story: Timeline, at_s: float) -> tuple[Cut, ListSink, ListSink]:
    """Stop a lane at a log time; return its cut, what it said, and what the next one says to the end."""
    first, second = Lane(0, POLICY), Lane(0, POLICY)
    before = said(first, story, until_ms=START_MS + round(at_s * 1_000))
    cut = first.cut()
    records = [msgspec.json.encode(record) for record in before.anomalies()]
    starts = (cut.offsets[0] or 0, cut.offsets[1] or 0)
    second.restore(cut.j_ms, cut.processed, records, r_ms=cut.r_ms, starts=starts)
    return cut, before, said(second, story, cut)


def with_outage(first_s: int, last_s: int) -> Timeline:
    """Return the busy lane whose host fell silent, and brought what it owed in the minute after."""
    story = timeline("")
    for step in OUTAGE.steps:
        at = step.at_ms - START_MS
        if step.source == 1 and first_s * 1_000 <= at < last_s * 1_000:
            at = last_s * 1_000 + (at - first_s * 1_000) // 20
        story.steps.append(type(step)(START_MS + at, step.source, step.key, step.value))
    story.steps.sort(key=lambda step: step.at_ms)
    return story


@pytest.mark.parametrize("stopped_s", [700, 1_150, 1_210, 1_300, 1_500, 1_790, 1_850, 1_950, 2_300])
def test_no_pair_becomes_an_orphan(stopped_s: int) -> None:
    """The host is silent from 500 to 1,200 s and the hold lasts until 1,900 s; every voucher has both sides."""
    story = with_outage(500, 1_200)
    assert said(Lane(0, POLICY), story).anomalies() == []
    _, before, after = restarted(story, stopped_s)
    assert before.anomalies() == after.anomalies() == []


def test_half_a_pair_does_not_take_the_next_use_of_its_number() -> None:
    """Of a pair astride of R only the terminal's half is read; held, it would meet the host of another voucher."""
    story = timeline(
        """
        t=0 host sale 2 approved
        t=0.5 terminal sale 9 approved
        t=1 terminal sale 2 approved
        t=2..6 terminal status
        t=602 host sale 9 approved
        t=602.5 host sale 2 approved
        t=602.8 terminal status
        t=602.8 host status
        t=603 terminal sale 2 approved
        t=603 host status
        """
    )
    assert said(Lane(0, POLICY), story).anomalies() == []
    cut, before, after = restarted(story, 602.9)
    assert cut.r_ms == START_MS + 500, "between the two sides of the first voucher 2"
    assert before.anomalies() == after.anomalies() == []


def test_an_anomaly_of_a_severed_run_is_taken_from_its_record() -> None:
    """The leg is read again, but not applied: its orphan stands as the topic shows it, and can be resolved."""
    story = timeline(
        """
        t=0 host sale 2 approved
        t=1 terminal sale 2 approved
        t=50 terminal sale 9 approved
        t=100 terminal sale 2 approved
        t=101..106 terminal status
        t=300 host status
        t=400 host sale 9 approved
        t=605 terminal status
        t=605 host status
        t=800 terminal status
        t=800 host status
        t=900 host sale 2 approved
        t=1000 terminal status
        t=1000 host status
        """
    )
    (whole,) = said(Lane(0, POLICY), story).anomalies()
    assert (whole["kind"], whole["resolution"]) == ("orphan_terminal", "late_match")
    assert "held" not in whole["marks"]
    cut, before, after = restarted(story, 800)
    assert cut.r_ms == START_MS + 50_000, "after the first voucher 2, before the second"
    (standing,), (ended,) = before.anomalies(), after.anomalies()
    assert (standing["status"], standing["id"]) == ("open", whole["id"])
    names = ("id", "kind", "status", "resolution", "opened_at", "resolved_at", "revision")
    assert [ended[name] for name in names] == [whole[name] for name in names]


def test_what_ended_by_j_stays_ended() -> None:
    """The host's denial of the reversal lies before R, the reversal's deadline after it: the orphan was reversed."""
    story = timeline(
        """
        t=3 terminal sale 7 00
        t=4 host status
        t=63 host reversal 2 12 original.voucher_number=7
        t=70 terminal status
        t=700 host sale 7 51
        t=720 terminal status
        t=720 host status
        t=900 terminal status
        t=900 host status
        """
    )
    whole = said(Lane(0, POLICY), story).anomalies()
    ends = {(record["kind"], record["opened_at"] - START_MS, record["resolution"]) for record in whole}
    assert {("orphan_terminal", 63_000, "reversed"), ("orphan_host", 760_000, None)} <= ends
    cut, before, after = restarted(story, 721)
    assert START_MS + 63_000 < cut.r_ms < START_MS + 183_000 < cut.j_ms
    final = {record["id"]: record for record in [*before.anomalies(), *after.anomalies()]}
    assert {(record["kind"], record["opened_at"] - START_MS, record["resolution"]) for record in final.values()} == ends
    assert [record["opened_at"] - START_MS for record in after.anomalies()] == [760_000]


def test_what_stood_open_at_j_stands_open_again() -> None:
    """Of the run of voucher 2 a part is read: the rest of the first pair takes the orphan's leg, which J sets right."""
    story = timeline(
        """
        t=0 host sale 2 approved
        t=30 terminal sale 9 approved
        t=30 host sale 9 approved
        t=59 terminal sale 2 approved
        t=65 host sale 2 approved
        t=400 terminal sale 9 approved
        t=400 host sale 9 approved
        t=0..700/10 terminal status
        t=0..700/10 host status
        t=800 terminal sale 2 approved
        t=900 terminal status
        t=900 host status
        """
    )
    story.steps.sort(key=lambda step: step.at_ms)
    (whole,) = said(Lane(0, POLICY), story).anomalies()
    assert (whole["kind"], whole["resolution"]) == ("orphan_host", "late_match")
    cut, before, after = restarted(story, 701)
    assert cut.r_ms == START_MS + 30_000, "between the two sides of the first voucher 2"
    assert [record["status"] for record in before.anomalies()] == ["open"]
    (ended,) = after.anomalies()
    names = ("id", "kind", "status", "resolution", "opened_at", "resolved_at", "revision")
    assert [ended[name] for name in names] == [whole[name] for name in names]

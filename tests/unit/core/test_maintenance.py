"""Anomalies inside a maintenance window: a mark, a sentence, a counter, and nothing hidden."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from streams.core.diagnosis.calendar import CutOver, Window
from streams.core.lane import Lane, LaneOutput
from streams.core.policy import LinkPolicy, Policy
from streams.testing import timeline

START_MS = 1_772_409_600_000
"""When every timeline begins: 2026-03-02T00:00:00Z."""
POLICY = Policy(links={"north": LinkPolicy(institution="bank"), "south": LinkPolicy()})
STORY = """
t=0 terminal sale 42 approved link=north
t=1 terminal sale 43 approved link=south
t=2 host sale 99 approved link=south
t=200 terminal status
t=200 host status
"""
NORTH = Window("w1", START_MS - 1, START_MS + 30_000, "north", reason="new switch")
IN_MAINTENANCE = "anomalies_in_maintenance_total"

Said = list[dict[str, Any]]


def said(output: LaneOutput) -> Said:
    """Return what a call published."""
    return [msgspec.json.decode(change.encode(1, 1)) for change in output.changes]


def told(lane: Lane, story: str = STORY) -> tuple[Said, dict[tuple[str, tuple[str, ...]], int]]:
    """Feed a story; return all that was published and counted."""
    line = timeline(story, start_ms=START_MS)
    records: Said = []
    counted: dict[tuple[str, tuple[str, ...]], int] = {}
    for source in (0, 1):
        output = lane.feed(source, line.records(source))
        records += said(output)
        counted |= output.tally
    return records, counted


def opened(records: Said, number: str) -> dict[str, Any]:
    """Return the newest record of the anomaly of one voucher number."""
    return next(one for one in reversed(records) if one["voucher"]["voucher_number"].lstrip("0") == number)


def test_an_anomaly_inside_says_so_and_is_opened_all_the_same() -> None:
    """The link counts, and the log time of a leg; severity and amount are what they would be."""
    plain, _ = told(Lane(0, POLICY))
    lane = Lane(0, POLICY)
    assert lane.tell_windows((NORTH,)).changes == []
    records, counted = told(lane)
    inside, outside = opened(records, "42"), opened(records, "43")
    assert inside["marks"] == ["maintenance"]
    (sentence,) = inside["evidence"]
    assert sentence == "inside maintenance: link north, 2026-03-01T23:59:59Z to 2026-03-02T00:00:30Z, new switch"
    assert inside | {"marks": [], "evidence": []} == opened(plain, "42")
    assert outside == opened(plain, "43")
    assert counted[IN_MAINTENANCE, ("orphan_terminal",)] == 1
    assert counted["anomalies_opened_total", ("orphan_terminal", "critical", "north")] == 1


def test_a_window_that_is_told_later_reaches_what_is_open_and_so_does_its_end() -> None:
    """The calendar decides in the end, not the order in which things were read."""
    lane = Lane(0, POLICY)
    before, counted = told(lane)
    assert (IN_MAINTENANCE, ("orphan_terminal",)) not in counted
    output = lane.tell_windows((NORTH,))
    (marked,) = said(output)
    assert output.tally == {(IN_MAINTENANCE, ("orphan_terminal",)): 1}
    assert (marked["revision"], marked["marks"], marked["changed_at"]) == (2, ["maintenance"], marked["opened_at"])
    assert lane.tell_windows((NORTH,)).changes == []
    (plain,) = said(lane.tell_windows(()))
    assert plain == opened(before, "42") | {"revision": 3}


@pytest.mark.parametrize(
    ("window", "inside"),
    [
        (Window("w", START_MS, START_MS, "north"), True),
        (Window("w", START_MS + 1, START_MS + 2, "north"), False),
        (Window("w", START_MS, START_MS, institution="bank"), True),
        (Window("w", START_MS, START_MS, institution="other bank"), False),
        (Window("w", START_MS, START_MS, "north", "bank"), True),
        (Window("w", START_MS, START_MS, "south"), False),
    ],
)
def test_the_leg_decides_whether_it_is_inside(window: Window, *, inside: bool) -> None:
    """By its log time, its link, and the institution behind the link."""
    lane = Lane(0, POLICY)
    lane.tell_windows((window,))
    records, _ = told(lane)
    assert opened(records, "42")["marks"] == (["maintenance"] if inside else [])


def test_a_cut_over_needs_nobody_to_announce_it() -> None:
    """It stands in the configuration; a link's own takes the place of that of all."""
    policy = Policy(links=POLICY.links, cut_overs=(CutOver(0, 5), CutOver(0, 0, 0, "south")))
    records, _ = told(Lane(0, policy))
    assert opened(records, "42")["marks"] == ["maintenance"]
    assert "cut-over of the business day" in opened(records, "42")["evidence"][0]
    assert opened(records, "43")["marks"] == []


NOTICE_STORY = STORY.replace("t=0 ", "t=-5 host notice event_id=n1 link=north {fields}\nt=0 ")


def test_a_notice_opens_a_window_in_its_own_lane_and_is_passed_on() -> None:
    """Without its lane having heard anything from the control topic."""
    lane = Lane(0, POLICY)
    story = NOTICE_STORY.format(fields=f'window_from={START_MS} window_until={START_MS + 9} window_id="7"')
    line = timeline(story, start_ms=START_MS)
    outputs = [lane.feed(source, line.records(source)) for source in (0, 1)]
    assert outputs[1].notices == [Window("notice-7", START_MS, START_MS + 9, "north", source="notice")]
    assert opened(said(outputs[1]), "42")["marks"] == ["maintenance"]
    (moved,) = said(lane.tell_windows((Window("notice-7", 1, 2, "north", source="notice"),)))
    assert moved["marks"] == []
    assert said(lane.tell_windows(())) == []


@pytest.mark.parametrize(
    ("fields", "unreadable"),
    [
        ("", 0),
        ("window_from=5", 1),
        ("window_from=9 window_until=8", 1),
        (f"window_from=1 window_until={START_MS}", 1),
        ('window_from="soon" window_until="later"', 1),
    ],
)
def test_a_notice_that_tells_of_no_window(fields: str, unreadable: int) -> None:
    """One without times is no fault; one with times that cannot be meant is counted."""
    lane = Lane(0, POLICY)
    records, counted = told(lane, NOTICE_STORY.format(fields=fields))
    assert opened(records, "42")["marks"] == []
    assert counted.get(("notices_unreadable_total", ("host",)), 0) == unreadable


def test_a_restart_keeps_what_was_said_and_says_what_was_learnt_meanwhile() -> None:
    """Nothing again where the calendar is the same, one revision where it is another."""
    first = Lane(0, POLICY)
    first.tell_windows((NORTH,))
    before, _ = told(first)
    cut = first.cut()
    newest = {record["id"]: msgspec.json.encode(record) for record in before}
    line = timeline(STORY, start_ms=START_MS)
    for windows, expected in ((NORTH,), []), ((), [[]]), (None, []):
        second = Lane(0, POLICY)
        if windows is not None:
            second.tell_windows(windows)
        outputs = []
        second.restore(cut.j_ms, cut.processed, newest.values(), r_ms=cut.r_ms, starts=(0, 0))
        outputs += [second.feed(source, line.records(source)) for source in (0, 1)]
        records = [record for output in outputs for record in said(output)]
        assert [record["marks"] for record in records] == expected
        assert all(name != IN_MAINTENANCE for output in outputs for name, _ in output.tally)
        if windows is None:
            # The control topic is read beside the replay: what it says then is what the topic shows already.
            late = second.tell_windows((NORTH,))
            assert late.changes == []
            assert late.tally == {}


def test_a_notice_of_what_has_begun_reaches_what_is_open() -> None:
    """Also where no control topic is read, as in a replay of files."""
    late = STORY.replace(
        "t=200 host status", f"t=190 host notice link=north window_from={START_MS} window_until={START_MS}"
    )
    lane = Lane(0, POLICY, live=False)
    line = timeline(late + "t=201 host status", start_ms=START_MS)
    outputs = [lane.feed(source, line.records(source)) for source in (0, 1)]
    orphans = [record for record in said(outputs[1]) if record["voucher"]["voucher_number"] == "42"]
    assert [(record["revision"], record["marks"]) for record in orphans] == [(1, []), (2, ["maintenance"])]

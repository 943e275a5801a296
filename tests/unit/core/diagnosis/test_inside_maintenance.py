"""Diagnoses inside maintenance: whoever told of the window, and whenever, the cause and its evidence say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from streams.core.diagnosis.calendar import CutOver, Window
from streams.core.diagnosis.control_record import read_window, window_value
from streams.core.lane import Lane, LaneOutput
from streams.core.policy import LinkPolicy, Policy
from streams.edges.ical import read_ical
from streams.settings.diagnosis import shipped_model
from streams.testing import timeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START_MS: Final = 1_772_409_600_000
"""When every timeline begins: 2026-03-02T00:00:00Z."""
LINKS: Final = {"north": LinkPolicy(institution="bank"), "south": LinkPolicy()}
POLICY: Final = Policy(links=LINKS, diagnosis=shipped_model())
STORY: Final = """
{notice}
t=0 terminal sale 42 unknown link=north
t=1 terminal sale 43 unknown link=south
t=900 terminal status
t=900 host status
"""
"""No answer on either link: what a host under maintenance does to a voucher; only north has a window."""
NOTICE: Final = (
    "t=-5 host notice event_id=n1 link=north "
    f'window_from={START_MS - 60_000} window_until={START_MS + 60_000} window_id="7" reason="switch"'
)
NORTH: Final = Window("w1", START_MS - 60_000, START_MS + 60_000, "north", reason="new switch")
EVENT: Final = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//bank//plan//EN
BEGIN:VEVENT
UID:plan-1@bank
SUMMARY:new switch
DTSTART:20260301T235900Z
DTEND:20260302T000100Z
END:VEVENT
END:VCALENDAR
"""

Told = dict[str, list[dict[str, Any]]]
"""Voucher number -> its records."""


def said(*outputs: LaneOutput) -> Told:
    """Return all records by voucher number."""
    found: Told = {}
    for output in outputs:
        for change in output.changes:
            record = msgspec.json.decode(change.encode(1, 1))
            found.setdefault(str(record["voucher"]["voucher_number"]).lstrip("0"), []).append(record)
    return found


def played(lane: Lane, notice: str = "") -> list[LaneOutput]:
    """Feed the story to a lane."""
    line = timeline(STORY.format(notice=notice), start_ms=START_MS)
    return [lane.feed(source, line.records(source)) for source in (0, 1)]


def from_control(_: Path) -> Lane:
    """Return a lane that was told of the window as ``voucherwatch calendar add`` writes it."""
    window = read_window(window_value(NORTH))
    assert window is not None
    lane = Lane(0, POLICY)
    lane.tell_windows((window,))
    return lane


def from_institution(_: Path) -> Lane:
    """Return a lane that was told of a window of the institution behind the link."""
    lane = Lane(0, POLICY)
    lane.tell_windows((Window("w2", NORTH.from_ms, NORTH.until_ms, institution="bank", reason="new switch"),))
    return lane


def from_ical(folder: Path) -> Lane:
    """Return a lane that was told of a window out of a calendar file."""
    file = folder / "plan.ics"
    file.write_text(EVENT.replace("\n", "\r\n"), encoding="utf-8")
    lane = Lane(0, POLICY)
    lane.tell_windows(tuple(read_ical(file, "north", "", START_MS - 3_600_000, 1)))
    return lane


def from_cut_over(_: Path) -> Lane:
    """Return a lane whose configuration has a cut-over of that link."""
    return Lane(0, Policy(links=LINKS, diagnosis=shipped_model(), cut_overs=(CutOver(0, 5, 0, "north"),)))


def assert_inside(record: dict[str, Any], reason: str = "new switch") -> None:
    """The record shows the window in its mark, its evidence and its diagnosis, in both languages."""
    assert record["marks"] == ["maintenance"]
    assert record["evidence"][0].startswith("inside maintenance: ")
    diagnosis = record["diagnosis"]
    assert diagnosis["cause"] == "maintenance"
    piece = next(one for one in diagnosis["evidence"] if one["piece"] == "in_maintenance")
    assert f"({reason})" in piece["en"]
    assert reason in piece["zh"]
    assert [step["who"] for step in diagnosis["actions"]][-1] == "acquirer"


def assert_outside(record: dict[str, Any]) -> None:
    """The record shows no window anywhere."""
    assert record["marks"] == []
    assert record["diagnosis"]["cause"] != "maintenance"
    assert "maintenance" not in {one["piece"] for one in record["diagnosis"]["evidence"]}


@pytest.mark.parametrize("made", [from_control, from_institution, from_ical])
def test_a_window_that_was_announced_is_the_cause(made: Callable[[Path], Lane], tmp_path: Path) -> None:
    """By its command, its institution or a calendar file: on its link, counted, opened and paged all the same."""
    lane = made(tmp_path)
    outputs = played(lane)
    records = said(*outputs)
    assert_inside(records["42"][-1])
    assert_outside(records["43"][-1])
    tally = {key: n for output in outputs for key, n in output.tally.items()}
    kind, severity = records["42"][-1]["kind"], records["42"][-1]["severity"]
    assert tally["anomalies_in_maintenance_total", (kind,)] == 1
    assert tally["anomalies_opened_total", (kind, severity, "north")] == 1
    assert tally["diagnoses_total", (kind, "maintenance")] == 1
    assert tally["diagnoses_by_link_total", ("maintenance", "north")] == 1


def test_a_cut_over_of_the_configuration_is_the_cause(tmp_path: Path) -> None:
    """It needs nobody to announce it."""
    records = said(*played(from_cut_over(tmp_path)))
    assert_inside(records["42"][-1], "cut-over of the business day")
    assert_outside(records["43"][-1])


def test_a_notice_is_the_cause_in_its_own_lane_and_where_it_is_passed_on() -> None:
    """The lane that heard it needs no control topic; another one learns of it there."""
    lane = Lane(0, POLICY)
    outputs = played(lane, NOTICE)
    assert_inside(said(*outputs)["42"][-1], "switch")
    (window,) = outputs[1].notices
    other = Lane(1, POLICY)
    other.tell_windows((window,))
    assert_inside(said(*played(other))["42"][-1], "switch")


def test_a_window_that_is_told_later_changes_the_cause_and_so_does_its_end() -> None:
    """One revision each, counted once more under the cause that is new; the calendar decides in the end."""
    lane = Lane(0, POLICY)
    before = said(*played(lane))["42"][-1]
    assert_outside(before)
    output = lane.tell_windows((NORTH,))
    (inside,) = said(output)["42"]
    assert_inside(inside)
    assert inside["revision"] == before["revision"] + 1
    kind = inside["kind"]
    assert output.tally == {
        ("anomalies_in_maintenance_total", (kind,)): 1,
        ("diagnoses_total", (kind, "maintenance")): 1,
        ("diagnoses_by_link_total", ("maintenance", "north")): 1,
    }
    assert lane.tell_windows((NORTH,)).changes == []
    (outside,) = said(lane.tell_windows(()))["42"]
    assert_outside(outside)
    assert outside["diagnosis"]["cause"] == before["diagnosis"]["cause"]


def test_a_leg_before_the_window_and_one_inside_are_inside() -> None:
    """Mark and diagnosis agree on what lies inside: one of the legs that opened the anomaly does."""
    lane = Lane(0, POLICY)
    lane.tell_windows((Window("w", START_MS + 5_000, START_MS + 60_000, "north", reason="new switch"),))
    line = timeline(
        """
        t=0 terminal sale 42 approved link=north
        t=6 host sale 42 unknown response_code=96 link=north
        t=300 terminal status
        t=300 host status
        """,
        start_ms=START_MS,
    )
    records = said(*(lane.feed(source, line.records(source)) for source in (0, 1)))
    assert_inside(records["42"][-1])


@pytest.mark.parametrize("before", [True, False])
def test_after_a_restart_the_cause_is_the_calendars(*, before: bool) -> None:
    """Whether the windows are read before the lane goes on or after, what it opens next knows them."""
    first = Lane(0, POLICY)
    line = timeline("t=-400 terminal status\nt=-400 host status", start_ms=START_MS)
    for source in (0, 1):
        first.feed(source, line.records(source))
    cut = first.cut()
    second = Lane(0, POLICY)
    if before:
        second.tell_windows((NORTH,))
    second.restore(cut.j_ms, cut.processed, (), r_ms=cut.r_ms, starts=(1, 1))
    outputs = played(second)
    if not before:
        outputs.append(second.tell_windows((NORTH,)))
    records = said(*outputs)
    assert_inside(records["42"][-1])
    assert_outside(records["43"][-1])

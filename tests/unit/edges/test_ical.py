"""iCalendar files as windows: zones, whole days, repeats with exceptions, and what is no calendar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.core.fields import parse_time
from streams.edges.ical import read_ical
from streams.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from streams.core.diagnosis.calendar import Window

FROM_MS = 1_772_409_600_000
"""2026-03-02T00:00:00Z, a Monday."""
FRAME = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bank//plan//EN\r\n{events}END:VCALENDAR\r\n"


def event(*lines: str) -> str:
    """Return the text of one event with an UID."""
    return "".join(f"{line}\r\n" for line in ("BEGIN:VEVENT", "UID:plan-1@bank", *lines, "END:VEVENT"))


def windows(tmp_path: Path, *events: str, days: int = 14) -> list[Window]:
    """Return the windows of a file with these events."""
    file = tmp_path / "plan.ics"
    file.write_text(FRAME.format(events="".join(events)), encoding="utf-8")
    return read_ical(file, "north", "", FROM_MS, days)


def span(window: Window) -> tuple[int, int]:
    """Return the beginning and the moment after the end."""
    return window.from_ms, window.until_ms + 1


def at(text: str) -> int:
    """Return epoch milliseconds of a time."""
    found = parse_time(text)
    assert found is not None
    return found


def test_an_event_in_its_own_zone(tmp_path: Path) -> None:
    """The zone's name is enough; the summary is the reason, on one line."""
    (window,) = windows(
        tmp_path,
        event(
            "SUMMARY:New switch\\n second part",
            "DTSTART;TZID=Asia/Shanghai:20260303T010000",
            "DTEND;TZID=Asia/Shanghai:20260303T030000",
        ),
    )
    assert span(window) == (at("2026-03-03T01:00:00+08:00"), at("2026-03-03T03:00:00+08:00"))
    assert (window.link, window.institution, window.reason) == ("north", "", "New switch second part")
    assert window.id == f"plan-1@bank@{window.from_ms // 1_000}"


def test_times_in_utc_without_zone_and_whole_days(tmp_path: Path) -> None:
    """What names no zone is UTC; a day lasts from midnight to midnight."""
    found = windows(
        tmp_path,
        event("DTSTART:20260303T010000Z", "DURATION:PT30M"),
        event("DTSTART:20260304T010000", "DTEND:20260304T013000").replace("plan-1", "plan-2"),
        event("DTSTART;VALUE=DATE:20260305", "DTEND;VALUE=DATE:20260306").replace("plan-1", "plan-3"),
    )
    assert [span(window) for window in found] == [
        (at("2026-03-03T01:00:00Z"), at("2026-03-03T01:30:00Z")),
        (at("2026-03-04T01:00:00Z"), at("2026-03-04T01:30:00Z")),
        (at("2026-03-05T00:00:00Z"), at("2026-03-06T00:00:00Z")),
    ]


def test_a_repeated_event_with_an_exception_and_one_that_was_moved(tmp_path: Path) -> None:
    """Every occurrence of the days to come is a window of its own name; the summer clock counts."""
    weekly = event(
        "DTSTART;TZID=Europe/Berlin:20260302T020000",
        "DTEND;TZID=Europe/Berlin:20260302T030000",
        "RRULE:FREQ=WEEKLY;COUNT=6",
        "EXDATE;TZID=Europe/Berlin:20260309T020000",
    )
    moved = event(
        "RECURRENCE-ID;TZID=Europe/Berlin:20260316T020000",
        "DTSTART;TZID=Europe/Berlin:20260317T040000",
        "DTEND;TZID=Europe/Berlin:20260317T050000",
    )
    found = windows(tmp_path, weekly, moved, days=30)
    assert [window.from_ms for window in found] == [
        at("2026-03-02T02:00:00+01:00"),
        at("2026-03-17T04:00:00+01:00"),
        at("2026-03-23T02:00:00+01:00"),
        at("2026-03-30T02:00:00+02:00"),
    ]
    assert len({window.id for window in found}) == 4
    assert found == windows(tmp_path, weekly, moved, days=30)


def test_what_is_cancelled_over_or_without_length_is_no_window(tmp_path: Path) -> None:
    """Neither is what lies beyond the days asked for."""
    assert (
        windows(
            tmp_path,
            event("DTSTART:20260303T010000Z", "DTEND:20260303T020000Z", "STATUS:CANCELLED"),
            event("DTSTART:20260101T010000Z", "DTEND:20260101T020000Z").replace("plan-1", "plan-2"),
            event("DTSTART:20260303T010000Z").replace("plan-1", "plan-3"),
            event("DTSTART:20260501T010000Z", "DTEND:20260501T020000Z").replace("plan-1", "plan-4"),
        )
        == []
    )


def test_what_is_no_calendar_is_refused(tmp_path: Path) -> None:
    """The sentence says what to do."""
    file = tmp_path / "plan.ics"
    for content in (b"no calendar", b"", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", b"\xff\xfe\x00"):
        file.write_bytes(content)
        with pytest.raises(UsageError, match=r"plan\.ics is no iCalendar file that can be read .*export it again"):
            read_ical(file, "north", "", FROM_MS, 14)
    with pytest.raises(UnreachableError, match=r"Cannot read .*none\.ics: no such file"):
        read_ical(tmp_path / "none.ics", "north", "", FROM_MS, 14)


def test_more_windows_than_a_calendar_takes_are_refused(tmp_path: Path) -> None:
    """An event of every minute is no maintenance plan."""
    every_minute = event("DTSTART:20260302T000000Z", "DURATION:PT10S", "RRULE:FREQ=MINUTELY")
    with pytest.raises(UsageError, match="windows in 2 days, but a calendar takes 1000; give fewer --days"):
        windows(tmp_path, every_minute, days=2)

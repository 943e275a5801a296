"""iCalendar files (RFC 5545) as maintenance windows: every event of some days to come, repeated ones included."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import recurring_ical_events
from icalendar import Calendar as ICalendar

from streams.core.diagnosis.calendar import LONGEST_TEXT, MOST_WINDOWS, Window
from streams.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST_FILE: Final = 4 * 1024 * 1024
_SECOND_MS: Final = 1_000


def read_ical(path: Path, link: str, institution: str, from_ms: int, days: int) -> list[Window]:
    """Return the windows of a file that touch the ``days`` days from a moment (epoch ms), by their beginnings.

    The file's own time zones count; a time without one is UTC, a day without a time lasts from midnight
    to midnight UTC.  Cancelled events are left out.  Each window is named after the event's UID and its
    beginning, so that the same file read twice gives the same windows.

    Raises:
        UnreachableError: The file cannot be read.
        UsageError: It is no iCalendar file, or has more events than a calendar takes.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UnreachableError(f"Cannot read {path}: {(error.strerror or 'unreadable').lower()}.") from error
    if len(raw) > LARGEST_FILE:
        raise UsageError(f"{path} has {len(raw)} bytes, but at most {LARGEST_FILE} are read; export fewer events.")
    start = datetime.fromtimestamp(from_ms / _SECOND_MS, UTC)
    try:
        calendar = ICalendar.from_ical(raw)
        events = recurring_ical_events.of(calendar).between(start, start + timedelta(days=days))
        windows = sorted(_windows(events, link, institution), key=lambda window: (window.from_ms, window.id))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise UsageError(
            f"{path} is no iCalendar file that can be read ({type(error).__name__}: {error}); export it again as .ics."
        ) from error
    if len(windows) > MOST_WINDOWS:
        raise UsageError(
            f"{path} has {len(windows)} windows in {days} days, but a calendar takes {MOST_WINDOWS}; give fewer --days."
        )
    return windows


def _windows(events: list[Any], link: str, institution: str) -> Iterator[Window]:
    for event in events:
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        from_ms, until_ms = _moment(event.start), _moment(event.end) - 1
        # The end of an event is not part of it, and one without length tells of no time.
        if until_ms < from_ms:
            continue
        name = re.sub(r"[^\x21-\x7e]+", "-", str(event.get("UID", "") or "event"))[: LONGEST_TEXT - 20]
        reason = " ".join(str(event.get("SUMMARY", "")).split())[:LONGEST_TEXT]
        yield Window(f"{name}@{from_ms // _SECOND_MS}", from_ms, until_ms, link, institution, reason)


def _moment(value: date | datetime) -> int:
    """Return epoch milliseconds of a time, or of the midnight that begins a day."""
    at = value if isinstance(value, datetime) else datetime.combine(value, time.min)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return int(at.timestamp() * _SECOND_MS)

"""Dates without a year: across New Year both ways, on 29 February, and through the zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec import UNSET

from streams.core.wire import Original
from tests.unit.core.dialects.messages import event, letter, message


def at(text: str) -> int:
    """Return epoch milliseconds of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("log_time", "date", "time", "expected"),
    [
        ("2026-12-31 15:59:59", "1231", "235958", "2026-12-31T23:59:58+08:00"),
        ("2026-12-31 16:00:01", "1231", "235958", "2026-12-31T23:59:58+08:00"),
        ("2026-12-31 15:59:59", "0101", "000001", "2027-01-01T00:00:01+08:00"),
        ("2026-12-31 16:00:01", "0101", "000001", "2027-01-01T00:00:01+08:00"),
        ("2028-02-29 04:00:00", "0229", "120000", "2028-02-29T12:00:00+08:00"),
        ("2028-03-01 00:00:00", "0229", "235959", "2028-02-29T23:59:59+08:00"),
        ("2027-12-31 20:00:00", "0229", "120000", "2028-02-29T12:00:00+08:00"),
        ("2100-02-28 04:00:00", "0228", "120000", "2100-02-28T12:00:00+08:00"),
    ],
)
def test_the_year_of_an_event(log_time: str, date: str, time: str, expected: str) -> None:
    """The year that brings the sender's clock nearest to log time."""
    found = event("unionpay-bcd", message("unionpay-bcd", "0210", {"12": time, "13": date}), log_time=at(log_time))
    assert found.body.event_time == expected


def test_a_day_that_no_year_near_has() -> None:
    """29 February two years from a leap year is no clock's day: field 7 is taken, else it is a bad record."""
    when = at("2026-03-01 00:00:00")
    fields = {"12": "120000", "13": "0229"}
    found = letter("iso8583-ascii", message("iso8583-ascii", "0210", fields), log_time=when)
    assert (found.reason, found.detail) == ("missing_field", "event_time is absent")
    raw = message("iso8583-ascii", "0210", fields | {"7": "0228235900"})
    assert event("iso8583-ascii", raw, log_time=when).body.event_time == "2026-02-28T23:59:00+00:00"


@pytest.mark.parametrize(
    ("log_time", "day", "expected"),
    [
        ("2026-12-31 15:00:00", "1231", "2026-12-31"),
        ("2026-12-31 17:00:00", "1231", "2026-12-31"),
        ("2026-12-31 15:00:00", "0101", "2027-01-01"),
        ("2026-12-30 15:00:00", "0101", "2026-01-01"),
        ("2026-03-02 00:00:00", "0229", "2024-02-29"),
        ("2103-03-02 00:00:00", "0229", "2096-02-29"),
        ("2028-02-28 17:00:00", "0229", "2028-02-29"),
    ],
)
def test_the_year_of_an_original(log_time: str, day: str, expected: str) -> None:
    """An original lies in the past, or on the next day by a clock that runs ahead."""
    raw = message("unionpay-bcd", "0210", {"3": "200000", "61": "000031000041" + day})
    found = event("unionpay-bcd", raw, log_time=at(log_time))
    assert isinstance(found.body.original, Original)
    assert found.body.original.date == expected


def test_a_day_of_an_original_that_is_none() -> None:
    """30 February is refused as it is in JSON; zeros are absent."""
    raw = message("unionpay-bcd", "0210", {"3": "200000", "61": "0000310000410230"})
    assert letter("unionpay-bcd", raw).detail == "original.date is no day of the calendar"
    raw = message("unionpay-bcd", "0210", {"3": "200000", "61": "0000310000410000"})
    original = event("unionpay-bcd", raw).body.original
    assert isinstance(original, Original)
    assert original.date is UNSET


def test_the_zone_is_a_setting() -> None:
    """Local times are written with the zone's offset, west of UTC, too."""
    raw = message("iso8583-ascii", "0210")
    assert event("iso8583-ascii", raw, offset_minutes=-210).body.event_time == "2026-03-02T08:01:02-03:30"

"""Dates without a year, completed from log time: across New Year, and on 29 February."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_LATEST_MS: Final = 10**14
"""In the year 5138: what lies beyond is no time, and no calendar has to reach it."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_YEARS: Final = 8
"""Between two leap years lie eight at most, round a century."""


def moment(at_ms: int, offset_minutes: int) -> datetime:
    """Return epoch milliseconds as a clock in a zone shows them; the value itself bears no zone."""
    return (_EPOCH + timedelta(milliseconds=min(max(at_ms, 0), _LATEST_MS), minutes=offset_minutes)).replace(
        tzinfo=None
    )


def nearest(digits: str, near: datetime) -> datetime | None:
    """Return the moment of MMDDhhmmss that lies nearest to another one, whichever its year.

    ``None`` where neither this year nor the one before or after it has such a day or time.
    """
    years = (near.year - 1, near.year, near.year + 1)
    found = [at for year in years if (at := _of_year(year, digits)) is not None]
    return min(found, key=lambda at: abs(at - near), default=None)


def latest(digits: str, near: datetime) -> datetime | None:
    """Return the last moment of MMDDhhmmss up to a day after another one; ``None`` for no day of the calendar.

    An original lies in the past; the one day is for clocks that run ahead.
    """
    last = near + timedelta(days=1)
    years = range(last.year, last.year - _MOST_YEARS - 1, -1)
    return next((at for year in years if (at := _of_year(year, digits)) is not None and at <= last), None)


def _of_year(year: int, digits: str) -> datetime | None:
    return _moment(year, int(digits[:2]), int(digits[2:4]), _time(digits[4:]))


def _moment(year: int, month: int, day: int, time: tuple[int, int, int]) -> datetime | None:
    try:
        return datetime(year, month, day, *time)  # noqa: DTZ001  a reading of a clock: its zone is the caller's
    except ValueError:
        return None


def with_year(digits: str) -> datetime | None:
    """Return the moment of YYMMDDhhmmss or YYYYMMDDhhmmss, ``None`` where it is none."""
    text = digits if len(digits) == len("YYYYMMDDhhmmss") else "20" + digits
    return _moment(int(text[:4]), int(text[4:6]), int(text[6:8]), _time(text[8:]))


def _time(digits: str) -> tuple[int, int, int]:
    return int(digits[:2]), int(digits[2:4]), int(digits[4:6])


def written(at: datetime, offset_minutes: int) -> str:
    """Return a reading of a clock in RFC 3339 with its zone's offset."""
    sign = "-" if offset_minutes < 0 else "+"
    hours, minutes = divmod(abs(offset_minutes), 60)
    return f"{at.isoformat(timespec='seconds')}{sign}{hours:02d}:{minutes:02d}"

"""Moments as people write them, and what a range may be."""

from __future__ import annotations

import pytest

from streams.errors import UsageError
from streams.replay.kafka_range import moment, shown, time_range

NOW = 1_772_409_600_000


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("now", NOW),
        ("-2h", NOW - 7_200_000),
        ("-90s", NOW - 90_000),
        ("1772409000000", 1_772_409_000_000),
        ("2026-03-02T08:00:00+08:00", NOW),
        ("2026-03-02T00:00:00.250Z", NOW + 250),
        ("-3000d", NOW - 3_000 * 86_400_000),
    ],
)
def test_a_moment_can_be_written_in_several_ways(text: str, at_ms: int) -> None:
    """RFC 3339 with offset, epoch milliseconds, now, or a time before now."""
    assert moment(text, "--from", NOW) == at_ms


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-03-02T08:00:00", "must be a time with its offset from UTC"),
        ("yesterday", "must be a time with its offset from UTC"),
        ("2h", "must be a time with its offset from UTC"),
        ("-2x", "but 2x is no duration"),
        ("1772409600", "too small for epoch milliseconds"),
    ],
)
def test_anything_else_is_refused_with_what_to_write(text: str, says: str) -> None:
    """A time without its offset would mean another moment on another machine."""
    with pytest.raises(UsageError) as refused:
        moment(text, "--to", NOW)
    assert str(refused.value).startswith(f"--to is {text}, ")
    assert says in str(refused.value)
    assert str(refused.value).endswith("or a time before now such as -2h.")


def test_a_range_ends_before_what_may_still_come() -> None:
    """What is younger than ``idle_lateness`` is not read."""
    assert time_range("-1h", "now", NOW, 35_000).to_ms == NOW - 35_000
    assert time_range("-1h", "-30m", NOW, 35_000).to_ms == NOW - 1_800_000


def test_a_range_needs_a_beginning_before_its_end() -> None:
    """Nothing lies between the same moments, nor in what is not read yet."""
    with pytest.raises(UsageError, match=r"^--from is 2026-03-02T00:00:00.000Z, but must be before --to, which is "):
        time_range("now", "-1h", NOW, 35_000)
    with pytest.raises(UsageError, match=r"but the last 35s \(idle_lateness\) are not read"):
        time_range("-20s", "now", NOW, 35_000)


def test_moments_are_shown_in_utc() -> None:
    """One spelling everywhere."""
    assert shown(NOW + 7) == "2026-03-02T00:00:00.007Z"

"""Durations are read as people write them and written back as they were meant."""

from __future__ import annotations

import pytest

from streams.settings import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "duration_ms"),
    [
        ("500ms", 500),
        ("30s", 30_000),
        ("5m", 300_000),
        ("24h", 86_400_000),
        ("7d", 604_800_000),
        ("1.5s", 1_500),
        ("32.7s", 32_700),
    ],
)
def test_a_number_with_a_unit_is_milliseconds(text: str, duration_ms: int) -> None:
    """Each unit stands for its number of milliseconds."""
    assert parse_duration(text) == duration_ms


@pytest.mark.parametrize(("number", "duration_ms"), [(30, 30_000), (0.25, 250), ("45", 45_000)])
def test_a_bare_number_is_seconds(number: object, duration_ms: int) -> None:
    """YAML gives a number, the environment a text; both are seconds."""
    assert parse_duration(number) == duration_ms


@pytest.mark.parametrize("value", ["soon", "5 weeks", "-1s", "", "1h30m", None, True, [], "0.0001s", "99999d"])
def test_anything_else_is_refused(value: object) -> None:
    """What is no duration, no whole millisecond or absurdly long raises ValueError."""
    with pytest.raises(ValueError, match="not a"):
        parse_duration(value)


@pytest.mark.parametrize("text", ["0s", "500ms", "30s", "5m", "24h", "48h", "7d", "90s", "36h"])
def test_a_written_duration_reads_back_as_the_same_length(text: str) -> None:
    """Writing and reading again loses nothing."""
    assert parse_duration(format_duration(parse_duration(text))) == parse_duration(text)

"""When a moment is inside maintenance: scope, ends, overlaps, cut-overs, bounds."""

from __future__ import annotations

import pytest

from streams.core.diagnosis.calendar import MOST_WINDOWS, Calendar, CutOver, Window

HOUR_MS = 3_600_000
MIDNIGHT_MS = 1_772_409_600_000
"""2026-03-02T00:00:00Z."""


@pytest.mark.parametrize(
    ("link", "institution", "at_ms", "inside"),
    [
        ("north", "", 100, True),
        ("north", "", 200, True),
        ("north", "bank", 150, True),
        ("north", "", 99, False),
        ("north", "", 201, False),
        ("south", "bank", 150, False),
        ("", "", 150, False),
    ],
)
def test_a_window_of_a_link(link: str, institution: str, at_ms: int, *, inside: bool) -> None:
    """Both ends are inclusive, and another link is not meant."""
    window = Window("w1", 100, 200, "north")
    assert Calendar([window]).covering(link, institution, at_ms) == (window if inside else None)


def test_a_window_of_an_institution_is_one_of_all_its_links() -> None:
    """A window with both names is one of that link only while the institution is behind it."""
    bank = Window("w1", 100, 200, institution="bank")
    both = Window("w2", 300, 400, "north", "bank")
    calendar = Calendar([bank, both])
    assert calendar.covering("south", "bank", 150) == bank
    assert calendar.covering("north", "other bank", 150) is None
    assert calendar.covering("north", "bank", 350) == both
    assert calendar.covering("south", "bank", 350) is None


def test_a_window_without_a_scope_means_nothing() -> None:
    """A notice that names neither link nor institution says nothing about anybody."""
    assert Calendar([Window("w1", 0, 10**15)]).covering("", "", 5) is None


def test_of_several_windows_the_one_that_ends_last_is_told() -> None:
    """The order in which they were told makes no difference."""
    short, long = Window("a", 100, 200, "north"), Window("b", 100, 900, "north")
    wide = Window("c", 0, 500, institution="bank")
    for order in ([short, long, wide], [wide, long, short]):
        assert Calendar(order).covering("north", "bank", 150) == long
        assert Calendar(order).covering("south", "bank", 150) == wide


def test_a_window_of_the_same_name_takes_the_place_of_the_earlier_one() -> None:
    """A window that is moved is told again under its name."""
    calendar = Calendar([Window("w", 100, 200, "north"), Window("w", 300, 400, "north")])
    assert calendar.covering("north", "", 150) is None
    assert calendar.covering("north", "", 350) is not None
    assert calendar.beside(Window("w", 100, 200, "north")).covering("north", "", 350) is None


@pytest.mark.parametrize(
    ("hour", "minute", "inside"), [(15, 49, False), (15, 50, True), (16, 5, True), (16, 9, True), (16, 10, False)]
)
def test_a_cut_over_comes_every_day_and_crosses_midnight(hour: int, minute: int, *, inside: bool) -> None:
    """At 23:50 in a zone eight hours ahead, twenty minutes long."""
    calendar = Calendar((), [CutOver(23 * 60 + 50, 20, 480, "north")])
    for day in (0, 1, 400):
        at_ms = MIDNIGHT_MS + (day * 24 + hour) * HOUR_MS + minute * 60_000
        found = calendar.covering("north", "", at_ms)
        assert (found is not None) == inside
        if found is not None:
            assert found.from_ms <= at_ms <= found.until_ms
            assert found.until_ms - found.from_ms + 1 == 20 * 60_000
            assert (found.link, found.source) == ("north", "cut_over")
    assert calendar.covering("south", "", MIDNIGHT_MS + 16 * HOUR_MS) is None


def test_an_announced_window_goes_before_the_cut_over_in_which_it_lies() -> None:
    """Its reason says more."""
    window = Window("w", MIDNIGHT_MS, MIDNIGHT_MS + HOUR_MS, "north", reason="new switch")
    calendar = Calendar([window], [CutOver(0, 30)])
    assert calendar.covering("north", "", MIDNIGHT_MS) == window
    assert calendar.of(()).covering("north", "", MIDNIGHT_MS) != window
    assert calendar.of(()).covering("north", "", MIDNIGHT_MS) is not None


def test_a_calendar_is_bounded_and_forgets_what_ends_first() -> None:
    """The newest ends stay."""
    calendar = Calendar(Window(f"w{number}", number, number, "north") for number in range(MOST_WINDOWS + 5))
    assert len(calendar.windows) == MOST_WINDOWS
    assert calendar.covering("north", "", 4) is None
    assert calendar.covering("north", "", 5) is not None

"""Cuts wait for what they stand for."""

from __future__ import annotations

from streams.core.cut import Cut
from streams.edges.batch_driver.commits import MOST_WAITING, CutLog


def cut(number: int) -> Cut:
    """Return a cut that can be told from others."""
    return Cut(number, number, (number, number), (number, number), 1)


def test_the_newest_acknowledged_cut_is_offered_until_accepted() -> None:
    """A failed commit is offered again; an accepted one is not."""
    cuts = CutLog()
    for issued in range(4):
        cuts.note(cut(issued), issued)
    assert cuts.newest(2) == cut(2)
    assert cuts.newest(2) == cut(2)
    cuts.accept(cut(2))
    assert cuts.newest(2) is None
    assert cuts.newest(3) == cut(3)


def test_of_cuts_with_the_same_outputs_only_the_last_is_kept() -> None:
    """A quiet lane whose J moves on is committed at its newest J."""
    cuts = CutLog()
    for number in range(5):
        cuts.note(cut(number), 7)
    assert cuts.newest(7) == cut(4)


def test_nothing_is_offered_before_its_outputs_are_acknowledged() -> None:
    """The first cut waits too."""
    cuts = CutLog()
    cuts.note(cut(1), 1)
    assert cuts.newest(0) is None


def test_waiting_cuts_are_bounded() -> None:
    """A broker that is slow for an hour costs no memory; the oldest and the newest stay."""
    cuts = CutLog()
    for number in range(1_000):
        cuts.note(cut(number), number)
    assert cuts.newest(MOST_WAITING // 2) is not None
    assert cuts.newest(10_000) == cut(999)

"""Redeliveries: the same id and content within a horizon after the latest copy."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.core.redelivery import Redeliveries

HORIZON = 100


def test_the_horizon_is_inclusive_and_runs_from_the_latest_copy() -> None:
    """A copy at the horizon's end is one, a millisecond later it is a new event; dropped copies count too."""
    seen = Redeliveries(HORIZON)
    assert seen.seen("a", 1, 1_000) is False
    assert seen.seen("a", 1, 1_100) is True
    assert seen.seen("a", 1, 1_200) is True
    assert seen.seen("a", 1, 1_301) is False
    assert seen.seen("a", 1, 1_302) is True


def test_an_id_with_other_content_is_another_event() -> None:
    """Both contents are remembered, each for its own horizon."""
    seen = Redeliveries(HORIZON)
    assert seen.seen("a", 1, 1_000) is False
    assert seen.seen("a", 2, 1_050) is False
    assert seen.seen("a", 1, 1_060) is True
    assert seen.seen("a", 2, 1_150) is True
    assert seen.seen("a", 3, 1_300) is False


def test_ids_have_nothing_to_do_with_each_other() -> None:
    """Equal content under another id is another event."""
    seen = Redeliveries(HORIZON)
    assert seen.seen("a", 1, 0) is False
    assert seen.seen("b", 1, 0) is False
    assert seen.seen("a\0", 1, 0) is False


def test_negative_contents_and_large_times() -> None:
    """Content is any 64-bit hash, log time any epoch millisecond of these centuries."""
    seen = Redeliveries(HORIZON)
    at = 4_102_444_800_000
    for content in (-(2**63), -1, 0, 2**63 - 1):
        assert seen.seen(f"e{content}", content, at) is False
        assert seen.seen(f"e{content}", content, at + HORIZON) is True


def test_what_is_older_than_two_horizons_is_forgotten() -> None:
    """Memory holds two generations: at most the events of two horizons."""
    seen = Redeliveries(HORIZON)
    for at in range(0, 100_000, 10):
        seen.seen(f"e{at}", 1, at)
        assert len(seen._young) + len(seen._older) <= 2 * (HORIZON // 10 + 1)


class Plain:
    """The rule written down plainly: everything is remembered."""

    def __init__(self) -> None:
        self.latest: dict[tuple[str, int], int] = {}

    def seen(self, event_id: str, content: int, at: int) -> bool:
        """Return what the rule says of a copy at ``at``."""
        before = self.latest.get((event_id, content))
        self.latest[event_id, content] = at
        return before is not None and at - before <= HORIZON


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.sampled_from([0, 1, 50, 99, 100, 101, 250]))))
def test_it_is_the_plain_rule(copies: list[tuple[str, int, int]]) -> None:
    """Two generations of one dictionary answer as a memory of everything does."""
    seen, plain, at = Redeliveries(HORIZON), Plain(), 1_000
    for event_id, content, step in copies:
        at += step
        assert seen.seen(event_id, content, at) is plain.seen(event_id, content, at)

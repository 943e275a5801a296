"""Redeliveries: the same id and content within a horizon after the latest copy."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.core.lane import Lane
from streams.core.redelivery import KnownIds, Redeliveries, latest_copy
from streams.core.voucher import MANY_DELIVERED, Run
from streams.core.wire import HOST, TERMINAL
from tests.unit.core.events import NOW_MS, POLICY, event_of, line

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


def known(ids: KnownIds, *names: str, at: int = 1_000) -> list[bool]:
    """Let one fetch pass by; tell of each event whether its id was known."""
    events = [event_of(line(event_id=name)) for name in names]
    for event in events:
        event.log_time = at
    ids.meet(events)
    return [event.id_known for event in events]


def test_ids_are_known_from_one_fetch_to_the_next_and_within_one() -> None:
    """A fetch without a known id is one look; one with a known id is looked through."""
    ids = KnownIds(HORIZON)
    assert known(ids) == []
    assert known(ids, "a", "b") == [False, False]
    assert known(ids, "c", "a", "d") == [False, True, False]
    assert known(ids, "e", "e") == [False, True]
    assert known(ids, "d", "f") == [True, False]


def test_ids_are_forgotten_after_two_horizons_at_most() -> None:
    """One horizon is sure; the older generation goes whole, both where nothing came for long."""
    ids = KnownIds(HORIZON)
    known(ids, "a", at=1_000)
    assert known(ids, "a", at=1_100) == [True]
    known(ids, "b", at=1_150)
    assert known(ids, "b", at=1_200) == [True]
    known(ids, "c", at=1_300)
    assert known(ids, "a", at=1_301) == [False]
    assert known(ids, "c", at=9_000) == [False]
    assert len(ids._young) + len(ids._older) == 1


def test_a_run_knows_its_copies_by_source_id_and_content() -> None:
    """The legs that stand are the first copies; then every delivery counts, the dropped ones too."""
    run = Run(("T", "1"), 0, 0, 0, [])
    first, other = event_of(line(event_id="a")), event_of(line(event_id="a", amount=5))
    assert latest_copy(run, [], first, HORIZON) is None
    again = event_of(line(event_id="a", received_at=7))
    again.log_time = first.log_time + HORIZON
    assert latest_copy(run, [], again, HORIZON) == first.log_time
    assert latest_copy(run, [], other, HORIZON) is None
    assert latest_copy(run, [], first, HORIZON) == again.log_time


def test_a_run_that_never_ends_forgets_old_copies() -> None:
    """A terminal that bears one number for ever takes no more memory than a horizon of events."""
    run = Run(("T", "1"), 0, 0, 0, [])
    for at in range(0, 20_000, 10):
        event = event_of(line(event_id=f"e{at}"))
        event.log_time = at
        latest_copy(run, [], event, HORIZON)
        assert len(run.delivered or ()) <= MANY_DELIVERED


def test_a_fetch_over_hours_does_not_lose_its_last_ids() -> None:
    """A quiet feed is read in one fetch of many horizons; an id of its end is known in the next."""
    ids = KnownIds(HORIZON)
    events = [event_of(line(event_id=name)) for name in ("old", "young")]
    events[1].log_time = events[0].log_time + 50 * HORIZON
    ids.meet(events)
    assert known(ids, "young", at=events[1].log_time + HORIZON) == [True]


def test_a_redelivery_under_a_padded_key_is_one() -> None:
    """Blanks around the record key are no difference; they are no part of the content either."""
    lane = Lane(0, POLICY)
    lane.feed(TERMINAL, [(0, NOW_MS, b"T0000001", line()), (1, NOW_MS + 1, b"T0000001 ", line())])
    lane.feed(HOST, [(0, NOW_MS + 2, b"T0000001", line())])
    output = lane.flush()
    assert output.changes == []
    assert output.tally["events_redelivered_total", ("terminal",)] == 1

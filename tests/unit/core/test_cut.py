"""The cut: where a lane can be restarted, and what is written beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.cut import MAX_METADATA_BYTES, Committed, Cut, Marks
from streams.core.lane import Lane
from streams.core.wire import HOST, TERMINAL
from streams.testing import START_MS, ManualClock, run_live, timeline
from tests.unit.core.events import NOW_MS, POLICY, line

LARGEST = 2**63 - 1


@given(
    st.integers(0, LARGEST),
    st.integers(0, LARGEST),
    st.integers(0, LARGEST),
    st.integers(0, LARGEST),
    st.integers(1, 100_000),
)
def test_metadata_comes_back(j_ms: int, r_ms: int, terminal: int, host: int, partitions: int) -> None:
    """J, R, both processed offsets and the partition count, in a fixed size of at most 128 bytes."""
    text = Cut(j_ms, r_ms, (None, 0), (terminal, host), partitions).metadata()
    assert len(text.encode()) == len(Cut(0, 0, (None, None), (0, 0), 1).metadata()) <= MAX_METADATA_BYTES
    assert Cut.parse_metadata(text) == Committed(j_ms, r_ms, (terminal, host), partitions)


@pytest.mark.parametrize(
    "text",
    [None, "", "1", "1;2;3;4;5", "1;2;3;4;5;6;7", "9;1;2;3;4;5", "1;a;2;3;4;5", "1;;;;;", "{}", "\0", "1;1.5;2;3;4;5"],
)
def test_foreign_metadata_is_none(text: str | None) -> None:
    """Missing, garbled or of another version: the lane starts from the offsets alone."""
    assert Cut.parse_metadata(text) is None


@given(st.text(max_size=150))
def test_any_text_is_metadata_or_none(text: str) -> None:
    """No text whatever raises an error."""
    Cut.parse_metadata(text)


def test_marks_find_the_first_offset_of_a_time() -> None:
    """The smallest offset whose log time is at least the one asked for, gaps in the offsets included."""
    marks = Marks()
    assert marks.offset_at(5) is None
    for log_time, offset in ((10, 3), (20, 7), (21, 8)):
        marks.add(log_time, offset)
    marks.next_offset = 12
    assert [marks.offset_at(at) for at in (0, 10, 11, 20, 21, 22)] == [3, 3, 7, 7, 8, 12]
    marks.forget_before(20)
    assert marks.offset_at(20) == 7


def test_marks_of_long_ago_are_given_back() -> None:
    """Memory for marks is bounded by what lies between cut and position."""
    marks = Marks()
    for at in range(200_000):
        marks.add(at, at)
        if at % 1_000 == 0:
            marks.forget_before(at - 500)
    assert len(marks.times) < 70_000
    assert marks.offset_at(199_999) == 199_999


def test_the_cut_of_a_lane_that_read_nothing() -> None:
    """Nothing is committed for a topic of which nothing was read."""
    cut = Lane(3, POLICY, partitions=7).cut()
    assert (cut.offsets, cut.processed, cut.partitions) == ((None, None), (0, 0), 7)


def test_the_cut_reaches_back_to_what_is_open() -> None:
    """J is the log time applied; R the first log time of a run that is not closed or may be needed."""
    lane = Lane(0, POLICY)
    run_live(timeline("t=0 terminal sale 1 approved\nt=0 host sale 1 approved\nt=100 terminal sale 2 approved"), lane)
    run_live(timeline("t=1000 terminal status\nt=1000 host status"), lane)
    cut = lane.cut()
    assert cut.j_ms == START_MS + 1_000_000 - 1
    assert cut.r_ms == START_MS + 1_000_000 - 1 - POLICY.replay_ms
    held = Lane(0, POLICY)
    run_live(timeline("t=0 host sale 1 68\nt=1 terminal sale 1 68\nt=590 terminal status\nt=590 host status"), held)
    assert held.cut().r_ms <= START_MS, "the pair still waits for its reversal"
    assert held.cut().offsets == (0, 0)


def test_r_never_falls_from_cut_to_cut() -> None:
    """As time goes on a restart needs less of the past, never more."""
    lane, clock, rs = Lane(0, POLICY), ManualClock(NOW_MS), []
    for number in range(200):
        at = clock.advance(7)
        records = [(number, at, b"T0000001", line(event_id=f"e{number}", voucher_number=str(number % 50)))]
        lane.feed(number % 2, [(number // 2, *records[0][1:])], at)
        rs.append((lane.cut().r_ms, lane.cut().j_ms))
    assert rs == sorted(rs)
    assert lane.cut().processed == (100, 100)
    assert lane.gauges().position == (100, 100)
    assert {TERMINAL, HOST} == {0, 1}

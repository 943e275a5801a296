"""The pace of a robot on a clock that a test moves: twenty a minute, then one digest, and pauses after failures."""

from __future__ import annotations

import random

import pytest

from streams.relay.pacing import WINDOW_MS, Do, Pace, Step

T = 1_000_000


def test_nothing_waits_nothing_happens() -> None:
    """An idle robot needs no clock."""
    assert Pace(20).step(T, 0) == Step(Do.IDLE)


def test_nineteen_go_alone_the_twentieth_takes_the_rest_along() -> None:
    """Thirty at once are nineteen messages and one digest; then the minute is full."""
    pace, waiting, sent = Pace(20), 30, []
    while (step := pace.step(T, waiting)).do in (Do.SEND_ONE, Do.SEND_DIGEST):
        pace.attempted(T)
        pace.succeeded()
        sent.append(step.do)
        waiting -= 1 if step.do is Do.SEND_ONE else waiting
    assert sent == [Do.SEND_ONE] * 19 + [Do.SEND_DIGEST]
    assert pace.step(T, 5) == Step(Do.WAIT, T + WINDOW_MS)
    assert pace.step(T + WINDOW_MS - 1, 5) == Step(Do.WAIT, T + WINDOW_MS)
    assert pace.step(T + WINDOW_MS, 5) == Step(Do.SEND_ONE)


def test_the_last_place_takes_one_message_as_it_is() -> None:
    """A digest of one would only hide it."""
    assert Pace(20, [T] * 19).step(T, 1) == Step(Do.SEND_ONE)
    assert Pace(20, [T] * 19).step(T, 2) == Step(Do.SEND_DIGEST)


def test_a_robot_of_one_a_minute_sends_digests() -> None:
    """The smallest limit works."""
    pace = Pace(1)
    assert pace.step(T, 3).do is Do.SEND_DIGEST
    pace.attempted(T)
    assert pace.step(T, 3) == Step(Do.WAIT, T + WINDOW_MS)


def test_attempts_before_a_restart_count() -> None:
    """A relay that restarts again and again keeps the limit."""
    assert Pace(20, [T - 1_000] * 20).step(T, 1) == Step(Do.WAIT, T - 1_000 + WINDOW_MS)


@pytest.mark.parametrize("seed", range(20))
def test_no_minute_ever_holds_more(seed: int) -> None:
    """Whatever comes when, no window of a minute has more attempts than the limit; a failed one counts."""
    chance = random.Random(seed)
    limit = chance.randint(1, 20)
    pace, now_ms, waiting, attempts = Pace(limit), T, 0, []
    for _ in range(2_000):
        now_ms += chance.choice((0, 0, 1, 200, 5_000, 70_000 if chance.random() < 0.05 else 0))
        waiting += chance.choice((0, 1, 1, 10))
        step = pace.step(now_ms, waiting)
        if step.do in (Do.SEND_ONE, Do.SEND_DIGEST):
            pace.attempted(now_ms)
            attempts.append(now_ms)
            if chance.random() < 0.3:
                pace.failed(now_ms)
            else:
                pace.succeeded()
                waiting -= 1 if step.do is Do.SEND_ONE else waiting
        elif step.do is Do.WAIT:
            assert step.at_ms > now_ms
            if chance.random() < 0.5:
                now_ms = step.at_ms
    assert len(attempts) > limit
    for first, later in zip(attempts, attempts[limit:], strict=False):
        assert later - first >= WINDOW_MS, f"seed {seed}"


def test_pauses_double_up_to_a_minute_and_begin_anew() -> None:
    """1, 2, 4 ... 60 seconds after failures in a row; a success forgets them."""
    pace, now_ms, pauses = Pace(20), T, []
    for _ in range(9):
        pace.failed(now_ms)
        step = pace.step(now_ms, 1)
        assert step.do is Do.WAIT
        pauses.append((step.at_ms - now_ms) // 1_000)
        now_ms = step.at_ms
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    pace.succeeded()
    pace.failed(now_ms)
    assert pace.step(now_ms, 1) == Step(Do.WAIT, now_ms + 1_000)


def test_a_vendors_pause_is_kept() -> None:
    """Ten minutes of silence are ten minutes, however many wait."""
    pace = Pace(20)
    pace.failed(T, 600_000)
    assert pace.step(T + 599_999, 100) == Step(Do.WAIT, T + 600_000)
    assert pace.step(T + 600_000, 1).do is Do.SEND_ONE


def test_a_clock_that_is_set_back_stops_nobody() -> None:
    """An hour back means a minute of waiting at most, in both kinds of pause."""
    now_ms = T - 3_600_000
    assert Pace(20, [T] * 20).step(now_ms, 1) == Step(Do.WAIT, now_ms + WINDOW_MS)
    pace = Pace(20)
    pace.attempted(T)
    pace.failed(T, 600_000)
    assert pace.step(now_ms, 1) == Step(Do.WAIT, now_ms + WINDOW_MS)

"""Second deliveries of hours ago: recognised where the ledger outlives the lane, new vouchers where it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from streams.core.lane import Lane
from streams.core.wire import HOST, TERMINAL
from streams.testing import START_MS, ListSink
from tests.simulation.crashes import CopiedLedger
from tests.unit.core.events import POLICY, line

HOUR_MS = 3_600_000
QUIET = replace(POLICY, stall_min_events=1_000_000)


def run(
    *, outlives: bool, at_ms: int, sent_ms: int | str = START_MS, event_id: str = "t1", amount: int = 10_000
) -> ListSink:
    """Sell once, and let the terminal's record come again at ``at_ms``, perhaps changed."""
    lane = Lane(0, QUIET, check_keys=False, ledger=CopiedLedger() if outlives else None)
    sale = line(event_id="t1", event_time=sent_ms)
    again = line(event_id=event_id, event_time=sent_ms, amount=amount)
    status = [line(event_id=f"s{turn}", kind="status") for turn in (1, 2)]
    sink = ListSink()
    later = at_ms + 2 * HOUR_MS
    sink.take(lane.feed(TERMINAL, [(0, START_MS, None, sale)]))
    sink.take(lane.feed(HOST, [(0, START_MS + 500, None, line(event_id="h1", event_time=sent_ms))]))
    for source in (TERMINAL, HOST):
        sink.take(lane.feed(source, [(1, at_ms - HOUR_MS // 2, None, status[0])]))
    sink.take(lane.feed(TERMINAL, [(2, at_ms, None, again), (3, later, None, status[1])]))
    sink.take(lane.feed(HOST, [(2, later, None, status[1])]))
    return sink


def kinds(sink: ListSink) -> list[str]:
    """Return the kinds of what was said."""
    return [record["kind"] for record in sink.anomalies()]


@pytest.mark.parametrize("hours", [1, 5, 23])
def test_a_copy_of_hours_ago_is_dropped(hours: int) -> None:
    """With a ledger that outlives the lane it is a redelivery, counted; without one it is a voucher again."""
    with_ledger = run(outlives=True, at_ms=START_MS + hours * HOUR_MS)
    assert kinds(with_ledger) == []
    assert with_ledger.count("events_redelivered_total", "terminal") == 1
    without = run(outlives=False, at_ms=START_MS + hours * HOUR_MS)
    assert kinds(without) == ["orphan_terminal"]


def test_beyond_the_ledger_it_is_a_voucher() -> None:
    """A day and an hour later nothing is known of it."""
    assert kinds(run(outlives=True, at_ms=START_MS + 25 * HOUR_MS)) == ["orphan_terminal"]


@pytest.mark.parametrize("changed", [{"event_id": "t2"}, {"amount": 9_999}])
def test_what_differs_is_another_event(changed: dict[str, object]) -> None:
    """Another id, or the same id with other content, is a new event."""
    sink = run(outlives=True, at_ms=START_MS + 3 * HOUR_MS, **changed)  # type: ignore[arg-type]  # by name
    assert kinds(sink) == ["orphan_terminal"]


def test_a_clock_that_is_hours_ahead_hides_it() -> None:
    """The ledger is asked only about what was made a minute ago or earlier."""
    sent = START_MS + 4 * HOUR_MS
    assert kinds(run(outlives=True, at_ms=START_MS + 3 * HOUR_MS, sent_ms=sent)) == ["orphan_terminal"]


@pytest.mark.parametrize("minutes", [0, 480, -210, 765])
@pytest.mark.parametrize("hours", [2, 3.4567, 23.99])
@pytest.mark.parametrize("old", [True, False])
def test_a_minute_counts_in_every_spelling(minutes: int, hours: float, *, old: bool) -> None:
    """The ledger is asked from a minute on to the millisecond, wherever the sender's clock stands."""
    at_ms = START_MS + round(hours * HOUR_MS)
    sent = datetime.fromtimestamp((at_ms - (60_000 if old else 59_999)) / 1_000, timezone(timedelta(minutes=minutes)))
    text = sent.isoformat(timespec="milliseconds")
    sink = run(outlives=True, at_ms=at_ms, sent_ms=text if minutes else text.replace("+00:00", "Z"))
    assert kinds(sink) == ([] if old else ["orphan_terminal"])

"""What only a live lane does: keys, the idle rule, stalls and holds, split lanes, bounds, gauges."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from streams.core.lane import Lane
from streams.core.partitioner import partition_of
from streams.core.wire import HOST, TERMINAL
from streams.testing import START_MS, ListSink, run_live, timeline
from tests.unit.core.events import NOW_MS, POLICY, line

if TYPE_CHECKING:
    from collections.abc import Iterator

LATENESS_S = POLICY.idle_lateness_ms / 1_000


def kinds(sink: ListSink) -> list[str]:
    """Return the kinds of the anomalies that were said."""
    return [record["kind"] for record in sink.anomalies()]


def test_the_key_is_the_terminal() -> None:
    """Another key, or none, is a bad record; blanks around either are no difference."""
    lane = Lane(0, POLICY)
    keys = (b"T0000001", b" T0000001", b"t0000001", b"", None, b"\xff")
    output = lane.feed(TERMINAL, [(offset, NOW_MS, key, line()) for offset, key in enumerate(keys)])
    assert [letter.offset for letter in output.dead_letters] == [2, 3, 4, 5]
    assert {letter.reason for letter in output.dead_letters} == {"key_mismatch"}
    padded = Lane(0, POLICY).feed(TERMINAL, [(0, NOW_MS, b"T0000001", line(terminal_id=" T0000001 "))])
    assert padded.dead_letters == []


@pytest.mark.parametrize(("ahead", "dead"), [(60_000, 0), (60_001, 1)])
def test_the_future_begins_behind_the_skew(ahead: int, dead: int) -> None:
    """Looked at only where producers' time stamps are allowed."""
    policy = dataclasses.replace(POLICY, allow_create_time=True)
    record = [(0, NOW_MS + ahead, b"T0000001", line())]
    assert len(Lane(0, policy).feed(TERMINAL, record, NOW_MS).dead_letters) == dead
    assert Lane(0, POLICY).feed(TERMINAL, record, NOW_MS).dead_letters == []


def test_a_pair_that_was_put_away_is_read_again_whatever_the_clock_says() -> None:
    """Its bytes were an event once, so they are one for ever, also where the clock is asked of new records."""
    lane = Lane(0, dataclasses.replace(POLICY, allow_create_time=True))
    lane.feed(TERMINAL, [(0, NOW_MS, b"T0000001", line())], NOW_MS)
    lane.feed(HOST, [(0, NOW_MS, b"T0000001", line(event_id="h1"))], NOW_MS)
    later = [(1, NOW_MS + 9_000, b"T0000001", line(event_id="e2")), (2, NOW_MS + 99_000, b"T0000009", line())]
    output = lane.feed(TERMINAL, later, NOW_MS)
    changes = [*output.changes, *lane.feed(HOST, [(1, NOW_MS + 20_000, b"T0000001", line(event_id="h1"))]).changes]
    assert [change.kind for change in changes] == ["duplicate_voucher"]


def test_the_gauges_tell_the_largest_amount_from_the_sum() -> None:
    """Of two orphans both amounts are at risk, and the larger one is the largest."""
    lane = Lane(0, POLICY)
    records = [(n, NOW_MS + n, b"T0000001", line(event_id=f"e{n}", voucher_number=str(n), amount=n)) for n in (1, 300)]
    lane.feed(TERMINAL, records)
    lane.caught_up(TERMINAL, NOW_MS + 600_000)
    lane.caught_up(HOST, NOW_MS + 600_000)
    assert lane.gauges().amount_at_risk == {("CNY", "orphan_terminal"): 301}
    assert lane.gauges().largest_amount == {("CNY", "orphan_terminal"): 300}


def test_log_time_never_falls() -> None:
    """A record with an earlier time stamp has the log time of the one before."""
    lane = Lane(0, POLICY)
    lane.feed(TERMINAL, [(0, NOW_MS, b"T0000001", line()), (1, NOW_MS - 999, b"T0000001", line(event_id="e2"))])
    lane.feed(HOST, [(0, NOW_MS - 5, b"T0000001", line())])
    assert lane.gauges().log_time_ms == (NOW_MS, NOW_MS - 5)
    assert lane.gauges().watermark_ms == (NOW_MS, NOW_MS - 5)


def test_nothing_is_judged_before_both_watermarks_have_passed() -> None:
    """The lane's watermark is the smaller of the two, and it has to be greater than a record's log time."""
    lane = Lane(0, POLICY)
    sink = run_live(timeline("t=0 terminal sale 1 00\nt=0 host sale 1 51\nt=9 terminal status"), lane)
    assert kinds(sink) == []
    assert lane.gauges().waiting == (2, 1)
    assert kinds(run_live(timeline("t=0.001 host status"), lane)) == ["outcome_conflict"]


def test_the_idle_rule_moves_a_source_that_is_read_to_its_end() -> None:
    """Its watermark rises to T less the lateness, and a deadline is over when it is greater."""
    lane = Lane(0, POLICY)
    run_live(timeline("t=0 terminal sale 1 00"), lane)
    at = 60 + LATENESS_S
    assert kinds(run_live(timeline(f"t={at} terminal idle\nt={at} host idle"), lane)) == []
    assert lane.gauges().watermark_ms == (START_MS + 60_000, START_MS + 60_000)
    (change,) = lane.caught_up(HOST, START_MS + 95_001).changes + lane.caught_up(TERMINAL, START_MS + 95_001).changes
    assert (change.kind, change.log_time) == ("orphan_terminal", START_MS + 60_000)


def test_idle_news_never_moves_a_watermark_back() -> None:
    """An older answer changes nothing, nor does one that the records have overtaken."""
    lane = Lane(0, POLICY)
    run_live(timeline("t=100 terminal status\nt=200 host idle\nt=100 host idle\nt=101 terminal idle"), lane)
    assert lane.gauges().watermark_ms == (START_MS + 100_000, START_MS + 165_000)
    assert lane.gauges().log_time_ms == (START_MS + 100_000, None)


def test_one_source_alone_judges_nothing() -> None:
    """Without a word of the other source, not even idle news, its records wait."""
    lane = Lane(0, POLICY)
    assert kinds(run_live(timeline("t=0..1000/10 terminal sale 1+ 00"), lane)) == []
    assert lane.gauges().waiting == (101, 0)


def test_a_record_behind_the_watermark_is_applied_at_once() -> None:
    """Counted, paired, and what it touches is marked."""
    lane = Lane(0, POLICY)
    story = "t=0 host sale 1 00\nt=70 terminal idle\nt=70 host idle\nt=1 terminal sale 1 51"
    sink = run_live(timeline(story), lane)
    assert sink.count("behind_watermark_total", "terminal") == 1
    late = run_live(timeline("t=900 terminal idle\nt=900 host idle"), lane)
    (record,) = late.anomalies()
    assert (record["kind"], record["marks"]) == ("unreversed", ["limited"])


STALL = "t=0 host sale 1 00\nt=0 terminal sale 1 00\nt=1..9/2 terminal sale 10+ 00\n"
"""The host is silent after t=0; the terminals give five events from t=1 to t=9."""


@pytest.mark.parametrize(
    ("story", "stalled"),
    [
        (STALL + "t=30.001 terminal status\nt=64.999 host idle", False),
        (STALL + "t=31 terminal status\nt=65.001 host idle", True),
        (STALL.replace("9/2", "7/2") + "t=1000 terminal idle\nt=1000 host idle", False),
        (STALL + "t=20 host status\nt=31 terminal status\nt=66 host idle", False),
        (
            "t=0 terminal status\n" + STALL[len("t=0 host sale 1 00\n") :] + "t=65.001 host idle\nt=70 terminal idle",
            True,
        ),
    ],
    ids=["too early", "after 30 s", "four events", "spoke", "never spoke"],
)
def test_when_a_source_is_stalled(story: str, stalled: bool) -> None:  # noqa: FBT001  a column of the table
    """No event for ``stall_after`` while the other source gave at least ``stall_min_events``."""
    lane = Lane(0, POLICY)
    run_live(timeline(story), lane)
    assert lane.stalled() == (False, stalled)


def test_both_silent_is_a_quiet_night() -> None:
    """A source is stalled only while the other one speaks."""
    lane = Lane(0, POLICY)
    story = "t=0 host status\nt=0 terminal sale 1 00\nt=9000 terminal idle\nt=9000 host idle"
    assert kinds(run_live(timeline(story), lane)) == ["orphan_terminal"]
    assert lane.stalled() == (False, False)


def test_verdicts_on_a_stalled_source_are_held() -> None:
    """Nothing opens while it is silent; J stands still at the oldest deadline that is held."""
    lane = Lane(0, POLICY)
    sink = run_live(timeline(STALL + "t=500 terminal idle\nt=500 host idle"), lane)
    assert kinds(sink) == ["source_stalled"]
    assert lane.cut().j_ms == START_MS + 61_000 - 1
    assert lane.gauges().pending == (5, 0)
    assert sink.pending == 5


def test_verdicts_on_the_other_source_go_on() -> None:
    """What the silent source has said is still judged: its own orphans are known."""
    lane = Lane(0, POLICY)
    story = STALL.replace("sale 1 00\nt=0 terminal", "sale 2 00\nt=0 terminal")
    assert "orphan_host" in kinds(run_live(timeline(story + "t=500 terminal idle\nt=500 host idle"), lane))


def test_a_pair_made_during_the_hold_is_in_time() -> None:
    """The backlog pairs with what was held, without an anomaly and without a mark."""
    lane = Lane(0, POLICY)
    backlog = "t=200 terminal status\nt=300 host idle\nt=301..305 host sale 10+ 00\nt=306 terminal status\n"
    sink = run_live(timeline(STALL + backlog + "t=900 terminal idle\nt=900 host idle"), lane)
    assert kinds(sink) == ["source_stalled"]
    assert sink.verdicts() == {"matched": 6}
    (record,) = sink.anomalies()
    assert (record["status"], record["resolution"]) == ("resolved", "recovered")


def test_the_hold_lasts_as_long_as_the_silence() -> None:
    """The source speaks again after 300 s: what it still lacks 300 s later is an orphan, not marked held."""
    lane = Lane(0, POLICY)
    sink = run_live(
        timeline(STALL + "t=250 terminal status\nt=300 host status\nt=900 host idle\nt=900 terminal idle"), lane
    )
    orphans = [record for record in sink.anomalies() if record["kind"] == "orphan_terminal"]
    assert len(orphans) == 5
    assert {record["opened_at"] for record in orphans} == {START_MS + 600_000}
    assert {tuple(record["marks"]) for record in orphans} == {()}


def test_the_hold_has_a_limit() -> None:
    """At the limit after its own deadline a verdict is made, marked, ranked as info and counted."""
    lane = Lane(0, dataclasses.replace(POLICY, hold_limit_ms=100_000))
    sink = run_live(timeline(STALL + "t=500 terminal idle\nt=500 host idle"), lane)
    orphans = [record for record in sink.anomalies() if record["kind"] == "orphan_terminal"]
    assert [record["opened_at"] - START_MS for record in orphans] == [161_000, 163_000, 165_000, 167_000, 169_000]
    assert {(record["severity"], *record["marks"]) for record in orphans} == {("info", "held")}
    assert sink.count("anomalies_held_total", "orphan_terminal") == 5


def terminals(lane: int, partitions: int, *, wrong: int, right: int) -> Iterator[str]:
    """Yield names of terminals that belong to another partition, then of those that belong to this one."""
    for count, belongs in ((wrong, False), (right, True)):
        found = 0
        for number in range(100_000):
            name = f"W{number:07d}"
            if found < count and (partition_of(name.encode(), partitions) == lane) is belongs:
                found += 1
                yield name


@pytest.mark.parametrize(
    ("wrong", "right", "split"),
    [(0, 150, False), (1, 99, False), (2, 98, True), (99, 0, False), (100, 0, True), (2, 198, False)],
)
def test_a_split_lane(wrong: int, right: int, split: bool) -> None:  # noqa: FBT001  a column of the table
    """Above 1 % of at least 100 terminals: one fault that names the topic, and no orphans."""
    lane, sink = Lane(1, POLICY, partitions=4), ListSink()
    names = sorted(terminals(1, 4, wrong=wrong, right=right), reverse=True)
    records = [
        (offset, NOW_MS + offset, name.encode(), line(event_id=name, terminal_id=name))
        for offset, name in enumerate(names)
    ]
    sink.take(lane.feed(TERMINAL, records))
    heard = [(o, at, key, line(event_id=f"s{o}", kind="status", terminal_id="W")) for o, at, key, _ in records]
    sink.take(lane.feed(HOST, [(o, at, b"W", value) for o, at, _, value in heard]))
    for source in (TERMINAL, HOST):
        sink.take(lane.caught_up(source, NOW_MS + 400_000))
    found = kinds(sink)
    if wrong == 2 and right == 198:
        assert found.count("partitioning_fault") <= 1, "2 of the first 100 are enough, in whatever order they come"
        return
    assert found.count("partitioning_fault") == split
    assert found.count("orphan_terminal") == (0 if split else wrong + right)
    for record in sink.anomalies():
        if record["kind"] == "partitioning_fault":
            assert (record["source"], record["lane"], record["voucher"]) == ("terminal", 1, None)
            assert "terminal-events" in record["evidence"][0]


@pytest.mark.parametrize("size", [1, 7, 150])
def test_a_split_is_found_at_the_same_log_time(size: int) -> None:
    """Whatever the fetches: at the event that showed it."""
    lane, sink = Lane(1, POLICY, partitions=4), ListSink()
    names = list(terminals(1, 4, wrong=150, right=0))
    records = [(o, NOW_MS + o, n.encode(), line(event_id=n, terminal_id=n)) for o, n in enumerate(names)]
    sink.take(lane.caught_up(HOST, NOW_MS + 400_000))
    for first in range(0, len(records), size):
        sink.take(lane.feed(TERMINAL, records[first : first + size]))
    (record,) = [record for record in sink.anomalies() if record["kind"] == "partitioning_fault"]
    assert record["opened_at"] == NOW_MS + 99


def test_one_partition_cannot_be_wrong() -> None:
    """With a single partition every terminal is where it belongs."""
    lane = Lane(0, POLICY)
    story = "t=0..11.9/0.1 terminal sale 1+ 00 terminal_id=W1000+\nt=0..11.9/0.1 host status\n"
    assert "partitioning_fault" not in kinds(run_live(timeline(story + "t=300 terminal idle\nt=300 host idle"), lane))


def test_only_the_source_that_is_ahead_is_paused() -> None:
    """At the limit of waiting records the one behind goes on being fetched."""
    lane = Lane(0, dataclasses.replace(POLICY, max_waiting=10))
    assert lane.wants() == (True, True)
    run_live(timeline("t=0 host status\nt=1..10 terminal sale 1+ 00"), lane)
    assert lane.wants() == (True, True)
    run_live(timeline("t=11 terminal sale 11 00"), lane)
    assert lane.gauges().waiting == (11, 1)
    assert lane.wants() == (False, True)
    run_live(timeline("t=20 host status"), lane)
    assert lane.wants() == (True, True)


def test_too_many_pending_vouchers_pause_the_source_ahead() -> None:
    """As long as the source behind can be read on, nothing is judged early."""
    lane = Lane(0, dataclasses.replace(POLICY, max_pending=10))
    sink = run_live(timeline("t=0..14 terminal sale 1+ 00\nt=13 host status"), lane)
    assert kinds(sink) == []
    assert sum(lane.gauges().pending) == 13
    assert lane.wants() == (False, True)


def test_at_the_limit_the_oldest_are_judged() -> None:
    """Once the source behind has nothing more: marked, until a tenth is free."""
    lane = Lane(0, dataclasses.replace(POLICY, max_pending=10))
    run_live(timeline("t=0..14 terminal sale 1+ 00\nt=13 host status"), lane)
    sink = run_live(timeline("t=48 host idle"), lane)
    records = sink.anomalies()
    assert sorted(record["voucher"]["voucher_number"] for record in records) == ["1", "2", "3", "4"]
    assert {tuple(record["marks"]) for record in records} == {("limited",)}
    assert sum(lane.gauges().pending) == 9
    assert lane.wants() == (True, True)


def test_open_anomalies_are_bounded() -> None:
    """At the limit the oldest leaves early, marked."""
    lane = Lane(0, dataclasses.replace(POLICY, max_open_anomalies=3))
    sink = run_live(
        timeline("t=0..4 terminal sale 1+ 00\nt=0..4 host sale 1+ 51\nt=9 host status\nt=9 terminal status"), lane
    )
    ended = [(record["voucher"]["voucher_number"], record["status"], record["marks"]) for record in sink.anomalies()]
    assert ended[:2] == [("1", "expired", ["limited"]), ("2", "expired", ["limited"])]
    assert [status for _, status, _ in ended[2:]] == ["open"] * 3
    assert sum(lane.gauges().open.values()) == 3


def test_gauges_of_what_is_open() -> None:
    """Counts by kind, severity and link; amounts by currency, those that nobody resolved apart."""
    lane = Lane(0, dataclasses.replace(POLICY, resolve_horizon_ms=600_000))
    story = "t=0 terminal sale 1 00 amount=700\nt=0 host sale 2 00 amount=50 currency=HKD\nt=0 host sale 3 51\n"
    run_live(timeline(story + "t=200 terminal idle\nt=200 host idle"), lane)
    gauges = lane.gauges()
    assert gauges.open == {
        ("orphan_terminal", "critical", "other"): 1,
        ("orphan_host", "critical", "other"): 1,
        ("orphan_host", "info", "other"): 1,
    }
    assert gauges.amount_at_risk == {("CNY", "orphan_terminal"): 700, ("HKD", "orphan_host"): 50}
    assert gauges.amount_unresolved == {}
    sink = run_live(timeline("t=900 terminal idle\nt=900 host idle"), lane)
    assert sink.count("anomalies_expired_total") == 3
    assert lane.gauges().open == {}
    assert lane.gauges().amount_unresolved == {"CNY": 700, "HKD": 50}


def test_delays_of_pairs() -> None:
    """Milliseconds of log time between the two legs, whichever came first."""
    sink = run_live(
        timeline(
            "t=0 terminal sale 1 00\nt=1.5 host sale 1 00\nt=2 host sale 2 00\nt=5 terminal sale 2 00\nt=9 host status"
        ),
        Lane(0, POLICY),
    )
    assert sink.pair_delays == [1_500]

"""What a lane remembers is bounded by time, never by the number of closed vouchers."""

from __future__ import annotations

import dataclasses
import gc
import tracemalloc

from streams.core.lane import Lane
from streams.core.memory import SWEEP_LATENESS_MS
from streams.core.wire import HOST, TERMINAL
from streams.testing import replay, timeline
from tests.unit.core.events import NOW_MS, POLICY, line

SHORT = dataclasses.replace(
    POLICY,
    pair_window_ms=dict.fromkeys(POLICY.pair_window_ms, 1_000),
    in_progress_window_ms=1_000,
    reversal_window_ms=2_000,
    redelivery_horizon_ms=2_000,
    resolve_horizon_ms=10_000,
    originals_horizon_ms=2_000,
)
"""Windows of seconds: L is 2 s, an open anomaly is remembered for 10 s."""


def feed(lane: Lane, first: int, count: int) -> None:
    """Feed vouchers, one each 100 ms: pairs, conflicts, orphans of both sides, reversed sales, duplicates."""
    logs: tuple[list[tuple[int, int, bytes, bytes]], ...] = ([], [])
    for number in range(first, first + count):
        at, what = NOW_MS + number * 100, number % 10
        sides = {7: (TERMINAL,), 8: (HOST,)}.get(what, (TERMINAL, HOST))
        for source in sides:
            code = "51" if what == 6 and source == HOST else "68" if what == 5 and source == TERMINAL else "00"
            add(
                logs,
                source,
                at,
                f"{number}",
                voucher_number=str(number % 1_000_000),
                response_code=code,
                rrn=str(number),
            )
            if what == 5:
                add(logs, source, at, f"{number}r", kind="reversal", voucher_number=str(number), response_code="00")
            if what == 9:
                add(logs, source, at, f"{number}d", voucher_number=str(number), amount=1)
    offsets = lane.gauges().position
    for source in (TERMINAL, HOST):
        lane.feed(source, [(offsets[source] + place, *row[1:]) for place, row in enumerate(logs[source])])


def add(
    logs: tuple[list[tuple[int, int, bytes, bytes]], ...], source: int, at: int, name: str, **fields: object
) -> None:
    """Add one record to a log."""
    logs[source].append((0, at, b"T0000001", line(event_id=f"{source}{name}", **fields)))


def sizes(lane: Lane) -> dict[str, int]:
    """Return the size of everything in a lane that grows with its traffic."""
    state = lane._state
    memory, timers = state.memory, state.timers
    return {
        "runs": len(memory.runs),
        "one_sided": len(memory._one_sided),
        "with_anomaly": len(memory.with_anomaly),
        "reversals": sum(len(found) for found in memory._reversals.values()),
        "by_age": len(memory._by_age),
        "open": len(state.journal.open),
        "heap": len(timers._heap),
        "queues": sum(len(queue) for queue in timers._queues.values()),
        "ids": sum(len(seen._young) + len(seen._older) for seen in lane._correlator._redeliveries),
        "known_ids": sum(len(seen._young) + len(seen._older) for seen in lane._known_ids),
        "waiting": sum(lane._merge.waiting_counts()),
        **({} if memory.usual is None else {f"packed {name}": size for name, size in memory.usual.sizes.items()}),
    }


def test_memory_is_flat_in_the_number_of_closed_vouchers() -> None:
    """After many horizons a lane holds what one horizon made: runs, timers, ids and anomalies are swept."""
    for live in (False, True):
        lane = Lane(0, SHORT, live=live)
        measured = []
        for part in range(12):
            feed(lane, part * 400, 400)
            lane.cut()
            measured.append(sizes(lane))
        settled, last = measured[4], measured[-1]
        for name, size in last.items():
            assert size <= settled[name] * 1.3 + 50, (name, measured)
        assert last["runs"] < (SHORT.memory_ms + SWEEP_LATENESS_MS) // 100 + 500
        assert last["open"] > 0


def test_the_memory_of_the_process_is_flat_too() -> None:
    """Nothing else keeps a closed voucher: what a feed leaves behind does not add up, without the cycle collector."""
    lane = Lane(0, dataclasses.replace(SHORT, resolve_horizon_ms=120_000), live=False)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for part in range(7):
            feed(lane, part * 400, 400)
        once = tracemalloc.get_traced_memory()[0]
        for part in range(7, 21):
            feed(lane, part * 400, 400)
        later = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        gc.enable()
    assert later < once * 1.2, (once, later)


def test_forgetting_is_by_log_time_at_the_millisecond() -> None:
    """Where the ledger reaches less far, a number is remembered for L after its last record, whoever swept when."""
    policy = dataclasses.replace(POLICY, originals_horizon_ms=1_000)
    span = policy.memory_ms / 1_000
    story = "t=0 host sale 42 00\nt=0 terminal sale 42 00\nt={0} host reversal 42 00"
    known = replay(timeline(story.format(span)), policy)
    assert [record["kind"] for record in known.anomalies()] == ["orphan_host"]
    forgotten = replay(timeline(story.format(span + 0.001)), policy)
    assert forgotten.anomalies() == []
    assert forgotten.verdicts()["reversal_host_only"] == 1


def test_the_ledger_reaches_back_to_its_horizon_at_the_millisecond() -> None:
    """What memory has forgotten is found again for ``originals_horizon`` after its first leg, inclusive."""
    reach = POLICY.originals_horizon_ms / 1_000
    story = "t=0 host sale 42 00\nt=0 terminal sale 42 00\nt={0} host reversal 42 00"
    known = replay(timeline(story.format(reach)), POLICY)
    assert [record["kind"] for record in known.anomalies()] == ["orphan_host"]
    forgotten = replay(timeline(story.format(reach + 0.001)), POLICY)
    assert forgotten.anomalies() == []


def test_an_open_anomaly_keeps_its_voucher_beyond_that() -> None:
    """What is open is remembered for as long as it is open."""
    story = "t=0 terminal sale 42 00 rrn=1\nt=50000 host sale 42 00 rrn=1\nt=50001 terminal status"
    (record,) = replay(timeline(story), POLICY).anomalies()
    assert (record["status"], record["resolution"]) == ("resolved", "late_match")


def test_a_number_used_again_and_again_is_thinned_out() -> None:
    """One number in a run that never ends does not heap up closed vouchers."""
    lane = Lane(0, SHORT, live=False)
    for number in range(3_000):
        at = NOW_MS + number * 1_001
        for source in (TERMINAL, HOST):
            lane.feed(source, [(number, at, None, line(event_id=f"{number}"))])
    (run,) = lane._state.memory.runs.values()
    assert len(run.vouchers) < 200
    assert sum(lane._state.pending) <= 2


def test_a_terminal_whose_vouchers_all_have_anomalies_is_asked_for_each_once() -> None:
    """A number may stand in its run and among the anomalies; by a reference come those that have it."""
    lane = Lane(0, POLICY, live=False)
    for number in range(1, 400):
        record = line(event_id=f"{number}", voucher_number=str(number), rrn=f"{number:012}", response_code="00")
        lane.feed(HOST, [(number, NOW_MS + number * 1_000, b"T0000001", record)])
    lane.feed(TERMINAL, [(1, NOW_MS + 700_000, b"T0000001", line(event_id="last", voucher_number="999"))])
    memory = lane._state.memory
    assert len(memory.with_anomaly) > 200
    every = memory.ever_of_terminal("T0000001", 0)
    assert len(every) == len({id(voucher) for voucher in every}) > 390
    for number in (1, 250, 390):
        (found,) = memory.ever_of_terminal("T0000001", 0, str(number))
        assert found.run.key == ("T0000001", str(number))

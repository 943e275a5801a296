"""The workloads are what they say, and the product is right about each; latencies are counted from their cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from benchmarks.latency import delays
from benchmarks.machine import percentile
from benchmarks.workload import WORKLOADS
from streams.replay.run import replay_files
from streams.simulator.run import simulate_to_files
from streams.simulator.score import read_truth, score

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = 5_000


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_is_answered_rightly(name: str, tmp_path: Path) -> None:
    """Its windows and its settings say the same, so a replay finds every fault and nothing else."""
    load = WORKLOADS[name]
    policy = load.policy()
    terminal, host, truth = (tmp_path / f"{part}.jsonl" for part in ("terminal", "host", "truth"))
    summary = simulate_to_files(load.day(EVENTS), terminal, host, truth)
    result = replay_files([terminal], [host], policy)
    judged = score(map(orjson.loads, result.anomalies), read_truth(truth))
    assert judged.perfect, (judged.missed[:3], judged.false[:3], judged.differing[:3])
    assert summary.records == pytest.approx(EVENTS, rel=0.5)
    windows = load.windows
    assert (policy.pair_window_ms["sale"], policy.pair_window_ms["refund"]) == (windows.pair_ms, windows.refund_ms)
    assert policy.reversal_window_ms == windows.reversal_window_ms


def test_the_variants_differ_in_what_they_are_named_after(tmp_path: Path) -> None:
    """Big events are big, bad records are most, and an hour's window has more pending than there were answers."""
    sizes, rejected = {}, {}
    for name in ("steady", "big-events", "mostly-bad"):
        terminal, host = tmp_path / f"{name}-terminal.jsonl", tmp_path / f"{name}-host.jsonl"
        summary = simulate_to_files(WORKLOADS[name].day(EVENTS), terminal, host, tmp_path / "truth.jsonl")
        sizes[name] = (terminal.stat().st_size + host.stat().st_size) / summary.records
        rejected[name] = sum(summary.rejected.values()) / summary.records
    assert 1_400 < sizes["big-events"] < 1_700
    assert rejected["mostly-bad"] > 0.5
    assert rejected["steady"] < 0.02


def record(opened_at: int, *log_times: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401  fields of a record
    """Return what matters here of an anomaly whose legs have these log times."""
    sides = ("terminal", "host")
    legs = dict.fromkeys(sides) | {side: {"log_time": time} for side, time in zip(sides, log_times, strict=False)}
    return {"revision": 1, "marks": [], "opened_at": opened_at, "legs": legs} | more


def test_delays_count_from_the_second_leg_or_from_the_deadline() -> None:
    """Later revisions, marked anomalies and what was judged before the look began are left out."""
    said = [
        (1_030, record(1_000, 400, 1_000)),
        (2_050, record(2_000, 500, 1_000)),
        (61_100, record(61_000, 1_000)),
        (9_000, record(900, 400, 900)),
        (9_000, record(1_000, 400, 1_000, revision=2)),
        (9_000, record(1_000, 400, 1_000, marks=["held"])),
    ]
    assert delays(said, 1_000) == {
        "judged_by_pair": 1,
        "pair_p50_ms": 30,
        "pair_p99_ms": 30,
        "judged_by_deadline": 2,
        "deadline_p50_ms": 50,
        "deadline_p99_ms": 100,
    }
    assert delays([], 0)["pair_p99_ms"] is None


def test_percentiles_are_values_that_were_seen() -> None:
    """The smallest value that so many percent do not exceed."""
    assert [percentile([3, 1, 2, 4], percent) for percent in (0, 25, 50, 99, 100)] == [1, 1, 2, 4, 4]

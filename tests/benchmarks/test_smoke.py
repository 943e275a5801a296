"""The measurements run and make sense; how fast a machine is, no test can know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.kafka_broker import KafkaBroker

ROOT = Path(__file__).resolve().parents[2]
TIME_LIMIT_SECONDS = 220


def bench(folder: Path, *arguments: str, module: str = "benchmarks") -> Any:  # noqa: ANN401  what JSON holds
    """Run a small measurement whose temporary files lie in ``folder`` and return its figures."""
    done = subprocess.run(
        [sys.executable, "-m", module, "--smoke", "--json", *arguments],
        cwd=ROOT,
        env={**environment(), "TMPDIR": str(folder)},
        capture_output=True,
        check=False,
        text=True,
        timeout=TIME_LIMIT_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == [], "nothing is left behind"
    return json.loads(done.stdout)


def environment() -> dict[str, str]:
    """Return an environment without settings of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("VOUCHERWATCH_")}


def assert_the_answer_is_right(figures: dict[str, Any]) -> None:
    """A speed counts only with every fault found and nothing else."""
    assert figures["expected"] > 0
    assert (figures["missed"], figures["false"], figures["otherwise"]) == (0, 0, 0)
    assert figures["cpu_s"] > 0
    # One core cannot use more time than passes; the kernel counts in steps.
    assert figures["events_per_cpu_s"] > 0.8 * figures["events_per_wall_s"]


def test_a_replay_is_measured(tmp_path: Path) -> None:
    """Speed, memory and shares of a small replay hang together."""
    found = bench(tmp_path, "--only", "replay", "shares")
    replay, shares = found["replay"], found["shares"]
    assert_the_answer_is_right(replay)
    assert replay["found"] == replay["expected"]
    assert 0 < replay["events"] <= replay["records"]
    assert 0 < replay["memory_50_mib"] <= replay["memory_100_mib"] * 1.2
    assert replay["memory_100_mib"] <= replay["peak_mib"] * 1.2
    percents = [share for name, share in shares.items() if name.endswith("_percent")]
    assert sum(percents) == pytest.approx(100, abs=1)


def test_growth_is_measured(tmp_path: Path) -> None:
    """A voucher takes as much memory, and an event about as much time, with ten times as many pending."""
    growth = bench(tmp_path, "--only", "growth")["growth"]
    small, large = growth["bytes_per_pending_at_1000"], growth["bytes_per_pending_at_10000"]
    assert 0.2 < large / small < 5
    assert growth["cost_ratio_at_1000"] == 1
    assert 0.2 < growth["cost_ratio_at_10000"] < 5


@pytest.mark.integration
@pytest.mark.slow
def test_latency_and_a_start_are_measured(kafka: KafkaBroker, tmp_path: Path) -> None:
    """Anomalies are told after what led to them, in busy lanes and in quiet ones, and a start is timed."""
    parts = ("latency", "quiet", "startup")
    found = bench(tmp_path, "--only", *parts, "--bootstrap-servers", kafka.bootstrap_servers)
    latency, quiet, startup = (found[part] for part in parts)
    assert latency["judged_by_pair"] > 0
    assert 0 <= latency["pair_p50_ms"] <= latency["pair_p99_ms"]
    assert (latency["missed"], latency["false"]) == (0, 0)
    assert quiet["lanes"] == 4
    assert quiet["orphan_worst_s"] >= quiet["orphan_median_s"] >= quiet["idle_lateness_s"]
    assert startup["ready_s_worst"] >= startup["ready_s_median"] > 0


@pytest.mark.integration
@pytest.mark.slow
def test_a_group_is_measured(kafka: KafkaBroker, tmp_path: Path) -> None:
    """A group, here of one, reads the whole log and finds what there is."""
    servers = ("--bootstrap-servers", kafka.bootstrap_servers)
    found = bench(tmp_path, "--workers", "1", *servers, module="benchmarks.scale")
    (run,) = found["runs"]
    assert sum(run["lanes_each"]) == 8
    assert (run["missed"], run["false"], run["otherwise"]) == (0, 0, 0)


@pytest.mark.integration
@pytest.mark.slow
def test_a_worker_is_measured(kafka: KafkaBroker, tmp_path: Path) -> None:
    """A worker behind a real Kafka handles all that was sent, and its speed is told."""
    found = bench(tmp_path, "--only", "kafka", "--bootstrap-servers", kafka.bootstrap_servers)
    figures = found["kafka"]
    assert_the_answer_is_right(figures)
    assert figures["inside_fetches_s"] > 0
    shares = [figures[f"{step}_percent"] for step in ("fetch", "decode", "correlate", "emit", "other")]
    assert sum(shares) == pytest.approx(100, abs=1)
    assert all(share > 0 for share in shares[:4])


@pytest.mark.integration
@pytest.mark.slow
def test_growth_behind_a_broker_is_measured(kafka: KafkaBroker, tmp_path: Path) -> None:
    """With few pending and with many all events are read, none too many stay pending, and nothing is an anomaly."""
    figures = bench(tmp_path, "--only", "growth-kafka", "--bootstrap-servers", kafka.bootstrap_servers)["growth-kafka"]
    assert figures["anomalies"] == 0
    for pending in (1_000, 10_000):
        assert figures[f"events_measured_at_{pending}"] > 0
        assert figures[f"microseconds_per_event_at_{pending}"] > 0
    assert figures["cost_ratio_at_10000"] > 0


@pytest.mark.integration
@pytest.mark.slow
def test_the_ledger_on_disk_is_measured(kafka: KafkaBroker, tmp_path: Path) -> None:
    """The same log is read with it and without it, and the answers are right both ways."""
    figures = bench(tmp_path, "--only", "ledger", "--bootstrap-servers", kafka.bootstrap_servers)["ledger"]
    assert all(
        figures[f"{wrong}_{way}"] == 0 for wrong in ("missed", "false", "otherwise") for way in ("with", "without")
    )
    assert figures["events_per_cpu_s_with"] > 0
    assert figures["percent_of_cpu_speed"] > 0


@pytest.mark.integration
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_restart_is_measured(kafka: KafkaBroker, tmp_path: Path) -> None:
    """Nothing that was pending is lost by a kill, and nobody is called an orphan on the way back."""
    runs = bench(tmp_path, "--bootstrap-servers", kafka.bootstrap_servers, module="benchmarks.restart")
    assert [run["pending"] for run in runs] == [5_000, 10_000]
    for run in runs:
        assert run["pending_kept"] == run["pending"]
        assert run["false_orphans"] == run["false_anomalies"] == 0
        assert run["late_answers_paired"] > 0
        assert run["events_replayed"] > run["pending"]
        assert 0 < run["ready_s"] <= run["caught_up_s"]


def test_the_cost_of_diagnosis_is_measured(tmp_path: Path) -> None:
    """The same day with and without it, and what an open case holds, which is bounded."""
    found = bench(tmp_path, "--workload", "anomalies-20", module="benchmarks.diagnosis")["anomalies-20"]
    assert found["events"] > found["anomalies"] > 0
    assert found["off_us_an_event"] > 0
    assert 0 < found["open_cases"] <= found["anomalies"]
    assert 0 < found["bytes_a_case"] < 10_000

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


def bench(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run a small measurement whose temporary files lie in ``folder`` and return its figures."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--smoke", "--json", *arguments],
        cwd=ROOT,
        env={**environment(), "TMPDIR": str(folder)},
        capture_output=True,
        check=False,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == [], "nothing is left behind"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


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


@pytest.mark.integration
@pytest.mark.slow
def test_a_worker_is_measured(kafka: KafkaBroker, tmp_path: Path) -> None:
    """A worker behind a real Kafka handles all that was sent, and its speed is told."""
    found = bench(tmp_path, "--only", "kafka", "--bootstrap-servers", kafka.bootstrap_servers)
    figures = found["kafka"]
    assert_the_answer_is_right(figures)
    assert figures["inside_fetches_s"] > 0

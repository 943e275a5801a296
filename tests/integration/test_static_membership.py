"""Workers with a fixed name: a quick restart moves no lanes, and costs no wait for the end of a session."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.recording_stage import PARTITIONS, Stage, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.kafka_broker import KafkaBroker
    from tests.integration.recording_stage import Worker

pytestmark = pytest.mark.integration
SESSION_SECONDS = 20.0
SETTLE_SECONDS = 3.0
"""Longer than a rebalance takes to reach the other worker, which sends a heartbeat every 2 s."""


@pytest.fixture
def stage(kafka: KafkaBroker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Topics of this test's own; whatever still runs at its end is killed."""
    made = Stage(kafka, tmp_path, request.node.name.replace("[", "-").replace("]", "")[:60])
    made.create()
    yield made
    made.kill_all()


def hire(stage: Stage, name: str) -> Worker:
    """Start a worker with a fixed name; its web port is another one every time."""
    return stage.worker(f"group_instance_id={name}", f"session_timeout={SESSION_SECONDS:g}s")


def assignments(worker: Worker) -> list[dict[str, Any]]:
    """Return lanes and generation of every assignment that a worker logged."""
    events = [json.loads(line) for line in worker.log.read_text().splitlines() if '"lanes_assigned"' in line]
    return [{"lanes": event["lanes"], "generation": event["generation"]} for event in events]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
@pytest.mark.parametrize("role", ["leader", "follower"])
def test_a_quick_restart_moves_no_lanes(stage: Stage, how: signal.Signals, role: str) -> None:
    """The other worker hears nothing of it; the same lanes come back to the same name, and no record is lost."""
    one, two = hire(stage, "one"), hire(stage, "two")
    until(lambda: one.lanes() == two.lanes() == PARTITIONS // 2)
    stage.produce(400)
    until(stage.all_said)
    leaver, stayer, name = (one, two, "one") if role == "leader" else (two, one, "two")
    before = assignments(leaver)[-1], assignments(stayer)
    assert leaver.stop(how) == (0 if how is signal.SIGTERM else -signal.SIGKILL)
    stage.produce(400)

    began = time.monotonic()
    again = hire(stage, name)
    assert time.monotonic() - began < SESSION_SECONDS / 2
    assert assignments(again) == [before[0]]
    until(stage.all_said)
    time.sleep(SETTLE_SECONDS)
    assert assignments(stayer) == before[1]
    assert assignments(again) == [before[0]]
    assert set(stage.said()) == stage.produced
    if how is signal.SIGTERM:
        assert sorted(stage.said()) == sorted(stage.produced)
    assert again.stop() == stayer.stop() == 0

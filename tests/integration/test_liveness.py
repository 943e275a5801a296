"""A worker that has stopped reading says so and ends, so that whoever watches over it starts it again."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from streams.errors import ExitCode
from tests.integration.recording_stage import PARTITIONS, Stage, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.kafka_broker import KafkaBroker

pytestmark = pytest.mark.integration
LIVENESS_SECONDS = 5.0
LIVENESS = f"liveness_after={LIVENESS_SECONDS:g}s"


@pytest.fixture
def stage(kafka: KafkaBroker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Topics of this test's own; whatever still runs at its end is killed."""
    made = Stage(kafka, tmp_path, request.node.name.replace("[", "-").replace("]", "")[:60])
    made.create()
    yield made
    made.kill_all()


@pytest.mark.parametrize("hang", [False, True], ids=["one", "all"])
def test_reading_that_stands_still_ends_the_worker_with_6(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, *, hang: bool
) -> None:
    """Records wait behind a fetch that brings none: a log line, exit code 6, and the next worker reads them."""
    monkeypatch.setenv("STUCK", f"{stage.topics[1]}:2:10")
    monkeypatch.setenv("HANG", str(int(hang)))
    worker = stage.worker(LIVENESS)
    # Ten records a partition: so far everything is read.
    stage.produce(10 * PARTITIONS)
    until(stage.all_said)
    # Standing at the end is no standstill, however long it lasts.
    time.sleep(LIVENESS_SECONDS + 2)
    assert worker.process.poll() is None
    stage.produce(10 * PARTITIONS)
    began = time.monotonic()
    assert worker.process.wait(30) == ExitCode.LIVENESS, worker.log.read_text()
    assert time.monotonic() - began >= LIVENESS_SECONDS - 1
    lines = [json.loads(line) for line in worker.log.read_text().splitlines() if line.startswith("{")]
    (said,) = [line for line in lines if line["event"] == "reading_stopped"]
    assert said["level"] == "error"
    assert said["seconds"] >= LIVENESS_SECONDS
    if not hang:
        assert (said["topic"], said["partition"], said["position"], said["end"]) == (stage.topics[1], 2, 10, 20)
        assert stage.produced - set(stage.said()) == {f"1-2-{offset}" for offset in range(10, 20)}
        assert f"Nothing was read from {stage.topics[1]} partition 2" in worker.log.read_text()

    monkeypatch.delenv("STUCK")
    stage.worker(LIVENESS)
    until(stage.all_said)


def test_a_partition_that_we_paused_owes_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-pressure longer than ``liveness_after`` is no standstill."""
    monkeypatch.setenv("HOST_FIRST", "5")
    worker = stage.worker(LIVENESS)
    # The first record of a lane tells it that it is ahead.
    stage.produce(PARTITIONS, sources=(0,))
    until(stage.all_said)
    stage.produce(10 * PARTITIONS, sources=(0,))
    time.sleep(2 * LIVENESS_SECONDS)
    assert worker.process.poll() is None, worker.log.read_text()
    assert len(stage.said()) == PARTITIONS
    stage.produce(10 * PARTITIONS, sources=(1,))
    until(stage.all_said)
    assert worker.stop() == 0

"""The batch driver in a real worker on a real Kafka: every record once, through starts, stops and rebalances."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

from streams.core.cut import Cut
from tests.integration.kafka_broker import KafkaBroker
from tests.integration.recording_stage import PARTITIONS, ROOT, STOP_LIMIT_SECONDS, Stage, fetch, free_port, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture
def stage(kafka: KafkaBroker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Topics of this test's own; whatever still runs at its end is killed."""
    made = Stage(kafka, tmp_path, request.node.name.replace("[", "-").replace("]", "")[:60])
    yield made
    made.kill_all()


def test_every_record_once_and_again_nothing_after_an_orderly_restart(stage: Stage) -> None:
    """A stop sends and commits what was read; the next worker replays behind the cut and says nothing twice."""
    stage.create()
    stage.produce(4_000)
    first = stage.worker()
    until(stage.all_said)
    assert first.stop() == 0
    assert sorted(stage.said()) == sorted(stage.produced)
    for (topic, _), (offset, metadata) in stage.commits().items():
        committed = Cut.parse_metadata(metadata)
        assert committed is not None
        assert offset == committed.processed[stage.topics.index(topic)] - 10
        assert len(metadata) <= 128
    assert len(stage.commits()) == 2 * PARTITIONS

    second = stage.worker()
    assert sorted(event["processed"] for event in second.calls("restore")) == [[1_000, 1_000]] * PARTITIONS
    assert sum(event["anomalies"] for event in second.calls("restore")) == 8_000
    stage.produce(400)
    until(stage.all_said)
    assert {event["first"] for event in second.calls("feed") if event["first"] < 1_000} == {990}
    assert second.stop(signal.SIGINT) == 0
    assert sorted(stage.said()) == sorted(stage.produced)


def test_lanes_move_between_two_workers_without_loss_or_repeat(stage: Stage) -> None:
    """Joining and leaving in order hands over at the last commit."""
    stage.create()
    one = stage.worker()
    stage.produce(1_000)
    two = stage.worker()
    until(lambda: one.lanes() == two.lanes() == PARTITIONS // 2)
    stage.produce(1_000)
    until(stage.all_said)
    assert one.stop() == 0
    until(lambda: two.lanes() == PARTITIONS)
    stage.produce(1_000)
    until(stage.all_said)
    assert two.stop() == 0
    assert sorted(stage.said()) == sorted(stage.produced)


def test_a_killed_worker_loses_nothing(stage: Stage) -> None:
    """What was not committed is done again; nothing is left out."""
    stage.create()
    worker = stage.worker()
    stage.produce(2_000)
    until(lambda: len(stage.said()) > 100)
    worker.stop(signal.SIGKILL)
    stage.produce(2_000)
    stage.worker()
    until(stage.all_said)
    assert set(stage.said()) == stage.produced


@pytest.mark.slow
def test_nothing_is_lost_when_broker_and_worker_freeze_or_crash(kafka: KafkaBroker, tmp_path: Path) -> None:
    """A killed broker, and a worker stopped past its session: positions of an old assignment must not survive."""
    assert kafka.bootstrap_servers, "the shared broker asks for the jars; this test kills one of its own"
    with KafkaBroker(tmp_path / "own") as broker:
        stage = Stage(broker, tmp_path, "crash")
        try:
            stage.create()
            frozen, other = stage.worker(), stage.worker()
            stage.produce(400)
            until(stage.all_said)
            broker.kill()
            # Longer than the session timeout, so that both workers have to join anew.
            time.sleep(7)
            broker.start()
            stage.produce(400)
            until(stage.all_said)
            frozen.process.send_signal(signal.SIGSTOP)
            time.sleep(8)
            stage.produce(400)
            until(stage.all_said)
            frozen.process.send_signal(signal.SIGCONT)
            stage.produce(400)
            until(stage.all_said)
            until(lambda: frozen.lanes() == other.lanes() == PARTITIONS // 2)
            assert frozen.stop() == other.stop() == 0
        finally:
            stage.kill_all()


def test_quiet_inputs_are_told_to_be_at_their_end(stage: Stage) -> None:
    """Every lane hears of both sources about once a second, never of a time to come."""
    stage.create()
    stage.produce(8)
    worker = stage.worker()
    until(lambda: len(worker.calls("caught_up")) > 4 * PARTITIONS)
    marks = worker.calls("caught_up")
    assert {(event["lane"], event["source"]) for event in marks} == {(n, s) for n in range(PARTITIONS) for s in (0, 1)}
    assert all(event["at_ms"] <= time.time() * 1_000 for event in marks)
    page = worker.get("/metrics")[1]
    assert page.count("voucherwatch_caught_up{") == 2 * PARTITIONS
    assert 'voucherwatch_caught_up{partition="0",source="host"} 1.0' in page
    assert 'voucherwatch_commits_total{result="failed"} 0.0' in page


def test_transaction_markers_at_the_end_do_not_look_like_lag(stage: Stage) -> None:
    """A marker has an offset but is no record: the position passes it."""
    stage.create()
    producer = KafkaProducer(bootstrap_servers=stage.servers, transactional_id=f"{stage.settings.group_id}-tx")
    producer.init_transactions()
    for _ in range(3):
        producer.begin_transaction()
        producer.send(stage.topics[1], b"{}", partition=0)
        producer.commit_transaction()
    producer.close()
    worker = stage.worker()
    until(lambda: any(event["lane"] == 0 and event["source"] == 1 for event in worker.calls("caught_up")))
    assert [name for name in stage.said() if name.startswith("1-0-")] == ["1-0-0", "1-0-2", "1-0-4"]


def test_a_source_that_is_ahead_waits_and_goes_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-pressure pauses one partition at the broker's side and never for good."""
    monkeypatch.setenv("HOST_FIRST", "50")
    stage.create()
    worker = stage.worker()
    stage.produce(4, sources=(0,))
    until(stage.all_said)
    stage.produce(400, sources=(0,))
    time.sleep(3)
    assert len(stage.said()) == 4
    assert worker.get("/readyz")[0] == 200
    stage.produce(400, sources=(1,))
    until(stage.all_said)
    assert worker.stop() == 0
    assert sorted(stage.said()) == sorted(stage.produced)


def test_a_bug_in_the_pipeline_ends_the_worker_with_5(stage: Stage) -> None:
    """A lane in an unknown state must not go on, and commits nothing of the fetch that broke it."""
    stage.create()
    stage.produce(40)
    worker = stage.worker()
    until(stage.all_said)
    until(lambda: stage.commits().get((stage.topics[0], 0), (-1, ""))[0] == 0)
    stage.produce(4, sources=(0,), value=b"bug")
    assert worker.process.wait(30) == 5
    committed = Cut.parse_metadata(stage.commits()[stage.topics[0], 0][1])
    assert committed is not None
    assert committed.processed == (10, 10)


def test_fit_topics_are_asked_for_before_joining(stage: Stage) -> None:
    """Missing topics and unequal partition counts are sentences, exit code 2, and no member of the group."""
    worker = stage.worker(wait=False)
    assert worker.process.wait(30) == 2
    assert f"topic {stage.topics[0]}: does not exist" in worker.log.read_text()
    admin = KafkaAdminClient(bootstrap_servers=stage.servers)
    admin.create_topics([NewTopic(stage.topics[0], num_partitions=2, replication_factor=1)])
    admin.close()
    stage.create(partitions=4)
    worker = stage.worker(wait=False)
    assert worker.process.wait(30) == 2
    assert f"it has 4 partitions, but {stage.topics[0]} has 2" in worker.log.read_text()


def test_no_broker_is_exit_code_3(stage: Stage) -> None:
    """One sentence within the timeout, no stack trace."""
    worker = stage.worker("bootstrap_servers=127.0.0.1:1", "broker_timeout=1s", wait=False)
    assert worker.process.wait(30) == 3
    assert worker.log.read_text().startswith("No answer from the brokers 127.0.0.1:1")


def test_faust_users_start_it_their_way(stage: Stage) -> None:
    """``faust -A streams.app worker`` runs the real lanes, is ready, and stops in order."""
    stage.create()
    port = free_port()
    variables = {
        f"VOUCHERWATCH_{key.replace('.', '__').upper()}": value
        for key, _, value in (option.partition("=") for option in [*stage.options, f"web_port={port}"])
    }
    command = [sys.executable, "-m", "faust", "-A", "streams.app", "worker"]
    environment = {**os.environ, **variables, "PYTHONPATH": str(ROOT)}
    log = stage.folder / "faust.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=stage.folder, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            until(lambda: process.poll() is not None or fetch(port, "/readyz")[0] == 200)
            assert process.poll() is None, log.read_text()
            assert fetch(port, "/metrics")[0] == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(STOP_LIMIT_SECONDS) == 0, log.read_text()
        finally:
            process.kill()

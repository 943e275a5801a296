"""A worker that was thought dead and writes late does not get the last word."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaConsumer, TopicPartition

from tests.integration.recording_stage import PARTITIONS, Stage, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.kafka_broker import KafkaBroker

pytestmark = [pytest.mark.integration, pytest.mark.slow]

Place = tuple[int, int]
"""Generation and revision of one record."""


@pytest.fixture
def stage(kafka: KafkaBroker, tmp_path: Path) -> Iterator[Stage]:
    """Topics of this test's own; whatever still runs at its end is killed."""
    made = Stage(kafka, tmp_path, "late-writes")
    yield made
    made.kill_all()


def histories(stage: Stage) -> dict[str, list[Place]]:
    """Return of each anomaly where its records stand in the order of owners, in the order of offsets."""
    consumer = KafkaConsumer(bootstrap_servers=stage.servers, enable_auto_commit=False)
    places = [TopicPartition(stage.settings.topic_anomalies, number) for number in range(PARTITIONS)]
    consumer.assign(places)
    consumer.seek_to_beginning(*places)
    ends = consumer.end_offsets(places)
    found: dict[str, list[Place]] = {}
    while any(consumer.position(place) < ends[place] for place in places):
        for records in consumer.poll(timeout_ms=300).values():
            for record in records:
                value = json.loads(record.value)
                found.setdefault(value["id"], []).append((value["generation"], value["revision"]))
    consumer.close()
    return found


def test_a_late_write_is_overruled(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped past its session with unsent outputs, a worker wakes and sends them: the newer owner repeats its own."""
    stage.create()
    monkeypatch.setenv("SEND_PAUSE", "0.005")
    frozen = stage.worker()
    monkeypatch.delenv("SEND_PAUSE")
    stage.produce(1_000)
    until(lambda: len(stage.said()) > 50)
    frozen.process.send_signal(signal.SIGSTOP)
    other = stage.worker()
    until(stage.all_said)
    frozen.process.send_signal(signal.SIGCONT)

    def late() -> list[str]:
        return [name for name, places in histories(stage).items() if places != sorted(places)]

    until(late)
    until(lambda: frozen.lanes() == other.lanes() == PARTITIONS // 2)
    until(lambda: all(places[-1] == max(places) for places in histories(stage).values()))
    assert late(), "without a late write this proves nothing"
    assert "late_writes_overruled" in frozen.log.read_text() + other.log.read_text()
    assert frozen.stop() == other.stop() == 0

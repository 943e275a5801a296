"""A single anomaly on its whole way: topic, relay, two real Alertmanagers, relay, group; and back."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

from tests.integration.alertmanager_process import peer
from tests.integration.relay_process import PATIENCE_SECONDS, RelayProcess
from tests.integration.relay_robots import Robots
from tests.integration.worker_process import free_port, until
from tests.unit.relay import payloads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.kafka_broker import KafkaBroker
    from tests.operations.alertmanager import Notifier
    from tests.operations.programs import Programs

pytestmark = pytest.mark.integration
TOPIC = "relay-anomalies"
PORT = free_port()


def record(number: int, status: str, amount: int) -> bytes:
    """Return a record of the anomaly topic, opened two seconds ago."""
    now_ms = time.time_ns() // 1_000_000
    over = {} if status == "open" else {"revision": 2, "resolved_at": now_ms}
    return payloads.record(number, status, amount, id=f"anomaly-{number}", opened_at=now_ms - 2_000, **over)


@pytest.fixture
def robots() -> Iterator[Robots]:
    """A server with robots."""
    with Robots() as running:
        yield running


@pytest.fixture
def peers(programs: Programs, tmp_path: Path) -> Iterator[list[Notifier]]:
    """Two Alertmanagers that post to the port that the relay will have."""
    receiver = f"http://127.0.0.1:{PORT}/alertmanager"
    with peer(programs, tmp_path / "one", receiver) as one, peer(programs, tmp_path / "two", receiver) as two:
        yield [one, two]


@pytest.fixture
def relay(
    kafka: KafkaBroker, producer: KafkaProducer, robots: Robots, peers: list[Notifier], tmp_path: Path
) -> Iterator[RelayProcess]:
    """A relay that follows the topic from its end and knows both peers."""
    settings = {
        "port": PORT,
        "receivers": {"wecom": robots.receivers()["wecom"]},
        "direct_thresholds": {"CNY": 5_000},
        "alertmanagers": [one.address for one in peers],
    }
    servers = [kafka.bootstrap_servers]
    # What stood in the topic before the first start is no news.
    producer.send(TOPIC, record(0, "open", 900_000), partition=0).get(10)
    with RelayProcess(tmp_path, settings, bootstrap_servers=servers, topics={"anomalies": TOPIC}) as running:
        until(lambda: "anomaly_topic_followed" in [line["event"] for line in running.lines()], PATIENCE_SECONDS)
        yield running


@pytest.fixture
def producer(kafka: KafkaBroker) -> Iterator[KafkaProducer]:
    """A producer, and the topic to produce to."""
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    admin.create_topics([NewTopic(name=TOPIC, num_partitions=2, replication_factor=1)])
    admin.close()
    with KafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as connected:
        yield connected


def test_a_high_amount_rings_at_once_and_its_end_is_told(
    producer: KafkaProducer, relay: RelayProcess, peers: list[Notifier], robots: Robots
) -> None:
    """Both peers are told, the group hears it once though both post, and the small one next to it is left out."""
    producer.send(TOPIC, record(1, "open", 500_000), partition=0).get(10)
    producer.send(TOPIC, record(2, "open", 499_999), partition=1).get(10)
    until(lambda: len(robots.messages["wecom"]) == 1, PATIENCE_SECONDS)
    text = robots.messages["wecom"][0]
    assert "单笔大额凭证异常" in text
    assert "终端 10000017，凭证 000042" in text  # noqa: RUF001  Chinese text has full-width punctuation
    for one in peers:
        (held,) = one.get("/api/v2/alerts")
        assert held["labels"]["anomaly_id"] == "anomaly-1"
        assert "000042" not in json.dumps(held["labels"])
    producer.send(TOPIC, record(1, "resolved", 500_000), partition=0).get(10)
    until(lambda: len(robots.messages["wecom"]) == 2, PATIENCE_SECONDS)
    assert "已恢复" in robots.messages["wecom"][1]
    # What the second peer posts of the same is a repeat.
    until(lambda: relay.count("wecom", "repeated") == 2, PATIENCE_SECONDS)
    assert relay.count("wecom", "sent") == 2

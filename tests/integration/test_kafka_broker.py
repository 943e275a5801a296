"""The test broker is a real one: it keeps what it acknowledged, stamps log time, and leaves with its owner."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

from tests.integration.kafka_broker import KafkaBroker

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]


def create_topic(broker: KafkaBroker, name: str) -> TopicPartition:
    """Create a topic of one partition and return that partition."""
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    admin.close()
    return TopicPartition(name, 0)


def write(broker: KafkaBroker, topic: str, values: list[bytes]) -> None:
    """Write values and wait until all of them are acknowledged."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    sent = [producer.send(topic, value, timestamp_ms=1_000) for value in values]
    for future in sent:
        future.get(timeout=30)
    producer.close()


def read(broker: KafkaBroker, partition: TopicPartition, count: int) -> list[tuple[bytes, int, int]]:
    """Return value, timestamp in ms and timestamp type of the first ``count`` records."""
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap_servers)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    found: list[tuple[bytes, int, int]] = []
    deadline = time.monotonic() + 30
    while len(found) < count and time.monotonic() < deadline:
        for records in consumer.poll(timeout_ms=500).values():
            found += [(record.value, record.timestamp, record.timestamp_type) for record in records]
    consumer.close()
    return found


def alive(pid: int) -> bool:
    """Tell whether a process with this number runs; one that only waits to be collected does not count."""
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_records_carry_the_time_of_the_log(kafka: KafkaBroker) -> None:
    """A topic takes LogAppendTime by default: the producer's own stamp is overwritten."""
    partition = create_topic(kafka, "log-time")
    before_ms = int(time.time() * 1000)
    write(kafka, "log-time", [b"one", b"two"])
    found = read(kafka, partition, 2)
    assert [value for value, _, _ in found] == [b"one", b"two"]
    assert all(stamp >= before_ms for _, stamp, _ in found)
    assert {kind for _, _, kind in found} == {1}


def test_topics_are_not_made_by_asking_for_them(kafka: KafkaBroker) -> None:
    """A name that nobody created stays unknown, as in production."""
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap_servers)
    assert consumer.partitions_for_topic("never-created") in (None, set())
    assert "never-created" not in consumer.topics()
    consumer.close()


@pytest.mark.slow
def test_acknowledged_records_survive_a_restart_and_a_kill(kafka: KafkaBroker, tmp_path: Path) -> None:
    """The broker comes back on the same address with the same records, however it ended."""
    assert kafka.bootstrap_servers, "the shared broker asks for the jars; this test ends one of its own"
    with KafkaBroker(tmp_path / "own") as broker:
        address = broker.bootstrap_servers
        partition = create_topic(broker, "kept")
        write(broker, "kept", [b"before the restart"])
        broker.restart()
        write(broker, "kept", [b"before the kill"])
        broker.kill()
        broker.start()
        assert broker.bootstrap_servers == address
        assert [value for value, _, _ in read(broker, partition, 2)] == [b"before the restart", b"before the kill"]


STARTER = """
import sys, time
from pathlib import Path
{imports}
broker = {broker}
broker.start()
print(broker.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("imports", "broker"),
    [
        ("from tests.integration.kafka_broker import KafkaBroker", "KafkaBroker(Path(sys.argv[1]))"),
        ("from streams.embedded.broker import EmbeddedBroker", "EmbeddedBroker()"),
    ],
    ids=["real", "embedded"],
)
def test_a_broker_dies_with_a_killed_owner(kafka: KafkaBroker, tmp_path: Path, imports: str, broker: str) -> None:
    """Not even ``kill -9`` of the process that started it leaves a broker running."""
    assert kafka.bootstrap_servers
    program = STARTER.format(imports=imports, broker=broker)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", program, str(tmp_path / "own")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as owner:
        assert owner.stdout is not None
        try:
            broker_pid = int(owner.stdout.readline())
            assert alive(broker_pid)
        finally:
            owner.kill()
    deadline = time.monotonic() + 10
    while alive(broker_pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(broker_pid)

"""The demo's broker starts on a free port, serves Kafka clients and leaves nothing behind."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

from streams.embedded import broker as module
from streams.embedded.broker import EmbeddedBroker, broker_program
from streams.errors import UnreachableError

pytestmark = pytest.mark.integration


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that takes the place of /tmp, so that leftovers show."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def running(pid: int | None) -> bool:
    """Tell whether the process exists; the broker's owner has always collected it."""
    return pid is not None and Path(f"/proc/{pid}").exists()


def write_and_read(bootstrap_servers: str, topic: str, value: bytes) -> list[bytes]:
    """Create a topic if it is new, write one value and return all that it holds."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers)
    if topic not in admin.list_topics():
        admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap_servers)
    written = producer.send(topic, value).get(timeout=10)
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=bootstrap_servers, consumer_timeout_ms=10_000)
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    values = []
    for record in consumer:
        values.append(record.value)
        if record.offset >= written.offset:
            break
    consumer.close()
    return values


def test_it_serves_clients_and_leaves_nothing(temporary: Path) -> None:
    """Records go in and come out; afterwards neither process nor folder remains."""
    with EmbeddedBroker() as broker:
        pid = broker.pid
        assert running(pid)
        assert write_and_read(broker.bootstrap_servers, "some", b"value") == [b"value"]
    assert not running(pid)
    assert list(temporary.iterdir()) == []


def test_it_stops_when_the_block_fails(temporary: Path) -> None:
    """An exception in the block passes through, and the broker is gone."""
    broker = EmbeddedBroker()
    pids = []

    def fail() -> None:
        with broker:
            pids.append(broker.pid)
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert not running(pids[0])
    assert list(temporary.iterdir()) == []


def test_a_folder_of_ones_own_keeps_the_records(temporary: Path) -> None:
    """With ``data_dir`` a second broker reads what the first one was sent."""
    for expected in ([b"value"], [b"value", b"value"]):
        with EmbeddedBroker(data_dir=temporary / "kept") as broker:
            assert write_and_read(broker.bootstrap_servers, "some", b"value") == expected


def test_stopping_twice_is_harmless(temporary: Path) -> None:
    """The second stop finds nothing to do, and the address is gone."""
    broker = EmbeddedBroker()
    broker.start()
    broker.stop()
    broker.stop()
    assert list(temporary.iterdir()) == []
    with pytest.raises(RuntimeError, match="not running"):
        _ = broker.bootstrap_servers


def test_a_taken_port_is_explained(temporary: Path) -> None:
    """The error quotes the broker and nothing is left running."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UnreachableError, match=f"{port}"):
            EmbeddedBroker(port=port).start()
    assert list(temporary.iterdir()) == []


def test_a_platform_without_the_program_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the way out: a cluster of one's own."""
    monkeypatch.setattr(module, "files", lambda _package: tmp_path)
    with pytest.raises(UnreachableError, match="--bootstrap-servers HOST:PORT"):
        broker_program()


def test_a_silent_broker_is_given_up(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that never answers is ended after the limit, and its words are quoted."""
    silent = temporary / "silent"
    silent.write_text("#!/bin/sh\necho I am busy\nexec sleep 60\n")
    silent.chmod(0o755)
    monkeypatch.setattr(module, "broker_program", lambda: silent)
    monkeypatch.setattr(module, "START_LIMIT_SECONDS", 0.5)
    broker = EmbeddedBroker()
    with pytest.raises(UnreachableError, match=r"did not answer within 0\.5 s: I am busy"):
        broker.start()
    assert broker.pid is None
    assert [path.name for path in temporary.iterdir()] == ["silent"]

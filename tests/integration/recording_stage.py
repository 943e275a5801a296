"""Topics of one test and the recording workers on them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from streams.edges.topics import create_topics
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.kafka_broker import KafkaBroker

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("recording_worker.py")
PARTITIONS = 4
STOP_LIMIT_SECONDS = 10.0


def free_port() -> int:
    """Return a loopback port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], object], seconds: float = 40.0) -> None:
    """Wait until the condition holds; fail the test if it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def fetch(port: int, page: str) -> tuple[int, str]:
    """Return status and body of a worker's page; the status is 0 while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


class Stage:
    """Topics of one test, and the workers on them."""

    def __init__(self, broker: KafkaBroker, folder: Path, name: str) -> None:
        self.folder = folder
        self.options = [
            f"bootstrap_servers={broker.bootstrap_servers}",
            f"group_id={name}",
            "session_timeout=6s",
            "commit_interval=300ms",
            *(f"topics.{topic}={name}-{topic}" for topic in ("terminal", "host", "anomalies", "deadletter", "control")),
        ]
        self.settings: Settings = load_settings(None, self.options, {})
        self.topics = (self.settings.topic_terminal, self.settings.topic_host)
        self.workers: list[Worker] = []
        self.servers = broker.bootstrap_servers
        self.produced: set[str] = set()

    def create(self, partitions: int = PARTITIONS) -> None:
        """Create all topics."""
        create_topics(self.settings, partitions, 1)

    def produce(self, count: int, sources: tuple[int, ...] = (0, 1), value: bytes = b"{}") -> None:
        """Write ``count`` records to each topic, spread over the partitions, and remember their names."""
        producer = KafkaProducer(bootstrap_servers=self.servers, linger_ms=5)
        sent = [
            (source, producer.send(self.topics[source], value, partition=number % PARTITIONS))
            for number in range(count)
            for source in sources
        ]
        for source, future in sent:
            where = future.get(timeout=30)
            self.produced.add(f"{source}-{where.partition}-{where.offset}")
        producer.close()

    def worker(self, *more: str, wait: bool = True) -> Worker:
        """Start a worker and wait until it is ready."""
        worker = Worker(self, len(self.workers), more)
        self.workers.append(worker)
        if wait:
            until(worker.ready)
        return worker

    def kill_all(self) -> None:
        """Leave no worker behind."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()

    def said(self) -> list[str]:
        """Return the names in the anomaly topic, with repeats."""
        consumer = KafkaConsumer(bootstrap_servers=self.servers, enable_auto_commit=False)
        places = [TopicPartition(self.settings.topic_anomalies, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        names: list[str] = []
        while any(consumer.position(place) < ends[place] for place in places):
            for place, records in consumer.poll(timeout_ms=300).items():
                for record in records:
                    name = record.key.decode()
                    assert name.split("-")[1] == str(place.partition), "a lane writes to its own partition number"
                    names.append(name)
        consumer.close()
        return names

    def all_said(self) -> bool:
        """Tell whether every record that was produced has been handled."""
        return set(self.said()) >= self.produced

    def commits(self) -> dict[tuple[str, int], tuple[int, str]]:
        """Return offset and metadata of the group's commits."""
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        group = self.settings.group_id
        found = admin.list_group_offsets({group: None})[group]
        admin.close()
        return {(place.topic, place.partition): (entry.offset, entry.metadata) for place, entry in found.items()}


class Worker:
    """One worker process."""

    def __init__(self, stage: Stage, number: int, more: tuple[str, ...]) -> None:
        self.port = free_port()
        self.journal = stage.folder / f"worker-{number}.jsonl"
        self.log = stage.folder / f"worker-{number}.log"
        command = [sys.executable, str(PROGRAM), str(self.journal), *stage.options, f"web_port={self.port}", *more]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=stage.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
            )

    def get(self, page: str) -> tuple[int, str]:
        """Return status and body of a page."""
        return fetch(self.port, page)

    def ready(self) -> bool:
        """Tell whether partitions are assigned and rebuilt."""
        assert self.process.poll() is None, self.log.read_text()
        return self.get("/readyz")[0] == 200

    def lanes(self) -> int:
        """Return how many lanes it has, -1 while it is not ready."""
        status, body = self.get("/readyz")
        return int(json.loads(body)["lanes"]) if status == 200 else -1

    def calls(self, call: str) -> list[dict[str, Any]]:
        """Return what the lanes wrote down of one kind of call."""
        if not self.journal.exists():
            return []
        events = [json.loads(line) for line in self.journal.read_text().splitlines()]
        return [event for event in events if event["call"] == call]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code; an orderly stop must come within ten seconds."""
        self.process.send_signal(how)
        return self.process.wait(STOP_LIMIT_SECONDS)

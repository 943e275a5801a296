"""One run of the product against the simulator's truth: its topics, what was sent, and what came out."""

from __future__ import annotations

import json
from copy import copy
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic

from streams.core.lane import HOST, TERMINAL, Lane, RawRecord
from streams.core.partitioner import partition_of
from streams.edges.topics import create_topics
from streams.settings import load_settings
from streams.simulator.run import simulate_to_kafka
from streams.simulator.score import read_truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from streams.core.journal import AnomalyChange
    from streams.settings import Settings
    from streams.simulator.feed import SimulationSummary
    from streams.simulator.params import SimulationParams

PARTITIONS: Final = 4
PROMISED: Final = (
    "id",
    "kind",
    "severity",
    "status",
    "resolution",
    "voucher",
    "fields",
    "amount_at_risk",
    "currency",
    "opened_at",
    "resolved_at",
)
"""What must be equal whatever the interleaving, the fetch sizes and the number of workers; legs by their event ids."""


@dataclass(slots=True)
class Out:
    """What stood in the output topics at the end."""

    raw: list[tuple[bytes | None, bytes | None, tuple[tuple[str, bytes], ...]]] = field(default_factory=list)
    """Key, value and headers of every record."""
    newest: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Anomaly id -> its record of the highest revision."""
    revisions: list[tuple[str, int]] = field(default_factory=list)
    """Id and revision of every anomaly record, in the order in which they were read."""
    letters: list[tuple[bytes | None, bytes, dict[str, str]]] = field(default_factory=list)
    """Key, value and headers of every dead letter."""


class TruthRun:
    """Topics of one run on a real Kafka; inputs take the producers' times, so that hours fit into seconds."""

    def __init__(self, servers: str, folder: Path, name: str, *, partitions: int = PARTITIONS, **more: object) -> None:
        """Create the topics; ``more`` are settings of the run."""
        self.partitions = partitions
        self.servers = servers
        self.folder = folder
        roles = ("terminal", "host", "anomalies", "deadletter", "control")
        self.document: dict[str, Any] = {
            "bootstrap_servers": servers,
            "group_id": name,
            "topics": {role: f"{name}-{role}" for role in roles},
            "allow_create_time": True,
            "log_level": "debug",
            **more,
        }
        self.settings: Settings = _settings(self.document)
        self.inputs = (self.settings.topic_terminal, self.settings.topic_host)
        configs = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
        admin = KafkaAdminClient(bootstrap_servers=servers)
        admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs) for topic in self.inputs])
        admin.close()
        create_topics(self.settings, partitions, 1)

    def again(self, name: str) -> TruthRun:
        """Return a run of another group on the same inputs, with outputs of its own, as an operator would have it.

        From here on the brokers set the times; what lies in the inputs keeps those of its producers, as if it
        had been appended hours ago.  So ``allow_create_time`` is not needed, and not set.
        """
        wish = {"message.timestamp.type": "LogAppendTime"}
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, wish) for topic in self.inputs])
        admin.close()
        other = copy(self)
        outputs = {role: f"{name}-{role}" for role in ("anomalies", "deadletter", "control")}
        topics = {**self.document["topics"], **outputs}
        other.document = {**self.document, "group_id": name, "topics": topics, "allow_create_time": False}
        other.settings = _settings(other.document)
        create_topics(other.settings, self.partitions, 1)
        return other

    def simulate(self, params: SimulationParams) -> tuple[SimulationSummary, list[dict[str, Any]]]:
        """Send a whole timeline as fast as it goes and return its summary and its truth."""
        truth = self.folder / "truth.jsonl"
        summary = simulate_to_kafka(params, self.servers, *self.inputs, truth, stop=lambda: False, unpaced=True)
        return summary, read_truth(truth)

    def send(self, records: Iterable[tuple[int, int, bytes, bytes]]) -> list[tuple[str, int, int]]:
        """Send records of (source, timestamp in ms, key, value); return topic, partition and offset of each."""
        producer = KafkaProducer(bootstrap_servers=self.servers)
        futures = [
            producer.send(self.inputs[source], value, key, timestamp_ms=at_ms) for source, at_ms, key, value in records
        ]
        places = [(sent.topic, sent.partition, sent.offset) for sent in (future.get(timeout=30) for future in futures)]
        producer.close()
        return places

    def pass_deadlines(self, at_ms: int) -> None:
        """Send a heartbeat with a late time on every partition, so that every window before it closes."""
        terminals: dict[int, str] = {}
        number = 0
        while len(terminals) < PARTITIONS:
            terminal = f"HB{number:06d}"
            terminals.setdefault(partition_of(terminal.encode(), PARTITIONS), terminal)
            number += 1
        self.send(
            (source, at_ms, terminal.encode(), heartbeat(f"hb-{source}-{terminal}", terminal, at_ms))
            for terminal in terminals.values()
            for source in (TERMINAL, HOST)
        )

    def read_inputs(self) -> dict[tuple[str, int], list[RawRecord]]:
        """Return the records of every input partition in their order."""
        found: dict[tuple[str, int], list[RawRecord]] = {}
        for record in self._read(self.inputs):
            place = (record.topic, record.partition)
            found.setdefault(place, []).append((record.offset, record.timestamp, record.key, record.value))
        return found

    def read_outputs(self) -> Out:
        """Return everything in the anomaly and the dead-letter topic."""
        out = Out()
        for record in self._read((self.settings.topic_anomalies, self.settings.topic_deadletter)):
            out.raw.append((record.key, record.value, tuple(record.headers)))
            if record.topic == self.settings.topic_deadletter:
                headers = {name: value.decode() for name, value in record.headers}
                out.letters.append((record.key, record.value, headers))
                continue
            anomaly = json.loads(record.value)
            assert record.key.decode() == anomaly["id"]
            assert record.partition == anomaly["lane"]
            out.revisions.append((anomaly["id"], anomaly["revision"]))
            known = out.newest.get(anomaly["id"])
            if known is None or anomaly["revision"] >= known["revision"]:
                out.newest[anomaly["id"]] = anomaly
        return out

    def _read(self, topics: tuple[str, ...]) -> Iterable[Any]:
        """Yield every record of some topics up to their ends as of now."""
        consumer = KafkaConsumer(bootstrap_servers=self.servers, enable_auto_commit=False, check_crcs=False)
        places = [TopicPartition(topic, number) for topic in topics for number in range(self.partitions)]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        while any(consumer.position(place) < ends[place] for place in places):
            for records in consumer.poll(timeout_ms=500, max_records=5_000).values():
                yield from records
        consumer.close()


def _settings(document: Mapping[str, Any]) -> Settings:
    """Return the settings of a document that needs no file."""
    overrides = [f"{key}={json.dumps(value)}" for key, value in document.items() if key != "topics"]
    topics = [f"topics.{role}={topic}" for role, topic in document["topics"].items()]
    return load_settings(None, (*overrides, *topics), {})


def heartbeat(event_id: str, terminal: str, at_ms: int) -> bytes:
    """Return an event without a voucher."""
    event = {"event_id": event_id, "kind": "status", "event_time": at_ms, "terminal_id": terminal, "merchant_id": "M1"}
    return json.dumps(event).encode()


def judged_by_lanes(
    inputs: Mapping[tuple[str, int], list[RawRecord]], settings: Settings, now_ms: int, slices: tuple[int, int]
) -> dict[str, dict[str, Any]]:
    """Return the newest record of each anomaly that plain lanes find in the same logs, without worker or broker.

    ``slices`` are the sizes of the fetches of terminal and host; at the end both sources are told to be read.
    """
    newest: dict[str, AnomalyChange] = {}
    for number in range(PARTITIONS):
        lane = Lane(number, settings.policy(), partitions=PARTITIONS)
        logs = [inputs[topic, number] for topic in (settings.topic_terminal, settings.topic_host)]
        fetches = [
            [(source, log[first : first + size]) for first in range(0, len(log), size)]
            for source, (log, size) in enumerate(zip(logs, slices, strict=True))
        ]
        outputs = [
            lane.feed(source, records, now_ms)
            for pair in zip_longest(*fetches)
            for source, records in filter(None, pair)
        ]
        outputs += [lane.caught_up(source, now_ms) for source in (TERMINAL, HOST)]
        newest |= {change.anomaly_id: change for output in outputs for change in output.changes}
    return {name: json.loads(change.encode(now_ms)) for name, change in newest.items()}


def promised(records: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return of every anomaly what the product promises to be the same in every run."""
    return {
        name: {
            **{key: record[key] for key in PROMISED},
            "event_ids": {side: leg and leg["event_id"] for side, leg in record["legs"].items()},
        }
        for name, record in records.items()
    }

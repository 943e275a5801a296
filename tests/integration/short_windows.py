"""Topics of one test and settings with windows of seconds, for what takes minutes in earnest."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streams.edges.topics import create_topics
from streams.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOWS = {
    "pair_window": {"default": "3s", "reversal": "3s", "refund": "3s"},
    "in_progress_window": "3s",
    "reversal_window": "9s",
    "redelivery_horizon": "3s",
    "stall_after": "2s",
    "idle_lateness": "1s",
    "commit_interval": "300ms",
    "session_timeout": "6s",
}
SALE = {
    "kind": "sale",
    "event_time": int(time.time() * 1_000),
    "terminal_id": "T1",
    "merchant_id": "M1",
    "amount": 100,
    "currency": "CNY",
    "voucher_number": "42",
    "outcome": "approved",
}


def history(servers: str, topic: str) -> list[dict[str, Any]]:
    """Return every record of a topic, by partition and offset."""
    consumer = KafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
    consumer.assign(places)
    consumer.seek_to_beginning(*places)
    ends = consumer.end_offsets(places)
    found: dict[TopicPartition, list[dict[str, Any]]] = {place: [] for place in places}
    while any(consumer.position(place) < ends[place] for place in places):
        for place, records in consumer.poll(timeout_ms=300).items():
            found[place] += [json.loads(record.value) for record in records]
    consumer.close()
    return [record for records in found.values() for record in records]


def event(terminal: str, number: int, name: str) -> dict[str, Any]:
    """Return an approved sale of one terminal; ``name`` is its event id."""
    return SALE | {"terminal_id": terminal, "voucher_number": str(number), "event_id": name}


class Topics:
    """The topics of one test, each with ``partitions`` partitions."""

    partitions = 1

    def __init__(self, servers: str, group: str, settings: Mapping[str, Any] = WINDOWS) -> None:
        self.servers = servers
        self.names = {name: f"{group}-{name}" for name in ("terminal", "host", "anomalies", "deadletter", "control")}
        self.settings: dict[str, Any] = {
            "bootstrap_servers": servers,
            "group_id": group,
            "topics": self.names,
            **settings,
        }
        self._create()

    def _create(self) -> None:
        topics = (f"topics.{name}={topic}" for name, topic in self.names.items())
        create_topics(load_settings(None, [f"bootstrap_servers={self.servers}", *topics], {}), self.partitions, 1)

    def send(self, topic: str, key: str, value: dict[str, Any]) -> None:
        """Write one record."""
        self.send_all(topic, [(key, value)])

    def send_all(self, topic: str, records: list[tuple[str, dict[str, Any]]]) -> None:
        """Write records at once, each with its key."""
        producer = KafkaProducer(bootstrap_servers=self.servers)
        sent = [producer.send(self.names[topic], json.dumps(value).encode(), key.encode()) for key, value in records]
        for future in sent:
            future.get(timeout=10)
        producer.close()

    def said(self) -> list[dict[str, Any]]:
        """Return every record of the anomaly topic."""
        return history(self.servers, self.names["anomalies"])

"""Topics with one partition and settings with windows of seconds, for what takes minutes in earnest."""

from __future__ import annotations

import json
import time
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streams.edges.topics import create_topics
from streams.settings import load_settings

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
    """Return every record of a topic with one partition."""
    consumer = KafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    place = TopicPartition(topic, 0)
    consumer.assign([place])
    consumer.seek_to_beginning(place)
    end = consumer.end_offsets([place])[place]
    found: list[dict[str, Any]] = []
    while consumer.position(place) < end:
        found += [json.loads(record.value) for record in consumer.poll(timeout_ms=300).get(place, [])]
    consumer.close()
    return found


class Topics:
    """The topics of one test, each with one partition."""

    def __init__(self, servers: str, group: str) -> None:
        self.servers = servers
        self.names = {name: f"{group}-{name}" for name in ("terminal", "host", "anomalies", "deadletter", "control")}
        self.settings = {"bootstrap_servers": servers, "group_id": group, "topics": self.names, **WINDOWS}
        options = [f"bootstrap_servers={servers}", *(f"topics.{name}={topic}" for name, topic in self.names.items())]
        create_topics(load_settings(None, options, {}), 1, 1)

    def send(self, topic: str, key: str, value: dict[str, Any]) -> None:
        """Write one record."""
        producer = KafkaProducer(bootstrap_servers=self.servers)
        producer.send(self.names[topic], json.dumps(value).encode(), key.encode()).get(timeout=10)
        producer.close()

    def said(self) -> list[dict[str, Any]]:
        """Return every record of the anomaly topic."""
        return history(self.servers, self.names["anomalies"])

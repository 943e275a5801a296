"""A cluster of two brokers without copies, so that one partition can lose its leader while the others keep theirs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from tests.integration.kafka_broker import KafkaBroker
from tests.integration.short_windows import Topics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOON_FENCED = {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500"}
"""Kafka's own 9 s until a dead broker's partitions lose their leader would only make the tests longer."""


@contextmanager
def two_brokers(folder: Path) -> Iterator[tuple[KafkaBroker, KafkaBroker]]:
    """Run both; the group's own topic is on the first, which outlives the second in every test."""
    with KafkaBroker(folder / "first", SOON_FENCED) as first:
        consumer = KafkaConsumer(bootstrap_servers=first.bootstrap_servers, group_id="first-of-all")
        consumer.committed(TopicPartition("any", 0))
        consumer.close()
        with KafkaBroker(folder / "second", SOON_FENCED, beside=first) as second:
            yield first, second


class SplitTopics(Topics):
    """Two lanes; the host's partition of lane 1 is on the second broker, everything else on the first."""

    def _create(self) -> None:
        places: dict[str, dict[int, list[int]]] = {name: {0: [1], 1: [1]} for name in self.names.values()}
        places[self.names["host"]] = {0: [1], 1: [2]}
        places[self.names["control"]] = {0: [1]}
        with self._admin() as admin:
            admin.create_topics(
                {name: {"assignments": place} for name, place in places.items()}, wait_for_metadata=True
            )

    def leaders(self, topic: str) -> list[int]:
        """Return the leader of each partition, -1 where there is none; nothing if a dead broker was asked."""
        try:
            with self._admin() as admin:
                (described,) = admin.describe_topics([self.names[topic]])
        except KafkaError:
            return []
        return [place["leader_id"] for place in sorted(described["partitions"], key=lambda one: one["partition_index"])]

    @contextmanager
    def _admin(self) -> Iterator[Any]:
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        try:
            yield admin
        finally:
            admin.close()

"""A producer that spreads its terminals by another hash is told of, and makes no orphans."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest

from streams.core.partitioner import partition_of
from tests.integration.told_times import LATENESS_MS, PARTITIONS, ToldTopics, heartbeats, sale, wall_ms
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.kafka_broker import KafkaBroker

pytestmark = [pytest.mark.integration, pytest.mark.slow]

TERMINALS = [f"C{number:05d}" for number in range(600)]
"""Enough that every lane meets more than the hundred of which a split is judged."""


def crc32_partition(terminal: str) -> int:
    """Return where librdkafka's default partitioner, ``consistent_random``, puts a key."""
    return zlib.crc32(terminal.encode()) % PARTITIONS


def test_crc32_keys_are_a_partitioning_fault_and_no_orphans(kafka: KafkaBroker, tmp_path: Path) -> None:
    """One fault for each lane, of the host alone; legs that cannot meet are left unjudged."""
    topics = ToldTopics(kafka.bootstrap_servers, "crc32")
    start_ms = wall_ms() - LATENESS_MS
    first = [(start_ms + 50 * place, terminal) for place, terminal in enumerate(TERMINALS)]
    topics.write("terminal", [sale(at, terminal, 1) for at, terminal in first])
    topics.write("host", [sale(at, terminal, 1, partition=crc32_partition(terminal)) for at, terminal in first])
    for topic in ("terminal", "host"):
        topics.write(topic, heartbeats(start_ms + 600_000))
    worker = WorkerProcess(tmp_path, topics.settings)
    meet = sum(crc32_partition(name) == partition_of(name.encode(), PARTITIONS) for name in TERMINALS)
    try:
        until(lambda: sum(worker.closed().values()) >= meet + 2 * (len(TERMINALS) - meet), 60.0)
        assert worker.closed() == {"matched": meet, "unjudged": 2 * (len(TERMINALS) - meet)}
        until(lambda: len(topics.said()) >= PARTITIONS, 30.0)
        assert worker.stop() == 0
    finally:
        worker.kill()
    said = [(record["kind"], record["severity"], record["source"], record["lane"]) for record in topics.said()]
    assert said == [("partitioning_fault", "critical", "host", number) for number in range(PARTITIONS)]

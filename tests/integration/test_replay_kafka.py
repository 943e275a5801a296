"""Replay of a range of real topics: the same as of files, and the cluster is as it was before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

from streams.core.wire import SOURCES
from streams.errors import UnreachableError, UsageError
from streams.replay.kafka import replay_range
from streams.replay.kafka_range import TimeRange
from streams.replay.kafka_reader import TopicReader
from streams.replay.run import replay_files
from streams.settings import Settings, load_settings
from tests.unit.replay.topics import as_files, silent, simulated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.simulator.stage import SimRecord
    from tests.integration.kafka_broker import KafkaBroker

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]
PARTITIONS = 4
START = 1_772_409_600_000
MINUTE = 60_000
PLACES = {"partition", "offset"}
"""Differ between a file and a topic."""


class Cluster:
    """Input topics of one test on the shared broker."""

    def __init__(self, broker: KafkaBroker, name: str) -> None:
        """Name the topics; nothing is created yet."""
        self.options = [
            f"bootstrap_servers={broker.bootstrap_servers}",
            "broker_timeout=5s",
            f"topics.terminal={name}-terminal",
            f"topics.host={name}-host",
        ]
        self.settings: Settings = load_settings(None, self.options, {}, live=False)
        self.topics = (self.settings.topic_terminal, self.settings.topic_host)
        self.servers = broker.bootstrap_servers

    def create(self, *partitions: int) -> None:
        """Create terminal and host topic with producers' timestamps, so that a history can be written at once."""
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        admin.create_topics(
            [
                NewTopic(
                    topic,
                    num_partitions=count,
                    replication_factor=1,
                    topic_configs={"message.timestamp.type": "CreateTime", "retention.ms": "-1"},
                )
                for topic, count in zip(self.topics, partitions, strict=False)
            ]
        )
        admin.close()

    def produce(self, records: Sequence[SimRecord], transactions: int = 3) -> None:
        """Write records in some transactions, whose markers stand between them and at the end."""
        producer = KafkaProducer(
            bootstrap_servers=self.servers,
            transactional_id=f"{self.topics[0]}-tx",
            compression_type="gzip",
            batch_size=262_144,
            linger_ms=20,
        )
        producer.init_transactions()
        share = len(records) // transactions + 1
        for first in range(0, len(records), share):
            producer.begin_transaction()
            for record in records[first : first + share]:
                topic = self.topics[SOURCES.index(record.source)]
                producer.send(topic, record.value, record.key, timestamp_ms=record.at_ms)
            producer.commit_transaction()
        producer.close()

    def delete_before(self, source: int, partition: int, offset: int) -> None:
        """Delete the oldest records of a partition."""
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        admin.delete_records({TopicPartition(self.topics[source], partition): offset})
        admin.close()

    def state(self) -> dict[str, Any]:
        """Return what a reader could leave behind: groups, topics, records."""
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        consumer = KafkaConsumer(bootstrap_servers=self.servers)
        places = [TopicPartition(topic, number) for topic in self.topics for number in range(PARTITIONS)]
        found = {
            "groups": sorted(str(group) for group in admin.list_groups()),
            "topics": sorted(admin.list_topics()),
            "ends": dict(consumer.end_offsets(places)),
            "begins": dict(consumer.beginning_offsets(places)),
        }
        consumer.close()
        admin.close()
        return found


@pytest.fixture
def cluster(kafka: KafkaBroker, request: pytest.FixtureRequest) -> Cluster:
    """Topics of this test's own."""
    return Cluster(kafka, request.node.name[:60])


def comparable(line: dict[str, Any]) -> dict[str, Any]:
    """Return a record without its place in a log."""
    legs = {
        name: leg and {key: value for key, value in leg.items() if key not in PLACES}
        for name, leg in line["legs"].items()
    }
    return {**line, "legs": legs, "lane": None}


def command(cluster: Cluster, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``voucherwatch replay`` on the cluster in a process of its own."""
    options = [part for option in cluster.options[1:] for part in ("--set", option)]
    line = [sys.executable, "-m", "streams", "replay", "--bootstrap-servers", cluster.servers, *options, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=90)


def test_a_whole_log_is_judged_as_from_files_and_nothing_changes(cluster: Cluster, tmp_path: Path) -> None:
    """Anomalies and summary are equal; groups, topics and offsets are as before.

    Without diagnosis, which depends on what else a lane has seen: files are one lane, topics one a partition.
    """
    records = simulated(20, 11)
    cluster.create(PARTITIONS, PARTITIONS)
    cluster.produce(records)
    before = cluster.state()
    end = str(records[-1].at_ms + 1)
    ended = command(
        cluster,
        "--from",
        str(START),
        "--to",
        end,
        "--flush",
        "--summary",
        "s.json",
        "--fail-on",
        "critical",
        "--set",
        "diagnosis=false",
        folder=tmp_path,
    )
    assert ended.returncode == 1, ended.stderr
    assert cluster.state() == before
    terminal, host = as_files(records, tmp_path)
    expected = replay_files([terminal], [host], replace(cluster.settings.policy(), diagnosis=None))
    assert json.loads((tmp_path / "s.json").read_text()) == expected.summary
    found = [comparable(json.loads(line)) for line in ended.stdout.splitlines()]
    assert found == [comparable(json.loads(line)) for line in expected.anomalies]
    assert len(found) > 50


def test_a_part_of_a_log_tells_of_its_own_vouchers(cluster: Cluster, tmp_path: Path) -> None:
    """From the middle on: the anomalies of the whole whose voucher began there."""
    records = simulated(30, 12)
    from_ms, to_ms = START + 15 * MINUTE, records[-1].at_ms + 1
    cluster.create(PARTITIONS, PARTITIONS)
    cluster.produce(records)
    terminal, host = as_files(records, tmp_path)
    whole = replay_files([terminal], [host], cluster.settings.policy()).records
    with TopicReader(cluster.settings) as reader:
        policies = [cluster.settings.policy()]
        (part,) = replay_range(reader, policies, TimeRange(from_ms, to_ms, to_ms), silent(), flush=True)
    inside = [
        record["id"]
        for record in whole
        if record["kind"] != "duplicate_voucher"
        and all(leg["log_time"] >= from_ms for leg in record["legs"].values() if leg)
    ]
    assert [record["id"] for record in part.result.records if record["kind"] != "duplicate_voucher"] == inside
    assert len(inside) > 50


def test_what_another_window_would_change(cluster: Cluster, tmp_path: Path) -> None:
    """One reading, two answers, and windows that fit."""
    cluster.create(PARTITIONS, PARTITIONS)
    records = simulated(10, 13)
    cluster.produce(records)
    span = ("--from", str(START), "--to", str(records[-1].at_ms + 1))
    ended = command(cluster, *span, "--compare", "--json", "--set", "pair_window.sale=5s", folder=tmp_path)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["kinds"]["orphan_terminal"]["gained_resolved"] > 0
    assert found["detection_delay"]["gained"]["median_ms"] == 55_000
    assert {row["kind"] for row in found["windows"]} >= {"sale", "refund"}
    assert "A worker would refuse these settings: --set: pair_window.sale is 5s" in ended.stderr


def test_what_cannot_be_read_is_a_sentence(cluster: Cluster) -> None:
    """A missing topic and unequal partition counts."""
    with pytest.raises(UsageError) as refused, TopicReader(cluster.settings):
        pass
    assert str(refused.value) == (
        f"There is no topic {cluster.topics[0]} at {cluster.servers}; check the setting topics and the rights of"
        " this client."
    )
    cluster.create(2)
    cluster.topics = (cluster.topics[1],)  # type: ignore[assignment]  # the second topic alone
    cluster.create(3)
    with pytest.raises(UsageError) as refused, TopicReader(cluster.settings):
        pass
    assert "-terminal has 2 partitions, but " in str(refused.value)
    assert str(refused.value).endswith("has 3, so vouchers cannot meet; give both the same number.")


def test_deleted_records_are_told(cluster: Cluster, tmp_path: Path) -> None:
    """Before reading they move the beginning of their lane; while reading they end it."""
    records = simulated(5, 14)
    cluster.create(1, 1)
    cluster.produce(records)
    to_ms = START + 10 * MINUTE
    with TopicReader(cluster.settings) as reader:
        ((terminal, _),) = reader.spans(START - MINUTE, to_ms)
        assert (terminal.first, terminal.kept_from_ms) == (0, None)
        cluster.delete_before(0, 0, 100)
        with pytest.raises(
            UnreachableError, match="-terminal-0 at 0 were deleted before they could be read; choose a later"
        ):
            list(reader.read(0, 0, terminal, to_ms))
    ended = command(cluster, "--from", str(START), "--to", str(to_ms), folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"Records of the range are deleted: {cluster.topics[0]}-0 can be judged from 2026-")


def test_a_quiet_range_is_told(cluster: Cluster, tmp_path: Path) -> None:
    """Silence is not health."""
    cluster.create(1, 1)
    ended = command(cluster, "--from", "-2h", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"Neither {cluster.topics[0]} nor {cluster.topics[1]} has a record from ")

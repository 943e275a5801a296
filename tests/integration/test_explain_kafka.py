"""The life of a voucher from real topics: what was searched, what was published, and nothing is changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

from streams.core.cut import Cut
from streams.core.partitioner import partition_of
from streams.edges.rocks_ledger import Shelf
from streams.edges.topics import topic_ids
from tests.integration.test_replay_kafka import PARTITIONS, Cluster

if TYPE_CHECKING:
    from streams.edges.rocks_ledger import RocksLedger
    from tests.integration.kafka_broker import KafkaBroker

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]
TERMINAL_ID = "10000017"
NUMBER = partition_of(TERMINAL_ID.encode(), PARTITIONS)
MINUTE = 60_000


def neighbour() -> str:
    """Return another terminal of the same partition."""
    others = (f"2000{number:04d}" for number in range(1_000))
    return next(name for name in others if partition_of(name.encode(), PARTITIONS) == NUMBER)


class Story:
    """Inputs whose records bear told times, and the anomaly topic."""

    def __init__(self, broker: KafkaBroker, name: str) -> None:
        """Create the topics."""
        self.cluster = Cluster(broker, name)
        self.cluster.create(PARTITIONS, PARTITIONS)
        self.cluster.options.append(f"topics.anomalies={name}-anomalies")
        self.anomalies = f"{name}-anomalies"
        admin = KafkaAdminClient(bootstrap_servers=self.cluster.servers)
        admin.create_topics([NewTopic(self.anomalies, num_partitions=PARTITIONS, replication_factor=1)])
        admin.close()
        self._producer = KafkaProducer(bootstrap_servers=self.cluster.servers, compression_type="gzip")

    def send(self, source: int, at_ms: int, number: int, terminal_id: str = TERMINAL_ID, **fields: object) -> None:
        """Write one approved sale of a terminal at a log time."""
        event = {
            "event_id": f"{source}-{terminal_id}-{number}",
            "kind": "sale",
            "event_time": at_ms,
            "terminal_id": terminal_id,
            "merchant_id": "M1",
            "voucher_number": f"{number:06d}",
            "response_code": "00",
            "amount": 12_800,
            "currency": "CNY",
        }
        value = json.dumps(event | fields).encode()
        key = terminal_id.encode()
        self._producer.send(self.cluster.topics[source], value, key, partition=NUMBER, timestamp_ms=at_ms)

    def publish(self, record: dict[str, Any]) -> None:
        """Write one anomaly record as a worker does."""
        value = json.dumps(record).encode()
        self._producer.send(self.anomalies, value, record["id"].encode(), partition=NUMBER)

    def explain(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a process of its own."""
        self._producer.flush()
        options = [part for option in self.cluster.options for part in ("--set", option)]
        line = [sys.executable, "-m", "streams", "explain", TERMINAL_ID, *arguments, *options]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C"}
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=90)

    def asked(self, *arguments: str) -> dict[str, Any]:
        """Return the account as JSON."""
        ended = self.explain(*arguments, "--json")
        assert ended.returncode == 0, ended.stderr
        said: dict[str, Any] = json.loads(ended.stdout)
        return said


@pytest.fixture
def story(kafka: KafkaBroker, request: pytest.FixtureRequest) -> Story:
    """Topics of this test's own."""
    return Story(kafka, request.node.name[:50])


def ledger_of(story: Story, folder: Path, now_ms: int) -> RocksLedger:
    """Return an open ledger that covers a day up to now, with one voucher whose legs are no record of the topics."""
    settings = story.cluster.settings
    day_ms = settings.originals_horizon_ms
    shelf = Shelf(folder, settings.group_id, lambda: topic_ids(settings), day_ms, 16 << 20)
    ledger = shelf.ledger(NUMBER, PARTITIONS)
    ledger.claim()
    ledger.begin(now_ms - 2 * day_ms)
    at_ms = now_ms - day_ms // 2
    ids = {"terminal_id": TERMINAL_ID, "merchant_id": "M1", "voucher_number": "000090", "event_time": at_ms}
    sale = {"event_id": "old", "kind": "sale", "response_code": "00", "amount": 500, "currency": "CNY", **ids}
    value = json.dumps({"t": [at_ms, 1, sale], "h": [at_ms, 2, sale]}).encode()
    ledger.put([(TERMINAL_ID, "90", at_ms, 0, 1, value, ())])
    cut = Cut(now_ms, now_ms, (301, 301), (301, 301), PARTITIONS)
    ledger.seal(cut)
    ledger.write(cut)
    return ledger


def test_a_life_from_topics(story: Story, tmp_path: Path) -> None:
    """Judged, waiting, published otherwise, never seen, not in the range and expired; the cluster stays as it was."""
    now_ms = time.time_ns() // 1_000_000
    start_ms, other = now_ms - 20 * MINUTE, neighbour()
    for number in range(300):
        for source in (0, 1):
            story.send(source, start_ms + number * 1_000 + source, 1_000 + number, other)
    orphan_ms, late_ms = start_ms + 6 * MINUTE, now_ms - 50_000
    story.send(0, orphan_ms, 42)
    story.send(0, late_ms, 43)
    for source in (0, 1):
        story.send(source, now_ms - 40_000, 77, other)
    derived = story.asked("42")
    assert (derived["answer"], derived["vouchers"][0]["verdict"]) == ("judged", "orphan_terminal")
    assert (derived["anomalies"][0]["published"], derived["anomalies"][0]["opened_at"]) == (False, orphan_ms + MINUTE)
    assert derived["records"][0]["place"] == f"{story.cluster.topics[0]}-{NUMBER}@300"
    assert [part["records"] for part in derived["searched"]["parts"]] == [303, 301]
    assert [part["of_terminal"] for part in derived["searched"]["parts"]] == [2, 0]

    voucher = {"terminal_id": TERMINAL_ID, "voucher_number": "000042", "batch_number": None}
    said = {"voucher": voucher, "legs": {}, "original": None, "revision": 2, "acknowledged_by": "Li Na"}
    story.publish({**derived["anomalies"][0], **said, "acknowledged_at": now_ms, "severity": "info"})
    before = story.cluster.state()
    page = story.explain("000042", "--time-zone", "+08:00")
    assert page.returncode == 0, page.stderr
    assert "published otherwise: severity is info there, critical here" in page.stdout
    assert "taken care of by Li Na since" in page.stdout
    waiting = story.asked("43")
    assert (waiting["answer"], waiting["vouchers"][0]["waits_until"]) == ("waiting", late_ms + MINUTE)
    unknown = story.asked("24")
    assert (unknown["answer"], unknown["near"][0]["voucher_number"]) == ("never_seen", "000042")
    assert story.asked("42", "--since", "5m")["answer"] == "not_in_range"
    assert story.cluster.state() == before

    for source in (0, 1):
        story.cluster.delete_before(source, NUMBER, 301)
    gone = story.asked("42")
    assert (gone["answer"], gone["remarks"][0]["code"]) == ("expired", "records_deleted")
    assert (gone["anomalies"][0]["derived"], gone["anomalies"][0]["acknowledged_by"]) == (False, "Li Na")

    ledger = ledger_of(story, tmp_path, now_ms)
    story.cluster.options.append(f"ledger_dir={tmp_path}")
    kept = story.asked("90")
    assert (kept["answer"], [one["origin"] for one in kept["records"]]) == ("judged", ["ledger", "ledger"])
    assert story.asked("24")["answer"] == "never_seen"
    ledger.close()


def test_without_a_broker_it_is_a_sentence(story: Story) -> None:
    """Exit code 3."""
    story.cluster.options = ["bootstrap_servers=127.0.0.1:1", "broker_timeout=1s"]
    ended = story.explain("42")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.startswith("No answer from the brokers 127.0.0.1:1 within 1 s")

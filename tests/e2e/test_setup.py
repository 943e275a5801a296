"""Setting up and fault finding on a real Kafka: topics, doctor, and the demo on topics of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from kafka.admin import KafkaAdminClient

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.kafka_broker import KafkaBroker

pytestmark = [pytest.mark.e2e, pytest.mark.integration, pytest.mark.slow]


def voucherwatch(*arguments: str, code: int) -> str:
    """Run one command, expect its exit code and return its standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "streams", *arguments], capture_output=True, check=False, text=True, timeout=110
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def topics_of(kafka: KafkaBroker) -> set[str]:
    """Return the names of all topics but Kafka's own."""
    admin: Any = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    try:
        return {topic["name"] for topic in admin.describe_topics() if not topic["name"].startswith("__")}
    finally:
        admin.close()


@pytest.fixture
def own(kafka: KafkaBroker) -> list[str]:
    """Return the options that give a test topics and a group of its own."""
    run = uuid.uuid4().hex[:8]
    names = [f"topics.{role}={role}-{run}" for role in ("terminal", "host", "anomalies", "deadletter", "control")]
    options = [word for name in (*names, f"group_id=group-{run}") for word in ("--set", name)]
    return ["--bootstrap-servers", kafka.bootstrap_servers, *options]


def test_topics_are_missed_then_made_then_fine(own: list[str]) -> None:
    """``check`` names what is missing, ``create`` makes it, ``check`` is content."""
    assert voucherwatch("topics", "check", *own, code=7).endswith("5 to change.\n")
    voucherwatch("topics", "create", *own, "--partitions", "3", "--replication", "1", code=0)
    assert voucherwatch("topics", "check", *own, code=0).endswith("Nothing to change.\n")
    assert voucherwatch("topics", "create", *own, code=0).startswith("All topics exist already")


def test_doctor_names_what_a_person_on_call_has_to_change(own: list[str], tmp_path: Path) -> None:
    """Missing topics first; then the missing worker and what is wrong with the newest records."""
    about = {finding["about"] for finding in json.loads(voucherwatch("doctor", *own, "--json", code=7))["findings"]}
    assert len([name for name in about if name.startswith("topic ")]) == 5
    voucherwatch("topics", "create", *own, "--partitions", "2", "--replication", "1", code=0)
    sent = ["--scenario", "rejects", "--duration", "20s", "--unpaced", "--truth", str(tmp_path / "truth.jsonl")]
    voucherwatch("simulate", *own, *sent, code=0)
    findings = json.loads(voucherwatch("doctor", *own, "--json", code=7))["findings"]
    said = [f"{finding['about']}: {finding['says']}" for finding in findings]
    assert any(sentence.endswith("no worker is running") for sentence in said)
    assert any(sentence.startswith("terminal records: dead letters for malformed") for sentence in said)
    assert not any(sentence.startswith("topic ") for sentence in said)
    assert all(finding["change"] for finding in findings)


@pytest.mark.timeout(180)
def test_the_demo_leaves_no_topic_on_a_cluster_of_others(kafka: KafkaBroker) -> None:
    """It uses topics of its own name there and removes them at the end."""
    before = topics_of(kafka)
    found = json.loads(
        voucherwatch("demo", "--bootstrap-servers", kafka.bootstrap_servers, "--duration", "40s", "--json", code=0)
    )
    assert found["perfect"], found
    assert topics_of(kafka) == before

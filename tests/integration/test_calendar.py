"""Maintenance windows on the wire: announced by a command or a notice, and shown in what is open."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.short_windows import SALE, Topics, history
from tests.integration.worker_process import ROOT, WorkerProcess, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.kafka_broker import KafkaBroker

pytestmark = [pytest.mark.integration, pytest.mark.slow]

HOUR_MS = 3_600_000


def calendar(config: Path, *arguments: str) -> Any:  # noqa: ANN401  whatever JSON the command prints
    """Run ``voucherwatch calendar`` and return what it printed, JSON decoded."""
    command = [sys.executable, "-m", "streams", "calendar", *arguments, "--config", str(config)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def test_windows_from_a_command_and_from_a_notice(kafka: KafkaBroker, tmp_path: Path) -> None:
    """An orphan inside is marked and counted, no longer when the window is taken back, and again by a notice."""
    topics = Topics(kafka.bootstrap_servers, "calendar")
    worker = WorkerProcess(tmp_path, topics.settings)
    config = worker.config
    begins = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3_600))
    try:
        assert calendar(config, "list") == "No maintenance window.\n"
        added = calendar(config, "add", "--link", "north", "--from", begins, "--for", "2h", "--id", "w1", "--json")
        assert calendar(config, "list", "--json") == added
        assert (added[0]["id"], added[0]["link"], added[0]["from"]) == ("w1", "north", begins)

        topics.send("terminal", "T1", SALE | {"event_id": "t1", "link": "north"})
        until(topics.said, 60.0)
        (orphan,) = topics.said()
        assert (orphan["marks"], orphan["status"], orphan["severity"]) == (["maintenance"], "open", "critical")
        assert orphan["evidence"][0].startswith("inside maintenance: link north, ")
        counted = dict(worker.samples("anomalies_in_maintenance_total"))
        assert [labels for labels, value in counted.items() if value] == ['kind="orphan_terminal"']

        assert calendar(config, "remove", "w1") == "Removed w1.\n"
        until(lambda: len(topics.said()) > 1, 60.0)
        outside = topics.said()[1]
        assert outside == orphan | {"revision": 2, "marks": [], "evidence": [], "diagnosis": outside["diagnosis"]}

        now = datetime.now(UTC)  # thirteen digits could pass the card test and be masked
        notice = {name: SALE[name] for name in ("event_time", "terminal_id", "merchant_id")} | {
            "event_id": "n1",
            "kind": "notice",
            "link": "north",
            "window_from": (now - timedelta(hours=1)).isoformat(),
            "window_until": (now + timedelta(hours=1)).isoformat(),
            "window_id": "77",
        }
        topics.send("host", "T1", notice)
        until(lambda: len(topics.said()) > 2, 60.0)
        assert topics.said()[2]["marks"] == ["maintenance"]
        until(lambda: calendar(config, "list", "--json"), 60.0)
        (told,) = calendar(config, "list", "--json")
        assert (told["id"], told["source"]) == ("notice-77", "notice")
        assert worker.stop() == 0
        assert len(history(topics.servers, topics.names["anomalies"])) == 3
    finally:
        worker.kill()

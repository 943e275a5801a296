"""An operator acknowledges an anomaly through the control topic, and every later worker knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.short_windows import SALE, Topics
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.kafka_broker import KafkaBroker

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_an_acknowledgement_is_written_down_once(kafka: KafkaBroker, tmp_path: Path) -> None:
    """One revision by the worker that runs, none by the next, which reads the control topic again."""
    topics = Topics(kafka.bootstrap_servers, "ack")
    worker = WorkerProcess(tmp_path, topics.settings)
    try:
        topics.send("terminal", "T1", SALE | {"event_id": "t1"})
        until(topics.said, 40.0)
        (orphan,) = topics.said()
        topics.send("control", "other", {"type": "maintenance", "until": 5})
        topics.send("control", orphan["id"], {"type": "acknowledge", "id": orphan["id"], "by": "Li", "at": 99})
        until(lambda: len(topics.said()) == 2, 20.0)
        assert topics.said()[1] == orphan | {"revision": 2, "acknowledged_by": "Li", "acknowledged_at": 99}
        assert worker.stop() == 0

        worker = WorkerProcess(tmp_path, topics.settings, "second")
        until(lambda: worker.lanes() == 1, 40.0)
        topics.send("host", "T1", SALE | {"event_id": "h1"})
        until(lambda: len(topics.said()) > 2, 40.0)
        ended = topics.said()[2]
        assert (ended["status"], ended["resolution"], ended["revision"]) == ("resolved", "late_match", 3)
        assert (ended["acknowledged_by"], ended["acknowledged_at"]) == ("Li", 99)
        assert len(topics.said()) == 3
        assert worker.stop() == 0
    finally:
        worker.kill()

"""What a worker cannot see is no orphan: a broker that is away, partitions without leader, a worker that stood."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.kafka_broker import KafkaBroker
from tests.integration.short_windows import SALE, Topics
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.slow]

AWAY_SECONDS = 12.0
"""Four pair windows, and longer than the session."""


def test_partitions_without_leader_make_no_orphans(kafka: KafkaBroker, tmp_path: Path) -> None:
    """The host's records stand in the log, but nobody can read them while every window passes by the worker's clock."""
    assert kafka.bootstrap_servers, "the shared broker asks for the jars; this test kills one of its own"
    with KafkaBroker(tmp_path / "own") as broker:
        topics = Topics(broker.bootstrap_servers, "blind")
        worker = WorkerProcess(tmp_path, topics.settings)
        try:
            until(lambda: worker.lanes() == 1, 40.0)
            until(lambda: all(value == 1.0 for _, value in worker.samples("caught_up")), 20.0)
            topics.send("terminal", "T1", SALE | {"event_id": "t1"})
            until(lambda: worker.handled() == 1, 10.0, look_every=0.05)
            worker.process.send_signal(signal.SIGSTOP)
            topics.send("host", "T1", SALE | {"event_id": "h1"})
            broker.kill()
            worker.process.send_signal(signal.SIGCONT)
            time.sleep(AWAY_SECONDS)
            assert [value for _, value in worker.samples("caught_up")] in ([0.0, 0.0], [])
            broker.start()
            until(lambda: worker.lanes() == 1 and worker.handled() == 2, 60.0)
            until(lambda: sum(value for _, value in worker.samples("pending_vouchers")) == 0, 30.0)
            until(lambda: all(value == 1.0 for _, value in worker.samples("caught_up")), 20.0)
            assert worker.stop() == 0
            assert topics.said() == []
        finally:
            worker.kill()

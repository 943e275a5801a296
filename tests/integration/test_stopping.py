"""A worker that is told to stop has left within ten seconds, whatever the broker does."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.kafka_broker import KafkaBroker
from tests.integration.recording_stage import STOP_LIMIT_SECONDS, Stage, until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_a_stop_does_not_wait_for_a_broker_that_is_away(kafka: KafkaBroker, tmp_path: Path) -> None:
    """Killed or frozen, the broker holds nobody up: exit code 0, and the next worker does again what was left."""
    assert kafka.bootstrap_servers, "the shared broker asks for the jars; this test kills one of its own"
    with KafkaBroker(tmp_path / "own") as broker:
        stage = Stage(broker, tmp_path, "stopping")
        try:
            stage.create()
            first = stage.worker()
            stage.produce(400)
            until(stage.all_said)
            assert broker.pid is not None
            os.kill(broker.pid, signal.SIGSTOP)
            time.sleep(2)
            assert first.stop() == 0, first.log.read_text()
            os.kill(broker.pid, signal.SIGCONT)

            second = stage.worker()
            broker.kill()
            time.sleep(2)
            began = time.monotonic()
            assert second.stop() == 0, second.log.read_text()
            assert time.monotonic() - began < STOP_LIMIT_SECONDS
            assert "Traceback" not in second.log.read_text()

            broker.start()
            stage.produce(400)
            stage.worker()
            until(stage.all_said)
        finally:
            stage.kill_all()

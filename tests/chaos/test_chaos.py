"""A short chaos run: what an undisturbed lane finds is found through kills, freezes, rebalances and broker restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.account import explain
from tests.chaos.run import Chaos

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.kafka_broker import KafkaBroker

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(240)]
SEED = 2


def test_nothing_is_lost_invented_or_contradicted(kafka: KafkaBroker, tmp_path: Path) -> None:
    """``make chaos`` does the same for many minutes and prints its account."""
    assert kafka.bootstrap_servers, "the shared broker asks for the jars; this test harms one of its own"
    run = Chaos(tmp_path, seed=SEED, seconds=30.0, rate=100.0, gap=3.0)
    account = run.run()
    assert account.clean, (f"seed {SEED}", *explain(account))
    assert account.expected > 50
    assert run.crew.ended["killed"] >= 2
    assert len(run.crew.generations()) >= 5
    assert account.aside < account.expected / 2

"""Killed and restarted at any point, a lane says in the end what an uninterrupted one says."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.simulation.comparison import product_policy
from tests.simulation.crashes import LOST, NEVER_STALLED, SYNCED, Killed, Log, run_whole
from tests.simulation.histories import History, small_history

SEEDS_AT_ONCE = 250
HISTORIES = 10_000


def log_of(history: History) -> Log:
    """Give each record its key, which is its terminal where it can be read."""
    logs: Log = ([], [])
    for source in (0, 1):
        for offset, stamp, value in history.records[source]:
            logs[source].append((offset, stamp, _key_of(value), value))
    return logs


def _key_of(value: bytes | None) -> bytes:
    found = (value or b"").partition(b'"terminal_id": "')[2].partition(b'"')[0]
    return found.strip()


def _explained(seed: int, whole: dict[str, object], killed: dict[str, object]) -> str:
    lines = [f"seed {seed}"]
    lines += [f"- whole {whole[key]}" for key in whole if killed.get(key) != whole[key]]
    lines += [f"+ killed {killed[key]}" for key in killed if killed[key] != whole.get(key)]
    return "\n".join(lines)


@pytest.mark.parametrize("ledger", [SYNCED, LOST])
@pytest.mark.parametrize("first", range(0, HISTORIES, SEEDS_AT_ONCE))
def test_killed_anywhere(first: int, ledger: str) -> None:
    """However a small history is fetched, committed and killed, the anomalies are the same, ledger or no ledger."""
    for seed in range(first, first + SEEDS_AT_ONCE):
        history = small_history(seed)
        policy = replace(product_policy(history.policy), stall_min_events=NEVER_STALLED)
        log = log_of(history)
        whole = run_whole(log, policy)
        killed = Killed(log, policy, random.Random(seed), kills=4, ledger=ledger)
        found = killed.run()
        assert not killed.broker.contradictions, (seed, killed.broker.contradictions)
        if found != whole:
            pytest.fail(_explained(seed, whole, found))  # type: ignore[arg-type]

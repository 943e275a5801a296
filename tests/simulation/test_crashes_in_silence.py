"""Killed while a source is silent, or while the hold after it lasts, a lane says what an uninterrupted one says."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from streams.core.lane import Lane
from tests.simulation.comparison import product_policy
from tests.simulation.crashes import Broker, Killed, reduced
from tests.simulation.histories import small_history
from tests.simulation.test_crashes import log_of

if TYPE_CHECKING:
    from streams.core.policy import Policy
    from tests.simulation.crashes import Log

SEEDS_AT_ONCE = 500
HISTORIES = 7_500
OUTSIDE = {"held", "limited"}

Topic = dict[str, dict[str, Any]]


def uninterrupted(log: Log, policy: Policy) -> Topic:
    """Return what one lane says of the whole log."""
    lane, broker = Lane(0, policy), Broker()
    for source in (0, 1):
        broker.publish(lane.feed(source, log[source]))
    broker.publish(lane.flush())
    return broker.topic


@pytest.mark.parametrize("eager", [False, True], ids=["as_configured", "stalled_at_once"])
@pytest.mark.parametrize("first", range(0, HISTORIES, SEEDS_AT_ONCE))
def test_killed_in_silence(first: int, *, eager: bool) -> None:
    """A stall is a fact of the whole silence, so a cut within it begins to read at its start.

    Set aside is what is marked held or limited, and nothing else.
    """
    for seed in range(first, first + SEEDS_AT_ONCE):
        history = small_history(seed)
        policy = replace(product_policy(history.policy), originals_horizon_ms=1)
        if eager:
            policy = replace(policy, stall_min_events=2, stall_after_ms=min(4_000, policy.stall_after_ms))
        log = log_of(history)
        whole = uninterrupted(log, policy)
        killed = Killed(log, policy, random.Random(seed), kills=4)
        killed.run()
        aside = {key for topic in (whole, killed.broker.topic) for key in topic if OUTSIDE & set(topic[key]["marks"])}
        owed, found = reduced(whole), reduced(killed.broker.topic)
        wrong = {key for key in owed.keys() | found.keys() if owed.get(key) != found.get(key)} - aside
        assert not wrong, (seed, [(owed.get(key), found.get(key)) for key in wrong])

"""The product beside the naive oracle, over seeded histories; a failure prints its seed and a timeline."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from tests.simulation.comparison import all_fetches, differences, explained, random_fetches, run_product
from tests.simulation.histories import chain_history, large_history, small_history

if TYPE_CHECKING:
    from tests.simulation.comparison import Fetches
    from tests.simulation.histories import History

SEEDS_AT_ONCE = 100


def _compare(history: History, fetches: Fetches) -> None:
    if differences(history, fetches):
        pytest.fail(explained(history, fetches))


def _final(history: History, fetches: Fetches) -> tuple[list[str], dict[str, int]]:
    """Return the product's final state in an order of its own."""
    anomalies, counts = run_product(history, fetches)
    return sorted(json.dumps(anomaly, sort_keys=True) for anomaly in anomalies), counts


@pytest.mark.parametrize("first", range(0, 2_000, SEEDS_AT_ONCE))
def test_small_histories(first: int) -> None:
    """Over small histories on the edges of the windows, product and oracle say the same."""
    for seed in range(first, first + SEEDS_AT_ONCE):
        history = small_history(seed)
        lengths = (len(history.records[0]), len(history.records[1]))
        _compare(history, random_fetches(random.Random(seed), lengths))


@pytest.mark.parametrize("first", range(0, 2_000, SEEDS_AT_ONCE))
def test_chains(first: int) -> None:
    """Over vouchers that void, refund, complete and reverse each other, product and oracle say the same."""
    for seed in range(first, first + SEEDS_AT_ONCE):
        history = chain_history(seed)
        lengths = (len(history.records[0]), len(history.records[1]))
        _compare(history, random_fetches(random.Random(seed), lengths))


@pytest.mark.parametrize("seed", range(6))
def test_large_histories(seed: int) -> None:
    """Over thousands of records of many vouchers, product and oracle say the same."""
    history = large_history(seed, 500 + 300 * seed)
    lengths = (len(history.records[0]), len(history.records[1]))
    _compare(history, random_fetches(random.Random(seed), lengths))


def test_all_interleavings() -> None:
    """Every interleaving and fetch split of the two sources gives the same final state."""
    tried = 0
    for seed in range(10_000, 10_150):
        history = small_history(seed)
        lengths = (len(history.records[0]), len(history.records[1]))
        if not all(lengths) or sum(lengths) > 6:
            continue
        expected = None
        for fetches in all_fetches(lengths):
            state = _final(history, fetches)
            expected = expected or state
            assert state == expected, explained(history, fetches)
        tried += 1
    assert tried > 20

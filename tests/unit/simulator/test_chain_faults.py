"""Vouchers that point at others, rightly and wrongly: every script, its truth, and what a replay makes of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from streams.core.anomaly import KINDS
from streams.simulator.chain_faults import CHAIN_FAULTS
from streams.simulator.feed import Simulation
from streams.simulator.fleet import build_fleet
from streams.simulator.numbers import digit_away, is_digit_away, swapped, unused_number
from streams.simulator.params import SimulationParams, Windows
from streams.simulator.score import score
from tests.unit.simulator.judged import Event, anomalies_of, known_lines, read_events

SHORT = Windows(pair_ms=5_000, reversal_ms=10_000, refund_ms=25_000, in_progress_ms=15_000, reversal_window_ms=50_000)
Played = tuple[Simulation, list[dict[str, Any]], dict[str, Event]]


@pytest.fixture(scope="module")
def played() -> Played:
    """Return a run full of chains, its truth, and its events by their ids."""
    params = SimulationParams(terminals=25, rate=120, duration_s=240, seed=11, scenario="chains", windows=SHORT)
    simulation = Simulation(params)
    events = read_events(simulation)
    return simulation, simulation.truth(), events


def test_every_fault_of_chains_appears_with_its_expectations(played: Played) -> None:
    """Each label is played, with the kinds that the table says."""
    simulation, truth, _ = played
    started = simulation.summary().faults
    assert set(started) == set(CHAIN_FAULTS)
    for label, fault in CHAIN_FAULTS.items():
        kinds = Counter(line["kind"] for line in truth if line["fault"] == label and line["kind"])
        assert kinds == Counter({expected.kind: started[label] for expected in fault.expects})
        assert {line["cause"] for line in truth if line["fault"] == label} == {fault.cause}


def test_a_replay_finds_them_all_and_nothing_else() -> None:
    """Ordinary voids of voids, refunds in parts and reversed voids lead to nothing beside them."""
    params = SimulationParams(terminals=25, rate=60, duration_s=200, seed=4, scenario="chains", windows=SHORT)
    simulation = Simulation(params)
    found = anomalies_of(simulation, SHORT)
    result = score(found, known_lines(simulation.truth()))
    assert result.perfect, (result.missed[:2], result.false[:2], result.differing[:2])
    assert simulation.summary().expected["original_denied"] > 0


def test_what_a_mistyped_void_names_is_near_a_sale_and_was_never_printed(played: Played) -> None:
    """One digit or one exchange away from a voucher of the same terminal and batch with the same amount."""
    _, truth, events = played
    printed = {
        (event["terminal_id"], int(event["batch_number"]), int(event["voucher_number"]), event.get("amount"))
        for event in events.values()
        if event.get("kind") == "sale" and "batch_number" in event
    }
    checked = Counter[str]()
    for line in truth:
        if line["fault"] not in {"void_mistyped", "void_swapped"}:
            continue
        void = next(events[name] for name in line["event_ids"] if name.startswith("t-"))
        typed, batch = int(void["original"]["voucher_number"]), int(void["original"]["batch_number"])
        of_terminal = [row for row in printed if row[0] == line["terminal_id"]]
        assert typed not in {row[2] for row in of_terminal}
        meant = {row[2] for row in of_terminal if row[1] == batch and row[3] == void["amount"]}
        if line["fault"] == "void_mistyped":
            assert any(is_digit_away(typed, number) for number in meant)
        else:
            assert any(sorted(f"{typed:06d}") == sorted(f"{number:06d}") for number in meant)
        checked[line["fault"]] += 1
    assert min(checked.values()) > 0
    assert len(checked) == 2


def test_live_streams_name_no_day(played: Played) -> None:
    """A ledger that was filled today cannot vouch for the whole day, so a live void of nothing names none."""
    _, truth, events = played
    for kafka in (False, True):
        lines, known = truth, events
        if kafka:
            params = SimulationParams(
                terminals=10, rate=60, duration_s=60, seed=2, scenario="chains", windows=SHORT, kafka=True
            )
            simulation = Simulation(params)
            known = read_events(simulation)
            lines = simulation.truth()
        voids = [known[line["event_ids"][0]] for line in lines if line["kind"] == "original_not_found"]
        assert voids
        assert {"date" in void["original"] for void in voids} == {not kafka}


def test_numbers_that_nobody_used() -> None:
    """Near misses and far numbers lie outside what a terminal has used or will use soon, also around the wrap."""
    simulation = Simulation(SimulationParams(terminals=40, seed=3))
    rng = simulation._stage.rng
    for terminal in build_fleet(rng, 40):
        first = terminal.next_number
        for _ in range(50):
            terminal.take_number()
        used = {(first - 1 + step) % 999_999 + 1 for step in range(50)}
        for name in sorted(used)[:10]:
            typed, exchanged = digit_away(terminal, name, rng), swapped(terminal, name, rng)
            assert typed is not None
            assert is_digit_away(typed, name)
            assert {typed, exchanged, unused_number(terminal, rng)}.isdisjoint(used)


def test_the_kinds_of_the_table_have_names_of_the_contract() -> None:
    """Whatever a core does not judge yet, the table names only kinds of chains."""
    kinds = {expected.kind for fault in CHAIN_FAULTS.values() for expected in fault.expects}
    assert kinds == {"original_not_found", "original_conflict", "original_denied"}
    assert "original_denied" in KINDS

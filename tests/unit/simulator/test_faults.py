"""The table of faults: complete, labelled, and each script as its reason says."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import orjson
import pytest

from streams.simulator.faults import BROKEN, FAULTS
from streams.simulator.feed import Simulation
from streams.simulator.params import SimulationParams, Windows
from streams.simulator.stage import SimRecord

Played = tuple[Simulation, list[dict[str, Any]], list[SimRecord]]

SHORT = Windows(pair_ms=5_000, reversal_ms=10_000, refund_ms=25_000, in_progress_ms=15_000, reversal_window_ms=50_000)


@pytest.fixture(scope="module")
def played() -> Played:
    """Return one long run with many faults, its truth and its records."""
    simulation = Simulation(
        SimulationParams(terminals=80, rate=200, duration_s=300, seed=9, scenario="faults", windows=SHORT, kafka=True)
    )
    records = list(simulation.records())
    return simulation, simulation.truth(), records


def test_every_fault_appears_with_its_expectations(played: Played) -> None:
    """Each label is played, with as many lines of truth as the table says and their kinds in its order."""
    simulation, truth, _ = played
    lines = defaultdict(list)
    for line in truth:
        lines[line["fault"]].append(line)
    assert set(lines) == set(FAULTS)
    for label, fault in FAULTS.items():
        kinds = Counter(line["kind"] for line in lines[label] if line["kind"])
        started = simulation.summary().faults[label]
        wanted = Counter(expected.kind for expected in fault.expects)
        assert kinds == Counter({kind: count * started for kind, count in wanted.items()})


def test_summary_counts_what_the_truth_lists(played: Played) -> None:
    """Expected kinds, rejected reasons and records add up."""
    simulation, truth, records = played
    summary = simulation.summary()
    assert summary.expected == dict(Counter(line["kind"] for line in truth if line["kind"]))
    assert summary.rejected == dict(Counter(line["reason"] for line in truth if "reason" in line))
    assert sum(summary.events.values()) + sum(summary.rejected.values()) == len(records)
    assert set(summary.rejected) == {
        *("empty", "too_large", "malformed", "not_an_object", "missing_field", "invalid_field"),
        *("key_mismatch", "source_mismatch", "unknown_kind"),
    }


def test_lines_of_truth_have_the_agreed_shape(played: Played) -> None:
    """Every line has the agreed fields; amounts are integers, ids exist among the records, severities follow kinds."""
    _, truth, records = played
    sent = {value[13 : value.index(b'"', 13)].decode() for *_, value in records if value[:13] == b'{"event_id":"'}
    for line in truth:
        assert line.keys() >= {
            *("fault", "terminal_id", "voucher_number", "kind", "status", "resolution", "amount_at_risk"),
            *("currency", "severity", "event_ids", "at"),
        }
        if line["kind"] is None:
            assert (line["status"], line["severity"], line["amount_at_risk"]) == (None, None, None)
        else:
            assert line["status"] == ("resolved" if line["resolution"] else "open")
            assert isinstance(line["amount_at_risk"], int)
            assert set(line["event_ids"]) <= sent
        assert line["event_ids"]


def test_late_legs_come_after_the_window_and_prompt_ones_inside(played: Played) -> None:
    """A late host record lies more than a pair window after the terminal's, a reversed answer inside."""
    _, truth, records = played
    times: dict[tuple[str, int, str, str], list[int]] = defaultdict(list)
    for at_ms, source, key, value in records:
        if value[:13] == b'{"event_id":"' and b'"voucher_number"' in value:
            try:
                event = orjson.loads(value)
                times[key.decode(), int(event["voucher_number"]), source, event["kind"]].append(at_ms)
            except (ValueError, KeyError):
                continue
    for line in truth:
        name = line["terminal_id"], int(line["voucher_number"])
        if line["fault"] in {"late_host_record", "late_decline"} and line["kind"] == "orphan_terminal":
            assert times[*name, "host", "sale"][0] - times[*name, "terminal", "sale"][0] > SHORT.pair_ms
        if line["fault"] == "reversal_late":
            later = max(times[*name, "terminal", "sale"][0], times[*name, "host", "sale"][0])
            # A reversal with a number of its own is not found under the original's.
            assert all(at_ms > later + SHORT.reversal_window_ms for at_ms in times[*name, "host", "reversal"])
        if line["fault"] == "duplicate_at_terminal":
            first_ms, again_ms = times[*name, "terminal", "sale"]
            assert 0 < again_ms - first_ms < SHORT.pair_ms


def test_redeliveries_are_byte_for_byte(played: Played) -> None:
    """A second delivery has the same value and key, later, and there are as many as the summary says."""
    simulation, _, records = played
    values = Counter((source, key, value) for _, source, key, value in records if len(value) > 100)
    again = [record for record, count in values.items() if count > 1]
    assert len(again) == simulation.summary().redelivered > 0


@pytest.mark.parametrize("label", sorted(FAULTS))
def test_every_fault_gives_its_reason(label: str) -> None:
    """A reason stands beside each expectation, and its span ends after its last record."""
    fault = FAULTS[label]
    assert len(fault.reason) > 20
    for windows in (Windows(), SHORT):
        sent_ms, settled_ms = fault.span(windows)
        assert 0 < sent_ms < settled_ms


def test_spans_hold_all_records_of_a_fault(played: Played) -> None:
    """The last record that bears one of a fault's voucher numbers lies within the span of the table."""
    _, truth, records = played
    last: dict[tuple[bytes, bytes], int] = {}
    for at_ms, _, key, value in records:
        start = value.find(b'"voucher_number":"')
        if start > 0 and len(value) < 60_000:
            number = (
                value[start + 18 : value.index(b'"', start + 18)].lstrip(b"0") if b'"' in value[start + 18 :] else b""
            )
            last[key, number] = at_ms
    for line in truth:
        last_ms = last.get((line["terminal_id"].encode(), line["voucher_number"].lstrip("0").encode()))
        if last_ms is not None:
            assert last_ms - line["at"] <= FAULTS[line["fault"]].span(SHORT).sent_ms, line["fault"]


def test_files_carry_no_fault_that_needs_a_key() -> None:
    """Empty values and foreign keys exist in Kafka only."""
    simulation = Simulation(SimulationParams(terminals=30, rate=100, duration_s=60, scenario="rejects"))
    assert all(record.value for record in simulation.records())
    assert set(simulation.summary().rejected).isdisjoint({"empty", "key_mismatch"})
    assert set(simulation.summary().faults) <= BROKEN

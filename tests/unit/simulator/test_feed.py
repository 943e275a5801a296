"""The timeline: equal for equal parameters, in order, of the size asked for, and clean in itself."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.errors import UsageError
from streams.simulator.faults import FAULTS
from streams.simulator.feed import Simulation
from streams.simulator.params import SimulationParams, Windows
from streams.simulator.scenarios import SCENARIOS

if TYPE_CHECKING:
    from streams.simulator.stage import SimRecord
    from streams.simulator.truth import Truth

PARAMS = SimulationParams(terminals=40, rate=50, duration_s=60, seed=3, scenario="faults")
DIGITS = re.compile(rb"(?<![0-9])[0-9]{13,19}(?![0-9])")
EXEMPT = re.compile(
    rb'"(?:event_id|terminal_id|merchant_id|rrn|voucher_number|batch_number|event_time|date)":("[^"]*"|[0-9]+)'
)


def luhn(digits: bytes) -> bool:
    """Tell whether digits pass the Luhn check."""
    values = [sign - 48 for sign in reversed(digits)]
    doubled = [sum(divmod(2 * value, 10)) for value in values[1::2]]
    return (sum(values[::2]) + sum(doubled)) % 10 == 0


def run(params: SimulationParams) -> tuple[list[SimRecord], list[Truth], Simulation]:
    """Return the records, the truth and the simulation of some parameters."""
    simulation = Simulation(params)
    return list(simulation.records()), simulation.truth(), simulation


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_equal_parameters_give_equal_records_and_truth(scenario: str) -> None:
    """The same seed and parameters give the same bytes at the same times, and the same truth."""
    params = replace(PARAMS, scenario=scenario, duration_s=20, kafka=True)
    assert run(params)[:2] == run(params)[:2]


def test_another_seed_gives_other_records() -> None:
    """The seed decides."""
    assert run(PARAMS)[0] != run(replace(PARAMS, seed=4))[0]


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_records_come_in_time_order(scenario: str) -> None:
    """No record is earlier than the one before it, whatever the scenario."""
    records, _, _ = run(replace(PARAMS, scenario=scenario, duration_s=200, kafka=True))
    times = [record[0] for record in records]
    assert times == sorted(times)
    assert times[0] >= PARAMS.start_ms


def test_the_rate_is_the_one_asked_for() -> None:
    """About rate times duration events come, over a whole day with its quiet night."""
    params = SimulationParams(terminals=50, rate=1, duration_s=86_400, seed=1)
    records, _, simulation = run(params)
    assert len(records) == pytest.approx(86_400, rel=0.03)
    assert simulation.summary().records == len(records)
    by_hour: defaultdict[int, int] = defaultdict(int)
    for record in records:
        by_hour[record[0] // 3_600_000 % 24] += 1
    assert by_hour[10] > 5 * by_hour[18], "18:00 at the host's clock is 02:00 in the fleet's main zone"


def test_events_have_the_promised_size() -> None:
    """An ordinary event has 250 to 450 bytes, a big one about 1.5 kB."""
    for scenario, low, high in (("calm", 250, 450), ("big_events", 1_350, 1_650)):
        values = [record[3] for record in run(replace(PARAMS, scenario=scenario))[0]]
        values = [value for value in values if len(value) < 60_000]
        assert low < sum(map(len, values)) / len(values) < high


def test_keys_are_the_terminal_of_the_value() -> None:
    """In normal traffic the key is the trimmed terminal_id, and a side's topic is its own."""
    for _, _, key, value in run(replace(PARAMS, scenario="calm"))[0]:
        assert orjson.loads(value)["terminal_id"].strip().encode() == key


def test_no_voucher_number_comes_back_within_a_quarter_of_an_hour() -> None:
    """A terminal's numbers count on, wrapping at 999999, so no key is used again while a window is open."""
    records, _, _ = run(SimulationParams(terminals=3, rate=60, duration_s=1_200, seed=2, scenario="calm"))
    seen: dict[tuple[bytes, int, bool], int] = {}
    for at_ms, source, key, value in records:
        event = orjson.loads(value)
        if source == "host" or "voucher_number" not in event:
            continue
        number = int(event["voucher_number"])
        name = (key, number, event["kind"] == "reversal")
        assert at_ms - seen.get(name, 0) > 900_000
        seen[name] = at_ms


def test_some_terminals_pass_the_wrap() -> None:
    """999999 is followed by 1 within a short run."""
    values = [record[3] for record in run(replace(PARAMS, rate=200, scenario="calm"))[0]]
    numbers = {int(event["voucher_number"]) for event in map(orjson.loads, values) if "voucher_number" in event}
    assert {999_999, 1} <= numbers


def test_no_card_number_is_in_clear_but_where_the_truth_says_so() -> None:
    """A run of 13 to 19 digits that passes Luhn stands only in exempt fields and in the labelled fault."""
    records, truth, _ = run(replace(PARAMS, duration_s=200))
    labelled = {
        event_id for line in truth if str(line["fault"]).startswith("card_in") for event_id in line["event_ids"]
    }
    clear = set()
    for _, _, _, value in records:
        for digits in DIGITS.findall(EXEMPT.sub(b"", value)):
            if luhn(digits):
                assert digits.startswith(b"99"), "a test number of no bank"
                clear.add(orjson.loads(value)["event_id"])
    assert clear
    assert clear <= labelled
    assert not any(luhn(digits) for line in truth for digits in DIGITS.findall(orjson.dumps({**line, "at": 0})))


def test_normal_originals_are_real_and_used_once() -> None:
    """A void, refund or completion points at an approved earlier voucher of its terminal, never at a used one."""
    records, _, _ = run(SimulationParams(terminals=4, rate=20, duration_s=1_500, seed=5, scenario="calm"))
    earlier: dict[tuple[bytes, str, object], dict[str, object]] = {}
    used: set[tuple[bytes, object]] = set()
    met = set()
    for _, source, key, value in records:
        event = orjson.loads(value)
        if source == "host" or event["kind"] in {"reversal", "status", "settlement"}:
            continue
        original = event.get("original")
        if original is not None:
            if int(original["voucher_number"]):
                found = earlier[key, "number", (int(original["batch_number"]), int(original["voucher_number"]))]
            else:
                name = "rrn" if "rrn" in original else "auth_code"
                found = earlier[key, name, original[name]]
            assert found["kind"] == original["kind"]
            assert found["amount"] == original["amount"]
            assert (key, found["event_id"]) not in used
            used.add((key, found["event_id"]))
            met.add(event["kind"])
            _check_amount(event, found)
        for name in ("rrn", "auth_code"):
            if name in event:
                earlier[key, name, event[name]] = event
        earlier[key, "number", (int(event["batch_number"]), int(event["voucher_number"]))] = event
    assert met == {"void", "refund", "completion", "preauth_void", "completion_void"}


def _check_amount(event: dict[str, object], original: dict[str, object]) -> None:
    amount, limit = int(str(event["amount"])), int(str(original["amount"]))
    if "void" in str(event["kind"]):
        assert amount == limit
    elif event["kind"] == "refund":
        assert amount <= limit
    else:
        assert amount * 100 <= max(limit, 100) * 115


def test_calm_traffic_has_every_kind_and_habit() -> None:
    """All kinds, both time forms, both currency forms, masks, tokens, padding, missing RRNs and declines appear."""
    records, truth, _ = run(SimulationParams(terminals=60, rate=100, duration_s=900, seed=1, scenario="calm"))
    events = [(source, orjson.loads(value)) for _, source, _, value in records]
    assert {event["kind"] for _, event in events} == {
        *("sale", "void", "refund", "preauth", "preauth_void", "completion", "completion_void", "reversal"),
        *("query", "settlement", "status", "notice"),
    }
    assert not truth
    assert {type(event["event_time"]) for _, event in events} == {int, str}
    assert {len(event["currency"].strip("0123456789")) for _, event in events if "currency" in event} == {0, 3}
    assert any("X" in event.get("card", "") for _, event in events)
    assert any(event.get("card", "").startswith("tok-") for _, event in events)
    assert any(event["terminal_id"].endswith(" ") for _, event in events)
    assert any("rrn" not in event and event.get("outcome") == "unknown" for source, event in events)
    assert {len(event["voucher_number"]) for _, event in events if "voucher_number" in event} > {6, 5}
    merchants = {event["merchant_id"].strip().encode() for _, event in events}
    assert any(luhn(merchant) for merchant in merchants), "a merchant number may pass Luhn by chance"


def test_nothing_starts_after_the_faults_end() -> None:
    """After fault_until_s only heartbeats and what was under way go on, up to the end."""
    params = replace(PARAMS, fault_until_s=20, duration_s=100, scenario="steady", fit="settled")
    params = replace(params, windows=replace(Windows(), pair_ms=2_000, reversal_ms=4_000, reversal_window_ms=20_000))
    records, truth, _ = run(params)
    assert all(line["at"] < params.start_ms + 20_000 for line in truth)
    tail = [orjson.loads(value)["kind"] for at_ms, _, _, value in records if at_ms > params.start_ms + 60_000]
    assert set(tail) == {"status"}


def test_a_fault_that_does_not_fit_does_not_start() -> None:
    """With fit "sent", no record comes after the end but those of normal traffic under way."""
    params = replace(PARAMS, duration_s=90, fit="sent")
    records, truth, _ = run(params)
    assert truth
    assert records[-1][0] <= params.end_ms + params.windows.pair_ms
    assert run(replace(params, fit="free"))[0][-1][0] > params.end_ms + params.windows.pair_ms
    settled = run(replace(params, fit="settled"))[1]
    assert {line["fault"] for line in settled} < set(FAULTS)


def test_an_unknown_scenario_is_refused_with_the_known_ones() -> None:
    """The sentence lists what there is."""
    with pytest.raises(UsageError, match="There is no scenario 'stedy'; there are steady, calm, "):
        Simulation(replace(PARAMS, scenario="stedy"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"terminals": 0}, "The number of terminals is 0; it must be 1 to 1000000."),
        ({"rate": 0.0}, "The rate is 0.0 events a second; it must be above 0."),
        ({"duration_s": -1.0}, "The duration is -1.0 seconds; it must be above 0."),
        ({"rate": 50_000.0}, "50000 events a second are too many for 40 terminals"),
    ],
)
def test_impossible_sizes_are_refused(change: dict[str, Any], sentence: str) -> None:
    """Each sentence names the value and its limit."""
    with pytest.raises(UsageError, match=re.escape(sentence)):
        replace(PARAMS, **change)


def test_windows_too_short_for_the_fleet_are_refused() -> None:
    """A reversal window must hold a pair window and two reversal windows."""
    with pytest.raises(UsageError, match="The reversal window of the simulation is 100000 ms; it needs 300000 ms"):
        Windows(reversal_window_ms=100_000)
    with pytest.raises(UsageError, match="The pair window of the simulation is 100 ms; it needs 500 ms or more"):
        Windows(pair_ms=100)
    with pytest.raises(UsageError, match="The window refund_ms of the simulation is 0"):
        Windows(refund_ms=0)


def test_a_silent_source_delivers_everything_afterwards() -> None:
    """A stall moves records, loses none and orders them anew; without Kafka there is none."""
    params = replace(PARAMS, scenario="stall", duration_s=300, kafka=True)
    records, truth, simulation = run(params)
    assert [line["source"] for line in truth] == ["host", "terminal"]
    for line in truth:
        inside = [r for r in records if r[1] == line["source"] and line["at"] <= r[0] < line["until"]]
        assert inside == []
    assert simulation.summary().expected == {"source_stalled": 2}
    plain = run(replace(params, scenario="calm"))[0]
    assert sorted(record[3] for record in records) == sorted(record[3] for record in plain)
    assert run(replace(params, kafka=False))[1] == []

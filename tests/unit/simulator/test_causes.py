"""Every cause has troubles with the side effects by which it can be told, and each fault of them its truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from streams.core.fields import parse_time
from streams.errors import UsageError
from streams.simulator.causes.draw import Draw
from streams.simulator.causes.faults import CAUSE_FAULTS
from streams.simulator.causes.kinds import CAUSES, NOISE, TROUBLES
from streams.simulator.causes.plan import plan
from streams.simulator.feed import ALL_FAULTS, Simulation
from streams.simulator.fleet import build_fleet
from streams.simulator.params import Ranges, SimulationParams, Windows
from streams.simulator.score import score
from tests.unit.simulator.judged import Event, anomalies_of, known_lines, read_events

SHORT = Windows(pair_ms=5_000, reversal_ms=10_000, refund_ms=15_000, in_progress_ms=15_000, reversal_window_ms=50_000)
Lines = list[dict[str, Any]]


def params_of(seed: int = 1, causes: tuple[str, ...] = (), ranges: Ranges = "all") -> SimulationParams:
    """Return a short run with many troubles."""
    return SimulationParams(
        terminals=60,
        rate=150,
        duration_s=150,
        seed=seed,
        scenario="causes",
        windows=SHORT,
        causes=causes,
        ranges=ranges,
    )


def played(cause: str, seed: int = 1) -> tuple[Lines, Lines, dict[str, Event]]:
    """Return the episodes of one cause, the truth of its faults, and all events by their ids."""
    simulation = Simulation(params_of(seed, (cause,)))
    events = read_events(simulation)
    truth = simulation.truth()
    episodes = [line for line in truth if "label" in line]
    return episodes, [line for line in truth if "label" not in line and line["cause"] == cause], events


@pytest.mark.parametrize("seed", [1, 2])
def test_a_replay_finds_what_overlapping_troubles_lead_to_and_nothing_else(seed: int) -> None:
    """Late feeds, numbers that go back, dropped reversals and noise: every line of truth and no other anomaly."""
    simulation = Simulation(params_of(seed))
    found = anomalies_of(simulation, SHORT)
    result = score(found, known_lines(simulation.truth()))
    assert result.perfect, (result.missed[:2], result.false[:2], result.differing[:2])


def test_every_cause_of_the_table_has_anomalies_and_so_has_none() -> None:
    """The summary counts them by cause; what befalls single vouchers is unknown."""
    simulation = Simulation(params_of(3))
    read_events(simulation)
    truth = simulation.truth()
    counted = Counter(line["cause"] for line in truth if line["kind"])
    assert simulation.summary().causes == dict(sorted(counted.items()))
    assert set(counted) == {*CAUSES, "unknown"}
    assert len(CAUSES) == 12
    episodes = {line["episode"]: line for line in truth if "label" in line}
    for line in truth:
        if "label" not in line and "episode" in line:
            assert line["cause"] == episodes[line["episode"]]["cause"]
            assert line["fault"] in ALL_FAULTS
        elif "label" not in line:
            assert line["cause"] == "unknown"
            assert line["fault"] in NOISE


def test_equal_seeds_give_equal_bytes_and_a_cause_alone_keeps_its_episodes() -> None:
    """Leaving causes out changes nothing about the others' plans."""
    runs = [[tuple(record) for record in Simulation(params_of(5)).records()] for _ in range(2)]
    assert runs[0] == runs[1]
    fleet = build_fleet(Simulation(params_of(5))._stage.rng, 60)
    whole = [one for one in plan(params_of(5), fleet) if one.cause == "host_fault"]
    alone = plan(params_of(5, ("host_fault",)), fleet)
    assert [(one.label, one.from_ms, one.about) for one in whole] == [
        (one.label, one.from_ms, one.about) for one in alone
    ]


def test_an_unknown_cause_is_refused() -> None:
    """The sentence lists those there are."""
    with pytest.raises(UsageError, match="no cause 'weather' to simulate; there are outdated_terminal, network_delay"):
        Simulation(params_of(causes=("weather",)))


def test_fitting_and_evaluation_share_no_parameter() -> None:
    """Quarters of a range take turns; together they fill it."""
    rng = Simulation(params_of())._stage.rng
    fit, evaluate, both = (Draw(rng, ranges) for ranges in ("fit", "evaluate", "all"))
    drawn = [{int(draw.between(0, 4)) for _ in range(300)} for draw in (fit, evaluate, both)]
    assert drawn == [{0, 2}, {1, 3}, {0, 1, 2, 3}]
    assert {both.whole(2, 6) for _ in range(300)} == {2, 3, 4, 5, 6}


def test_the_tables_fit_together() -> None:
    """Every fault of a trouble exists, gives its reason, and is used."""
    named = set(NOISE)
    for label, trouble in TROUBLES.items():
        for mixture in (trouble.mixture, *trouble.also):
            named |= set(mixture)
        assert len(trouble.about) > 20, label
    assert named - {"held_back"} <= set(ALL_FAULTS)
    assert set(CAUSE_FAULTS) - named == {"held_back_host", "held_back_terminal", "held_back_shortly"}
    for fault in CAUSE_FAULTS.values():
        assert len(fault.reason) > 20
        assert 0 < fault.span(SHORT).sent_ms < fault.span(SHORT).settled_ms


def test_a_version_bug_is_one_of_the_version_alone() -> None:
    """All it touches runs one version, which its episode names."""
    episodes, lines, events = played("outdated_terminal")
    versions = {line["episode"]: line["about"]["software_version"] for line in episodes}
    by_terminal = {
        event["terminal_id"]: event["software_version"] for event in events.values() if "software_version" in event
    }
    assert lines
    for line in lines:
        assert by_terminal[line["terminal_id"]] == versions[line["episode"]]


def test_an_ageing_modem_shows_in_round_trips_of_one_network() -> None:
    """Several times the terminal's own norm while it lasts, and elsewhere the norm."""
    episodes, _, events = played("network_delay")
    one = episodes[0]
    usual: defaultdict[str, list[int]] = defaultdict(list)
    slow: defaultdict[str, list[int]] = defaultdict(list)
    for event in events.values():
        if "round_trip_ms" in event and event["terminal_id"] in one["about"]["terminals"]:
            assert event["network_type"] == one["about"]["network_type"]
            inside = one["at"] <= event["event_time"] < one["until"] if isinstance(event["event_time"], int) else None
            if inside is not None:
                (slow if inside else usual)[event["terminal_id"]].append(event["round_trip_ms"])
    both = usual.keys() & slow.keys()
    assert both
    for terminal in both:
        norm = sorted(usual[terminal])[len(usual[terminal]) // 2]
        assert sorted(slow[terminal])[len(slow[terminal]) // 2] > 2 * norm


def test_a_cut_over_is_announced_and_answers_90_and_96() -> None:
    """A notice comes before it and names a wider window; refusals inside have its codes."""
    episodes, lines, events = played("maintenance")
    notices = [event for event in events.values() if event["kind"] == "notice" and "window_from" in event]
    quiet = [event for event in notices if event["reason"] == "work on spare lines"]
    assert len(notices) - len(quiet) == len(episodes) > 0
    assert quiet
    for line in episodes:
        told = next(event for event in notices if event["window_id"] == f"n1-{line['episode']}")
        assert told["link"] == line["about"]["link"]
        from_ms, until_ms = parse_time(told["window_from"]), parse_time(told["window_until"])
        assert from_ms is not None
        assert until_ms is not None
        assert told["at_ms"] < from_ms < line["at"] < line["until"] < until_ms
    codes = {
        events[name].get("response_code") for line in lines if line["fault"] == "refused" for name in line["event_ids"]
    }
    assert codes == {"90", "96"}


def test_one_source_of_a_late_feed_comes_when_it_is_over() -> None:
    """Records wait for the end of the episode; what comes too late is a late match."""
    episodes, lines, _ = played("feed_gap")
    ends = {line["episode"]: line["until"] for line in episodes}
    late = [line for line in lines if line["resolution"] == "late_match"]
    assert late
    assert all(line["at"] < ends[line["episode"]] for line in late)
    sources = {line["about"]["source"] for line in episodes}
    kinds = {line["kind"] for line in late}
    assert kinds <= {"orphan_terminal" if source == "host" else "orphan_host" for source in sources}


def test_a_terminal_without_power_is_silent_and_comes_back_with_another_number() -> None:
    """No event of the terminal's own while it lasts, heartbeats before and after, and numbers that jump."""
    episodes, _, events = played("terminal_fault")
    heartbeats = Counter(event["terminal_id"] for event in events.values() if event["kind"] == "status")
    jumps = set()
    for line in episodes:
        terminal = line["about"]["terminals"][0]
        margin_ms = int(0.7 * SHORT.pair_ms)
        inside = [
            event
            for event in events.values()
            if event["terminal_id"] == terminal
            and event["from"] == "terminal"
            and line["at"] + margin_ms < event["at_ms"] < line["until"]
        ]
        assert inside == []
        assert heartbeats[terminal] > 3
        jumps.add((line["about"]["lost_numbers"] > 0) - (line["about"]["lost_numbers"] < 0))
    assert jumps >= {1, -1}


@pytest.mark.parametrize("cause", ["operator_error", "suspected_fraud"])
def test_what_people_do_is_one_operators(cause: str) -> None:
    """Every event of such a fault carries the operator that the episode names."""
    episodes, lines, events = played(cause)
    operators = {line["episode"]: line["about"]["operator_id"] for line in episodes}
    seen = [
        (events[name]["operator_id"], operators[line["episode"]])
        for line in lines
        for name in line["event_ids"]
        if name.startswith("t-")
    ]
    assert len(seen) > 3
    assert all(worked == meant for worked, meant in seen)


@pytest.mark.parametrize(
    ("cause", "codes"),
    [
        ("merchant_account", {"03", "97"}),
        ("permission", {"57", "58", "62"}),
        ("batch_state", {"77", "19", "22"}),
        ("card_problem", {"51", "54", "55", "61", "65"}),
    ],
)
def test_refusals_carry_the_codes_of_their_cause(cause: str, codes: set[str]) -> None:
    """What the host refuses because of a trouble has one of its codes."""
    _, lines, events = played(cause)
    refused = {
        events[name]["response_code"]
        for line in lines
        if line["fault"] in {"refused", "refused_alone", "slip_of_refused", "refused_for_card"}
        for name in line["event_ids"]
        if name.startswith("h-")
    }
    assert refused
    assert refused <= codes


def test_a_host_that_loses_originals_denies_what_it_approved() -> None:
    """25 or 12 on voids, refunds and completions of approved vouchers of one link."""
    episodes, lines, events = played("host_fault")
    links = {line["episode"]: line["about"]["link"] for line in episodes if line["label"] == "lost_originals"}
    denied = [line for line in lines if line["kind"] == "original_denied"]
    assert denied
    for line in denied:
        legs = [events[name] for name in line["event_ids"]]
        assert {leg["response_code"] for leg in legs} <= {"25", "12"}
        assert {leg["link"] for leg in legs} == {links[line["episode"]]}


def test_the_page_names_every_trouble_with_its_cause() -> None:
    """What ``docs/simulation.md`` lists is what there is."""
    page = (Path(__file__).resolve().parents[3] / "docs" / "simulation.md").read_text(encoding="utf-8")
    listed = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| `") and line.count("|") == 4]
    told = {label.strip(" `"): cause.strip(" `") for label, cause in listed}
    assert told == {label: trouble.cause for label, trouble in TROUBLES.items()}

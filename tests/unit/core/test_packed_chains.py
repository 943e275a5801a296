"""Voids, refunds and completions that stay packed: a lane that packs and one that does not say the same of them."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from streams.core.fact import expanded
from streams.core.lane import Lane
from streams.core.wire import HOST, TERMINAL
from tests.simulation import crashes
from tests.simulation.crashes import SYNCED, CopiedLedger, Killed
from tests.unit.core.chain_steps import chain_steps
from tests.unit.core.events import NOW_MS, line
from tests.unit.core.test_packed import RICH, SHORT, fetches, said, unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.policy import Policy
    from tests.unit.core.chain_steps import Step

SALE = {**RICH, "voucher_number": "41"}
VOID = {
    **RICH,
    "kind": "void",
    "rrn": "351300000050",
    "auth_code": "806555",
    "original": {"batch_number": "294", "voucher_number": "000041", "date": "0301", "kind": "sale", "amount": 10_000},
}


def history(seed: int, *, live: bool, on_disk: bool) -> None:
    """Feed one history to a lane that packs and to one that does not, and compare all that they say."""
    rng, policy, steps = chain_steps(seed)
    at_hand = rng.choice([0, 2, 1_000])
    packing, plain = (
        Lane(0, policy, live=live, check_keys=False, ledger=CopiedLedger(at_hand) if on_disk else None)
        for _ in range(2)
    )
    unpacked(plain)
    for source, records in fetches(steps, together=rng.random() < 0.3):
        assert said(packing.feed(source, records, NOW_MS)) == said(plain.feed(source, records, NOW_MS)), (seed, records)
        if live and rng.random() < 0.3:
            packing.cut()
            plain.cut()
    end = NOW_MS + sum(step[1] for step in steps) + 40_000
    assert said(packing.caught_up(TERMINAL, end)) == said(plain.caught_up(TERMINAL, end)), seed
    assert said(packing.flush()) == said(plain.flush()), seed
    assert packing.gauges().open == plain.gauges().open, seed
    assert packing.unclosed == plain.unclosed == 0, seed
    assert packing._merge.usual.sizes["chains"] == 0, seed  # type: ignore[union-attr]  # compiled, it is there


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("on_disk", [False, True])
def test_packed_or_not_chains_are_judged_alike(*, live: bool, on_disk: bool) -> None:
    """Whatever points at whatever, and whatever happens to either of them."""
    for seed in range(100):
        history(seed * 4 + live * 2 + on_disk, live=live, on_disk=on_disk)


class _Plain(Lane):
    def __init__(self, *given: object, **named: object) -> None:
        super().__init__(*given, **named)  # type: ignore[arg-type]  # handed on as they are
        unpacked(self)


def killed(seed: int, policy: Policy, steps: Sequence[Step]) -> dict[str, dict[str, object]]:
    """Return what the topic shows in the end of a lane that is killed and restarted now and then."""
    log: crashes.Log = ([], [])
    at = NOW_MS
    for source, pause_ms, value in steps:
        at += pause_ms
        log[source].append((len(log[source]), at, json.loads(value)["terminal_id"].strip().encode(), value))
    return Killed(log, policy, random.Random(seed), kills=4, ledger=SYNCED).run()


def test_a_restart_is_the_same_with_packed_chains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at the same points, a lane that packs and one that does not have the same anomalies in the end."""
    for seed in range(60):
        _, policy, steps = chain_steps(seed)
        found = killed(seed, policy, steps)
        with monkeypatch.context() as patch:
            patch.setattr(crashes, "Lane", _Plain)
            assert killed(seed, policy, steps) == found, seed


def pair(number: int, at: int, fields: dict[str, object], lane: Lane) -> None:
    """Feed both legs of a voucher, each the ``number``-th record of its source."""
    for source in (TERMINAL, HOST):
        lane.feed(source, [(number, at, None, line(**{**fields, "event_id": f"{source}-{number}"}))], NOW_MS)


@pytest.mark.parametrize("until_void_ms", [1_000, 100_000])
@pytest.mark.parametrize(
    "original",
    [
        VOID["original"],
        {"rrn": RICH["rrn"]},
        {"batch_number": "0", "voucher_number": "0", "auth_code": RICH["auth_code"]},
    ],
)
def test_a_plain_void_becomes_no_object(until_void_ms: int, original: object) -> None:
    """However it names its original, in memory or forgotten; and a second void finds the mark of the first."""
    lane = Lane(0, SHORT, live=False)
    pair(0, NOW_MS, SALE, lane)
    pair(1, NOW_MS + until_void_ms, {**VOID, "original": original}, lane)
    later = NOW_MS + until_void_ms + 60_000
    pair(2, later, {**SALE, "voucher_number": "43", "rrn": "9", "auth_code": "9"}, lane)
    assert not lane._state.memory.runs
    assert lane._merge.usual.sizes["chains"] == 0  # type: ignore[union-attr]  # as above
    pair(3, later + 1, {**VOID, "voucher_number": "44", "original": original}, lane)
    (change,) = lane.flush().changes
    assert change.kind == "original_conflict"
    assert "void 42 (0-1 and 1-1)" in change.record["evidence"][0]  # type: ignore[index]


@pytest.mark.parametrize("at_hand", [None, 0, 1_000])
@pytest.mark.parametrize("live", [False, True])
def test_what_was_marked_as_an_object_is_not_taken_for_untouched(*, at_hand: int | None, live: bool) -> None:
    """A forgotten sale that an unusual void has marked is found with that mark by a plain one, however long after."""
    lane = Lane(0, SHORT, live=live, check_keys=False, ledger=None if at_hand is None else CopiedLedger(at_hand))
    other = {**SALE, "rrn": "7", "auth_code": "7"}
    drafts = [SALE, other, other, {**VOID, "note": 1.5}, other, other, {**VOID, "voucher_number": "44"}, other]
    changes = []
    for number, fields in enumerate(drafts):
        at = NOW_MS + number * 200_000
        for source in (TERMINAL, HOST):
            record = {**fields, "event_id": f"{source}-{number}", "event_time": at}
            if fields is other:
                record["voucher_number"] = str(60 + number)
            changes += lane.feed(source, [(number, at, None, line(**record))], NOW_MS).changes
        if live:
            lane.cut()
    change = (changes + lane.flush().changes)[0]
    assert change.kind == "original_conflict"
    assert "void 42 (0-3 and 1-3)" in change.record["evidence"][0]  # type: ignore[index]


def test_a_cut_leaves_nothing_behind_that_the_ledger_does_not_hold() -> None:
    """What was not forgotten yet when a cut is made is read again after a restart, or else nobody would know it."""
    ledger = CopiedLedger()
    lane = Lane(0, SHORT, check_keys=False, ledger=ledger)
    pair(0, NOW_MS, SALE, lane)
    for number in range(1, 6):
        cut = lane.cut()
        assert cut.r_ms <= NOW_MS or ledger.of_number(str(SALE["terminal_id"]), "41")
        pair(number, NOW_MS + number * 100_000, {**SALE, "voucher_number": str(50 + number)}, lane)
    assert lane.cut().r_ms > NOW_MS


@pytest.mark.parametrize("marked", [False, True])
def test_a_packed_pair_is_expanded_to_what_it_was(*, marked: bool) -> None:
    """Field by field, evidence alone left out, with the void's mark on it."""
    ledger = CopiedLedger()
    lane = Lane(0, SHORT, check_keys=False, ledger=ledger)
    terminal = {**RICH, "event_id": "t1", "merchant_id": "820000000000001"}
    host = {**RICH, "event_id": "h1", "merchant_id": "820000000000001", "amount": 10_000, "card": None}
    lane.feed(TERMINAL, [(3, NOW_MS, None, line(**terminal))], NOW_MS)
    lane.feed(HOST, [(5, NOW_MS + 7, None, line(**host))], NOW_MS)
    if marked:
        void = {**RICH, "kind": "void", "voucher_number": "77", "rrn": "1", "original": {"rrn": RICH["rrn"]}}
        for source in (TERMINAL, HOST):
            lane.feed(source, [(9, NOW_MS + 5_000, None, line(**{**void, "event_id": f"v{source}"}))], NOW_MS)
    for number, source in enumerate((TERMINAL, HOST)):
        later = {**RICH, "voucher_number": "99", "event_id": f"x{number}"}
        lane.feed(source, [(20, NOW_MS + 900_000, None, line(**later))], NOW_MS)
    lane.cut()
    (fact,) = ledger.of_number(str(RICH["terminal_id"]), str(RICH["voucher_number"]).lstrip("0"))
    assert fact[5][:1] == b"\1"
    row = json.loads(expanded(fact[5]))
    assert row["t"][:2] == [NOW_MS, 3]
    assert row["h"][:2] == [NOW_MS + 7, 5]
    for leg, record in (("t", terminal), ("h", host)):
        sent = json.loads(line(**record))
        kept = row[leg][2]
        assert kept == {name: value for name, value in sent.items() if name in kept}
        lacking = {name for name, value in sent.items() if name not in kept and value is not None}
        evidence = {"software_version", "terminal_model", "network_type", "region", "operator_id", "entry_mode"}
        assert lacking <= {*evidence, "round_trip_ms", "received_at"}
    assert ("s" in row) == marked

"""With packed vouchers or without them, a lane says the same: the same anomalies, counters, delays and cuts.

Runs on the compiled core alone, since packing is there only.
"""

from __future__ import annotations

import dataclasses
import gc
import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.lane import Lane
from streams.core.policy import LinkPolicy
from streams.core.wire import HOST, TERMINAL
from tests.unit.core.events import CARD, GONE, MERCHANT, NOW_MS, POLICY, SHOWN, VALID, decoded, line
from tests.unit.core.test_two_ways import changed_events, seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from streams.core.lane import LaneOutput
    from streams.core.policy import Policy

RICH: Mapping[str, Any] = {
    **VALID,
    "batch_number": "000294",
    "rrn": "351300000049",
    "auth_code": "806554",
    "card": SHOWN,
    "link": "west",
    "software_version": "2.8.1",
}
SHORT = dataclasses.replace(
    POLICY,
    redelivery_horizon_ms=20_000,
    pair_window_ms=dict.fromkeys(POLICY.pair_window_ms, 10_000) | {"refund": 25_000},
    in_progress_window_ms=15_000,
    reversal_window_ms=30_000,
    resolve_horizon_ms=90_000,
    stall_after_ms=8_000,
    hold_limit_ms=20_000,
    links={"west": LinkPolicy(), "a far longer name": LinkPolicy()},
)
SPELLINGS = {
    "event_id": st.sampled_from(["a", "b", "c", "d", "e f"]),
    "kind": st.sampled_from(["sale", "sale", "sale", "refund", "query", "void", "reversal", "status"]),
    "event_time": st.sampled_from([5, "2026-02-28T23:59:59.123Z", "2024-02-29T00:00:00-11:30", "2026-02-29T00:00:00Z"]),
    "terminal_id": st.sampled_from(["T0000001", "T0000001  ", " T0000001", "T0000002"]),
    "merchant_id": st.sampled_from(["M00000001", "M00000001 ", MERCHANT]),
    "source": st.sampled_from(["terminal", "host", None]),
    "voucher_number": st.sampled_from(["42", "000042", "7", "0", "000", "1000000"]),
    "batch_number": st.sampled_from(["294", "000294", "295", "000000", None, GONE]),
    "rrn": st.sampled_from(["351300000049", "351300000050", "1", " 1", "", GONE]),
    "auth_code": st.sampled_from(["806554", "1", " ", GONE]),
    "response_code": st.sampled_from(["00", "00", "51", "30", "09", "96", "25", "ZZ", GONE]),
    "outcome": st.sampled_from(["approved", "declined", "unknown", "in_progress", GONE]),
    "amount": st.sampled_from([10_000, 10_000, 0, 1, 10**12, -1, GONE]),
    "currency": st.sampled_from(["CNY", "156", "840", "USD", "ABC", GONE]),
    "card": st.sampled_from(
        [SHOWN, SHOWN.replace("*", "X"), "*" * 12 + SHOWN[-4:], "6222", CARD, "tok-12", "tok-13", "X" * 6, GONE]
    ),
    "link": st.sampled_from(["west", "east", "a far longer name", "", GONE]),
    "round_trip_ms": st.sampled_from([-5, 0, 10**13]),
    "offline": st.sampled_from([True, False, None]),
    "received_at": st.sampled_from([5, None]),
    "original": st.sampled_from(
        [
            {"voucher_number": "42", "batch_number": "000294", "date": "0228", "kind": "sale", "amount": 10_000},
            {"rrn": "351300000049", "auth_code": "806554"},
            {"date": "0230"},
            {"date": "2026-02-28"},
            {"date": "0000"},
            {"voucher_number": "4 2"},
            {"batch_number": ""},
            {"amount": -1},
            {"amount": 10**12},
            {"amount": "5"},
            {"kind": 5},
            {"kind": "far longer than twelve"},
            {"rrn": None},
            {"more": "1"},
            {},
            "42",
            None,
        ]
    ),
    "note": st.sampled_from(["a word", 5, True, 1.5, CARD, "no \u00e9", "\\"]),
    "battery_percent": st.integers(-3, 10**13),
    "seen_2026_twice": st.just("x"),
}


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Draw the JSON of an event that is usual but for a few fields, in one of two layouts."""
    fields = dict(RICH)
    for name in draw(st.lists(st.sampled_from(sorted(SPELLINGS)), max_size=4)):
        fields[name] = draw(SPELLINGS[name])
    kept = {name: value for name, value in fields.items() if value is not GONE}
    return json.dumps(kept, separators=draw(st.sampled_from([(",", ":"), (", ", ": ")]))).encode()


STEPS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0, 1, 900, 3_000, 9_000, 31_000]), bodies()), min_size=2, max_size=14
)


def unpacked(lane: Lane) -> Lane:
    """Return a lane that packs nothing."""
    lane._state.memory.usual = None
    return lane


def said(out: LaneOutput) -> object:
    """Return all that one call of a lane said."""
    return (
        [(change.log_time, change.encode(0)) for change in out.changes],
        out.dead_letters,
        {name: count for name, count in out.tally.items() if count},
        out.pair_delays,
        out.read,
    )


def fetches(
    steps: Sequence[tuple[int, int, bytes]], *, together: bool
) -> Iterator[tuple[int, list[tuple[int, int, bytes | None, bytes | None]]]]:
    """Yield the records of each fetch: one, or all that one source gives ``together`` before the other does."""
    at, offsets = NOW_MS, [0, 0]
    for _, group in groupby(enumerate(steps), lambda step: step[1][0] if together else step[0]):
        records: list[tuple[int, int, bytes | None, bytes | None]] = []
        for _, (source, pause_ms, value) in group:
            at += pause_ms
            records.append((offsets[source], at, None, value))
            offsets[source] += 1
        yield source, records


def both_say(policy: Policy, steps: Sequence[tuple[int, int, bytes]], *, live: bool, together: bool = False) -> Lane:
    """Feed the same records to a lane that packs and to one that does not, compare all; return the first."""
    lanes = Lane(0, policy, live=live, check_keys=False), unpacked(Lane(0, policy, live=live, check_keys=False))
    at = NOW_MS + sum(step[1] for step in steps)
    for source, records in fetches(steps, together=together):
        answers = [said(lane.feed(source, records, NOW_MS)) for lane in lanes]
        assert answers[0] == answers[1], records
        if live:
            assert lanes[0].cut() == lanes[1].cut()
    ends = [said(lane.caught_up(TERMINAL, at + 40_000)) for lane in lanes]
    assert ends[0] == ends[1]
    assert lanes[0].gauges() == lanes[1].gauges()
    assert lanes[0].unclosed == lanes[1].unclosed
    ends = [said(lane.flush()) for lane in lanes]
    assert ends[0] == ends[1]
    return lanes[0]


@pytest.mark.parametrize("live", [False, True])
@settings(max_examples=600, deadline=None, derandomize=True)
@given(steps=STEPS, together=st.booleans())
def test_packed_or_not_a_lane_says_the_same(*, live: bool, steps: list[tuple[int, int, bytes]], together: bool) -> None:
    """Any short history of usual and unusual records, of few numbers, so that they meet."""
    both_say(SHORT, steps, live=live, together=together)


def beat(source: int, pause_s: int, name: str) -> tuple[int, int, bytes]:
    """Return a step in which a source only shows that it is there."""
    return source, pause_s * 1_000, line(kind="status", event_id=name, terminal_id="T0000009")


def test_a_cut_that_is_held_back_still_knows_the_pairs_it_goes_through() -> None:
    """While a held verdict keeps J where it is, what ended after J - L is not forgotten for the cut."""
    steps = [(TERMINAL, 0, line(**RICH)), (HOST, 5_000, line(**{**RICH, "event_id": "h"}))]
    for number in range(6):
        steps += [beat(HOST, 4, f"a{number}"), (TERMINAL, 0, b"")]
    steps.append((HOST, 4_000, line(**{**RICH, "event_id": "lone", "voucher_number": "7"})))
    for number in range(8):
        steps += [beat(HOST, 3, f"b{number}"), (TERMINAL, 0, b"")]
    both_say(SHORT, steps, live=True)


def test_a_hold_that_ends_earlier_is_seen_within_the_fetch_that_ends_it() -> None:
    """A source that speaks again brings the end of a hold forward, to before the next record of its fetch."""
    sale = {**RICH, "voucher_number": "7"}
    steps = [beat(TERMINAL, 0, "t0"), (HOST, 28_500, line(**{**sale, "event_id": "lone"}))]
    steps.append((TERMINAL, 1_500, line(kind="status", event_id="t1")))
    steps += [beat(HOST, 1, f"h{number}") for number in range(8)]
    steps += [(TERMINAL, 700, b""), beat(HOST, 0, "h8")]  # the lone leg's deadline is passed and held for 20 s
    steps.append((TERMINAL, 300, line(**{**RICH, "event_id": "back"})))  # silent for 9 s: the hold lasts 9 s more
    steps.append((TERMINAL, 9_500, line(**{**sale, "event_id": "late"})))
    steps += [(TERMINAL, 1_500, b""), beat(HOST, 3, "h9")]
    both_say(SHORT, steps, live=True, together=True)


@pytest.mark.parametrize(
    "original",
    [
        b'{"rrn":"1","rrn":"2"}',
        b'{"amount":007}',
        b'{"amount":1.5}',
        b'{"amount":0}',
        b'{"kind":"sale"',
        b'{"kind":"sale",}',
        b'{"kind":"sa\\u006ce"}',
        b'{ "kind" : "sale" }',
        b'{"kind": "sale", "amount": 5 }',
        b'{"kind":{"kind":"sale"}}',
        b'{"date":"0229"}',
        b'{"date":"0431"}',
        b'{"date":"1301"}',
        b'{"voucher_number":"' + b"1" * 300 + b'"}',
        b"",
        b"{",
        b'{"',
    ],
)
def test_a_reference_to_an_original_is_kept_or_refused_as_ever(original: bytes) -> None:
    """However it is spelled: named twice, cut off, with a number that is none."""
    legs = [
        (source, 500, line(**{**RICH, "event_id": name})[:-1] + b',"original":' + original + b"}")
        for source, name in ((TERMINAL, "t"), (HOST, "h"), (HOST, "i"))
    ]
    both_say(SHORT, legs, live=False)


def test_a_sale_that_names_an_original_is_usual() -> None:
    """A plain reference does not make an object of an event whose kind does not point at one."""
    lane = Lane(0, SHORT, live=False)
    original = {"voucher_number": "42", "date": "0228", "amount": 5}
    lane.feed(TERMINAL, [(0, NOW_MS, None, line(**{**RICH, "original": original}))], NOW_MS)
    lane.feed(HOST, [(0, NOW_MS + 1, None, line(kind="status", terminal_id="far"))], NOW_MS)
    lane.feed(TERMINAL, [(1, NOW_MS + 1, None, b"")], NOW_MS)
    assert lane._merge.usual is not None
    assert lane._merge.usual.pending == (1, 0)


def test_tables_that_grow_lose_nothing() -> None:
    """Thousands of vouchers, of records of any length, paired and forgotten: the same is said as without packing."""
    lanes = Lane(0, SHORT, live=True, check_keys=False), unpacked(Lane(0, SHORT, live=True, check_keys=False))
    sales = 6_000
    for start in range(0, sales, 400):
        for source in (TERMINAL, HOST):
            records = [
                (number, NOW_MS + number, None, long_sale(number, source))
                for number in range(start, start + 400)
                if source == TERMINAL or number % 10  # one in ten has no answer
            ]
            answers = [said(lane.feed(source, records, NOW_MS)) for lane in lanes]
            assert answers[0] == answers[1]
            assert lanes[0].cut() == lanes[1].cut()
    ends = [said(lane.flush()) for lane in lanes]
    assert ends[0] == ends[1]


def long_sale(number: int, source: int) -> bytes:
    """Return one side of a sale, now and then with so many fields of the sender's own that it has 2 kB."""
    more = {f"field_{chr(97 + place // 26)}{chr(97 + place % 26)}": "x" * 12 for place in range(number % 40 * 2)}
    places = {"terminal_id": f"T{number % 977:07d}", "voucher_number": f"{number:06d}"}
    return line(**{**RICH, **places, **more, "event_id": f"{source}-{number}", "rrn": f"{number:012d}"})


@settings(max_examples=1_500, deadline=None, derandomize=True)
@given(changed_events(), st.sampled_from([TERMINAL, HOST]))
def test_what_is_packed_is_what_was_sent(fields: Mapping[str, Any], source: int) -> None:
    """Unpacked again, an event shows the same values as if it had been an object all the time."""
    value = json.dumps(fields).encode()
    lane = Lane(0, POLICY, live=False)
    lane.feed(source, [(7, NOW_MS, None, value)], NOW_MS)
    lane.feed(1 - source, [(0, NOW_MS + 1, None, line(kind="status", terminal_id="far"))], NOW_MS)
    out = lane.feed(source, [(8, NOW_MS + 1, None, b"")], NOW_MS)
    del out
    if not sum(lane._merge.usual.pending):  # type: ignore[union-attr]  # compiled, it is there
        return
    plain, _ = decoded(value, source)
    key = plain.terminal, plain.number  # type: ignore[union-attr]  # what is packed is an event
    run = lane._state.memory.run_of(key)
    assert run is not None
    (voucher,) = run.vouchers
    assert voucher.lone is not None
    assert seen(voucher.lone) == seen(plain)
    assert (voucher.lone.offset, voucher.lone.log_time) == (7, NOW_MS)


def test_the_usual_sale_is_packed_and_closed_without_an_object() -> None:
    """What most records are becomes no object: otherwise all the rest of this file would compare a lane with itself."""
    host = {
        **RICH,
        "event_id": "h1",
        "event_time": 5,
        "source": None,
        "region": "east",
        "card": SHOWN.replace("*", "X"),
    }
    lane = both_say(POLICY, [(TERMINAL, 0, line(**RICH)), (HOST, 500, line(**host)), (TERMINAL, 1, b"")], live=True)
    assert not lane._state.memory.runs
    assert lane._merge.usual.sizes["keys"] == 1  # type: ignore[union-attr]  # as above


@pytest.mark.parametrize(
    "differs",
    [{"amount": 10_001}, {"rrn": "9"}, {"merchant_id": "M2"}, {"card": SHOWN[:-1] + "5"}, {"currency": "840"}],
)
def test_a_difference_is_never_overlooked(differs: dict[str, object]) -> None:
    """One field that differs is a mismatch, though all else is usual."""
    lane = Lane(0, POLICY, live=False)
    lane.feed(TERMINAL, [(0, NOW_MS, None, line(**RICH))], NOW_MS)
    lane.feed(HOST, [(0, NOW_MS + 9, None, line(**{**RICH, "event_id": "h", **differs}))], NOW_MS)
    (change,) = lane.flush().changes
    assert change.kind == "mismatch"


def test_a_closed_lane_gives_its_memory_back_at_once() -> None:
    """The cycle collector need not come by: it would not see how much there is to gain."""

    def alive() -> int:
        return sum(type(each).__name__ == "Packed" for each in gc.get_objects())

    gc.collect()
    others = alive()
    lane = Lane(0, POLICY, live=False)
    lane.feed(TERMINAL, [(0, NOW_MS, None, line(**RICH))], NOW_MS)
    assert alive() == others + 1
    gc.disable()
    try:
        lane.close()
        assert alive() == others
    finally:
        gc.enable()


def test_many_numbers_come_and_go() -> None:
    """Tables that grow, give back and are searched again keep every voucher apart."""
    lane = Lane(0, SHORT, live=False)
    for number in range(30_000):
        at = NOW_MS + number * 3
        sale = {**RICH, "event_id": str(number), "voucher_number": str(number % 9_000), "amount": number}
        for source in (TERMINAL, HOST):
            lane.feed(source, [(number, at, None, line(**sale))])
    assert lane.flush().changes == []
    assert lane.unclosed == 0
    assert lane._merge.usual.sizes["keys"] < 20_000  # type: ignore[union-attr]  # as above

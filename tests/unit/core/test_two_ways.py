"""The quick decoder and the exact one are two ways to one answer."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.core.compare import comparable, value_of
from streams.core.event import Event
from streams.core.policy import LinkPolicy
from streams.core.wire import HOST, TERMINAL, Body, DeadLetter
from tests.unit.core.events import CARD, CODES, GONE, MERCHANT, POLICY, SHOWN, VALID, decoded

if TYPE_CHECKING:
    from collections.abc import Mapping


TEXTS = st.one_of(
    st.text(max_size=20),
    st.text("0123456789 -*xX#", max_size=20),
    st.sampled_from(
        ["", " ", "000", "0", CARD, SHOWN, MERCHANT, f" {SHOWN}", "12345678*1234", "42", "\u00a0", "\u0664"]
    ),
)
NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.integers(),
    st.sampled_from([int(CARD), -int(CARD), 10**12, 10**12 - 1, 2**63, 2**63 - 1, 2**64, 10**40]),
)
TIMES = st.sampled_from(
    [
        "2026-03-02T08:00:00Z",
        "2026-03-02T08:00:00.123+08:00",
        "2026-03-02T08:00:00.12Z",
        "2026-03-02T08:00:00+0800",
        "2026-03-02T08:00:00,5Z",
        "2026-03-02T08:00:00.1+08:00",
        "2026-W10-1T08:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T08:00:60Z",
        "2026-03-02T08:00:00+24:00",
        "2026-03-02T08:00:00\u221208:00",
        "2026-13-02T08:00:00Z",
        -1,
        0,
        2**63,
    ]
)
ANYTHING = st.one_of(
    TEXTS,
    NUMBERS,
    st.none(),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(NUMBERS, max_size=2),
    st.dictionaries(TEXTS, NUMBERS, max_size=2),
)
ORIGINALS = st.dictionaries(
    st.sampled_from(["batch_number", "voucher_number", "date", "rrn", "auth_code", "kind", "amount", "more"]),
    st.one_of(TEXTS, NUMBERS, st.sampled_from(["0302", "2026-03-02", "2026-0302", "000000"])),
    max_size=3,
)
KINDS = st.sampled_from(["sale", "query", "refund", "reversal", "settlement", "status", "cash", "SALE", " sale", ""])
CODES_GIVEN = st.sampled_from([*sorted(CODES)[:5], "51", "09", "QQ", "y1", "0", "", "  ", None, GONE])
OUTCOMES = st.sampled_from(["approved", "declined", "unknown", "in_progress", " approved", "APPROVED", "", None, GONE])
FIELDS = st.sampled_from([*Body.__struct_fields__, "note", CARD])

SPECIAL = {
    "event_time": TIMES,
    "original": ORIGINALS,
    "kind": KINDS,
    "response_code": CODES_GIVEN,
    "outcome": OUTCOMES,
    "currency": st.sampled_from(["CNY", "156", "cny", "ZZZ", "998", " CNY", "", None]),
    "source": st.sampled_from(["terminal", "host", "", " terminal", None, 5]),
}
POLICIES = (
    POLICY,
    dataclasses.replace(POLICY, terminal_default_outcome="unknown", links={"west": LinkPolicy(batch_in_key=True)}),
)


@st.composite
def changed_events(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid event of which some fields were changed, taken away or added."""
    fields: dict[str, Any] = dict(VALID)
    for name in draw(st.lists(FIELDS, max_size=4)):
        fields[name] = draw(st.one_of(SPECIAL.get(name, TEXTS), ANYTHING, st.just(GONE)))
    return {name: value for name, value in fields.items() if value is not GONE}


def seen(found: Event | DeadLetter) -> object:
    """Return all of an answer that a rule, a record or a counter can show."""
    if isinstance(found, DeadLetter):
        return found
    shown = {
        name: comparable(name, value_of(found, name))
        for name in Body.__struct_fields__
        if name not in ("original", "offline", "received_at", "outcome", "source", "event_time")
    }
    state = (found.kind, found.outcome, found.terminal, found.number, found.batch, found.amount, found.currency)
    original = found.body.original or None
    named = None
    if original is not None:
        parts = [getattr(original, name) for name in original.__struct_fields__]
        named = [part.strip() if isinstance(part, str) else part for part in parts]
        named = [
            part for part in named if isinstance(part, int) or (isinstance(part, str) and part.strip("0-"))
        ] or None
    return shown, state, found.card or None, found.extras or None, found.body.offline is True, named


@settings(max_examples=1_500, deadline=None, derandomize=True)
@given(changed_events(), st.integers(0, 1), st.sampled_from([TERMINAL, HOST]))
@example({**VALID, "original": {"amount": int(CARD)}}, 0, TERMINAL)
@example({**VALID, "round_trip_ms": -int(CARD)}, 0, TERMINAL)
@example({**VALID, "event_time": -1}, 0, TERMINAL)
def test_both_ways_give_one_answer(fields: Mapping[str, Any], which: int, source: int) -> None:
    """Whatever is changed in an event, both ways accept the same, and show, count and mask the same."""
    value, policy = json.dumps(fields).encode(), POLICIES[which]
    quick, counted_quick = decoded(value, source, policy)
    exact, counted_exact = decoded(value, source, policy, exactly=True)
    assert seen(quick) == seen(exact), f"policy {which}: {fields}"
    assert counted_quick == counted_exact


@settings(max_examples=300, deadline=None, derandomize=True)
@given(changed_events())
def test_no_event_shows_a_card(fields: Mapping[str, Any]) -> None:
    """No field that is not exempt holds a clear card number once it is decoded, nor does a dead letter."""
    exempt = {name: VALID[name] for name in ("event_id", "event_time", "terminal_id", "merchant_id")}
    found, _ = decoded(json.dumps({**fields, **exempt, "received_at": 5}).encode())
    if isinstance(found, Event):
        shown = f"{found.body} {found.extras} {found.card}"
        assert CARD not in shown
    else:
        assert CARD.encode() not in (found.value or b"")


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_a_dead_letter(value: bytes) -> None:
    """No bytes whatever raise an error."""
    decoded(value)
    decoded(value, exactly=True)

"""Two legs field by field, and how well two lone legs fit."""

from __future__ import annotations

import pytest

from streams.core.compare import differences, field_agrees, likeness, same_amount_and_card
from streams.core.policy import COMPARABLE_FIELDS
from streams.core.wire import HOST, TERMINAL
from tests.unit.core.events import GONE, event_of, line


@pytest.mark.parametrize(
    ("name", "one", "other", "agree"),
    [
        ("amount", 100, 100, True),
        ("amount", 100, 101, False),
        ("currency", "156", "CNY", True),
        ("currency", "cny", "CNY", True),
        ("currency", "CNY", "HKD", False),
        ("kind", "sale", "preauth", False),
        ("merchant_id", " M1", "M1", True),
        ("merchant_id", "M1", "m1", False),
        ("rrn", "000123", "123", True),
        ("rrn", "000000", "123", None),
        ("rrn", GONE, "123", None),
        ("auth_code", "00A1", "A1", False),
        ("auth_code", "000042", "42", True),
        ("auth_code", "", "A1", None),
        ("batch_number", "000007", "7", True),
        ("batch_number", "7", "8", False),
        ("card", "622202******1234", "6222*1234", True),
        ("card", "tok", "6222*1234", None),
        ("card", "tok", "tak", False),
    ],
)
def test_one_field(name: str, one: object, other: object, agree: bool | None) -> None:  # noqa: FBT001  a table's column
    """Trimmed and without padding; where not both carry it comparably there is nothing to say."""
    terminal, host = event_of(line(**{name: one}), TERMINAL), event_of(line(**{name: other}), HOST)
    assert field_agrees(name, terminal, host) is agree
    assert field_agrees(name, host, terminal) is agree
    assert differences(COMPARABLE_FIELDS, terminal, host) == ((name,) if agree is False else ())


def test_differences_keep_the_order_of_the_setting() -> None:
    """Only the fields that are named, in their order."""
    terminal = event_of(line(rrn="1", auth_code="A", amount=1))
    host = event_of(line(rrn="2", auth_code="B", amount=2), HOST)
    assert differences(COMPARABLE_FIELDS, terminal, host) == ("amount", "auth_code", "rrn")
    assert differences(("rrn", "amount"), terminal, host) == ("rrn", "amount")
    assert differences((), terminal, host) == ()


@pytest.mark.parametrize(
    ("one", "other", "hints"),
    [
        ({}, {}, 0),
        ({"rrn": "1"}, {"rrn": "01"}, 1),
        ({"rrn": "1", "card": "6222*1234", "batch_number": "1"}, {"rrn": "1", "card": "tok", "batch_number": "1"}, 2),
        ({"rrn": "1"}, {"rrn": "2"}, None),
        ({"rrn": "1", "auth_code": "A"}, {"rrn": "1", "auth_code": "B"}, None),
        ({"amount": 1}, {"amount": 2}, None),
        ({"currency": "CNY"}, {"currency": "HKD"}, None),
        ({"merchant_id": "M1"}, {"merchant_id": "M2"}, 0),
        ({"kind": "sale"}, {"kind": "preauth"}, 0),
    ],
)
def test_likeness_counts_the_hints_that_agree(
    one: dict[str, object], other: dict[str, object], hints: int | None
) -> None:
    """Amount and currency must be equal and no hint may disagree; merchant and kind are for the verdict."""
    assert likeness(event_of(line(**one)), event_of(line(**other), HOST)) == hints


def test_a_repeat_has_the_same_amount_and_card() -> None:
    """As far as both say so: what one of them leaves out does not make it another voucher."""
    first = event_of(line(card="622202******1234"))
    assert same_amount_and_card(first, event_of(line()))
    assert same_amount_and_card(first, event_of(line(card="6222*1234")))
    assert not same_amount_and_card(first, event_of(line(card="6222*9999")))
    assert not same_amount_and_card(first, event_of(line(amount=1)))
    assert same_amount_and_card(first, event_of(line(kind="query", amount=GONE, currency=GONE)))

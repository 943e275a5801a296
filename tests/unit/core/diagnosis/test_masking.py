"""No sentence of a diagnosis shows a run of digits that could be a card number, whatever value it came from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.diagnosis.diagnosis import Diagnosis
from streams.core.diagnosis.evidence import Evidence, fields_of
from streams.core.diagnosis.model import CAUSES
from streams.core.diagnosis.notes import Notes
from streams.core.diagnosis.telling import Teller
from streams.core.diagnosis.template import plain
from streams.core.masking import is_card_run, passes_luhn
from streams.settings.diagnosis import shipped_model

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL: Final = shipped_model()
TELLER: Final = Teller(MODEL)
RUN: Final = re.compile(r"(?<![0-9])[0-9]{13,19}(?![0-9])")
KINDS: Final = tuple(MODEL.of_kind)


@st.composite
def card_like(draw: st.DrawFn) -> str:
    """Return 13 to 19 digits that pass the card test."""
    length = draw(st.integers(13, 19))
    body = draw(st.text("0123456789", min_size=length - 1, max_size=length - 1))
    return next(body + digit for digit in "0123456789" if passes_luhn(body + digit))


VALUES: Final = st.one_of(
    card_like(),
    st.builds(lambda before, number, after: f"{before}{number}{after}", st.text(), card_like(), st.text()),
    st.builds(int, card_like()),
    st.text(),
    st.none(),
)


AMOUNTS: Final = st.one_of(st.builds(int, card_like()), st.integers(0, 10**19))


def texts_of(node: object) -> Iterator[str]:
    """Yield every text of a record's diagnosis."""
    if isinstance(node, dict):
        for value in node.values():
            yield from texts_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts_of(value)
    elif isinstance(node, str):
        yield node


def record_of(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return what a diagnosis reads of an anomaly record."""
    voucher = {name: values[name] for name in ("terminal_id", "merchant_id", "batch_number", "voucher_number", "rrn")}
    return {
        "kind": kind,
        "voucher": voucher,
        "legs": {"terminal": {"link": values["link"], "log_time": 1_772_478_000_000}, "host": None},
        "link": "other",
        "amount_at_risk": values["amount"],
        "currency": values["currency"],
        "opened_at": 1_772_478_060_000,
    }


NAMES: Final = ("terminal_id", "merchant_id", "batch_number", "voucher_number", "rrn", "link", "amount", "currency")


CURRENCIES: Final = st.one_of(VALUES.filter(lambda value: isinstance(value, str)), st.none())
SAID: Final = dict.fromkeys(NAMES, VALUES) | {"amount": AMOUNTS, "currency": CURRENCIES}


@settings(max_examples=60)
@given(
    values=st.fixed_dictionaries(SAID),
    shown=VALUES,
    kind=st.sampled_from(KINDS),
)
@pytest.mark.parametrize("cause", range(len(CAUSES) - 1))
def test_no_text_shows_what_could_be_a_card(cause: int, kind: str, values: dict[str, Any], shown: object) -> None:
    """In sentences and steps of every kind and cause, in both languages, whatever the voucher or a count held."""
    speaking = [piece for piece, row in MODEL.weights.items() if any(at == cause and w > 0 for at, w in row)]
    found = Evidence([], None)
    for piece in speaking:
        found.tell(piece, tuple(shown for _ in fields_of(piece)))
    diagnosis = Diagnosis(TELLER, record_of(kind, values), Notes())
    diagnosis.rest_on(found)
    told = diagnosis.told()
    assert told["cause"] == CAUSES[cause]
    assert told["evidence"]
    runs = [run for text in texts_of(told) for run in RUN.findall(text)]
    assert not [run for run in runs if is_card_run(run)]


@given(number=card_like())
def test_ten_digits_of_it_stay(number: str) -> None:
    """What is masked keeps its first six and last four digits, so that it can still be told from others."""
    masked = number[:6] + "*" * (len(number) - 10) + number[-4:]
    assert plain(number) == masked.encode()
    assert plain(f"merchant {number}.") == f"merchant {masked}.".encode()


@given(st.one_of(st.integers(-(10**11), 10**12 - 1), st.text("0123456789", max_size=12)))
def test_what_is_shorter_stays_as_it_is(value: object) -> None:
    """Voucher numbers, RRNs, amounts and times of day are shown in full."""
    assert plain(value) == str(value).encode()

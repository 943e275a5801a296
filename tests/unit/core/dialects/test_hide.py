"""Bytes of raw messages without card numbers, whatever the message is like."""

from __future__ import annotations

import msgspec
import pytest

from streams.core.dialects.hide import card_windows, hide, hide_written
from streams.settings import shipped_dialects
from tests.unit.core.dialects.messages import card, dialect, letter, message

LENGTHS = pytest.mark.parametrize("length", range(13, 20))


@LENGTHS
@pytest.mark.parametrize("around", [("", ""), ("16", "000000"), ("9", "9"), ("0" * 30, "1" * 30)])
def test_a_number_between_other_digits(length: int, around: tuple[str, str]) -> None:
    """In ASCII, packed at either nibble, and in the hex digits of ASCII."""
    number = card(length)
    text = around[0] + number + around[1]
    assert number.encode() not in hide(text.encode())
    assert number.encode() not in hide_written(text.encode())
    for digits in (text, "0" + text):
        if len(digits) % 2 == 0:
            assert number not in hide(bytes.fromhex(digits)).hex()
    assert number.encode().hex().encode() not in hide(text.encode().hex().encode())


def test_what_is_short_or_no_number_stays() -> None:
    """Twelve digits are no card number, and thirteen that fail the check neither."""
    wrong = card(13)[:-1] + str((int(card(13)[-1]) + 1) % 10)
    for raw in (b"hello", b"306123000042", wrong.encode(), bytes.fromhex("0210"), b"\x00\xff" * 9):
        assert hide(raw, packed=False) == raw


def test_windows() -> None:
    """Each window of 13 to 19 digits that passes gives its middle."""
    assert list(card_windows("0" * 13)) == [(6, 9)]
    assert len(list(card_windows("0" * 19))) == sum(range(1, 8))


@pytest.mark.parametrize("name", shipped_dialects())
@pytest.mark.parametrize("form", ["bytes", "hex", "object"])
def test_a_dead_letter_keeps_the_rest(name: str, form: str) -> None:
    """A whole message with a fault keeps its fields; number, tracks and chip data are hidden."""
    fields = {
        "2": card(),
        "36": f"{card()}D1",
        "45": f"B{card()}^",
        "49": "",
        "55": "5A08" + card(),
        "62": f"x{card()}x",
    }
    raw = message(name, dialect(name).version + "210", fields)
    value = {"bytes": raw, "hex": raw.hex().encode(), "object": msgspec.json.encode({"message": raw.hex()})}[form]
    found = letter(name, value)
    assert found.reason == "missing_field"
    assert found.value is not None
    kept = found.value
    if form == "hex":
        kept = bytes.fromhex(kept.decode())
    elif form == "object":
        kept = bytes.fromhex(msgspec.json.decode(kept)["message"])
    assert len(kept) == len(raw)
    assert card().encode() not in kept
    assert card() not in kept.hex()
    assert b"306123000042" in kept
    assert b"10000017" in kept

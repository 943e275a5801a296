"""Currencies: codes of either form, and how many decimals."""

from __future__ import annotations

import pytest

from streams.core.currency import KNOWN, LETTERS, letters, minor_units


@pytest.mark.parametrize(
    ("code", "name"), [("156", "CNY"), ("008", "ALL"), ("cny", "CNY"), (" HKD ", "HKD"), ("000", "000"), ("ZZZ", "ZZZ")]
)
def test_letters_of_a_code(code: str, name: str) -> None:
    """Digits of the list become letters, letters upper case, anything else stays."""
    assert letters(code) == name


@pytest.mark.parametrize(("code", "digits"), [("CNY", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("ZZZ", 2)])
def test_decimals(code: str, digits: int) -> None:
    """Two where ISO 4217 names no other count."""
    assert minor_units(code) == digits


def test_the_list_is_one_to_one() -> None:
    """No code and no name stands twice, all have three signs."""
    assert len(LETTERS) == len(KNOWN) > 150
    assert all(len(code) == 3 and code.isdecimal() for code in LETTERS)
    assert all(len(name) == 3 and name.isupper() for name in KNOWN)

"""Card numbers: which runs are found, what of them is shown, when two agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.masking import (
    cards_agree,
    cards_comparable,
    is_card_run,
    mask_bytes,
    mask_card,
    mask_text,
    passes_luhn,
)
from tests.unit.core.events import CARD, SHOWN, with_check_digit


@pytest.mark.parametrize("length", range(10, 23))
def test_whole_runs_of_13_to_19_digits_are_cards(length: int) -> None:
    """Shorter and longer runs are none, whatever their check digit."""
    run = with_check_digit("6" + "0" * (length - 2))
    assert len(run) == length
    assert is_card_run(run) is (13 <= length <= 19)
    masked, hit = mask_text(f"no. {run}, thanks")
    assert hit is (13 <= length <= 19)
    assert (run in masked) is not hit


def test_a_part_of_a_longer_run_is_no_card() -> None:
    """The test is of whole runs: digits on either side make another number of it."""
    assert mask_text(f"1{CARD}0000")[1] is False
    assert mask_text(f"a{CARD}b") == (f"a{SHOWN}b", True)


@given(st.text("0123456789 -x/", max_size=80))
def test_masking_is_done_once(text: str) -> None:
    """A masked text has nothing left to mask, keeps its length, and loses only digits."""
    masked, _ = mask_text(text)
    assert mask_text(masked) == (masked, False)
    assert len(masked) == len(text)
    assert all(new in (old, "*") for old, new in zip(text, masked, strict=True))


@given(st.binary(max_size=80))
def test_bytes_are_masked_as_text_is(raw: bytes) -> None:
    """Any bytes go through, and nothing but digits of card runs changes."""
    assert mask_bytes(mask_bytes(raw)) == mask_bytes(raw)


@pytest.mark.parametrize(
    ("card", "shown", "clear"),
    [
        (CARD, SHOWN, True),
        (f" {CARD[:4]}-{CARD[4:]} ", SHOWN, True),
        (SHOWN, SHOWN, False),
        ("622202XXXXXX1234", "622202******1234", False),
        ("622202######1234", "622202******1234", False),
        ("622202\u2022\u2022\u2022\u2022\u2022\u20221234", "622202******1234", False),
        ("12345678****1234", "123456******1234", False),
        ("****1234", "****1234", False),
        ("1234567890", "1234567890", False),
        ("12345678901", "123456*8901", False),
        ("****", "****", False),
        ("tok_1", "tok_1", False),
        (f"tok:{CARD}", f"tok:{SHOWN}", True),
    ],
)
def test_what_a_card_keeps(card: str, shown: str, clear: bool) -> None:  # noqa: FBT001  a column of the table
    """At most the first six and last four digits, Luhn or not; a token stays unless it hides a card."""
    assert mask_card(card) == (shown, clear)


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("622202******1234", "622202******1234", True),
        ("622202******1234", "****03******1234", False),
        ("622202******1234", "****02******1234", True),
        ("622202******1234", "622203******1234", False),
        ("622202******1234", "622202******1235", False),
        ("622202******1234", "6222*1234", True),
        ("622202******1234", "6222*34", True),
        ("622202******1234", "6223*1234", False),
        ("622202******1234", "622202*******1234", True),
        ("tok-a", "tok-a", True),
        ("tok-a", "tok-b", False),
    ],
)
def test_when_two_cards_agree(one: str, other: str, agree: bool) -> None:  # noqa: FBT001  a column of the table
    """Every digit shown by both is equal; numbers of different length agree by what leads and trails."""
    assert cards_comparable(one, other)
    assert cards_agree(one, other) is agree
    assert cards_agree(other, one) is agree


@pytest.mark.parametrize("sign", ["*", "x", "X", "#"])
def test_a_card_that_is_masked_whole_says_nothing(sign: str) -> None:
    """Each side may use a mask sign and a length of its own: no digit is shown by both, so none differs."""
    shown, in_clear = mask_card(sign * 16)
    assert (shown, in_clear) == ("*" * 16, False)
    for other in ("*" * 16, "*" * 12, SHOWN, "tok-a"):
        assert not cards_comparable(shown, other)
        assert not cards_comparable(other, shown)


def test_numbers_without_a_digit_in_common_cannot_be_compared() -> None:
    """One shows how the number begins, the other how it ends."""
    assert not cards_comparable("622202**********", "************1234")
    assert not cards_comparable("622202*", "************1234")
    assert cards_comparable("622202*", "622202******1234")


def test_a_token_and_a_number_cannot_be_compared() -> None:
    """Neither side can say anything about the other's card."""
    assert not cards_comparable("tok-a", "622202******1234")
    assert cards_comparable("tok-a", "tok-b")


def test_check_digits() -> None:
    """Luhn doubles every second digit from the right."""
    assert passes_luhn("79927398713")
    assert [digit for digit in "0123456789" if passes_luhn("7992739871" + digit)] == ["3"]


def test_each_number_of_a_record_is_masked_and_the_exempt_one_is_not() -> None:
    """Several in a record, at its ends, too; the lengths stay."""
    raw = f"{CARD} no {CARD}-{'1' * 13} {CARD}".encode()
    shown = f"{SHOWN} no {SHOWN}-{'1' * 13} {SHOWN}".encode()
    assert mask_bytes(raw) == shown
    start = raw.index(b"no") + 3
    kept = mask_bytes(raw, ((start, start + len(CARD)),))
    assert kept == f"{SHOWN} no {CARD}-{'1' * 13} {SHOWN}".encode()

"""A text is cut by bytes between two characters, and foreign text cannot do more than be read."""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.relay.message import Message, cut, link, plain

NOTE = "…cut"


@pytest.mark.parametrize(
    ("limit", "left"),
    [
        (0, ""),
        (2, ""),
        (3, "凭"),
        (5, "凭"),
        (6, "凭证"),
        (7, "凭证a"),
        (10, "凭证a"),
        (11, "凭证a😀"),
        (99, "凭证a😀"),
    ],
)
def test_a_cut_falls_between_characters(limit: int, left: str) -> None:
    """A Chinese character has three bytes and a pictograph four; none is halved."""
    assert cut("凭证a😀", limit) == left


@given(st.text(), st.integers(0, 60))
def test_a_cut_is_the_longest_that_fits(text: str, limit: int) -> None:
    """One more character would be too much, and nothing is changed."""
    text = text.encode(errors="ignore").decode()
    left = cut(text, limit)
    assert text.startswith(left)
    assert len(left.encode()) <= limit
    assert left == text or len(text[: len(left) + 1].encode()) > limit


def test_links_stay_when_lines_are_cut() -> None:
    """What to do is worth more than the end of a description."""
    message = Message("title", ("一" * 5_000,), ("[手册](https://r)",), cut_note=NOTE)
    text = message.text("\n", 4_096, "head")
    assert len(text.encode()) in range(4_094, 4_097)
    assert text.startswith("head\n一一")
    assert text.endswith(f"一\n{NOTE}\n[手册](https://r)")


def test_links_too_long_to_stay_are_cut_too() -> None:
    """The limit holds whatever the links are."""
    message = Message("title", ("line",), ("[r](https://" + "x" * 5_000 + ")",), cut_note=NOTE)
    assert len(message.text("\n", 4_096).encode()) == 4_096


def test_what_fits_is_left_alone() -> None:
    """Exactly at the limit nothing is cut; one byte less and it is."""
    message = Message("title", ("一", "二"), cut_note=NOTE)
    assert message.text("\n", 7) == "一\n二"
    assert message.text("\n", 6) != "一\n二"


def test_foreign_text_mentions_nobody() -> None:
    """Tags and mentions of the three vendors are only read; a comparison stays as it is."""
    assert plain("<at id=all></at> <@all> <font>") == "＜at id=all>＜/at> ＜@all> ＜font>"
    assert plain("a\nb\x00c\u2028d") == "a b c d"
    assert plain("rate < 99 %") == "rate < 99 %"


def test_only_web_addresses_become_links() -> None:
    """What a label smuggles in as an address is shown as text."""
    assert link("Runbook", " https://a/b#c ") == "[Runbook](https://a/b#c)"
    assert link("Runbook", "javascript:alert(1)") == "Runbook javascript:alert(1)"
    assert link("Runbook", "https://a) [x](https://b") == "Runbook https://a) [x](https://b"

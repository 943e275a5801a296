"""Card numbers: how they are found, what of them may be shown, when two masked ones agree.

At most the first six and the last four digits are ever kept (PCI DSS 4.0.1, 3.4.1).  Masking
fails closed: what cannot be read is replaced by a placeholder, never passed on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_extensions import i64

PLACEHOLDER: Final = "[masked]"
SHORTEST_PAN: Final = 13
LONGEST_PAN: Final = 19
HEAD: Final = 6
TAIL: Final = 4

_MASK_SIGNS: Final = "*xX#\u2022\u00b7"
_NUMBER_SHAPE: Final = re.compile(rf"[0-9 \-{re.escape(_MASK_SIGNS)}]+\Z")
_STAR_RUNS: Final = frozenset("*" * count for count in range(1, 24))
_TOKEN_SIGN: Final = re.compile(r"[A-WYZa-wyz_]")
_DIGIT: Final = re.compile("[0-9]")
_TO_STARS: Final = {**{ord(sign): "*" for sign in _MASK_SIGNS}, ord(" "): None, ord("-"): None}
_RUN: Final = re.compile(r"(?<![0-9])[0-9]{13,19}(?![0-9])")
# In JSON bytes a digit may also be written as an escape; a run may mix both.
_BYTE_RUN: Final = re.compile(rb"(?:\\u003[0-9]|[0-9])+")
_ESCAPED_DIGIT: Final = re.compile(rb"\\u003([0-9])")
_ESCAPE: Final = rb"\u003"
_AS_RUNS: Final = bytes(48 if 48 <= sign <= 57 else 32 for sign in range(256))  # noqa: PLR2004  ASCII digits
"""Every digit to a zero, all else to a blank: a run is then found as fast as memory is read."""
_LONG_RUN: Final = b"0" * SHORTEST_PAN
_ZERO: Final = 48
_NINE: Final = 9


def passes_luhn(digits: str) -> bool:
    """Tell whether a string of ASCII digits has a valid Luhn check digit (ISO/IEC 7812-1)."""
    signs = digits.encode("ascii")
    return _passes_luhn(signs, 0, len(signs))


def _passes_luhn(signs: bytes, start: int, end: int) -> bool:
    whole: i64 = 0  # to the compiler a plain number of C
    twice = (end - start) % 2 == 0
    for place in range(start, end):
        value: i64 = signs[place] - _ZERO
        if twice:  # every other digit, from the right, counts as the digit sum of its double
            value += value if value + value <= _NINE else value - _NINE
        twice = not twice
        whole += value
    return whole % 10 == 0


def is_card_run(digits: str) -> bool:
    """Tell whether a whole run of digits passes the card test: 13 to 19 digits and Luhn."""
    return SHORTEST_PAN <= len(digits) <= LONGEST_PAN and passes_luhn(digits)


def mask_number(number: str) -> str:
    """Return a card number of digits and stars with only its first six and last four positions."""
    if len(number) <= HEAD + TAIL:
        return number
    return number[:HEAD] + "*" * (len(number) - HEAD - TAIL) + number[-TAIL:]


def mask_text(text: str) -> tuple[str, bool]:
    """Mask each digit run of a text that passes the card test; return the text and whether one did."""
    if len(text) < SHORTEST_PAN:
        return text, False
    signs = text.encode("utf-8", "replace")
    if _card_run(signs, signs.translate(_AS_RUNS), 0)[0] < 0:
        return text, False
    hit = False

    def replace(match: re.Match[str]) -> str:
        nonlocal hit
        run = match.group()
        if not passes_luhn(run):
            return run
        hit = True
        return mask_number(run)

    return _RUN.sub(replace, text), hit


def mask_card(card: str) -> tuple[str, bool]:
    """Return the masked form of a ``card`` value and whether it was a card number in clear.

    Digits, blanks, hyphens and mask signs are a number, whose mask signs become ``*``; anything
    else is a token and stays, unless it hides a digit run that passes the card test.
    """
    card = card.strip()
    usual = card.translate(_TO_STARS)
    if usual[HEAD:-TAIL] in _STAR_RUNS and (usual[:HEAD] + usual[-TAIL:]).replace("*", "").isdecimal():
        return usual, False
    if _TOKEN_SIGN.search(card) is not None:
        return mask_text(card)
    if _NUMBER_SHAPE.match(card) is None:
        return mask_text(card)
    if _DIGIT.search(card) is None:
        return usual or card, False
    number = card.translate(_TO_STARS)
    return mask_number(number), "*" not in number and is_card_run(number)


def is_number(card: str) -> bool:
    """Tell whether a masked ``card`` value is a number rather than a token."""
    digits = card.replace("*", "")
    return not digits or digits.isdecimal()


def cards_comparable(one: str, other: str) -> bool:
    """Tell whether two card values can be held against each other: both tokens, or numbers that show a digit in common.

    In common is a place that both show; with different lengths the places count from either end.
    """
    if not is_number(one) or not is_number(other):
        return is_number(one) == is_number(other)
    if len(one) == len(other):
        return any("*" not in (a, b) for a, b in zip(one, other, strict=True))
    return (one[0] != "*" != other[0]) or (one[-1] != "*" != other[-1])


def cards_agree(one: str, other: str) -> bool:
    """Tell whether two comparable card values can be the same card.

    Numbers of equal length agree when every digit that both show is equal; numbers of different
    length agree by the digits shown before the first and after the last mask sign.
    """
    if one == other or not is_number(one):
        return one == other
    if len(one) == len(other):
        return all(a == b or "*" in (a, b) for a, b in zip(one, other, strict=True))
    return _runs_agree(one, other) and _runs_agree(one[::-1], other[::-1])


def _runs_agree(one: str, other: str) -> bool:
    shown = zip(one.partition("*")[0], other.partition("*")[0], strict=False)
    return all(a == b for a, b in shown)


def _card_run(signs: bytes, runs: bytes, start: int) -> tuple[int, int]:
    """Return where the first digit run from a place on that passes the card test begins and ends, -1 where none does.

    ``runs`` are the signs by ``_AS_RUNS``; the place must not lie within a run.
    """
    start = runs.find(_LONG_RUN, start)
    while start >= 0:
        end = runs.find(b" ", start)
        end = len(runs) if end < 0 else end
        if end - start <= LONGEST_PAN and _passes_luhn(signs, start, end):
            return start, end
        start = runs.find(_LONG_RUN, end)
    return -1, -1


def mask_bytes(raw: bytes, exempt: tuple[tuple[int, int], ...] = ()) -> bytes:
    """Mask every digit run of a record's bytes that passes the card test, outside the exempt spans.

    A masked run keeps the length of its digits; where digits were written as JSON escapes the run
    is rewritten in plain ones.
    """
    if _ESCAPE not in raw:
        runs = raw.translate(_AS_RUNS)
        start, end = _card_run(raw, runs, 0)
        if start < 0:
            return raw
        masked = bytearray(raw)
        while start >= 0:
            if not any(low <= start and end <= high for low, high in exempt):
                masked[start:end] = mask_number(raw[start:end].decode("ascii")).encode("ascii")
            start, end = _card_run(raw, runs, end)
        return bytes(masked)

    def replace(match: re.Match[bytes]) -> bytes:
        start, end = match.span()
        if end - start < SHORTEST_PAN or any(low <= start and end <= high for low, high in exempt):
            return match.group()
        digits = _ESCAPED_DIGIT.sub(rb"\1", match.group()).decode("ascii")
        return mask_number(digits).encode("ascii") if is_card_run(digits) else match.group()

    return _BYTE_RUN.sub(replace, raw)

"""Card numbers in the bytes of a raw message: in ASCII digits, packed two in a byte, and written as hex digits.

In a message a card number stands between other digits, so that no run of digits is the number alone:
what is looked for is every window of 13 to 19 digits that passes the Luhn check.  One in ten windows
passes by chance; then more is hidden than had to be, never less.  Of a message that could be read the
fields that bear a number or a track are hidden whatever they hold, and those with a format of their
own stay as they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from streams.core.masking import HEAD, LONGEST_PAN, SHORTEST_PAN, TAIL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.core.dialects.message import Message

NUMBER_FIELD: Final = "2"
SECRET_FIELDS: Final = frozenset({"14", "34", "35", "36", "45", "52", "55"})
"""Fields of which nothing is shown: tracks, extended numbers, PIN blocks, chip data."""
_OWN_FORMAT: Final = frozenset(
    ("t", "p", "1", *map(str, (*range(3, 14), *range(15, 34), 37, 38, 39, 41, 42, 49, 50, 51, 64, 70, 128)))
)
"""Fields whose digits are no card number: times, amounts, codes, ids."""
_OWN_LENGTH: Final = 16
"""What is longer is free text in some edition."""
_ORIGINAL: Final = "90"
_DIGITS: Final = re.compile(rb"[0-9]{13,}")
_NIBBLES: Final = re.compile(r"[0-9]{13,}")
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{26,}")
_HEX_DIGITS: Final = re.compile("(?:3[0-9]){13,}")
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def card_windows(digits: str) -> Iterator[tuple[int, int]]:
    """Yield where the middle of each window of 13 to 19 digits stands that passes the Luhn check."""
    sums = ([0], [0])  # of the digits before a place, those at even or at odd places doubled
    for place, sign in enumerate(digits):
        value = ord(sign) - 48
        for doubled in (0, 1):
            sums[doubled].append(sums[doubled][-1] + (_DOUBLED[value] if place % 2 == doubled else value))
    for end in range(SHORTEST_PAN, len(digits) + 1):
        running = sums[end % 2]
        for begin in range(max(0, end - LONGEST_PAN), end - SHORTEST_PAN + 1):
            if (running[end] - running[begin]) % 10 == 0:
                yield begin + HEAD, end - TAIL


def hide(raw: bytes, *, packed: bool = True) -> bytes:
    """Return bytes of any content with every card number hidden.

    Where digits are not ``packed``, a window of nibbles that are themselves ASCII digits is left to
    the search among those.
    """
    shown = bytearray(raw)
    _hide_packed(raw, shown, packed=packed)
    _hide_written(raw, shown)
    return bytes(shown)


def hide_written(raw: bytes) -> bytes:
    """Return bytes that are text with every card number hidden, in digits or in the hex digits of digits."""
    shown = bytearray(raw)
    _hide_written(raw, shown)
    return bytes(shown)


def _hide_written(raw: bytes, shown: bytearray) -> None:
    """Hide the numbers that are written in ASCII digits, or in the hex digits of these."""
    for match in _DIGITS.finditer(raw):
        _star(shown, match.start(), card_windows(match.group().decode()))
    for match in _HEX.finditer(raw):
        text = match.group().decode()
        for odd in (0, 1):
            for inner in _HEX_DIGITS.finditer(text, odd):
                windows = card_windows(inner.group()[1::2])
                _star(shown, match.start() + inner.start(), ((2 * begin, 2 * end) for begin, end in windows))


def _star(shown: bytearray, start: int, windows: Iterable[tuple[int, int]]) -> None:
    for begin, end in windows:
        shown[start + begin : start + end] = b"*" * (end - begin)


def _hide_packed(raw: bytes, shown: bytearray, *, packed: bool) -> None:
    """Hide the numbers whose digits are packed: a hidden digit becomes the nibble F."""
    nibbles = raw.hex()
    text = () if packed else tuple(match.span() for match in re.finditer(rb"[0-9]{10,}", raw))
    for match in _NIBBLES.finditer(nibbles):
        for begin, end in card_windows(match.group()):
            first, last = match.start() + begin, match.start() + end
            if any(low <= (first - HEAD) // 2 and (last + TAIL + 1) // 2 <= high for low, high in text):
                continue
            for place in range(first, last):
                shown[place // 2] |= 0x0F if place % 2 else 0xF0


def hide_fields(raw: bytes, message: Message, *, packed: bool) -> bytes:
    """Return the bytes of a message that could be read, its card number and its secrets hidden."""
    shown = bytearray(raw)
    shown[: message.start] = hide(raw[: message.start])
    for number, begin, end in message.places():
        part = raw[begin:end]
        if number == NUMBER_FIELD:
            shown[begin:end] = _number(part)
        elif number in SECRET_FIELDS:
            shown[begin:end] = b"\xff" * len(part) if not _is_text(part) else b"*" * len(part)
        elif not has_own_format(number, len(part)):
            shown[begin:end] = hide(part, packed=packed)
    return bytes(shown)


def has_own_format(number: str, length: int) -> bool:
    """Tell whether a field of a message that could be read is shown as it is."""
    return (number in _OWN_FORMAT and length <= _OWN_LENGTH) or number == _ORIGINAL


def _is_text(part: bytes) -> bool:
    return all(0x20 <= byte < 0x7F for byte in part)  # noqa: PLR2004  printable ASCII


def _number(part: bytes) -> bytes:
    """Return field 2 with its first six and last four digits, whether they are packed or not."""
    shown = bytearray(part)
    if _is_text(part) and len(part) >= SHORTEST_PAN:
        shown[HEAD:-TAIL] = b"*" * (len(part) - HEAD - TAIL)
        return bytes(shown)
    # An odd number is filled up on either side: one digit less is shown there than might be.
    for place in range(HEAD // 2, len(part) - TAIL // 2):
        shown[place] = 0xFF
    return bytes(shown)

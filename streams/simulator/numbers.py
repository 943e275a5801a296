"""Voucher numbers that a terminal never used: near misses of a real one, and numbers far from all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.simulator.params import LARGEST_VOUCHER_NUMBER

if TYPE_CHECKING:
    from random import Random

    from streams.simulator.fleet import Terminal

DIGITS: Final = 6
BEFORE: Final = 100
"""Numbers before the first one that are left out: a terminal that lost its memory goes back a little."""
AFTER: Final = 20_000
"""Numbers to come that are left out, so that none of them turns up soon."""


def unused_number(terminal: Terminal, rng: Random) -> int:
    """Return a number far from all that a terminal has used or will use soon."""
    used = (terminal.next_number - terminal.first_number) % LARGEST_VOUCHER_NUMBER
    low, high = used + AFTER, LARGEST_VOUCHER_NUMBER - BEFORE
    return (terminal.first_number - 1 + rng.randrange(low, high)) % LARGEST_VOUCHER_NUMBER + 1


def digit_away(terminal: Terminal, number: int, rng: Random) -> int | None:
    """Return an unused number that differs from a used one in one digit."""
    text = f"{number:0{DIGITS}d}"
    typed = [
        text[:place] + digit + text[place + 1 :]
        for place in range(DIGITS)
        for digit in "0123456789"
        if digit != text[place]
    ]
    return _chosen(terminal, typed, rng)


def swapped(terminal: Terminal, number: int, rng: Random) -> int | None:
    """Return an unused number in which two neighbouring digits of a used one are exchanged, if there is one."""
    text = f"{number:0{DIGITS}d}"
    typed = [
        text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        for place in range(DIGITS - 1)
        if text[place] != text[place + 1]
    ]
    return _chosen(terminal, typed, rng)


def is_digit_away(one: int, other: int) -> bool:
    """Tell whether two numbers differ in exactly one digit."""
    pairs = zip(f"{one:0{DIGITS}d}", f"{other:0{DIGITS}d}", strict=True)
    return sum(here != there for here, there in pairs) == 1


def _chosen(terminal: Terminal, typed: list[str], rng: Random) -> int | None:
    fitting = [int(text) for text in typed if _is_unused(terminal, int(text))]
    return rng.choice(fitting) if fitting else None


def _is_unused(terminal: Terminal, number: int) -> bool:
    if number == 0:
        return False
    place = (number - terminal.first_number) % LARGEST_VOUCHER_NUMBER
    used = (terminal.next_number - terminal.first_number) % LARGEST_VOUCHER_NUMBER
    return used + AFTER < place < LARGEST_VOUCHER_NUMBER - BEFORE

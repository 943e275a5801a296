"""Scripts of faults that are none of the vouchers': nothing may be opened for them.

Why, stands in the table of ``faults.py``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from streams.simulator.truth import Claim

if TYPE_CHECKING:
    from random import Random

    from streams.simulator.stage import Stage
    from streams.simulator.voucher import Voucher

Claims = tuple[Claim, ...]

LARGEST_SKEW_MS: Final = 45 * 60_000
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def redelivered_by_terminal(stage: Stage) -> Claims:
    """Send a terminal's record twice, byte for byte."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt())
    terminal = stage.terminal_leg(voucher, stage.prompt())
    stage.send_again(_again(stage))
    return (Claim(voucher, (terminal, host)),)


def redelivered_by_host(stage: Stage) -> Claims:
    """Send a host's record twice, byte for byte."""
    voucher = stage.voucher()
    terminal = stage.terminal_leg(voucher, stage.prompt())
    host = stage.host_leg(voucher, stage.prompt())
    stage.send_again(_again(stage))
    return (Claim(voucher, (terminal, host)),)


def event_id_reused(stage: Stage) -> Claims:
    """Give two vouchers of one terminal the same event id."""
    first = stage.voucher()
    event_id = stage.terminal_leg(first, stage.prompt())
    stage.host_leg(first, stage.prompt())
    second = stage.voucher()
    stage.terminal_leg(second, stage.between(0.1, 0.3, stage.windows.pair_ms), event_id=event_id)
    host = stage.host_leg(second, stage.between(0.1, 0.3, stage.windows.pair_ms))
    return (Claim(second, (event_id, host)),)


def clock_skew(stage: Stage) -> Claims:
    """Let a terminal's clock be wrong by many minutes."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.host_delay())
    skew_ms = int((2 * stage.random() - 1) * LARGEST_SKEW_MS)
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.terminal_delay(), clock_ms=skew_ms), host)),)


def card_in_clear(stage: Stage) -> Claims:
    """Send a whole card number, of no bank, in the terminal's ``card``."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.host_delay())
    clear = replace(voucher, clear=_card_number(voucher, stage.rng))
    return (Claim(voucher, (stage.terminal_leg(clear, stage.terminal_delay()), host)),)


def card_in_extra_field(stage: Stage) -> Claims:
    """Send a whole card number, of no bank, in a field that the canonical event does not know."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.host_delay())
    extra = f',"receipt_text":"CARD {_card_number(voucher, stage.rng)} OK"'
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.terminal_delay(), extra=extra), host)),)


def _again(stage: Stage) -> int:
    """Return a delay within the redelivery horizon, now shorter and now longer than a pair window."""
    windows = stage.windows
    return stage.between(0.01, 0.8, min(windows.redelivery_ms, 2 * windows.pair_ms))


def _card_number(voucher: Voucher, rng: Random) -> str:
    """Return sixteen digits that pass Luhn, with the voucher's first six and last four."""
    middle = f"{rng.randrange(100_000):05d}"
    for digit in "0123456789":
        number = f"{voucher.pan_head}{middle}{digit}{voucher.pan_tail}"
        values = [int(sign) for sign in reversed(number)]
        if (sum(values[::2]) + sum(_DOUBLED[value] for value in values[1::2])) % 10 == 0:
            return number
    raise AssertionError

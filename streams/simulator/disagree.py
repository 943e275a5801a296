"""Scripts of faults in which both sides speak in time and do not say the same, or one speaks twice.

What each must lead to, and why, stands in the table of ``faults.py``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from streams.simulator.truth import Claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.simulator.stage import Stage
    from streams.simulator.voucher import Voucher

Claims = tuple[Claim, ...]
_OTHER_MONEY: Final = {"CNY": ("978", "EUR"), "HKD": ("978", "EUR"), "EUR": ("840", "USD")}
_SIX_DIGITS: Final = 1_000_000


def wrong_amount(stage: Stage) -> Claims:
    """Approve with another amount at the host."""
    voucher = stage.voucher()
    difference = stage.rng.choice((1, 90, 1_000, voucher.amount * 9))
    ids = _both(stage, voucher, replace(voucher, amount=voucher.amount + difference))
    return (Claim(voucher, ids, difference),)


def wrong_auth_code(stage: Stage) -> Claims:
    """Approve with another authorisation code at the host."""
    return _with(stage, lambda voucher: {"auth": _next(voucher.auth)})


def wrong_rrn(stage: Stage) -> Claims:
    """Approve with another retrieval reference number at the host."""
    return _with(stage, lambda voucher: {"rrn": voucher.rrn[:6] + _next(voucher.rrn[6:])})


def wrong_batch(stage: Stage) -> Claims:
    """Approve in another batch at the host."""
    return _with(stage, lambda voucher: {"batch": voucher.batch + 1, "shows_batch": True})


def wrong_card(stage: Stage) -> Claims:
    """Approve for another card at the host, told by the last four digits."""
    return _with(stage, lambda voucher: {"pan_tail": _next("00" + voucher.pan_tail)[2:], "masked_by_host": True})


def wrong_currency(stage: Stage) -> Claims:
    """Approve in another currency at the host."""
    digits, letters = _OTHER_MONEY[stage.terminal.region.letters]
    return _with(stage, lambda _: {"digits": digits, "letters": letters})


def wrong_kind(stage: Stage) -> Claims:
    """Record a sale as a pre-authorisation at the host."""
    return _with(stage, lambda _: {"kind": "preauth"})


def wrong_merchant(stage: Stage) -> Claims:
    """Record a sale for another merchant at the host."""
    terminal = stage.terminal
    ids = f'"terminal_id":"{terminal.terminal_id}","merchant_id":"{terminal.merchant_id[:-3]}XYZ"'
    return _with(stage, lambda _: {"host_ids": ids})


def host_declined(stage: Stage) -> Claims:
    """Print an approved slip for what the host declined or rejected."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt(), stage.rng.choice(("51", "A0")))
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.prompt()), host)),)


def duplicate_at_terminal(stage: Stage) -> Claims:
    """Use a voucher number twice at the terminal within the window."""
    voucher = stage.voucher()
    first = stage.terminal_leg(voucher, stage.prompt())
    host = stage.host_leg(voucher, stage.prompt())
    after_ms = _soon(stage)
    again = stage.terminal_leg(voucher, after_ms, clock_ms=after_ms)
    return (Claim(voucher, (again, first, host)),)


def duplicate_at_host(stage: Stage) -> Claims:
    """Record a voucher twice at the host within the window."""
    voucher = stage.voucher()
    first = stage.host_leg(voucher, stage.prompt())
    terminal = stage.terminal_leg(voucher, stage.prompt())
    after_ms = _soon(stage)
    again = stage.host_leg(voucher, after_ms, clock_ms=after_ms)
    return (Claim(voucher, (again, first, terminal)),)


def duplicate_other_amount(stage: Stage) -> Claims:
    """Use a voucher number again at the terminal, for another amount, within the window."""
    voucher = stage.voucher()
    first = stage.terminal_leg(voucher, stage.prompt())
    host = stage.host_leg(voucher, stage.prompt())
    again = stage.terminal_leg(replace(voucher, amount=voucher.amount + 1_000), _soon(stage))
    return (Claim(voucher, (again, first, host)),)


def _both(stage: Stage, voucher: Voucher, at_host: Voucher) -> tuple[str, str]:
    host = stage.host_leg(at_host, stage.host_delay())
    # The response code is said aloud: what is compared is compared of two approved legs.
    return stage.terminal_leg(voucher, stage.terminal_delay(), outcome="approved"), host


def _with(stage: Stage, change: Callable[[Voucher], dict[str, Any]]) -> Claims:
    voucher = stage.voucher()
    return (Claim(voucher, _both(stage, voucher, replace(voucher, **change(voucher)))),)


def _next(digits: str) -> str:
    """Return six other digits than the six given, never all zeros."""
    return f"{(int(digits) + 1) % _SIX_DIGITS or 1:06d}"


def _soon(stage: Stage) -> int:
    """Return a delay after both legs and before either's deadline."""
    return stage.between(0.2, 0.6, stage.windows.pair_ms)

"""Scripts of faults in which one side of a voucher is missing, for good or for a while.

What each must lead to, and why, stands in the table of ``faults.py``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from streams.simulator.truth import Claim

if TYPE_CHECKING:
    from streams.simulator.stage import Stage

KINDS: Final = ("sale",) * 7 + ("preauth", "refund", "query")
"""Kinds of which a leg gets lost; each has its own window, severity or amount at risk."""

Claims = tuple[Claim, ...]


def lost_request(stage: Stage) -> Claims:
    """Print an approved slip for a request that never reached the host."""
    voucher = stage.voucher(stage.rng.choice(KINDS))
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.prompt()),)),)


def lost_terminal_record(stage: Stage) -> Claims:
    """Lose the terminal's record of a voucher that the host approved."""
    voucher = stage.voucher(stage.rng.choice(KINDS))
    return (Claim(voucher, (stage.host_leg(voucher, stage.prompt()),)),)


def terminal_decline_alone(stage: Stage) -> Claims:
    """Decline at the terminal without asking the host."""
    voucher = stage.voucher()
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.prompt(), "57"),)),)


def host_decline_alone(stage: Stage) -> Claims:
    """Lose the terminal's record of a voucher that the host declined."""
    voucher = stage.voucher()
    return (Claim(voucher, (stage.host_leg(voucher, stage.prompt(), "51"),)),)


def host_unknown_alone(stage: Stage) -> Claims:
    """Lose the terminal's record of a voucher whose outcome the host does not know."""
    voucher = stage.voucher()
    return (Claim(voucher, (stage.host_leg(voucher, stage.prompt(), "96"),)),)


def timeout_at_host(stage: Stage) -> Claims:
    """Time out on a request that the host never saw, and send no reversal."""
    voucher = stage.voucher()
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.prompt(), "", "unknown"),)),)


def late_host_record(stage: Stage) -> Claims:
    """Let the host's record come after the terminal leg was judged alone."""
    voucher = stage.voucher()
    terminal = stage.terminal_leg(voucher, stage.prompt())
    stage.host_leg(voucher, _late(stage))
    return (Claim(voucher, (terminal,)),)


def late_host_record_by_far(stage: Stage) -> Claims:
    """Let the host's record come after many pair windows."""
    voucher = stage.voucher()
    terminal = stage.terminal_leg(voucher, stage.prompt())
    stage.host_leg(voucher, _late_by_far(stage))
    return (Claim(voucher, (terminal,)),)


def late_terminal_record(stage: Stage) -> Claims:
    """Let the terminal's record come after the host leg was judged alone."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt())
    stage.terminal_leg(voucher, _late(stage))
    return (Claim(voucher, (host,)),)


def late_with_other_amount(stage: Stage) -> Claims:
    """Let a host's record come late and with another amount."""
    voucher = stage.voucher()
    other = replace(voucher, amount=voucher.amount + 500)
    terminal = stage.terminal_leg(voucher, stage.prompt())
    host = stage.host_leg(other, _late(stage))
    return Claim(voucher, (terminal,)), Claim(other, (host,))


def late_decline(stage: Stage) -> Claims:
    """Let a host's decline of an approved slip come late."""
    voucher = stage.voucher()
    terminal = stage.terminal_leg(voucher, stage.prompt())
    host = stage.host_leg(voucher, _late(stage), "51")
    return Claim(voucher, (terminal,)), Claim(voucher, (terminal, host))


def late_terminal_answer(stage: Stage) -> Claims:
    """Time out at the terminal, never reverse, and report the approval long after."""
    windows = stage.windows
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt())
    terminal = stage.terminal_leg(voucher, stage.between(0.1, 0.3, windows.pair_ms), "", "unknown")
    stage.terminal_leg(voucher, windows.reversal_window_ms + stage.between(0.6, 2.0, windows.pair_ms))
    return (Claim(voucher, (terminal, host)),)


def late_host_answer(stage: Stage) -> Claims:
    """Report a malfunction for an approved slip, and the host's approval only after the pair was judged."""
    voucher = stage.voucher()
    terminal = stage.terminal_leg(voucher, stage.prompt())
    host = stage.host_leg(voucher, stage.prompt(), "96")
    stage.host_leg(voucher, _late(stage))
    return (Claim(voucher, (terminal, host)),)


def late_host_answer_by_far(stage: Stage) -> Claims:
    """Do the same with the host's approval after many pair windows."""
    voucher = stage.voucher()
    terminal = stage.terminal_leg(voucher, stage.prompt())
    host = stage.host_leg(voucher, stage.prompt(), "96")
    stage.host_leg(voucher, _late_by_far(stage))
    return (Claim(voucher, (terminal, host)),)


def offline_uploaded_late(stage: Stage) -> Claims:
    """Approve without the host and send the voucher up after the pair window."""
    voucher = stage.voucher()
    terminal = stage.terminal_leg(voucher, stage.prompt(), "", "approved", extra=',"offline":true')
    host = stage.host_leg(voucher, stage.between(1.3, 2.0, stage.windows.pair_ms))
    return (Claim(voucher, (terminal, host)),)


def offline_never_uploaded(stage: Stage) -> Claims:
    """Approve without the host and never send the voucher up."""
    voucher = stage.voucher()
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.prompt(), "", "approved", extra=',"offline":true'),)),)


def _late(stage: Stage) -> int:
    """Return a delay after every prompt leg's deadline, with room for the jitter of a real clock."""
    return stage.between(1.4, 3.0, stage.windows.pair_ms)


def _late_by_far(stage: Stage) -> int:
    """Return a delay longer than anything is remembered for but open anomalies; far within resolve_horizon."""
    return stage.between(10.0, 30.0, stage.windows.pair_ms)

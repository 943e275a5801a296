"""Scripts in which an answer is unknown or not yet final, with and without reversals.

What each must lead to, and why, stands in the table of ``faults.py``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from streams.simulator.traffic import reverse, time_out
from streams.simulator.truth import Claim

if TYPE_CHECKING:
    from streams.simulator.stage import Stage
    from streams.simulator.voucher import Voucher

Claims = tuple[Claim, ...]


def lost_answer(stage: Stage) -> Claims:
    """Time out at the terminal although the host approved, and never reverse."""
    voucher = stage.voucher(stage.rng.choice(("sale", "sale", "sale", "preauth")))
    return (Claim(voucher, _unknown_and_approved(stage, voucher)),)


def lost_answer_reversed(stage: Stage) -> Claims:
    """Time out at the terminal although the host approved, and reverse in time."""
    voucher = stage.voucher(stage.rng.choice(("sale", "sale", "sale", "preauth")))
    return (Claim(voucher, time_out(stage, voucher)),)


def timeout_at_host_reversed(stage: Stage) -> Claims:
    """Time out on a request that the host never saw; it answers the reversal with 25."""
    voucher = stage.voucher()
    terminal = stage.terminal_leg(voucher, stage.prompt(), "", "unknown")
    reverse(stage, voucher, _soon(stage), "25")
    return (Claim(voucher, (terminal,)),)


def timeout_at_host_reversed_late(stage: Stage) -> Claims:
    """Do the same, with the reversal only after the lone leg was judged."""
    voucher = stage.voucher()
    terminal = stage.terminal_leg(voucher, stage.prompt(), "", "unknown")
    reverse(stage, voucher, _after_reversal_window(stage), "25")
    return (Claim(voucher, (terminal,)),)


def timeout_of_declined(stage: Stage) -> Claims:
    """Time out at the terminal on what the host declined."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt(), "51")
    return (Claim(voucher, (stage.terminal_leg(voucher, _soon(stage), "", "unknown"), host)),)


def chip_declined(stage: Stage) -> Claims:
    """Decline by the chip after the host's approval, and never reverse."""
    voucher = stage.voucher()
    return (Claim(voucher, _chip_declined(stage, voucher)),)


def chip_declined_reversed(stage: Stage) -> Claims:
    """Decline by the chip after the host's approval, and reverse."""
    voucher = stage.voucher()
    ids = _chip_declined(stage, voucher)
    reverse(stage, voucher, _soon(stage))
    return (Claim(voucher, ids),)


def reversal_late(stage: Stage) -> Claims:
    """Reverse a lost answer only after the pair was judged as not reversed."""
    voucher = stage.voucher()
    ids = _unknown_and_approved(stage, voucher)
    reverse(stage, voucher, _after_reversal_window(stage))
    return (Claim(voucher, ids),)


def reversal_confirmed_late(stage: Stage) -> Claims:
    """Reverse a lost answer in time, with the host's confirmation only long after."""
    voucher = stage.voucher()
    ids = _unknown_and_approved(stage, voucher)
    delay_ms = _soon(stage)
    back = stage.reversal(voucher, delay_ms)
    asked = stage.terminal_leg(back, delay_ms, "", "unknown")
    window_ms = stage.windows.reversal_window_ms
    stage.host_leg(back, window_ms + stage.between(1.2, 2.0, stage.windows.pair_ms))
    return Claim(voucher, ids), Claim(back, (asked,))


def reversal_unanswered(stage: Stage) -> Claims:
    """Reverse a lost answer at the terminal; the host never hears of it."""
    voucher = stage.voucher()
    ids = _unknown_and_approved(stage, voucher)
    delay_ms = _soon(stage)
    back = stage.reversal(voucher, delay_ms)
    asked = stage.terminal_leg(back, delay_ms, "", "unknown")
    return Claim(voucher, ids), Claim(back, (asked,))


def reversal_at_host_only(stage: Stage) -> Claims:
    """Reverse at the host what both sides approved; the terminal does not know."""
    voucher = stage.voucher()
    stage.host_leg(voucher, stage.prompt())
    stage.terminal_leg(voucher, stage.prompt())
    delay_ms = _soon(stage)
    back = stage.reversal(voucher, delay_ms)
    return (Claim(back, (stage.host_leg(back, delay_ms),)),)


def timeout_reversed_by_host(stage: Stage) -> Claims:
    """Reverse at the host a lost answer; the terminal sends no reversal."""
    voucher = stage.voucher()
    ids = _unknown_and_approved(stage, voucher)
    delay_ms = _soon(stage)
    stage.host_leg(stage.reversal(voucher, delay_ms), delay_ms)
    return (Claim(voucher, ids),)


def reversal_outcomes_differ(stage: Stage) -> Claims:
    """Refuse at the terminal the answer to a reversal that the host confirmed."""
    voucher = stage.voucher()
    _unknown_and_approved(stage, voucher)
    delay_ms = _soon(stage)
    back = stage.reversal(voucher, delay_ms)
    host = stage.host_leg(back, delay_ms)
    return (Claim(back, (stage.terminal_leg(back, delay_ms + stage.prompt(), "A0"), host)),)


def reversal_repeated(stage: Stage) -> Claims:
    """Send the reversal of a lost answer twice; the first has no answer, the second the host's approval."""
    voucher = stage.voucher()
    ids = _unknown_and_approved(stage, voucher)
    first_ms = _soon(stage)
    again_ms = first_ms + stage.between(0.1, 0.2, stage.windows.pair_ms)
    back = stage.reversal(voucher, first_ms, named=True)
    stage.terminal_leg(back, first_ms, "", "unknown")
    own_number = voucher.terminal.link.own_reversal_number
    again = replace(back, number=voucher.terminal.take_number()) if own_number else back
    stage.terminal_leg(again, again_ms, clock_ms=again_ms - first_ms)
    stage.host_leg(again, again_ms + stage.prompt())
    return (Claim(voucher, ids),)


def reversal_overtakes(stage: Stage) -> Claims:
    """Let the host's record of a reversed sale come after both records of its reversal."""
    voucher = stage.voucher()
    terminal = stage.terminal_leg(voucher, stage.prompt(), "", "unknown")
    delay_ms = stage.between(0.1, 0.2, stage.windows.pair_ms)
    back = stage.reversal(voucher, delay_ms, named=True)
    stage.host_leg(back, delay_ms)
    stage.terminal_leg(back, delay_ms + stage.prompt())
    host = stage.host_leg(voucher, stage.between(0.4, 0.6, stage.windows.pair_ms))
    return (Claim(voucher, (terminal, host)),)


def host_only_reversed(stage: Stage) -> Claims:
    """Lose the terminal's record of a sale that is reversed before the host leg's deadline."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt())
    reverse(stage, voucher, _soon(stage))
    return (Claim(voucher, (host,)),)


def host_only_reversed_late(stage: Stage) -> Claims:
    """Lose the terminal's record of a sale that is reversed after the host leg was judged alone."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt())
    reverse(stage, voucher, stage.between(1.4, 2.0, stage.windows.pair_ms))
    return (Claim(voucher, (host,)),)


def in_progress_then_approved(stage: Stage) -> Claims:
    """Answer 09 first and 00 within the longer window, seen by the host alone or by both sides."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt(), "09")
    ended_ms = stage.between(0.3, 0.6, stage.windows.in_progress_ms)
    story = stage.rng.choice(("slip at the end", "slip at once", "both wait"))
    first = ""
    if story == "both wait":
        first = stage.terminal_leg(voucher, stage.prompt(), "09")
    elif story == "slip at once":
        first = stage.terminal_leg(voucher, stage.prompt())
    stage.host_leg(voucher, ended_ms, clock_ms=ended_ms)
    if story != "slip at once":
        last = stage.terminal_leg(voucher, ended_ms + stage.prompt(), clock_ms=ended_ms)
        first = first or last
    return (Claim(voucher, (first, host)),)


def in_progress_for_good(stage: Stage) -> Claims:
    """Answer 09 for an approved slip and never more."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt(), "09")
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.prompt()), host)),)


def in_progress_ended_late(stage: Stage) -> Claims:
    """Answer 09 for an approved slip, and 00 only after the pair was judged."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt(), "09")
    terminal = stage.terminal_leg(voucher, stage.prompt())
    stage.host_leg(voucher, stage.windows.in_progress_ms + stage.between(0.4, 2.0, stage.windows.pair_ms))
    return (Claim(voucher, (terminal, host)),)


def host_outcome_found(stage: Stage) -> Claims:
    """Report a malfunction for an approved slip, and the host's approval within the window."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt(), "96")
    terminal = stage.terminal_leg(voucher, stage.prompt())
    stage.host_leg(voucher, _soon(stage))
    return (Claim(voucher, (terminal, host)),)


def host_outcome_unknown(stage: Stage) -> Claims:
    """Report a malfunction for an approved slip and never more."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt(), "96")
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.prompt()), host)),)


def both_unknown(stage: Stage) -> Claims:
    """Answer 91 on both sides: nobody got through."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt(), "91")
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.prompt(), "91"), host)),)


def both_unknown_differently(stage: Stage) -> Claims:
    """Know no outcome on either side, under different codes."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt(), "96")
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.prompt(), "98"), host)),)


def refund_answer_lost(stage: Stage) -> Claims:
    """Time out at the terminal on a refund that the host approved."""
    voucher = stage.voucher("refund")
    return (Claim(voucher, _unknown_and_approved(stage, voucher)),)


def query_answer_lost(stage: Stage) -> Claims:
    """Time out at the terminal on a query that the host answered."""
    voucher = stage.voucher("query")
    return (Claim(voucher, _unknown_and_approved(stage, voucher)),)


def _unknown_and_approved(stage: Stage, voucher: Voucher) -> tuple[str, str]:
    host = stage.host_leg(voucher, stage.prompt())
    return stage.terminal_leg(voucher, stage.between(0.1, 0.2, stage.windows.pair_ms), "", "unknown"), host


def _chip_declined(stage: Stage, voucher: Voucher) -> tuple[str, str]:
    host = stage.host_leg(voucher, stage.prompt())
    return stage.terminal_leg(voucher, stage.prompt(), "00", "declined"), host


def _soon(stage: Stage) -> int:
    """Return a delay after the first legs and before any deadline."""
    return stage.between(0.25, 0.5, stage.windows.pair_ms)


def _after_reversal_window(stage: Stage) -> int:
    """Return a delay after the end of the wait for a reversal, counted from the later leg."""
    return stage.windows.reversal_window_ms + stage.between(0.6, 2.0, stage.windows.pair_ms)

"""Scripts of faults that only a trouble brings; what each must lead to, and why, stands in ``faults.py``.

The episode under way is ``stage.episode``: it says which codes it brings and when it is over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from streams.simulator.traffic import CARD_CODES, remember
from streams.simulator.truth import Claim
from streams.simulator.voucher import OUTCOME_OF

if TYPE_CHECKING:
    from streams.simulator.stage import Stage
    from streams.simulator.voucher import Voucher

Claims = tuple[Claim, ...]

SURELY_LATE: Final = (1.4, 1.9)
SURELY_IN_TIME: Final = 0.5
"""In pair windows; the delays of prompt legs come on top."""


def refused(stage: Stage) -> Claims:
    """Refuse on both sides with one of the codes of the trouble."""
    voucher, code = stage.voucher(), _code(stage)
    host = stage.host_leg(voucher, stage.host_delay(), code)
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.terminal_delay(), code), host)),)


def refused_for_card(stage: Stage) -> Claims:
    """Decline a card on both sides; somebody may try to void that later."""
    voucher, code = stage.voucher(), stage.rng.choice(CARD_CODES)
    host = stage.host_leg(voucher, stage.prompt(), code)
    terminal = stage.terminal_leg(voucher, stage.prompt(), code)
    remember(stage.terminal.declined, voucher)
    return (Claim(voucher, (terminal, host)),)


def slip_of_refused(stage: Stage) -> Claims:
    """Print an approved slip for what the host refused, or does not know the outcome of."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt(), _code(stage))
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.prompt()), host)),)


def refused_alone(stage: Stage) -> Claims:
    """Lose the terminal's record of what the host refused."""
    voucher = stage.voucher()
    code = _code(stage, "declined", "rejected")
    return (Claim(voucher, (stage.host_leg(voucher, stage.prompt(), code),)),)


def unanswered_alone(stage: Stage) -> Claims:
    """Lose the terminal's record of what the host could not answer."""
    voucher = stage.voucher()
    return (Claim(voucher, (stage.host_leg(voucher, stage.prompt(), _code(stage, "unknown")),)),)


def both_without_answer(stage: Stage) -> Claims:
    """Get no answer at the terminal; the host does not know the outcome either."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt(), _code(stage, "unknown"))
    return (Claim(voucher, (_timed_out(stage, voucher), host)),)


def answer_lost_on_the_way(stage: Stage) -> Claims:
    """Get no answer at the terminal although the host approved, and never reverse."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt())
    return (Claim(voucher, (_timed_out(stage, voucher), host)),)


def other_batch(stage: Stage) -> Claims:
    """Approve on both sides in different batches: the terminal missed its sign-on."""
    voucher = stage.voucher()
    host = stage.host_leg(replace(voucher, batch=voucher.batch + 1, shows_batch=True), stage.host_delay())
    return (Claim(voucher, (stage.terminal_leg(voucher, stage.terminal_delay()), host)),)


def held_back(stage: Stage) -> Claims:
    """Let the record of one source wait in our own feed until the trouble is over.

    What would come between the last moment that is surely in time and the first that is surely late
    comes later still.
    """
    voucher, wait_ms = stage.voucher(), _left_ms(stage)
    pair_ms = stage.windows.pair_ms
    if wait_ms > SURELY_IN_TIME * pair_ms:
        wait_ms = max(wait_ms, stage.between(*SURELY_LATE, pair_ms))
    late_host = stage.episode is not None and stage.episode.late_source == "host"
    terminal = stage.terminal_leg(voucher, stage.prompt() + (0 if late_host else wait_ms))
    host = stage.host_leg(voucher, stage.prompt() + (wait_ms if late_host else 0))
    return (Claim(voucher, (terminal if late_host else host,)),)


def lost_at_power_off(stage: Stage) -> Claims:
    """Lose the terminal's record of what the host approved when the power went."""
    voucher = stage.voucher()
    return (Claim(voucher, (stage.host_leg(voucher, stage.prompt()),)),)


def sent_after_power_on(stage: Stage) -> Claims:
    """Keep the terminal's record over the loss of power and send it when the terminal is back."""
    voucher = stage.voucher()
    host = stage.host_leg(voucher, stage.prompt())
    stage.terminal_leg(voucher, max(_left_ms(stage), stage.between(*SURELY_LATE, stage.windows.pair_ms)))
    return (Claim(voucher, (host,)),)


def _timed_out(stage: Stage, voucher: Voucher) -> str:
    return stage.terminal_leg(voucher, stage.between(0.1, 0.3, stage.windows.pair_ms), "", "unknown")


def _left_ms(stage: Stage) -> int:
    return 0 if stage.episode is None else max(0, stage.episode.until_ms - stage.at_ms)


def _code(stage: Stage, *outcomes: str) -> str:
    """Return one of the codes of the trouble, if outcomes are given one that means one of them."""
    codes = stage.episode.codes if stage.episode is not None else ()
    fitting = [code for code in codes if not outcomes or OUTCOME_OF[code] in outcomes]
    return stage.rng.choice(fitting)

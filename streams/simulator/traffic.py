"""Normal traffic: what a healthy fleet and its host send, which must lead to no anomaly whatever.

Why each shape is clean stands in its docstring; words in quotation marks are the contract's.
"""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from streams.simulator.fleet import Past, Undoing

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from streams.simulator.stage import Stage
    from streams.simulator.voucher import Voucher


DECLINES: Final = ("51", "51", "55", "54", "61", "05", "57", "30")
"""Codes of declined and rejected sales; 25 and 12 are no normal answer to anything."""

CARD_CODES: Final = ("51", "54", "55", "61", "65")
"""Codes of a card that is at fault: no funds, expired, wrong PIN, over its limits."""

OLDEST_ORIGINAL_MS: Final = 12 * 3_600_000
REMEMBERED_ORIGINALS: Final = 8
COMPLETION_LOW: Final = 0.8
COMPLETION_SPAN: Final = 0.34
"""A completion asks for 80 to 114 percent of the pre-authorised amount; 115 is the limit."""


def both_approved(stage: Stage, voucher: Voucher) -> None:
    """Send both legs well inside the pair window, all fields equal: "matched"."""
    stage.host_leg(voucher, stage.host_delay())
    stage.terminal_leg(voucher, stage.terminal_delay())


def sale(stage: Stage) -> None:
    """Approve a sale on both sides."""
    voucher = stage.voucher()
    both_approved(stage, voucher)
    stage.terminal.batch_total += voucher.amount
    remember(stage.terminal.sales, voucher)


def declined_sale(stage: Stage) -> None:
    """Decline or reject on both sides with one code: declined against declined is "matched"."""
    voucher = stage.voucher("sale" if stage.random() < 0.9 else "preauth")  # noqa: PLR2004  mostly sales
    code = stage.rng.choice(DECLINES)
    stage.host_leg(voucher, stage.host_delay(), code)
    stage.terminal_leg(voucher, stage.terminal_delay(), code)
    if voucher.kind == "sale" and code in CARD_CODES:
        remember(stage.terminal.declined, voucher)


def preauth(stage: Stage) -> None:
    """Approve a pre-authorisation on both sides."""
    voucher = stage.voucher("preauth")
    both_approved(stage, voucher)
    remember(stage.terminal.preauths, voucher)


def query(stage: Stage) -> None:
    """Answer a balance query; it carries neither amount nor currency."""
    both_approved(stage, stage.voucher("query"))


def void(stage: Stage) -> None:
    """Void a sale of the same batch by its number, with its amount, once."""
    past = take(stage, stage.terminal.sales, same_batch=True)
    if past is None:
        sale(stage)
        return
    voucher = stage.voucher("void", past)
    stage.point(voucher, past, by="number", kind="sale")
    both_approved(stage, voucher)
    if len(stage.terminal.voids) < REMEMBERED_ORIGINALS:
        stage.terminal.voids.append(Undoing(past_of(voucher), past))


def refund(stage: Stage) -> None:
    """Refund a sale in full or in part, once, by its RRN; batch and voucher are zeros as UnionPay has them."""
    past = take(stage, stage.terminal.sales, same_batch=False)
    if past is None:
        sale(stage)
        return
    part = past.amount if stage.random() < 0.7 else max(1, past.amount // 2)  # noqa: PLR2004  mostly in full
    voucher = stage.voucher("refund", past, part)
    stage.point(voucher, past, by="number" if stage.terminal.link.own_reversal_number else "rrn", kind="sale")
    both_approved(stage, voucher)


def completion(stage: Stage) -> None:
    """Complete a pre-authorisation by its authorisation code, within 115 percent, once."""
    past = take(stage, stage.terminal.preauths, same_batch=False)
    if past is None:
        preauth(stage)
        return
    amount = max(1, int(past.amount * (COMPLETION_LOW + COMPLETION_SPAN * stage.random())))
    voucher = stage.voucher("completion", past, amount)
    stage.point(voucher, past, by="auth", kind="preauth")
    both_approved(stage, voucher)
    remember(stage.terminal.completions, voucher)


def preauth_void(stage: Stage) -> None:
    """Void a pre-authorisation of the same batch by its number, with its amount, once."""
    past = take(stage, stage.terminal.preauths, same_batch=True)
    if past is None:
        preauth(stage)
        return
    voucher = stage.voucher("preauth_void", past)
    stage.point(voucher, past, by="number", kind="preauth")
    both_approved(stage, voucher)


def completion_void(stage: Stage) -> None:
    """Void a completion of the same batch by its number, with its amount, once."""
    past = take(stage, stage.terminal.completions, same_batch=True)
    if past is None:
        sale(stage)
        return
    voucher = stage.voucher("completion_void", past)
    stage.point(voucher, past, by="number", kind="completion")
    both_approved(stage, voucher)


def timed_out_sale(stage: Stage) -> None:
    """Reverse a sale whose answer never came, as terminals do by themselves: "reversed"."""
    time_out(stage, stage.voucher())


def time_out(stage: Stage, voucher: Voucher) -> tuple[str, ...]:
    """Lose the answer of an approved voucher and reverse it; return the transaction's event ids.

    unknown/approved "wait for a reversal until reversal_window after the later leg"; here it comes
    within one pair window and its host leg is approved, so it is "confirmed at or before the
    transaction's own judgement" and "closes it as reversed".  The reversal's own legs lie within
    half a reversal window and agree, so they end as "matched".
    """
    windows = stage.windows
    noticed = stage.between(0.1, 0.4, windows.pair_ms)
    host = stage.host_leg(voucher, stage.prompt())
    terminal = stage.terminal_leg(voucher, noticed, "", "unknown")
    reverse(stage, voucher, noticed + stage.between(0.05, 0.3, windows.pair_ms))
    return terminal, host


def reverse(stage: Stage, voucher: Voucher, delay_ms: int, code: str = "00") -> tuple[str, str]:
    """Send both legs of a voucher's reversal, answered with one code; return their event ids."""
    back = stage.reversal(voucher, delay_ms)
    host = stage.host_leg(back, delay_ms, code)
    terminal = stage.terminal_leg(back, delay_ms + stage.between(0.01, 0.2, stage.windows.reversal_ms), code)
    return terminal, host


def heartbeat(stage: Stage) -> None:
    """Send a status event of either side; it carries no voucher."""
    if stage.random() < 0.7:  # noqa: PLR2004  mostly terminals
        stage.plain("terminal", "status", stage.terminal_delay())
    else:
        stage.plain("host", "status", stage.host_delay())


def notice(stage: Stage) -> None:
    """Announce a maintenance window; the host keeps working, so nothing follows."""
    stage.plain("host", "notice", 10, ',"operator_id":"00"')


def settlement(stage: Stage) -> None:
    """Close the batch of the terminal on stage: equal totals on both sides."""
    terminal = stage.terminal
    batch, total = terminal.batch, stage.next_batch()
    members = f',"batch_number":"{batch:06d}","amount":{total},"currency":"{terminal.region.letters}"'
    stage.plain("terminal", "settlement", stage.terminal_delay(), members)
    stage.plain("host", "settlement", stage.host_delay(), members)


_SHAPES: Final[tuple[tuple[float, Callable[[Stage], None]], ...]] = (
    (0.785, sale),
    (0.055, declined_sale),
    (0.035, preauth),
    (0.025, query),
    (0.022, void),
    (0.015, refund),
    (0.022, completion),
    (0.004, preauth_void),
    (0.003, completion_void),
    (0.004, timed_out_sale),
    (0.0295, heartbeat),
    (0.0005, notice),
)
_BOUNDS: Final = list(accumulate(share for share, _ in _SHAPES))[:-1]


def act(stage: Stage) -> None:
    """Let one normal thing happen on the terminal on stage."""
    if stage.terminal.batch_left <= 0:
        settlement(stage)
        return
    _SHAPES[bisect(_BOUNDS, stage.random())][1](stage)


def remember(memory: deque[Past], voucher: Voucher) -> None:
    """Keep an approved voucher, or one whose refusal matters, for what may point at it later."""
    # What is there stays until it is used: a busy till would else forget all before it is old enough.
    if len(memory) >= REMEMBERED_ORIGINALS:
        return
    memory.append(past_of(voucher))


def past_of(voucher: Voucher) -> Past:
    """Return what is remembered of a voucher."""
    return Past(
        voucher.kind,
        voucher.number,
        voucher.batch,
        voucher.amount,
        voucher.rrn,
        voucher.auth,
        voucher.pan_head,
        voucher.pan_tail,
        voucher.at_ms,
    )


def take(stage: Stage, memory: deque[Past], *, same_batch: bool) -> Past | None:
    """Take the oldest usable original away for good, so that none is pointed at twice.

    One younger than a pair window is left: its own legs may still be under way.  One older than
    half a day is dropped: a monitor remembers originals for a day.
    """
    while memory:
        if max(memory[0].at_ms + stage.windows.pair_ms, memory[0].rests_until_ms) > stage.at_ms:
            return None
        past = memory.popleft()
        is_young = past.at_ms + OLDEST_ORIGINAL_MS > stage.at_ms
        if is_young and (not same_batch or past.batch == stage.terminal.batch):
            return past
    return None

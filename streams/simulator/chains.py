"""Scripts of vouchers that point at others: voids, refunds and completions, rightly and wrongly.

What each must lead to, and why, stands in the table of ``chain_faults.py``.  A script that finds no
original to point at does nothing and returns nothing; something ordinary then happens in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.simulator.numbers import digit_away, is_digit_away, swapped, unused_number
from streams.simulator.traffic import past_of, take
from streams.simulator.truth import Claim

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from streams.simulator.fleet import Past
    from streams.simulator.stage import Stage
    from streams.simulator.voucher import Voucher

Claims = tuple[Claim, ...]

COMPLETION_LIMIT: Final = 1.15
"""What a completion may ask for, as a multiple of the pre-authorised amount."""
DENIALS: Final = ("25", "25", "25", "12")


def void_of_nothing(stage: Stage) -> Claims:
    """Void a voucher that no terminal ever printed, and let the host agree."""
    return _approved(stage, _void_of_nothing(stage))


def void_of_nothing_denied(stage: Stage) -> Claims:
    """Void a voucher that no terminal ever printed; the host rightly answers 25."""
    voucher = _void_of_nothing(stage)
    if voucher is None:
        return ()
    return (Claim(voucher, _both(stage, voucher, "25")),)


def void_mistyped(stage: Stage) -> Claims:
    """Void a sale with one digit of its number mistyped; nothing has that number."""
    return _void_under(stage, digit_away)


def void_swapped(stage: Stage) -> Claims:
    """Void a sale with two neighbouring digits of its number exchanged; nothing has that number."""
    return _void_under(stage, swapped)


def void_mistyped_onto_another(stage: Stage) -> Claims:
    """Void a sale under the number of another, one digit away, that has another amount."""
    terminal = stage.terminal
    meant = take(stage, terminal.sales, same_batch=True)
    if meant is None:
        return ()
    old_ms = stage.at_ms - stage.windows.pair_ms
    for typed in list(terminal.sales):
        fits = typed.batch == meant.batch and typed.amount != meant.amount and typed.at_ms < old_ms
        if fits and typed.rests_until_ms <= stage.at_ms and is_digit_away(typed.number, meant.number):
            terminal.sales.remove(typed)
            voucher = stage.voucher("void", meant)
            stage.point(voucher, typed, by="number", kind="sale")
            return _approved(stage, voucher)
    terminal.sales.appendleft(meant)
    return ()


def void_of_declined(stage: Stage) -> Claims:
    """Void a sale that both sides declined."""
    return _approved(stage, _void_of(stage, stage.terminal.declined))


def void_twice(stage: Stage) -> Claims:
    """Void a sale that another void has voided already."""
    memory = stage.terminal.voids
    if not memory or memory[0].void.at_ms + stage.windows.pair_ms > stage.at_ms:
        return ()
    original = memory.popleft().original
    if original.batch != stage.terminal.batch:
        return ()
    voucher = stage.voucher("void", original)
    stage.point(voucher, original, by="number", kind="sale")
    return _approved(stage, voucher)


def void_of_other_amount(stage: Stage) -> Claims:
    """Void a sale with another amount than it has."""
    past = take(stage, stage.terminal.sales, same_batch=True)
    if past is None:
        return ()
    voucher = stage.voucher("void", past, past.amount + 1 + int(stage.random() * past.amount))
    stage.point(voucher, past, by="number", kind="sale")
    return _approved(stage, voucher)


def refund_above(stage: Stage) -> Claims:
    """Refund more than the sale."""
    past = take(stage, stage.terminal.sales, same_batch=False)
    if past is None:
        return ()
    amount = past.amount + 1 + int(stage.random() * past.amount)
    return _approved(stage, refund_of(stage, past, amount))


def refunds_above_in_sum(stage: Stage) -> Claims:
    """Refund the rest of a sale and some more, after a part of it was refunded."""
    past = take(stage, stage.terminal.refunded, same_batch=False)
    if past is None:
        return ()
    left = past.amount - past.refunded
    return _approved(stage, refund_of(stage, past, left + 1 + int(stage.random() * (past.refunded - 1))))


def refund_without_original(stage: Stage) -> Claims:
    """Refund a sale of which no reference is known here, as of another till."""
    voucher = stage.voucher("refund")
    # It has an RRN of its own already, and what it names was numbered by another host.
    elsewhere = past_of(voucher)._replace(rrn=f"0{stage.rng.randrange(10**11):011d}")
    stage.point(voucher, elsewhere, by="rrn", kind="sale")
    return _approved(stage, voucher)


def completion_above(stage: Stage) -> Claims:
    """Complete a pre-authorisation above the percentage that is allowed."""
    past = take(stage, stage.terminal.preauths, same_batch=False)
    if past is None:
        return ()
    amount = int(past.amount * COMPLETION_LIMIT) + 1 + int(stage.random() * past.amount)
    voucher = stage.voucher("completion", past, amount)
    stage.point(voucher, past, by="auth", kind="preauth")
    return _approved(stage, voucher)


def void_denied(stage: Stage) -> Claims:
    """Void a sale that the host recorded; it answers that it does not know it."""
    voucher = _void_of(stage, stage.terminal.sales)
    return () if voucher is None else (Claim(voucher, _both(stage, voucher, stage.rng.choice(DENIALS))),)


def refund_denied(stage: Stage) -> Claims:
    """Refund a sale that the host recorded; it answers that it does not know it."""
    past = take(stage, stage.terminal.sales, same_batch=False)
    if past is None:
        return ()
    voucher = refund_of(stage, past, past.amount)
    return (Claim(voucher, _both(stage, voucher, stage.rng.choice(DENIALS))),)


def completion_denied(stage: Stage) -> Claims:
    """Complete a pre-authorisation that the host recorded; it answers that it does not know it."""
    past = take(stage, stage.terminal.preauths, same_batch=False)
    if past is None:
        return ()
    voucher = stage.voucher("completion", past)
    stage.point(voucher, past, by="auth", kind="preauth")
    return (Claim(voucher, _both(stage, voucher, stage.rng.choice(DENIALS))),)


def reversal_denied(stage: Stage) -> Claims:
    """Reverse a lost answer in time; the host, which approved the sale, answers that it does not know it."""
    windows = stage.windows
    voucher = stage.voucher()
    noticed = stage.between(0.1, 0.4, windows.pair_ms)
    stage.host_leg(voucher, stage.prompt())
    stage.terminal_leg(voucher, noticed, "", "unknown")
    delay_ms = noticed + stage.between(0.05, 0.3, windows.pair_ms)
    back = stage.reversal(voucher, delay_ms)
    code = stage.rng.choice(DENIALS)
    host = stage.host_leg(back, delay_ms, code)
    return (Claim(back, (stage.terminal_leg(back, delay_ms + stage.prompt(), code), host)),)


def sale_after_its_void(stage: Stage) -> Claims:
    """Let both records of a sale come only after its void was judged."""
    if not knows_the_batch(stage):
        return ()
    windows = stage.windows
    late_ms = stage.between(1.8, 3.0, windows.pair_ms)
    sale = stage.voucher()
    voucher = stage.voucher("void", past_of(sale))
    stage.point(voucher, past_of(sale), by="number", kind="sale", dated=not stage.params.kafka)
    stage.host_leg(sale, late_ms)
    stage.terminal_leg(sale, late_ms + stage.prompt())
    return (Claim(voucher, _both(stage, voucher, "00")),)


def void_repeated(stage: Stage) -> Claims:
    """Void a sale and send the same void again, after it was judged, under the same number."""
    voucher = _void_of(stage, stage.terminal.sales)
    return () if voucher is None else _repeated(stage, voucher, stage.between(1.8, 2.4, stage.windows.pair_ms))


def refund_repeated(stage: Stage) -> Claims:
    """Refund a whole sale and send the same refund again, after it was judged, under the same number."""
    past = take(stage, stage.terminal.sales, same_batch=False)
    if past is None:
        return ()
    longest_ms = max(stage.windows.refund_ms, stage.windows.pair_ms)
    again_ms = longest_ms + stage.between(0.8, 1.4, stage.windows.pair_ms)
    return _repeated(stage, refund_of(stage, past, past.amount), again_ms)


def refund_of(stage: Stage, past: Past, amount: int) -> Voucher:
    """Return a refund of some of a sale, which it names as its link does."""
    voucher = stage.voucher("refund", past, amount)
    stage.point(voucher, past, by="number" if stage.terminal.link.own_reversal_number else "rrn", kind="sale")
    return voucher


def knows_the_batch(stage: Stage) -> bool:
    """Tell whether an earlier voucher of the terminal's batch is known, so that what it lacks is not just older."""
    terminal, old_ms = stage.terminal, stage.at_ms - stage.windows.pair_ms
    return any(past.batch == terminal.batch and past.at_ms < old_ms for past in terminal.sales)


def _void_of_nothing(stage: Stage) -> Voucher | None:
    if not knows_the_batch(stage):
        return None
    voucher = stage.voucher("void")
    named = past_of(voucher)._replace(kind="sale", number=unused_number(stage.terminal, stage.rng))
    stage.point(voucher, named, by="number", kind="sale", dated=not stage.params.kafka)
    return voucher


def _void_of(stage: Stage, memory: deque[Past]) -> Voucher | None:
    past = take(stage, memory, same_batch=True)
    if past is None:
        return None
    voucher = stage.voucher("void", past)
    stage.point(voucher, past, by="number", kind="sale")
    return voucher


def _void_under(stage: Stage, mistype: Callable[..., int | None]) -> Claims:
    past = take(stage, stage.terminal.sales, same_batch=True)
    if past is None:
        return ()
    number = mistype(stage.terminal, past.number, stage.rng)
    if number is None:
        stage.terminal.sales.appendleft(past)
        return ()
    voucher = stage.voucher("void", past)
    typed = past._replace(number=number)
    stage.point(voucher, typed, by="number", kind="sale", dated=not stage.params.kafka)
    return _approved(stage, voucher)


def _approved(stage: Stage, voucher: Voucher | None) -> Claims:
    return () if voucher is None else (Claim(voucher, _both(stage, voucher, "00")),)


def _both(stage: Stage, voucher: Voucher, code: str) -> tuple[str, str]:
    host = stage.host_leg(voucher, stage.prompt(), code)
    return stage.terminal_leg(voucher, stage.prompt() + stage.prompt(), code), host


def _repeated(stage: Stage, voucher: Voucher, again_ms: int) -> Claims:
    ids = _both(stage, voucher, "00")
    stage.host_leg(voucher, again_ms + stage.prompt(), clock_ms=again_ms)
    stage.terminal_leg(voucher, again_ms + stage.prompt(), clock_ms=again_ms)
    return (Claim(voucher, ids),)

"""Ordinary chains: voids, refunds in parts, completions, voids of voids, reversals of voids.

Each points at what is there and may be pointed at, so none leads to an anomaly; words in quotation
marks are the contract's.
"""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from streams.simulator import traffic
from streams.simulator.chains import refund_of

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from streams.simulator.fleet import Past
    from streams.simulator.stage import Stage


def refund_in_parts(stage: Stage) -> None:
    """Refund a part of a sale, and the rest of it later: "at most the original's for a refund", in sum."""
    terminal = stage.terminal
    past = traffic.take(stage, terminal.refunded, same_batch=False)
    if past is None:
        past = traffic.take(stage, terminal.sales, same_batch=False)
    if past is None or past.amount - past.refunded < 2:  # noqa: PLR2004  nothing left to halve
        traffic.sale(stage)
        return
    left = past.amount - past.refunded
    part = left if past.refunded and stage.random() < 0.5 else max(1, int(left * (0.2 + 0.5 * stage.random())))  # noqa: PLR2004  a coin
    traffic.both_approved(stage, refund_of(stage, past, part))
    if part < left:
        _rest(stage, terminal.refunded, past._replace(refunded=past.refunded + part))


def void_of_void(stage: Stage) -> None:
    """Void a void, after which the sale stands again and may be voided once more."""
    memory = stage.terminal.voids
    if not memory or memory[0].void.at_ms + stage.windows.pair_ms > stage.at_ms:
        traffic.void(stage)
        return
    done = memory.popleft()
    voucher = stage.voucher("void", done.void)
    stage.point(voucher, done.void, by="number", kind="void")
    traffic.both_approved(stage, voucher)
    _rest(stage, stage.terminal.sales, done.original)


def reversed_void(stage: Stage) -> None:
    """Reverse a void whose answer was lost: it is "reversed", and the sale may be voided after all."""
    past = traffic.take(stage, stage.terminal.sales, same_batch=True)
    if past is None:
        traffic.sale(stage)
        return
    voucher = stage.voucher("void", past)
    stage.point(voucher, past, by="number", kind="sale")
    traffic.time_out(stage, voucher)
    _rest(stage, stage.terminal.sales, past)


def _rest(stage: Stage, memory: deque[Past], past: Past) -> None:
    """Keep an original at which nothing may point until what was done to it has been judged."""
    windows = stage.windows
    longest_ms = max(windows.pair_ms, windows.reversal_ms, windows.refund_ms)
    if len(memory) < traffic.REMEMBERED_ORIGINALS:
        memory.append(past._replace(rests_until_ms=stage.at_ms + windows.pair_ms + longest_ms))


_SHAPES: Final[tuple[tuple[float, Callable[[Stage], None]], ...]] = (
    (0.3, traffic.void),
    (0.1, traffic.refund),
    (0.2, refund_in_parts),
    (0.16, traffic.completion),
    (0.1, traffic.preauth),
    (0.02, traffic.preauth_void),
    (0.02, traffic.completion_void),
    (0.05, void_of_void),
    (0.05, reversed_void),
)
_BOUNDS: Final = list(accumulate(share for share, _ in _SHAPES))[:-1]


def act(stage: Stage) -> None:
    """Let one ordinary thing happen that points at what is there."""
    _SHAPES[bisect(_BOUNDS, stage.random())][1](stage)

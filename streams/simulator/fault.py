"""The shape of one fault, and how long faults need until their final state is reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.simulator.truth import BadRecord, Claim, Expectation

if TYPE_CHECKING:
    from streams.simulator.params import Windows
    from streams.simulator.stage import Stage

Script = Callable[["Stage"], Sequence[Claim | BadRecord]]
"""Acts on the stage and returns one claim for each expected anomaly, in their order; where none is
expected, one claim for each voucher that must stay clean."""


UNKNOWN: Final = "unknown"
"""The cause of a fault that leaves no evidence of one."""


class Span(NamedTuple):
    """How long one fault goes on, at most, both in milliseconds from its start."""

    sent_ms: int
    """Until its last record."""
    settled_ms: int
    """Until its final state is reached."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One labelled fault."""

    script: Script
    expects: tuple[Expectation, ...]
    span: Callable[[Windows], Span]
    reason: str
    """Why the contract leads from the script to what is expected."""
    weight: float = 1.0
    kafka_only: bool = False
    cause: str = UNKNOWN
    """The cause that this fault stands for by itself; one of the ids of the cause table."""


def paired(windows: Windows) -> Span:
    """Span of a pair, or of a lone leg of a sale, judged in the pair window."""
    return Span(int(0.65 * windows.pair_ms), 2 * windows.pair_ms)


def late(windows: Windows) -> Span:
    """Span of legs that come after the pair window."""
    return Span(3 * windows.pair_ms, 5 * windows.pair_ms)


def late_by_far(windows: Windows) -> Span:
    """Span of legs that come after many pair windows."""
    return Span(30 * windows.pair_ms, 32 * windows.pair_ms)


def alone(windows: Windows) -> Span:
    """Span of a lone leg of any kind, or of a refund's pair."""
    return Span(int(0.65 * windows.pair_ms), windows.pair_ms + max(windows.pair_ms, windows.refund_ms))


def turned_back(windows: Windows) -> Span:
    """Span of a reversal in time."""
    longest = max(windows.pair_ms, windows.reversal_ms)
    return Span(windows.pair_ms + windows.reversal_ms // 5, windows.pair_ms + 2 * longest)


def waited(windows: Windows) -> Span:
    """Span of a wait for a reversal that never comes."""
    return Span(int(0.65 * windows.pair_ms), windows.reversal_window_ms + 2 * windows.pair_ms)


def waited_and_reversed(windows: Windows) -> Span:
    """Span of a wait for a reversal, and of what comes after it."""
    sent_ms = windows.reversal_window_ms + 2 * windows.pair_ms + windows.reversal_ms // 5
    return Span(sent_ms, sent_ms + 2 * windows.pair_ms + 2 * windows.reversal_ms)


def in_progress(windows: Windows) -> Span:
    """Span of an interim answer and of what comes after it."""
    return Span(windows.in_progress_ms + 2 * windows.pair_ms, windows.in_progress_ms + 4 * windows.pair_ms)


def repeated(windows: Windows) -> Span:
    """Span of a voucher that is sent again after it was judged."""
    again_ms = 3 * windows.pair_ms + windows.refund_ms
    return Span(again_ms, again_ms + windows.pair_ms + max(windows.pair_ms, windows.refund_ms))


def redelivered(windows: Windows) -> Span:
    """Span of a second delivery."""
    return Span(2 * windows.pair_ms, 3 * windows.pair_ms)

"""The shape of one fault, and how long faults need until their final state is reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.simulator.truth import BadRecord, Claim, Expectation

if TYPE_CHECKING:
    from streams.simulator.params import Windows
    from streams.simulator.stage import Stage

Script = Callable[["Stage"], Sequence[Claim | BadRecord]]
"""Acts on the stage and returns one claim for each expected anomaly, in their order; where none is
expected, one claim for each voucher that must stay clean."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One labelled fault."""

    script: Script
    expects: tuple[Expectation, ...]
    settled_ms: Callable[[Windows], int]
    """Milliseconds from its start to its final state, at most."""
    reason: str
    """Why the contract leads from the script to what is expected."""
    weight: float = 1.0
    kafka_only: bool = False


def paired(windows: Windows) -> int:
    """Return when a pair, or a lone leg of a sale, is judged."""
    return 2 * windows.pair_ms


def late(windows: Windows) -> int:
    """Return when a leg that comes after the window is judged."""
    return 5 * windows.pair_ms


def alone(windows: Windows) -> int:
    """Return when a lone leg of any kind in ``missing.KINDS`` is judged."""
    return windows.pair_ms + max(windows.pair_ms, windows.refund_ms)


def turned_back(windows: Windows) -> int:
    """Return when a reversal within the window is judged."""
    return windows.pair_ms + 2 * max(windows.pair_ms, windows.reversal_ms)


def waited(windows: Windows) -> int:
    """Return when the wait for a reversal is over."""
    return windows.reversal_window_ms + 2 * windows.pair_ms


def waited_and_reversed(windows: Windows) -> int:
    """Return when what comes after that wait is judged."""
    return windows.reversal_window_ms + 4 * windows.pair_ms + 2 * windows.reversal_ms


def in_progress(windows: Windows) -> int:
    """Return when an interim answer, and what comes after it, is judged."""
    return windows.in_progress_ms + 4 * windows.pair_ms


def redelivered(windows: Windows) -> int:
    """Return when a second delivery is behind."""
    return 3 * windows.pair_ms

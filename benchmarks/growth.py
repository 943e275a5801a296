"""What an event costs and a voucher takes, from ten thousand to five million pending in one lane."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

from benchmarks.machine import available_bytes, measured_core, median, on_cores

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZES: Final = (10_000, 100_000, 1_000_000, 5_000_000)
EVENTS: Final = 500_000
"""Fed at each size after it is reached."""
LARGEST_REPEATED: Final = 1_000_000
"""Larger sizes are measured once: they take minutes."""
FIRST_GUESS_BYTES: Final = 3_000
"""Of a pending voucher, until a smaller size has shown it."""
MARGIN: Final = 1.2
KEPT_FREE_BYTES: Final = 1 << 30
GIB: Final = 1 << 30


def measure(sizes: Sequence[int] = SIZES, events: int = EVENTS, rounds: int = 3) -> dict[str, Any]:
    """Return the figures of each size, each round in a process of its own; a size that does not fit is named."""
    closed = median([_one_round(0, events)["bytes_per_closed"] for _ in range(rounds)])
    found: dict[str, Any] = {"events_at_each_size": events, "bytes_per_closed": round(closed)}
    costs: dict[int, float] = {}
    guess = FIRST_GUESS_BYTES
    for size in sizes:
        needed, free = size * guess * MARGIN + KEPT_FREE_BYTES, available_bytes()
        if needed > free:
            found[f"not_run_{size}"] = (
                f"{size:,} pending not run: needs some {needed / GIB:.1f} GiB, {free / GIB:.1f} are free"
            )
            continue
        results = [_one_round(size, events) for _ in range(rounds if size <= LARGEST_REPEATED else 1)]
        guess = round(median([result["bytes_per_pending"] for result in results]))
        costs[size] = median([result["microseconds_per_event"] for result in results])
        found[f"bytes_per_pending_at_{size}"] = guess
        found[f"microseconds_per_event_at_{size}"] = round(costs[size], 2)
        found[f"cost_ratio_at_{size}"] = round(costs[size] / next(iter(costs.values())), 2)
    return found


def _one_round(size: int, events: int) -> dict[str, float]:
    with on_cores({measured_core()}):
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-m", "benchmarks.growth_round", str(size), str(events)],
            stdout=subprocess.PIPE,
            check=True,
        )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures

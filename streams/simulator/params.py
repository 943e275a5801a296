"""What one simulation is told: size, length, seed, scenario and the windows it must fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from streams.errors import UsageError

SECOND_MS: Final = 1_000
DEFAULT_START_MS: Final = 1_772_409_600_000
"""2026-03-02T00:00:00Z, a Monday; 08:00 in the fleet's main zone."""

LARGEST_VOUCHER_NUMBER: Final = 999_999
FASTEST_TERMINAL_PER_S: Final = 500.0
"""Events a second and terminal; at most as many vouchers, so that a number returns after 33 minutes or later."""
SHORTEST_PAIR_MS: Final = 500
MAX_TERMINALS: Final = 1_000_000

Fit = Literal["free", "sent", "settled"]
Ranges = Literal["all", "fit", "evaluate"]
RANGES: Final[tuple[Ranges, ...]] = ("all", "fit", "evaluate")
SourceName = Literal["terminal", "host"]


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows that will judge the records, all in milliseconds of log time.

    The delays of normal traffic stay well inside them and the delays of late faults well outside,
    so the same scenario fits a night's defaults and a live show with windows of a few seconds.
    """

    pair_ms: int = 60_000
    reversal_ms: int = 120_000
    refund_ms: int = 300_000
    in_progress_ms: int = 180_000
    reversal_window_ms: int = 600_000
    redelivery_ms: int = 300_000
    stall_after_ms: int = 30_000

    def __post_init__(self) -> None:
        """Refuse windows in which a fault could not be told from normal traffic.

        Raises:
            UsageError: A window is too short for the delays of the simulated fleet.
        """
        if self.pair_ms < SHORTEST_PAIR_MS:
            raise UsageError(
                f"The pair window of the simulation is {self.pair_ms} ms; it needs {SHORTEST_PAIR_MS} ms or more."
            )
        longest = max(self.reversal_ms, self.pair_ms)
        if self.reversal_window_ms < self.pair_ms + 2 * longest:
            raise UsageError(
                f"The reversal window of the simulation is {self.reversal_window_ms} ms; it needs "
                f"{self.pair_ms + 2 * longest} ms or more, the pair window and twice the reversal's own."
            )
        for name in ("reversal_ms", "refund_ms", "in_progress_ms", "redelivery_ms", "stall_after_ms"):
            if getattr(self, name) <= 0:
                raise UsageError(f"The window {name} of the simulation is {getattr(self, name)}; it needs 1 or more.")


@dataclass(frozen=True, slots=True)
class SimulationParams:
    """All that decides a simulation: equal parameters give equal bytes."""

    terminals: int = 200
    """Number of terminals."""
    rate: float = 100.0
    """Events a second, both sources together, averaged over the day's shape."""
    duration_s: float = 60.0
    """Length of the timeline in seconds; records of late faults may come after its end."""
    seed: int = 1
    scenario: str = "steady"
    """Name in ``scenarios.SCENARIOS``."""
    start_ms: int = DEFAULT_START_MS
    """Epoch milliseconds of the timeline's first moment."""
    windows: Windows = field(default_factory=Windows)
    fault_until_s: float | None = None
    """No voucher starts after this many seconds, only heartbeats go on; none means the whole timeline."""
    kafka: bool = False
    """Whether faults that only a record with a key, or a live stream, can show may appear."""
    by_merchant: bool = False
    """Whether records are keyed by merchant instead of terminal."""
    fit: Fit = "free"
    """What of a fault must lie before the timeline's end, else it does not start: nothing, all of
    its records, or its final state too."""
    causes: tuple[str, ...] = ()
    """The causes of which there are troubles, in a scenario that has any; none given means all."""
    ranges: Ranges = "all"
    """Which parts of the ranges the troubles' parameters are drawn from; ``fit`` and ``evaluate`` share none."""

    def __post_init__(self) -> None:
        """Refuse a size that cannot be simulated.

        Raises:
            UsageError: A number is out of its range; the sentence names it and its limit.
        """
        if not 1 <= self.terminals <= MAX_TERMINALS:
            raise UsageError(f"The number of terminals is {self.terminals}; it must be 1 to {MAX_TERMINALS}.")
        if not self.rate > 0:
            raise UsageError(f"The rate is {self.rate} events a second; it must be above 0.")
        if not self.duration_s > 0:
            raise UsageError(f"The duration is {self.duration_s} seconds; it must be above 0.")
        if self.rate / self.terminals > FASTEST_TERMINAL_PER_S:
            raise UsageError(
                f"{self.rate:g} events a second are too many for {self.terminals} terminals, whose voucher numbers "
                f"would come back too soon; give {int(self.rate / FASTEST_TERMINAL_PER_S) + 1} terminals or more."
            )

    @property
    def end_ms(self) -> int:
        """Epoch milliseconds of the timeline's end."""
        return self.start_ms + int(self.duration_s * SECOND_MS)

    @property
    def until_ms(self) -> int:
        """Epoch milliseconds after which no voucher starts."""
        if self.fault_until_s is None:
            return self.end_ms
        return min(self.end_ms, self.start_ms + int(self.fault_until_s * SECOND_MS))

"""One trouble: its cause, its time, what it touches, and which faults it leads to."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streams.simulator.fleet import Terminal
    from streams.simulator.params import SourceName


@dataclass(frozen=True, slots=True)
class Episode:
    """One trouble of the timeline; times are epoch milliseconds."""

    number: int
    """Its place among the episodes of the run, in the order of their beginnings; 1 is the first."""
    label: str
    cause: str
    from_ms: int
    until_ms: int
    touches: Callable[[Terminal], bool]
    share: float
    """Share of the touched terminals' acts that become one of its faults."""
    mixture: Mapping[str, float]
    """Label of a fault -> weight."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What it touches and how much, as the truth shows it."""
    codes: tuple[str, ...] = ()
    """Response codes of the refusals that it brings."""
    operator: str = ""
    """The one operator of whom it is, empty where it is of all."""
    slow: float = 1.0
    """By how much it multiplies round trips."""
    late_source: SourceName | None = None
    """The source whose records arrive only when it is over."""
    silent: bool = False
    """Whether the touched terminals do nothing while it lasts."""
    strikes: Sequence[int] = ()
    """Moments at which one of its faults happens on its first terminal, whatever traffic there is."""
    first: Terminal | None = None
    notice: bool = False
    """Whether the host announced it."""
    lost_numbers: int = 0
    """By how much the terminal's voucher number jumps when it is over; below 0 it goes back."""

    def pick(self, drawn: float) -> str:
        """Return the label of one of its faults for a number drawn from 0 to 1."""
        bounds = list(accumulate(self.mixture.values()))
        return list(self.mixture)[min(bisect(bounds, drawn * bounds[-1]), len(bounds) - 1)]

    def truth(self) -> dict[str, Any]:
        """Return its line of truth, which no anomaly is held against."""
        return {
            "fault": None,
            "cause": self.cause,
            "episode": self.number,
            "label": self.label,
            "kind": None,
            "at": self.from_ms,
            "until": self.until_ms,
            "about": dict(self.about),
            "event_ids": [],
        }

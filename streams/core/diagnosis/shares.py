"""What share of the fleet runs a version, sits on a link, belongs to a merchant: decayed counts of sampled events."""

from __future__ import annotations

import math
from typing import Final

from mypy_extensions import mypyc_attr

from streams.core.diagnosis.crowds import DIMENSIONS, Shared

HALF_LIFE_MS: Final = 1_800_000
MOST_VALUES: Final = 1_024
"""Values of one dimension that are counted by name; beyond it the rarer half joins ``other``."""
LARGEST_UNIT: Final = 1e9


@mypyc_attr(acyclic=True)
class Weight:
    """The decayed count of one value."""

    def __init__(self, count: float) -> None:
        self.count = count


class Tally:
    """The decayed counts of one dimension."""

    def __init__(self) -> None:
        self.weights: dict[str, Weight] = {}
        self.other = 0.0
        self.total = 0.0

    def add(self, value: str, unit: float) -> None:
        """Count one sampled event."""
        self.total += unit
        weight = self.weights.get(value)
        if weight is not None:
            weight.count += unit
            return
        self.weights[value] = Weight(unit)
        if len(self.weights) > MOST_VALUES:
            self._thin_out()

    def _thin_out(self) -> None:
        """Let the rarer half join the others."""
        weights = self.weights
        ranked = sorted([(-weight.count, value) for value, weight in weights.items()])
        self.weights = {value: weights[value] for _, value in ranked[: MOST_VALUES // 2]}
        for _, value in ranked[MOST_VALUES // 2 :]:
            self.other += weights[value].count

    def shrink(self, factor: float) -> None:
        """Let every count stand in a smaller unit."""
        for weight in self.weights.values():
            weight.count *= factor
        self.other *= factor
        self.total *= factor


class Shares:
    """The shares of the fleet in every dimension, newer events counting more."""

    def __init__(self) -> None:
        self._tallies = [Tally() for _ in DIMENSIONS]
        self._base_ms = -1
        self._unit_ms = -1
        self._unit = 1.0

    def add(self, at: int, shared: Shared) -> None:
        """Count one sampled event at its log time."""
        if at != self._unit_ms:
            self._move(at)
        unit = self._unit
        for place, value in enumerate(shared):
            if value:
                self._tallies[place].add(value, unit)

    def _move(self, at: int) -> None:
        """Let later events weigh more, which is the same as letting earlier ones decay."""
        if self._base_ms < 0:
            self._base_ms = at
        self._unit_ms = at
        self._unit = math.pow(2.0, (at - self._base_ms) / HALF_LIFE_MS)
        if self._unit > LARGEST_UNIT:
            for tally in self._tallies:
                tally.shrink(1.0 / self._unit)
            self._base_ms, self._unit = at, 1.0

    def share(self, place: int, value: str) -> float:
        """Return the share of a value among all events that carry its dimension, never 0: half a sample is assumed."""
        tally = self._tallies[place]
        unit = self._unit
        weight = tally.weights.get(value)
        return ((0.0 if weight is None else weight.count) + 0.5 * unit) / (tally.total + unit)

    def values(self, place: int) -> dict[str, float]:
        """Return value -> share of one dimension, the rarest of many left out."""
        tally = self._tallies[place]
        return {value: weight.count / tally.total for value, weight in tally.weights.items()} if tally.total else {}

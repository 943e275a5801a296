"""Parameters of troubles, drawn from ranges that can be cut so that two runs never draw the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from streams.simulator.params import Ranges

T = TypeVar("T")

_QUARTERS: Final[dict[str, tuple[int, ...]]] = {"all": (0, 1, 2, 3), "fit": (0, 2), "evaluate": (1, 3)}
"""Which quarters of every range are used: those of ``fit`` and of ``evaluate`` share no value, and each
holds values that lie between, below and above the other's."""


class Draw:
    """Draws numbers and choices with one generator."""

    def __init__(self, rng: Random, ranges: Ranges) -> None:
        """Take the generator and which parts of the ranges are used."""
        self.rng = rng
        self._quarters = _QUARTERS[ranges]

    def between(self, low: float, high: float) -> float:
        """Return a number of a range, out of the quarters that are used."""
        quarter = self.rng.choice(self._quarters)
        return low + (high - low) * (quarter + self.rng.random()) / 4

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, out of the quarters that are used."""
        return int(self.between(low, high + 1))

    def choice(self, options: Sequence[T]) -> T:
        """Return one of some options; these are not cut."""
        return self.rng.choice(options)

"""What some pieces of evidence amount to: causes with their confidences, and which of the pieces moved them most.

Most anomalies have evidence that another had before, so each combination is reckoned once and kept for a while.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from mypy_extensions import mypyc_attr

from streams.core.diagnosis.model import CAUSES, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from streams.core.diagnosis.model import Model
    from streams.core.diagnosis.template import Frame

SHOWN: Final = 6
"""How many pieces of evidence a record tells."""
LEAST: Final = 0.05
"""Log-odds below which a piece moved nothing."""
MOST_KEPT: Final = 8_192
"""Combinations of pieces that are kept; with one more all are forgotten."""


@mypyc_attr(acyclic=True)
class Posterior:
    """What one combination of pieces, in the order in which they were found, amounts to."""

    def __init__(self, names: tuple[str, ...], confidences: list[float]) -> None:
        self.names = names
        self.confidences = confidences
        """In the order of ``CAUSES``; their sum is 1."""
        first = _largest(confidences, -1, -1)
        self.confidence: float = confidences[first]
        self.cause: str = CAUSES[first]
        """The likeliest cause."""
        self.frame: Frame | None = None
        """How it is told, once it is."""

    def likeliest(self, count: int) -> list[tuple[str, float]]:
        """Return so many causes with their confidences, the likeliest first."""
        left = self.confidences[:]
        found: list[tuple[str, float]] = []
        for _ in range(min(count, len(left))):
            place = _largest(left, -1, -1)
            found.append((CAUSES[place], left[place]))
            left[place] = -1.0
        return found

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Return all causes with their confidences, the likeliest first."""
        return self.likeliest(len(CAUSES))


@mypyc_attr(acyclic=True)
class Row:
    """What one piece of evidence weighs."""

    def __init__(self, weights: Sequence[tuple[int, float]], *, told: bool) -> None:
        self.causes: list[int] = [cause for cause, _ in weights]
        """Places in ``CAUSES`` of those that it weighs anything for."""
        self.largest = max([weight for _, weight in weights], default=0.0)
        self.weights = [0.0] * len(CAUSES)
        """The log-odds of each of ``CAUSES``."""
        for cause, weight in weights:
            self.weights[cause] = weight
        self.told = told
        """Whether there is a sentence for it."""


def confidences(model: Model, names: Iterable[str]) -> list[float]:
    """Return the confidence of each of ``CAUSES`` that some pieces of evidence lead to; their sum is 1."""
    return Posteriors(model).of(names).confidences


class Posteriors:
    """The combinations of pieces that one model was asked for lately."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._priors: list[float] = list(model.priors)
        self._rows: dict[str, Row] = {}
        self._known: dict[tuple[str, ...], Posterior] = {}

    def __len__(self) -> int:
        """Return how many combinations are kept."""
        return len(self._known)

    def of(self, names: Iterable[str]) -> Posterior:
        """Return what some pieces of evidence amount to."""
        key = tuple(names)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            known = self._known[key] = Posterior(key, self._reckon(key))
        return known

    def _reckon(self, names: tuple[str, ...]) -> list[float]:
        """Return the confidences of some pieces, in the order of ``CAUSES``."""
        points = self._priors[:]
        for name in names:
            row = self.row(name)
            for cause in row.causes:
                points[cause] = points[cause] + row.weights[cause]
        highest = points[_largest(points, -1, -1)]
        whole = 0.0
        for place, point in enumerate(points):
            odds = math.exp(point - highest)
            points[place] = odds
            whole += odds
        for place, odds in enumerate(points):
            points[place] = odds / whole
        return points

    def row(self, name: str) -> Row:
        """Return what a piece of evidence weighs."""
        row = self._rows.get(name)
        if row is None:
            row = Row(self._model.weights.get(name, ()), told=name in self._model.sentences)
            self._rows[name] = row
        return row

    def shown(self, found: Posterior) -> list[tuple[int, float]]:
        """Return (place among ``names``, log-odds) of the pieces that spoke most for the likeliest cause.

        What counts is how much more they spoke for it than for the two next ones.
        """
        first = _largest(found.confidences, -1, -1)
        second = _largest(found.confidences, first, -1)
        third = _largest(found.confidences, first, second)
        moved: list[tuple[float, str, int]] = []
        for place, name in enumerate(found.names):
            row = self.row(name)
            if found.cause != UNKNOWN:
                two, three = row.weights[second], row.weights[third]
                points = row.weights[first] - (two if two > three else three)  # noqa: FURB136  max is no C to the compiler
            else:
                points = -row.largest
            if points >= LEAST and row.told:
                moved.append((-points, name, place))
        moved.sort()
        return [(place, -points) for points, _, place in moved[:SHOWN]]


def _largest(values: list[float], less: int, other: int) -> int:
    """Return the place of the largest value, of several the first, those at two places left out."""
    best, largest = -1, 0.0
    for place, value in enumerate(values):
        if place in (less, other):
            continue
        if best < 0 or value > largest:
            best, largest = place, value
    return best

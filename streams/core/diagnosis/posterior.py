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
MOST_KEPT: Final = 16_384
"""Combinations of pieces that are kept, beginnings of others included; with one more all are forgotten."""
_NO_CONFIDENCES: Final[list[float]] = []
"""Of a combination that is only the beginning of others; never added to."""


@mypyc_attr(acyclic=True)
class Posterior:
    """One combination of pieces in the order in which they were found; what it amounts to is reckoned once asked."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.after: dict[str, Posterior] = {}
        """Name of one more piece -> the combination with it."""
        self.confidences: list[float] = _NO_CONFIDENCES
        """In the order of ``CAUSES``; their sum is 1."""
        self.confidence = 0.0
        self.cause: str = ""
        """The likeliest cause."""
        self.frame: Frame | None = None
        """How it is told, once it is."""

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Return all causes with their confidences, the likeliest first."""
        return sorted(zip(CAUSES, self.confidences, strict=True), key=_by_confidence)


@mypyc_attr(acyclic=True)
class Row:
    """What one piece of evidence weighs."""

    def __init__(self, weights: Sequence[tuple[int, float]], *, told: bool) -> None:
        self.causes: list[int] = [cause for cause, _ in weights]
        """Places in ``CAUSES``."""
        self.weights: list[float] = [weight for _, weight in weights]
        """The log-odds of each of these."""
        self.of_all: list[float] = [0.0] * len(CAUSES)
        """The log-odds of every cause, in the order of ``CAUSES``."""
        for cause, weight in weights:
            self.of_all[cause] = weight
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
        self.none = Posterior(())
        """The combination of no piece."""
        self.kept = 0
        """How many others there are."""

    def after(self, before: Posterior, name: str) -> Posterior:
        """Return a combination with one more piece."""
        known = before.after.get(name)
        if known is None:
            if self.kept >= MOST_KEPT:
                self.none.after.clear()
                self.kept = 0
            known = before.after[name] = Posterior((*before.names, name))
            self.kept += 1
        return known

    def of(self, names: Iterable[str]) -> Posterior:
        """Return what some pieces of evidence amount to."""
        found = self.none
        for name in names:
            found = self.after(found, name)
        return self.reckon(found)

    def reckon(self, found: Posterior) -> Posterior:
        """Reckon what a combination amounts to, unless that is known, and return it."""
        if found.cause:
            return found
        points = self._priors[:]
        for name in found.names:
            row = self.row(name)
            for number, cause in enumerate(row.causes):
                points[cause] += row.weights[number]
        highest = points[_largest(points, -1, -1)]
        whole = 0.0
        for place, point in enumerate(points):
            odds = math.exp(point - highest)
            points[place] = odds
            whole += odds
        for place, odds in enumerate(points):
            points[place] = odds / whole
        found.confidences = points
        first = _largest(points, -1, -1)
        found.confidence = points[first]
        found.cause = CAUSES[first]
        return found

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
            weights = row.of_all
            if found.cause != UNKNOWN:
                points = weights[first] - max(weights[second], weights[third])
            else:
                points = -max(row.weights) if row.weights else 0.0
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


def _by_confidence(ranked: tuple[str, float]) -> float:
    return -ranked[1]

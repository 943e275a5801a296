"""The fit: weights moved from the hand's values as far as simulated truth pulls them.

It is a softmax regression on the pieces of evidence, with a penalty for every step away from the hand's
value, so that a weight that the trials say nothing about stays where the hand put it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import exp, log, sqrt
from typing import TYPE_CHECKING, Final

from streams.core.diagnosis.model import CAUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streams.evaluation.trial import Sample

PIECE_OF_PRIORS: Final = ""
"""The name under which the priors stand among the weights: a piece that is always there."""
ROUNDS: Final = 160
RATE: Final = 0.15
PENALTY: Final = 0.0002
"""Of the mean loss, for each squared step away from the hand's value; small, for samples are many."""
LARGEST: Final = 6.0
"""No weight grows beyond this: nothing is surer than four hundred to one."""

Weights = dict[tuple[str, int], float]
"""(Piece, place of the cause) -> log-odds."""


@dataclass(slots=True)
class Row:
    """Samples with the same evidence, counted by their causes, each cause weighing the less the more there is of it."""

    pieces: tuple[str, ...]
    truths: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    whole: float = 0.0


def rows_of(samples: Sequence[Sample], known: set[str]) -> list[Row]:
    """Return the samples by their evidence, in the order in which it was first seen; only ``known`` pieces count.

    A cause with a hundred times the samples of another weighs thirty times as much.
    """
    counts = Counter(sample.truth for sample in samples)
    weights = {cause: count**-0.25 for cause, count in counts.items()}
    whole = sum(weights[cause] * count for cause, count in counts.items())
    rows: dict[tuple[str, ...], Row] = {}
    for sample in samples:
        pieces = tuple(sorted({name for name in sample.pieces if name in known}))
        row = rows.setdefault(pieces, Row(pieces))
        weight = weights[sample.truth] / whole
        row.truths[CAUSES.index(sample.truth)] += weight
        row.whole += weight
    return list(rows.values())


def fit(
    samples: Sequence[Sample], hand: Mapping[tuple[str, int], float], tell: Callable[[int, float], None] | None = None
) -> Weights:
    """Return the weights that explain the samples best without leaving the hand's far behind.

    ``tell`` is called now and then with the round and the loss.  Equal samples give equal weights.
    """
    known = {piece for piece, _ in hand}
    rows = rows_of(samples, known)
    by_piece: dict[str, list[int]] = defaultdict(list)
    for piece, place in hand:
        by_piece[piece].append(place)
    weights = dict(hand)
    mean, spread = dict.fromkeys(weights, 0.0), dict.fromkeys(weights, 0.0)
    for number in range(1, ROUNDS + 1):
        slopes, loss = _slopes(rows, weights, by_piece)
        if tell is not None and number % (ROUNDS // 8) == 0:
            tell(number, loss)
        for key, value in weights.items():
            slope = slopes.get(key, 0.0) + 2 * PENALTY * (value - hand[key])
            mean[key] = 0.9 * mean[key] + 0.1 * slope
            spread[key] = 0.999 * spread[key] + 0.001 * slope * slope
            step = (mean[key] / (1 - 0.9**number)) / (sqrt(spread[key] / (1 - 0.999**number)) + 1e-9)
            moved = value - RATE * (1 - number / (ROUNDS + 1)) * step
            weights[key] = max(-LARGEST, min(LARGEST, moved))
    return weights


def _slopes(
    rows: Sequence[Row], weights: Weights, by_piece: Mapping[str, Sequence[int]]
) -> tuple[dict[tuple[str, int], float], float]:
    """Return the derivative of the mean loss by each weight, and the loss itself in natural logs."""
    slopes: dict[tuple[str, int], float] = defaultdict(float)
    loss = 0.0
    causes = range(len(CAUSES))
    for row in rows:
        points = [weights[PIECE_OF_PRIORS, place] for place in causes]
        for piece in row.pieces:
            for place in by_piece[piece]:
                points[place] += weights[piece, place]
        highest = max(points)
        odds = [exp(point - highest) for point in points]
        scale = row.whole / sum(odds)
        error = [one * scale for one in odds]
        for place, weight in row.truths.items():
            loss -= weight * log(max(1e-12, error[place] / row.whole))
            error[place] -= weight
        for place in causes:
            slopes[PIECE_OF_PRIORS, place] += error[place]
        for piece in row.pieces:
            for place in by_piece[piece]:
                slopes[piece, place] += error[place]
    return dict(slopes), loss

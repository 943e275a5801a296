"""How good diagnoses were: confusion, accuracy by cause, calibration."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.core.diagnosis.model import CAUSES, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.evaluation.trial import Sample

BINS: Final = 10


@dataclass(frozen=True, slots=True)
class CauseScore:
    """How one cause fared; shares are of the anomalies that it led to."""

    cause: str
    count: int
    top1: float
    top3: float


@dataclass(frozen=True, slots=True)
class Bin:
    """One row of the reliability table: diagnoses said with about the same confidence."""

    low: float
    high: float
    count: int
    confidence: float
    """The mean of what was said."""
    right: float
    """The share of them that was right."""


@dataclass(frozen=True, slots=True)
class Measures:
    """All that an evaluation prints."""

    samples: int
    top1: float
    """Share of the anomalies whose cause leaves evidence, of which it came first."""
    top3: float
    """The same, among the first three."""
    top1_of_causes: float
    """The mean over the causes that leave evidence, each counting the same."""
    top3_of_causes: float
    unknown_first: float
    """Share of the anomalies without evidence, of which ``unknown`` came first."""
    said_unknown: float
    """Share of all anomalies of which ``unknown`` was said."""
    calibration_error: float
    """Expected calibration error: mean distance of confidence and share of right ones, by bins of confidence."""
    causes: tuple[CauseScore, ...]
    bins: tuple[Bin, ...]
    confusion: dict[tuple[str, str], int] = field(default_factory=dict)
    """(Truth, said) -> count."""


def measure(samples: Sequence[Sample]) -> Measures:
    """Return the measures of some samples; shares of nothing are 0."""
    causes = tuple(score for cause in CAUSES if (score := _score(cause, samples)).count)
    evident = [score for score in causes if score.cause != UNKNOWN]
    count = sum(score.count for score in evident)
    bins = tuple(_bins(samples))
    return Measures(
        samples=len(samples),
        top1=_mean([(score.top1, score.count) for score in evident], count),
        top3=_mean([(score.top3, score.count) for score in evident], count),
        top1_of_causes=_mean([(score.top1, 1) for score in evident], len(evident)),
        top3_of_causes=_mean([(score.top3, 1) for score in evident], len(evident)),
        unknown_first=next((score.top1 for score in causes if score.cause == UNKNOWN), 0.0),
        said_unknown=_mean([(1.0, sum(sample.cause == UNKNOWN for sample in samples))], len(samples)),
        calibration_error=_mean([(abs(one.confidence - one.right), one.count) for one in bins], len(samples)),
        causes=causes,
        bins=bins,
        confusion=dict(Counter((sample.truth, sample.cause) for sample in samples)),
    )


def _mean(parts: Sequence[tuple[float, int]], count: int) -> float:
    return sum(share * weight for share, weight in parts) / count if count else 0.0


def _score(cause: str, samples: Sequence[Sample]) -> CauseScore:
    own = [sample for sample in samples if sample.truth == cause]
    first = sum(sample.cause == cause for sample in own)
    among = sum(any(name == cause for name, _ in sample.ranked[:3]) for sample in own)
    return CauseScore(cause, len(own), _mean([(1.0, first)], len(own)), _mean([(1.0, among)], len(own)))


def _bins(samples: Sequence[Sample]) -> list[Bin]:
    found = []
    for number in range(BINS):
        low, high = number / BINS, (number + 1) / BINS
        within = [sample for sample in samples if min(BINS - 1, int(sample.confidence * BINS)) == number]
        if within:
            confidence = sum(sample.confidence for sample in within) / len(within)
            right = sum(sample.cause == sample.truth for sample in within) / len(within)
            found.append(Bin(low, high, len(within), confidence, right))
    return found

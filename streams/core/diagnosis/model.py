"""What a diagnosis is told: causes with their priors, pieces of evidence with their weights, texts, actions.

Scores are natural log-odds.  A cause's score is its prior and the weights of all pieces that are there;
``unknown`` has a prior like every other cause and no weights, so it wins where nothing speaks for another.
The settings read this value from ``config/diagnosis.yaml`` and ``config/actions.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN: Final = "unknown"

CAUSES: Final = (
    "terminal_fault",
    "host_fault",
    "network_delay",
    "operator_error",
    "card_problem",
    "maintenance",
    "merchant_account",
    "permission",
    "outdated_terminal",
    "batch_state",
    "suspected_fraud",
    "feed_gap",
    UNKNOWN,
)
"""All causes, in the order of the table in ``docs/diagnosis.md``; a metric label, so a closed list."""

LANGUAGES: Final = ("en", "zh")


class Text(NamedTuple):
    """One text in both languages; names in braces stand for values."""

    en: str
    zh: str


class Action(NamedTuple):
    """One next step: who takes it, of which sort it is, and its text."""

    who: str
    sort: str
    """``check`` first, then ``do``; ``never`` says what must not be done, ``call`` whom to call with which numbers."""
    text: Text
    kinds: frozenset[str] = frozenset()
    """The kinds of anomaly that it is for; none means all."""


@dataclass(frozen=True, slots=True)
class Model:
    """All that a diagnosis is judged by."""

    priors: tuple[float, ...]
    """Log-odds of each cause before any evidence, in the order of ``CAUSES``."""
    weights: Mapping[str, tuple[tuple[int, float], ...]]
    """Piece of evidence -> (place of a cause in ``CAUSES``, log-odds) for each cause that it speaks for or against."""
    sentences: Mapping[str, Text] = field(default_factory=dict)
    """Piece of evidence -> what it says of one anomaly."""
    names: Mapping[str, Text] = field(default_factory=dict)
    """Cause -> its name for people."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What sentences show of sources, kinds and fields -> the same in Chinese."""
    of_cause: Mapping[str, tuple[Action, ...]] = field(default_factory=dict)
    of_kind: Mapping[str, tuple[Action, ...]] = field(default_factory=dict)
    short_ms: int = 300_000
    """How long an anomaly counts among its like: a burst."""
    long_ms: int = 3_600_000
    """The same for what comes drop by drop."""
    look_again_ms: int = 180_000
    """When an open anomaly is looked at once more, after its like have had time to come; 0: never."""

"""All that reading gave, before it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from streams.replay.life.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from streams.replay.life.account import Question, Remark, Searched
    from streams.replay.life.lane import LifeLane

Record = dict[str, Any]
"""The JSON object of an anomaly."""


@dataclass(frozen=True, slots=True)
class Found:
    """All that reading gave; ``published`` maps anomaly ids to records, ``None`` where no topic was read."""

    question: Question
    lane: LifeLane
    searched: Searched
    place: Callable[[int, int], str]
    published: Mapping[str, Record] | None = None
    covers: bool = True
    """Whether the range reaches as far back as anybody remembers, and to the end of the logs."""
    kept: Kept = field(default_factory=Kept)
    covers_with_ledger: bool = False
    """Whether range and ledger together do."""
    makes_up: bool = False
    """Whether the ledger covers the time of all deleted records of the range."""
    remarks: tuple[Remark, ...] = field(default_factory=tuple)


def batch_fits(question: Question, batches: Iterable[str]) -> bool:
    """Tell whether batches can be the one asked for: what does not say its batch can be of any."""
    known = {batch for batch in batches if batch}
    return not question.batch or not known or question.batch in known


def normal(value: object) -> str:
    """Return a number without padding; empty for what is absent."""
    return (str(value).strip().lstrip("0") or "0") if value else ""

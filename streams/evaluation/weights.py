"""The file of weights: what the hand wrote is kept, what the fit found is put beside it, with its provenance."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

import yaml

from streams.core.diagnosis.model import CAUSES
from streams.evaluation.fit import PIECE_OF_PRIORS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streams.evaluation.fit import Weights

WIDTH: Final = 118
DIGITS: Final = 2
COMMENT: Final = "#"

Place = tuple[str, int]


def hand_weights(document: dict[str, Any]) -> dict[Place, float]:
    """Return the hand's priors and weights of a document of ``config/diagnosis.yaml``."""
    return {place: float(weight["hand"]) for place, weight in _weights(document)}


def with_fitted(document: dict[str, Any], fitted: Weights, provenance: dict[str, Any]) -> dict[str, Any]:
    """Return a document with the fitted values beside the hand's, and how they came about."""
    renewed = deepcopy(document)
    for place, weight in _weights(renewed):
        weight["fitted"] = round(fitted[place], DIGITS)
    renewed["provenance"] = provenance
    return renewed


def _weights(document: dict[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    for number, cause in enumerate(CAUSES):
        yield (PIECE_OF_PRIORS, number), document["causes"][cause]["prior"]
    for piece, row in document["evidence"].items():
        for cause, weight in row["weights"].items():
            yield (piece, CAUSES.index(cause)), weight


def write_weights(path: Path, document: dict[str, Any]) -> None:
    """Write a document where one stands already, under the comment at its head.

    Raises ``OSError`` where it cannot be written.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    head = next((number for number, line in enumerate(lines) if not line.startswith(COMMENT)), 0)
    body = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=None)
    path.write_text("\n".join([*lines[:head], "", body]), encoding="utf-8")

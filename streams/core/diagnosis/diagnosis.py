"""The result of a diagnosis: causes ranked by confidence, and its shape in the anomaly record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from mypy_extensions import mypyc_attr

from streams.core.currency import money
from streams.core.diagnosis.telling import clock, log_time

if TYPE_CHECKING:
    from streams.core.diagnosis.evidence import Evidence, Told
    from streams.core.diagnosis.model import Action
    from streams.core.diagnosis.notes import Notes
    from streams.core.diagnosis.posterior import Posterior
    from streams.core.diagnosis.telling import Teller

_decode: Final = msgspec.json.Decoder().decode


@mypyc_attr(acyclic=True)
class Diagnosis:
    """One diagnosis of one anomaly, told as an object of JSON when the record is written."""

    def __init__(self, teller: Teller, record: dict[str, Any], notes: Notes) -> None:
        """``record`` is the anomaly's, whose voucher the texts name; ``notes`` is where the evidence waits."""
        self._teller = teller
        self._notes: Notes | None = notes
        self._posterior: Posterior | None = None
        self._told: Told | None = None
        # Not the record itself, which holds this diagnosis: such a ring would be left to the cycle collector.
        self._kind: str = record["kind"]
        self._voucher: dict[str, Any] | None = record["voucher"]
        self._legs: dict[str, Any] = record["legs"]
        self._link: str = record["link"]
        self._amount: int = record["amount_at_risk"]
        self._currency: str | None = record["currency"]
        self._opened_at: int = record["opened_at"]

    def rest_on(self, evidence: Evidence) -> None:
        """Be what some evidence amounts to."""
        self._posterior = self._teller.posteriors.of(evidence.names)
        self._told = evidence.told
        self._notes = None

    def be_as(self, other: Diagnosis) -> None:
        """Be the same as another of this anomaly."""
        self._posterior = other.posterior
        self._told = other._told
        self._notes = None

    @property
    def posterior(self) -> Posterior:
        """Return what the evidence amounts to; where it still waits, it waits no longer."""
        if self._posterior is None and self._notes is not None:
            self._notes.settle()
        if self._posterior is None:
            raise ValueError("a diagnosis has never been made")
        return self._posterior

    def __eq__(self, other: object) -> bool:
        """Tell whether two diagnoses say the same."""
        return isinstance(other, Diagnosis) and self.json() == other.json()

    def __hash__(self) -> int:
        """Return a number that equal diagnoses share."""
        return hash((self._kind, self.cause))

    @property
    def cause(self) -> str:
        """Return the likeliest cause."""
        return self.posterior.cause

    @property
    def confidence(self) -> float:
        """Return how sure the likeliest cause is."""
        return self.posterior.confidence

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Return all causes with their confidences, the likeliest first."""
        return self.posterior.ranked

    @property
    def names(self) -> list[str]:
        """Return the names of the pieces of evidence that were there."""
        return list(self.posterior.names)

    def actions(self) -> list[Action]:
        """Return the next steps for this kind and cause: what to check, to do and never to do, and whom to call."""
        return self._teller.actions(self._kind, self.cause)

    def told(self) -> dict[str, Any]:
        """Return the ``diagnosis`` of a record: texts in both languages, the evidence that moved it most first."""
        told: dict[str, Any] = _decode(self.json())
        return told

    def json(self) -> bytes:
        """Return the same as it stands in the record."""
        legs, voucher = self._legs, self._voucher or {}
        about: list[object] = [
            voucher.get("terminal_id"),
            voucher.get("merchant_id"),
            voucher.get("batch_number"),
            voucher.get("voucher_number"),
            voucher.get("rrn"),
            _link(legs) or self._link,
            money(self._amount, self._currency),
            clock(log_time(legs, self._opened_at)).encode(),
        ]
        return self._teller.tell(self._kind, self.posterior, self._told, about)


def told(diagnosis: object) -> dict[str, Any] | None:
    """Return the ``diagnosis`` of a record in its JSON shape, whether it was made here or read from a topic."""
    if isinstance(diagnosis, Diagnosis):
        return diagnosis.told()
    return diagnosis if isinstance(diagnosis, dict) else None


def cause_of(diagnosis: object) -> str:
    """Return the likeliest cause of a record's ``diagnosis``, empty where there is none."""
    if isinstance(diagnosis, Diagnosis):
        return diagnosis.cause
    return str(diagnosis.get("cause", "")) if isinstance(diagnosis, dict) else ""


def _link(legs: dict[str, Any]) -> str:
    """Return the link that a leg names; a metric's label would say ``other`` of one that is not configured."""
    for leg in legs.values():
        if leg is not None:
            link = leg.get("link")
            if link:
                return str(link)
    return ""

"""Anomaly records held against the truth: what was found, missed, false, or found otherwise than expected."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Key = tuple[str, str, str]
"""Kind, terminal, voucher number without leading zeros."""


@dataclass(slots=True)
class KindScore:
    """How one kind of anomaly fared."""

    expected: int = 0
    found: int = 0
    false: int = 0
    differing: int = 0
    """Of the found ones, those whose status, resolution, severity or amount is another than expected."""

    @property
    def missed(self) -> int:
        """Return how many expected anomalies were not found."""
        return self.expected - self.found

    @property
    def precision(self) -> float:
        """Return the share of reported anomalies that were expected; 1 if none was reported."""
        reported = self.found + self.false
        return self.found / reported if reported else 1.0

    @property
    def recall(self) -> float:
        """Return the share of expected anomalies that were found; 1 if none was expected."""
        return self.found / self.expected if self.expected else 1.0


@dataclass(slots=True)
class Score:
    """The comparison of one run."""

    kinds: dict[str, KindScore] = field(default_factory=dict)
    """Kind -> score, sorted by kind."""
    missed: list[Mapping[str, Any]] = field(default_factory=list)
    """Lines of truth without an anomaly."""
    false: list[Mapping[str, Any]] = field(default_factory=list)
    """Anomaly records without a line of truth."""
    differing: list[str] = field(default_factory=list)
    """One sentence for each found anomaly that is otherwise than expected."""
    diagnosed: int = 0
    """Found anomalies with a diagnosis whose true cause is known."""
    rightly: int = 0
    """Of these, those whose likeliest cause is the true one; ``unknown`` is true of what leaves no evidence."""

    @property
    def perfect(self) -> bool:
        """Return whether every expected anomaly was found as expected, and nothing else."""
        return not (self.missed or self.false or self.differing)


def score(anomalies: Iterable[Mapping[str, Any]], truth: Iterable[Mapping[str, Any]]) -> Score:
    """Compare anomaly records, one for each anomaly in its final state, with lines of truth.

    An anomaly meets a line of truth of the same kind, terminal and voucher number that shares an
    event id with its legs; for kinds without a voucher the kind alone counts.  ``expired`` counts
    as ``open``: a fault does not know how long the run went on.
    """
    result = Score()
    kinds: defaultdict[str, KindScore] = defaultdict(KindScore)
    open_lines: defaultdict[Key, list[Mapping[str, Any]]] = defaultdict(list)
    for line in truth:
        if line.get("kind") is not None:
            kinds[line["kind"]].expected += 1
            open_lines[_key(line["kind"], line)].append(line)
    for anomaly in anomalies:
        kind = anomaly["kind"]
        met = _take(open_lines[_key(kind, anomaly.get("voucher") or {})], _event_ids(anomaly))
        if met is None:
            kinds[kind].false += 1
            result.false.append(anomaly)
            continue
        kinds[kind].found += 1
        said = (anomaly.get("diagnosis") or {}).get("cause")
        if said and met.get("cause"):
            result.diagnosed += 1
            result.rightly += said == met["cause"]
        differences = _differences(anomaly, met)
        if differences:
            kinds[kind].differing += 1
            result.differing.append(f"{met['fault']}: {kind} has {', '.join(differences)}")
    result.missed = [line for lines in open_lines.values() for line in lines]
    result.kinds = dict(sorted(kinds.items()))
    return result


def read_truth(path: Path) -> list[dict[str, Any]]:
    """Read the lines of truth of a file; its summary is left out."""
    with path.open("rb") as lines:
        read: list[dict[str, Any]] = [orjson.loads(line) for line in lines]
    return [line for line in read if "summary" not in line]


def _key(kind: str, voucher: Mapping[str, Any]) -> Key:
    terminal = str(voucher.get("terminal_id") or "").strip()
    return kind, terminal, str(voucher.get("voucher_number") or "").strip().lstrip("0")


def _event_ids(anomaly: Mapping[str, Any]) -> set[str]:
    legs = anomaly.get("legs") or {}
    return {leg["event_id"] for leg in legs.values() if leg and leg.get("event_id")}


def _take(lines: list[Mapping[str, Any]], event_ids: set[str]) -> Mapping[str, Any] | None:
    """Take the line that shares most event ids; one without event ids is met by anything."""
    best, most = None, 0
    for line in lines:
        shared = len(event_ids.intersection(line["event_ids"])) if line["event_ids"] else 1
        if shared > most:
            best, most = line, shared
    if best is not None:
        lines.remove(best)
    return best


def _differences(anomaly: Mapping[str, Any], line: Mapping[str, Any]) -> list[str]:
    status = "open" if anomaly.get("status") == "expired" else anomaly.get("status")
    pairs = {
        "status": (status, line["status"]),
        "resolution": (anomaly.get("resolution"), line["resolution"] if line["status"] else None),
        "severity": (anomaly.get("severity"), line["severity"]),
        "amount_at_risk": (anomaly.get("amount_at_risk"), line["amount_at_risk"]),
        "currency": (anomaly.get("currency"), line["currency"] if line["amount_at_risk"] else None),
    }
    judged = {
        name: pair for name, pair in pairs.items() if pair[1] is not None or (name == "resolution" and line["status"])
    }
    return [f"{name} {got}, expected {wanted}" for name, (got, wanted) in judged.items() if got != wanted]

"""The anomalies of a voucher: what its records give, held against what was published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.diagnosis.diagnosis import told
from streams.core.wire import SOURCES
from streams.replay.life.account import Accusation, Difference
from streams.replay.life.found import batch_fits, normal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.replay.life.account import Question
    from streams.replay.life.found import Found, Record
    from streams.replay.life.kept import SideBySide

COMPARED = (
    "status",
    "resolution",
    "severity",
    "amount_at_risk",
    "currency",
    "opened_at",
    "resolved_at",
    "marks",
)
"""What of an anomaly is held against its published record."""


def accusations(found: Found, both: SideBySide) -> Iterator[Accusation]:
    """Yield the anomalies of the voucher, and those of vouchers that name it, by the time of their opening.

    What was derived only because the topics have lost what the ledger keeps is no anomaly.
    """
    derived = {key: change.record for key, change in found.lane.changes.items()}
    derived = {key: record for key, record in derived.items() if not is_known_better(record, both)}
    published = found.published or {}
    all_of_them = {**published, **derived}
    for record in sorted(all_of_them.values(), key=lambda record: (record["opened_at"], record["id"])):
        of = relation(record, found.question)
        if of and (record["id"] in published or _in_range(record, found.question)):
            yield _accusation(found, of, derived.get(record["id"]), published.get(record["id"]))


def is_known_better(record: Record, both: SideBySide) -> bool:
    """Tell whether an anomaly is one of a missing side or original that the ledger keeps."""
    legs = record["legs"]
    if record["kind"] == "original_not_found":
        original = record["original"] or {}
        return both.keeps_original(normal(original.get("voucher_number")), record["opened_at"])
    if not any(legs.get(source) is None for source in SOURCES):
        return False
    places = [(SOURCES.index(leg["source"]), leg["offset"]) for leg in legs.values() if leg is not None]
    return any(place in both.mended for place in places)


def _in_range(record: Record, question: Question) -> bool:
    times = [leg["log_time"] for leg in record["legs"].values() if leg is not None]
    return question.from_ms is None or max(times, default=record["opened_at"]) >= question.from_ms


def relation(record: Record, question: Question) -> str:
    """Return ``voucher`` for an anomaly of the voucher asked for, ``pointing`` for one that names it, else nothing."""
    voucher = record["voucher"] or {}
    if voucher.get("terminal_id") != question.terminal_id:
        return ""
    number = question.key[1]
    if normal(voucher.get("voucher_number")) == number:
        return "voucher" if batch_fits(question, {normal(voucher.get("batch_number"))}) else ""
    original = record["original"] or {}
    if normal(original.get("voucher_number")) == number:
        return "pointing" if batch_fits(question, {normal(original.get("batch_number"))}) else ""
    return ""


def _accusation(found: Found, of: str, derived: Record | None, published: Record | None) -> Accusation:
    record = derived or published or {}
    said = published or record
    differences = [
        Difference(name, derived[name], published[name])
        for name in COMPARED
        if derived is not None and published is not None and derived[name] != published[name]
    ]
    return Accusation(
        id=record["id"],
        kind=record["kind"],
        of=of,
        status=record["status"],
        resolution=record["resolution"],
        severity=record["severity"],
        amount_at_risk=record["amount_at_risk"],
        currency=record["currency"],
        opened_at=record["opened_at"],
        resolved_at=record["resolved_at"],
        expires_at=record["opened_at"] + found.lane.policy.resolve_horizon_ms,
        marks=tuple(record["marks"]),
        fields=tuple(record["fields"]),
        derived=derived is not None,
        published=None if found.published is None else published is not None,
        differences=tuple(differences),
        acknowledged_by=said["acknowledged_by"],
        acknowledged_at=said["acknowledged_at"],
        diagnosis=told(said["diagnosis"]),
    )

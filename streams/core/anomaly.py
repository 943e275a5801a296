"""The judged fact: its kinds, its identity that survives every restart, its record.

The id is the lower-case hex of blake2b with a 16-byte digest over the compact JSON array

    [1, kind, [terminal id, voucher number, class, batch], [[source, event id, log time], ...]]

for a voucher (terminal leg first; numbers without leading zeros; the batch empty unless it is part
of the key), and over ``[1, kind, lane, source, log time]`` for an episode without a voucher.  These
bytes are frozen: ids written by one release are found by the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import UNSET

from streams.core.compare import comparable, value_of
from streams.core.diagnosis.diagnosis import Diagnosis
from streams.core.wire import SOURCES

if TYPE_CHECKING:
    from streams.core.diagnosis.case import Case
    from streams.core.event import Event
    from streams.core.voucher import Voucher
    from streams.core.wire import Original


@dataclass(frozen=True, slots=True)
class KindRow:
    """One line of the table of kinds: all that is fixed about a kind."""

    identity: str
    """Which values enter the id."""
    severity: str
    amount: str
    resolutions: tuple[str, ...]
    recovery: str
    """What an operator sees when it is over."""


KINDS: Final[dict[str, KindRow]] = {
    "orphan_terminal": KindRow(
        "key and the lone leg",
        "critical approved, warning unknown, info refused; reversal warning; query info; preauth at most warning",
        "the leg's amount if approved or unknown; reversal and query 0",
        ("late_match", "reversed"),
        "the host's record came, or the sale was reversed",
    ),
    "orphan_host": KindRow(
        "key and the lone leg",
        "critical approved, warning unknown, info refused; reversal critical; query info; preauth at most warning",
        "the leg's amount if approved or unknown; reversal and query 0",
        ("late_match", "reversed"),
        "the terminal's record came, or the sale was reversed",
    ),
    "mismatch": KindRow(
        "key and both legs",
        "critical when amount, currency, card, kind or merchant differ, else warning",
        "the difference of the amounts; reversal 0",
        ("late_match", "reversed"),
        "the sale was reversed, or a repeat of a reversal agrees",
    ),
    "outcome_conflict": KindRow(
        "key and both legs",
        "critical; warning for a kind without automatic reversal in the waiting row; query info",
        "the approved or unknown side's amount, the host's if both; query 0",
        ("late_match", "reversed"),
        "a late answer came, or the sale was reversed",
    ),
    "unreversed": KindRow(
        "key and both legs",
        "critical",
        "the approved or unknown side's amount, the host's if both",
        ("late_match", "reversed"),
        "a late answer or the reversal came",
    ),
    "duplicate_voucher": KindRow("key, the repeat, the other side's leg", "warning", "0", (), "none: it expires"),
    "original_denied": KindRow(
        "key and the legs of the pointing voucher",
        "critical",
        "of a reversal the transaction's amount, else the pointing voucher's",
        (),
        "none: it expires",
    ),
    "original_not_found": KindRow(
        "key and the legs of the pointing voucher",
        "critical",
        "the pointing voucher's amount",
        ("late_match",),
        "a voucher came that would have been found",
    ),
    "original_conflict": KindRow(
        "key and the legs of the pointing voucher",
        "critical",
        "the pointing voucher's amount",
        (),
        "none: it expires",
    ),
    "source_stalled": KindRow(
        "lane, source, last good event", "critical", "0", ("recovered",), "the source speaks again"
    ),
    "partitioning_fault": KindRow(
        "lane, source, last good event", "critical", "0", ("recovered",), "none while the worker runs"
    ),
}

SEVERITIES: Final = ("critical", "warning", "info")
RESOLUTIONS: Final = ("late_match", "reversed", "recovered")


@dataclass(slots=True)
class Finding:
    """What a rule says of one voucher: everything of the anomaly that depends on its kind."""

    kind: str
    severity: str
    amount: int = 0
    currency: str = ""
    fields: tuple[str, ...] = ()
    legs: tuple[Event, ...] = ()
    original: dict[str, object] | None = None
    evidence: tuple[str, ...] = ()


class Anomaly:
    """One anomaly through its life; ``record`` is its JSON shape as of the latest change."""

    __slots__ = (
        "amount",
        "case",
        "currency",
        "id",
        "kind",
        "link",
        "opened_at",
        "record",
        "revision",
        "severity",
        "status",
        "voucher",
    )

    def __init__(self, record: dict[str, object], link: str) -> None:
        self.record = record
        self.id = str(record["id"])
        self.kind = str(record["kind"])
        self.severity = str(record["severity"])
        self.status = str(record["status"])
        self.amount = int(str(record["amount_at_risk"]))
        self.currency = str(record["currency"] or "")
        self.opened_at = int(str(record["opened_at"]))
        self.revision = int(str(record["revision"]))
        self.link = link
        self.voucher: Voucher | None = None
        self.case: Case | None = None
        """What its diagnosis stands on, while it is open and was opened by this process."""

    @property
    def cause(self) -> str:
        """Return the likeliest cause, empty where this process has not diagnosed it."""
        diagnosis = self.record["diagnosis"]
        return diagnosis.cause if isinstance(diagnosis, Diagnosis) else ""

    def mark(self, mark: str) -> None:
        """Add one of the marks that the next revision of the record shows."""
        marks = self.record["marks"]
        known = list(marks) if isinstance(marks, list) else []
        self.record = self.record | {"marks": [*known, mark] if mark not in known else known}


def _digest(parts: list[object]) -> str:
    return blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()


def voucher_anomaly_id(kind: str, key: tuple[str, str, str, str], legs: tuple[Event, ...]) -> str:
    """Return the id of an anomaly of one voucher; ``key`` is terminal, number, class and batch."""
    opened_by = [[SOURCES[leg.source], *leg.identity] for leg in sorted(legs, key=lambda leg: leg.source)]
    return _digest([1, kind, list(key), opened_by])


def episode_id(kind: str, lane: int, source: int, last_good_ms: int) -> str:
    """Return the id of an anomaly without a voucher; ``last_good_ms`` is the log time before it began."""
    return _digest([1, kind, lane, SOURCES[source], last_good_ms])


def field_rows(names: tuple[str, ...], terminal: Event | None, host: Event | None) -> list[dict[str, object]]:
    """Return the ``fields`` of a record: each name with the value of either side as it was written."""
    return [
        {
            "field": name,
            "terminal": value_of(terminal, name) if terminal else None,
            "host": value_of(host, name) if host else None,
        }
        for name in names
    ]


def leg_row(leg: Event | None, partition: int) -> dict[str, object] | None:
    """Return one leg of a record: the event without what it lacks, and its place in the log."""
    if leg is None:
        return None
    body = leg.body
    shown: dict[str, object] = {}
    for name in body.__struct_fields__:
        value = getattr(body, name)
        if value is UNSET or value is None or name in ("source", "received_at"):
            continue
        shown[name] = msgspec.to_builtins(value) if name == "original" else value_of(leg, name)
        if name in ("event_time", "offline"):
            shown[name] = value
    shown["outcome"] = leg.outcome
    if leg.answer is not None:
        shown["event_id"] = leg.answer.body.event_id
        shown["answered_at"] = leg.answer.log_time
    if leg.extras:
        shown["extras"] = leg.extras
    place = {
        "source": SOURCES[leg.source],
        "partition": partition,
        "offset": leg.offset,
        "log_time": leg.log_time,
        "deadline": leg.deadline,
    }
    return shown | place


def voucher_row(legs: tuple[Event, ...]) -> dict[str, object]:
    """Return the ``voucher`` of a record: as the terminal wrote it, the host's where it is alone."""
    row: dict[str, object] = {}
    for name in ("terminal_id", "merchant_id", "batch_number", "voucher_number", "rrn", "kind"):
        values = (value_of(leg, name) for leg in sorted(legs, key=lambda leg: leg.source))
        row[name] = next((v for v in values if v is not None and comparable(name, v) is not None), None)
    return row


def original_row(original: Voucher) -> dict[str, object]:
    """Return the ``original`` of a record: the voucher that was pointed at, and its events."""
    row = voucher_row(tuple(original.legs))
    events = [leg.body.event_id for leg in original.legs]
    return row | {"date": None, "reason": None, "events": events, "log_time": original.log_time}


def reference_row(voucher: Voucher, named: Original) -> dict[str, object]:
    """Return the ``original`` of a record where none was found: what the pointing voucher names."""
    texts = {name: getattr(named, name) or None for name in ("batch_number", "voucher_number", "rrn", "kind", "date")}
    terminal = voucher_row(tuple(voucher.legs))["terminal_id"]
    return {"terminal_id": terminal, "merchant_id": None, **texts, "reason": None, "events": [], "log_time": None}

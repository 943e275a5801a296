"""The canonical event: what a record of either source says, and where it stands in the log.

``Body`` is the wire shape of the contract, decoded in one call.  ``Event`` joins it to its place
in the log and to the few values that every rule needs in comparable form.  An event that stands
for one side of a voucher is called a *leg*; its last attributes are that leg's state.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

TERMINAL: Final = 0
HOST: Final = 1
SOURCES: Final = ("terminal", "host")

RawRecord = tuple[int, int, bytes | None, bytes | None]
"""Offset, record timestamp in epoch milliseconds, key, value."""

FINAL: Final = frozenset({"approved", "declined", "rejected"})
REFUSED: Final = frozenset({"declined", "rejected"})
RANK: Final = {"in_progress": 0, "unknown": 1, "approved": 2, "declined": 2, "rejected": 2}
"""How much an outcome says: a status update replaces a lower rank by a higher one."""

AUTO_REVERSED: Final = frozenset({"sale", "void", "preauth", "preauth_void", "completion", "completion_void"})
"""Kinds for which a terminal without an answer sends a reversal by itself."""

Text = str | None | UnsetType
Number = int | None | UnsetType
# Lengths that the typed decoder checks in C.  A value beyond them is not yet wrong (it may be
# padded, or long free text): the record then goes the exact, slower way of ``judge.py``.
_Rrn = Annotated[str, Meta(max_length=12)] | None | UnsetType
_Six = Annotated[str, Meta(max_length=6)] | None | UnsetType
_Code = Annotated[str, Meta(max_length=2)] | None | UnsetType
_Currency = Annotated[str, Meta(max_length=3)] | None | UnsetType
_Short = Annotated[str, Meta(max_length=12)] | None | UnsetType


class Original(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What a void, refund, completion or reversal points at (ISO 8583 fields 61 and 90)."""

    batch_number: Text = UNSET
    voucher_number: Text = UNSET
    date: Text = UNSET
    rrn: Text = UNSET
    auth_code: Text = UNSET
    kind: Text = UNSET
    amount: Number = UNSET


class Body(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The canonical event as it stands in JSON; frozen, so that its hash is the hash of its content."""

    event_id: Annotated[str, Meta(min_length=1, max_length=64)]
    kind: str
    event_time: str | int
    terminal_id: Annotated[str, Meta(min_length=1, max_length=32)]
    merchant_id: Annotated[str, Meta(min_length=1, max_length=32)]
    source: Text = UNSET
    voucher_number: _Short = UNSET
    batch_number: _Six = UNSET
    rrn: _Rrn = UNSET
    auth_code: _Six = UNSET
    response_code: _Code = UNSET
    outcome: Text = UNSET
    amount: Number = UNSET
    currency: _Currency = UNSET
    card: Text = UNSET
    original: Original | UnsetType | None = UNSET
    link: _Short = UNSET
    software_version: _Short = UNSET
    terminal_model: _Short = UNSET
    network_type: _Short = UNSET
    region: _Short = UNSET
    operator_id: _Short = UNSET
    entry_mode: _Short = UNSET
    round_trip_ms: Number = UNSET
    offline: bool | UnsetType | None = UNSET
    received_at: Number = UNSET


EVIDENCE_FIELDS: Final = (
    "link",
    "software_version",
    "terminal_model",
    "network_type",
    "region",
    "operator_id",
    "entry_mode",
)


class Event(Struct, eq=False, gc=False):
    """One decoded record at its place in the log; as a leg, one side of a voucher.

    ``log_time`` and ``deadline`` are epoch milliseconds of log time, ``amount`` minor units.
    ``terminal``, ``number``, ``batch`` and ``currency`` are in comparable form (trimmed, without
    leading zeros, ISO 4217 letters).  ``raw`` are the record's bytes where this event can be decoded
    from them again, which is all that is kept of it once its voucher is closed and agrees.  Not
    seen by the cycle collector: ``Memory.sweep`` cuts the cycles by hand.
    """

    source: int
    offset: int
    log_time: int
    body: Body
    kind: str
    outcome: str
    terminal: str
    number: str
    amount: int | None
    currency: str
    card: str | None
    content: int
    raw: bytes | None = None
    batch: str = ""
    deadline: int = 0
    limited: bool = False
    extras: dict[str, object] | None = None
    updated_at: int = 0
    """Log time of the latest status update, 0 without one."""
    answer: Event | None = None
    """The late answer by which a leg judged as unknown got its outcome."""
    voucher: Any = None
    """The ``Voucher`` that this leg is one side of."""

    @property
    def identity(self) -> tuple[str, int]:
        """Return the event id and log time by which this leg enters an anomaly's id."""
        stands = self.answer or self
        return stands.body.event_id, stands.log_time


decode_body: Final = msgspec.json.Decoder(Body).decode
"""JSON bytes to ``Body``; raises ``msgspec.MsgspecError`` or ``ValueError`` for what is not usual."""


class DeadLetter(Struct, frozen=True):
    """A record that could not be decoded, its bytes masked where they held a card number."""

    source: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    reason: str
    detail: str


REASONS: Final = (
    "empty",
    "too_large",
    "malformed",
    "not_an_object",
    "missing_field",
    "invalid_field",
    "key_mismatch",
    "source_mismatch",
    "unknown_kind",
    "future_timestamp",
    "iso8583",
)
"""Why a record is a dead letter, in the order in which the reasons are judged."""

"""The wire shape of an event, decoded by msgspec in one call, and the names of the contract.

Kept apart from ``event.py`` because msgspec's classes are built in C already: all that works on
them can be compiled, they cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from streams.core.policy import PLAIN_KINDS, TRANSACTION_KINDS

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


if TYPE_CHECKING:
    Kind = str
    Outcome = str
    SourceName = str
else:
    # To the typed decoder these are closed lists: it hands out one string for each name, whose hash is known.
    # Other values are possible, since judge.py fills bodies by itself.
    Kind = Literal[(*TRANSACTION_KINDS, *PLAIN_KINDS)]
    Outcome = Literal["approved", "declined", "rejected", "unknown", "in_progress"]
    SourceName = Literal["terminal", "host"]


class Body(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The canonical event as it stands in JSON; frozen, so that its hash is the hash of its content."""

    event_id: Annotated[str, Meta(min_length=1, max_length=64)]
    kind: Kind
    event_time: str | int
    terminal_id: Annotated[str, Meta(min_length=1, max_length=32)]
    merchant_id: Annotated[str, Meta(min_length=1, max_length=32)]
    source: SourceName | UnsetType | None = UNSET
    voucher_number: _Short = UNSET
    batch_number: _Six = UNSET
    rrn: _Rrn = UNSET
    auth_code: _Six = UNSET
    response_code: _Code = UNSET
    outcome: Outcome | UnsetType | None = UNSET
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


decode_body: Final = msgspec.json.Decoder(Body).decode
"""JSON bytes to ``Body``; raises ``msgspec.MsgspecError`` or ``ValueError`` for what is not usual."""


class _LooseBody(Body, frozen=True, forbid_unknown_fields=False, gc=False):
    """A body beside which the sender may have put fields of its own."""


decode_loosely: Final = msgspec.json.Decoder(_LooseBody).decode
"""As ``decode_body``, but fields that are not of the contract are passed over."""

DEEPEST: Final = 256
"""Levels of nesting that a record may have."""
TOO_DEEP: Final = f"the value is nested deeper than {DEEPEST} levels"


def decode_document(value: bytes) -> Any:  # noqa: ANN401  JSON of any shape
    """Return all that JSON bytes hold; raises as ``decode_body``, and ``RecursionError`` beyond ``DEEPEST`` levels.

    The library's own limit depends on how deep the caller stands, so one record would be judged now so, now otherwise.
    """
    document: Any = msgspec.json.decode(value)
    if value.count(b"{") + value.count(b"[") <= DEEPEST:
        return document
    level = [document] if isinstance(document, dict | list) else []
    for _ in range(DEEPEST):
        within = [part for node in level for part in (node.values() if isinstance(node, dict) else node)]
        level = [part for part in within if isinstance(part, dict | list)]
        if not level:
            return document
    raise RecursionError(TOO_DEEP)


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

"""What a lane needs to be told: windows, bounds, links and code tables, as one frozen value.

Every duration is an integer count of milliseconds of log time.  The settings module builds this
value from the configuration file; tests build it directly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.core.diagnosis.calendar import CutOver
    from streams.core.diagnosis.model import Model
    from streams.core.dialects.dialect import RawFeed

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS

TRANSACTION_KINDS = (
    "sale",
    "void",
    "refund",
    "preauth",
    "preauth_void",
    "completion",
    "completion_void",
    "reversal",
    "query",
)
"""The kinds that carry a voucher number, in the order in which the contract names them."""

PLAIN_KINDS = ("settlement", "status", "notice")
"""The kinds without a voucher: batch totals, heartbeats and maintenance windows."""

OUTCOMES = ("approved", "declined", "rejected", "unknown", "in_progress")

COMPARABLE_FIELDS = (
    "amount",
    "currency",
    "kind",
    "merchant_id",
    "card",
    "auth_code",
    "rrn",
    "batch_number",
)
"""The fields of two approved legs that are held against each other, in the order of the record."""

DEFAULT_PAIR_WINDOW_MS = MINUTE_MS
PAIR_WINDOW_EXCEPTIONS_MS: Mapping[str, int] = MappingProxyType({"reversal": 2 * MINUTE_MS, "refund": 5 * MINUTE_MS})


def default_pair_windows() -> dict[str, int]:
    """Return the pair window of every transaction kind in milliseconds."""
    return {kind: PAIR_WINDOW_EXCEPTIONS_MS.get(kind, DEFAULT_PAIR_WINDOW_MS) for kind in TRANSACTION_KINDS}


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """How vouchers of one host link are keyed and compared."""

    batch_in_key: bool = False
    """Whether the batch number is part of the pairing key; an event without one is then a bad record."""
    compare_fields: tuple[str, ...] = COMPARABLE_FIELDS
    """The fields compared when both legs are approved, a subset of ``COMPARABLE_FIELDS``."""
    institution: str = ""
    """Who is behind the link, as maintenance windows name it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """All that decides verdicts; the same two logs and the same policy give the same anomalies."""

    pair_window_ms: Mapping[str, int] = field(default_factory=default_pair_windows)
    in_progress_window_ms: int = 3 * MINUTE_MS
    reversal_window_ms: int = 10 * MINUTE_MS
    redelivery_horizon_ms: int = 5 * MINUTE_MS
    resolve_horizon_ms: int = 24 * HOUR_MS
    originals_horizon_ms: int = 24 * HOUR_MS
    """How far back the ledger reaches: what a void, refund, completion or reversal can point at."""
    originals_min_cover_ms: int = 2 * HOUR_MS
    """How long the ledger must have been filling before an original is said not to exist; 0 in file replay."""
    by_merchant: bool = False
    """Whether both topics are keyed by merchant instead of terminal, so that a lane has all tills of its merchants."""
    completion_max_percent: int = 115
    """How much of the pre-authorised amount a completion may take, in percent."""
    idle_lateness_ms: int = 35 * SECOND_MS
    stall_after_ms: int = 30 * SECOND_MS
    stall_min_events: int = 5
    hold_limit_ms: int = 30 * MINUTE_MS
    future_skew_ms: int = MINUTE_MS
    allow_create_time: bool = False
    terminal_default_outcome: str = "approved"
    both_unknown: str = "matched"
    """``matched`` or ``wait``: what two unknown outcomes with one response code become."""
    default_link: LinkPolicy = LinkPolicy()
    links: Mapping[str, LinkPolicy] = field(default_factory=dict)
    """At most 20 named links; these names are also the values of the ``link`` label, all else is ``other``."""
    response_codes: Mapping[str, str] = field(default_factory=dict)
    """Two upper-case characters of ISO 8583 field 39 -> one of ``OUTCOMES``."""
    field_maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Source name -> a customer's JSON name -> the canonical field name."""
    raw_feeds: Mapping[str, RawFeed] = field(default_factory=dict)
    """Source name -> how its raw ISO 8583 messages are read; a source that is missing sends JSON."""
    diagnosis: Model | None = None
    """By what anomalies are diagnosed; without it they are not."""
    cut_overs: tuple[CutOver, ...] = ()
    """When hosts change their business day, every day."""
    max_pending: int = 10_000_000
    """Legs waiting for their other side in one lane."""
    max_waiting: int = 200_000
    """Decoded records in one lane that wait for the other source's watermark."""
    max_evidence_bytes: int = 4_096
    max_open_anomalies: int = 200_000

    @property
    def memory_ms(self) -> int:
        """L of the contract: how long a run of one voucher number is remembered after its last record."""
        return max(max(self.pair_window_ms.values()) + self.in_progress_window_ms, self.redelivery_horizon_ms)

    @property
    def replay_ms(self) -> int:
        """How far before J a restart reads at least: L, or the longest time that a leg can wait alone.

        A cut can begin in the middle of a run that was closed long ago.  What is read of it then
        must be over by J, or half of it would be judged once more.
        """
        return max(self.memory_ms, self.reversal_window_ms, self.in_progress_window_ms)

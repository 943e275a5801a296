"""The account of one voucher's life as plain values; ``explain --json`` prints them field for field.

Times are epoch milliseconds, log time unless a name says otherwise; amounts are minor units.  Cards are masked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

JUDGED: Final = "judged"
WAITING: Final = "waiting"
NEVER_SEEN: Final = "never_seen"
EXPIRED: Final = "expired"
NOT_YET_ARRIVED: Final = "not_yet_arrived"
NOT_IN_RANGE: Final = "not_in_range"
ANSWERS: Final = (JUDGED, WAITING, NEVER_SEEN, EXPIRED, NOT_YET_ARRIVED, NOT_IN_RANGE)
"""What can be said of a voucher: it came and has its verdict, it came and waits, or one of four kinds of absence."""

UNJUDGED: Final = "not_judged_yet"
"""Of a voucher or record: it was read, but one source is not known to be read past its log time."""

ROLES: Final = ("leg", "status_update", "late_answer", "ignored", "redelivery", "duplicate", UNJUDGED)
"""What a record of a voucher was taken for."""


LOG: Final = "log"
LEDGER: Final = "ledger"
ORIGINS: Final = (LOG, LEDGER)
"""Where something is known from: topics or files, or the originals ledger alone."""

FILLING: Final = "filling"
UNREADABLE: Final = "unreadable"
FOREIGN: Final = "foreign"
FAULTS: Final = (FILLING, UNREADABLE, FOREIGN)
"""Why a database of the ledger covers nothing: no cut yet, not to be read, or of other topics or partitions."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: a voucher number and its terminal, perhaps the batch, in a range of log time."""

    terminal_id: str
    voucher_number: str
    batch_number: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    merchant_id: str | None = None
    """Needed where lanes are keyed by merchant: it tells the lane."""

    @property
    def key(self) -> tuple[str, str]:
        """Return terminal and number in comparable form."""
        return self.terminal_id, self.voucher_number.lstrip("0") or "0"

    @property
    def batch(self) -> str:
        """Return the batch in comparable form, empty if none was asked for."""
        return (self.batch_number or "").lstrip("0")


@dataclass(frozen=True, slots=True)
class SearchedPart:
    """What was read of one source: ``end_offset`` is the first offset that was not read."""

    source: str
    log: str
    partition: int | None
    first_offset: int | None
    end_offset: int | None
    log_end_offset: int | None
    """The end of the partition when reading began; more than ``end_offset`` where ``to_ms`` ended the search."""
    records: int
    of_terminal: int
    first_log_time: int | None
    last_log_time: int | None
    deleted_before: int | None
    """Log time of the oldest record that is still there, where older ones were deleted."""


@dataclass(frozen=True, slots=True)
class LedgerPart:
    """One database of the originals ledger: which vouchers it must hold, and how many of the terminal it does."""

    lane: int | None
    place: str
    covers_from: int | None = None
    """Log time since which every voucher is there that began before ``covers_until``."""
    covers_until: int | None = None
    offsets: tuple[int, int] | None = None
    """Where a worker reads on from it, of terminal and host topic; no record before is missing in it."""
    of_terminal: int = 0
    fault: str | None = None
    detail: str | None = None
    """What is wrong, in the words of whoever could not read it."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What was searched.  Reading begins before ``from_ms``, so that what began earlier is judged rightly."""

    from_ms: int | None
    read_from_ms: int | None
    to_ms: int | None
    judged_before_ms: int | None
    """Deadlines before this log time have passed."""
    now_ms: int | None
    flushed: bool
    parts: tuple[SearchedPart, ...]
    anomaly_log: str | None
    anomalies_read: int | None
    ledger: tuple[LedgerPart, ...] | None = None
    """Empty where this machine has no ledger, ``None`` where none was asked for, as of files."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One record of the voucher as it came; ``skew_ms`` is how far the sender's clock was ahead of log time."""

    source: str
    role: str
    place: str
    log_time: int
    event_time: int | None
    skew_ms: int | None
    event_id: str
    kind: str
    outcome: str
    response_code: str | None
    amount: int | None
    currency: str | None
    card: str | None
    voucher_number: str | None
    batch_number: str | None
    merchant_id: str | None
    rrn: str | None
    auth_code: str | None
    link: str | None
    offline: bool
    original: dict[str, object] | None
    origin: str = LOG


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and its log time."""

    at: int
    verdict: str


@dataclass(frozen=True, slots=True)
class KeptMark:
    """What another voucher has done to one, as the ledger keeps it; ``log_time`` is that of its first leg."""

    kind: str
    voucher_number: str
    log_time: int
    amount: int
    approved: bool
    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One voucher of the number: its two legs by their places, and its verdict or what it waits for."""

    kind: str
    is_reversal: bool
    terminal: str | None
    host: str | None
    state: str
    verdict: str | None
    decisions: tuple[Decision, ...]
    waits_for: str | None
    """``terminal``, ``host``, ``answer``, ``reversal``, or ``deadline`` alone."""
    waits_until: int | None
    reversed_at: int | None
    origin: str = LOG
    marks: tuple[KeptMark, ...] = ()
    """Of the ledger: what was done to it by vouchers that the topics do not show."""
    denied: bool = False
    """Of the ledger: the host has denied it, see ``original_denied``."""
    marked: str | None = None
    """Number of the voucher that bears this one's mark, where the mark is all that is known of it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of an anomaly that the topic shows otherwise than the records of the range give."""

    field: str
    derived: object
    published: object


@dataclass(frozen=True, slots=True)
class Accusation:
    """One anomaly of the voucher: derived from the records, or published in the anomaly topic, or both."""

    id: str
    kind: str
    of: str
    """``voucher``, or ``pointing`` where another voucher that names this one is accused."""
    status: str
    resolution: str | None
    severity: str
    amount_at_risk: int
    currency: str | None
    opened_at: int
    resolved_at: int | None
    expires_at: int
    marks: tuple[str, ...]
    fields: tuple[dict[str, object], ...]
    derived: bool
    published: bool | None
    """``None`` where no anomaly topic was read."""
    differences: tuple[Difference, ...]
    acknowledged_by: str | None
    acknowledged_at: int | None
    diagnosis: dict[str, Any] | None = None
    """As in the record; derived here it knows this terminal alone, not the fleet."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """Another voucher of the terminal that points here, or is pointed at; ``found`` says whether it came."""

    kind: str
    by: str
    """How it is named: ``voucher_number``, ``rrn``, ``auth_code`` or ``own_number``."""
    found: bool
    voucher_number: str | None
    batch_number: str | None
    log_time: int | None
    terminal_outcome: str | None
    host_outcome: str | None
    amount: int | None
    currency: str | None
    verdict: str | None
    origin: str = LOG


@dataclass(frozen=True, slots=True)
class Near:
    """A voucher that may have been meant.

    ``how`` is ``one_digit``, ``transposed``, ``other_batch`` or ``before_range``.
    """

    how: str
    kind: str
    voucher_number: str
    batch_number: str | None
    log_time: int
    amount: int | None
    currency: str | None
    origin: str = LOG


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that limits the answer; which of the values it has depends on ``code``."""

    code: str
    source: str | None = None
    at_ms: int | None = None
    count: int | None = None
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """All that logs and ledger tell of one voucher number of one terminal."""

    answer: str
    question: Question
    searched: Searched
    records: tuple[Sighting, ...]
    vouchers: tuple[Judgement, ...]
    anomalies: tuple[Accusation, ...]
    points_at: tuple[Pointer, ...]
    pointed_at_by: tuple[Pointer, ...]
    near: tuple[Near, ...]
    remarks: tuple[Remark, ...]

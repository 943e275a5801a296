"""One voucher as it is being watched, and the run of all that bears its number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mypy_extensions import mypyc_attr

from streams.core.wire import AUTO_REVERSED, HOST, TERMINAL

if TYPE_CHECKING:
    from streams.core.event import Event
    from streams.core.wire import Body, Original

ONE_SIDED = frozenset(
    {
        "reversed",
        "reversal_host_only",
        "offline_unverified",
        "orphan_terminal",
        "orphan_host",
        "original_denied",
        "reversal_repeated",
    }
)
"""Verdicts that a voucher may get with one side missing, so that the side may still join it."""


MANY_DELIVERED: Final = 64
"""Deliveries of one run beyond which those past the horizon are looked for."""

NO_VOUCHERS: list[Any] = []
"""The vouchers of a run whose one pair is put away; shared, so never appended to."""


@mypyc_attr(acyclic=True)
class Run:
    """All records of one (terminal, voucher number), each within L of the one before.

    ``first`` and ``last`` are log times; ``open`` counts vouchers that are not closed.  A run is
    the unit of memory and of recovery: it is remembered, forgotten and replayed whole.
    """

    open: int = 0
    reversals: list[Voucher] | None = None
    terminal_bytes: bytes | None = None
    """In place of ``vouchers``: a pair that agreed, put away as its bytes, a third of the memory of a voucher."""
    terminal_time: int = 0
    terminal_offset: int = 0
    host_bytes: bytes | None = None
    host_time: int = 0
    host_offset: int = 0
    delivered: dict[tuple[int, str, int], int] | None = None
    """(Source, event id, content) -> log time of the latest copy; ``None`` until the legs alone do not tell it."""
    many_delivered: int = MANY_DELIVERED
    """Count of ``delivered`` at which the old ones are looked for next."""

    def __init__(self, key: tuple[str, str], first: int, last: int, aged: int, vouchers: list[Voucher]) -> None:
        """``aged`` is the log time at which the sweep last looked at this run."""
        self.key = key
        self.first = first
        self.last = last
        self.aged = aged
        self.vouchers = vouchers

    def may_have(self, reference: str) -> bool:
        """Tell whether a voucher of this run can have an rrn or auth code; a pair put away is asked by its bytes."""
        terminal, host = self.terminal_bytes, self.host_bytes
        if terminal is None or host is None:
            return True
        part = reference.encode()
        return part in terminal or part in host or b"\\" in terminal or b"\\" in host

    def put_away(self, terminal: Event, host: Event) -> None:
        """Keep of the one pair of this run, which agreed, the bytes and places of its legs alone."""
        self.terminal_bytes, self.host_bytes = terminal.raw, host.raw
        self.terminal_time, self.terminal_offset = terminal.log_time, terminal.offset
        self.host_time, self.host_offset = host.log_time, host.offset
        self.vouchers = NO_VOUCHERS


class Mark:
    """What a void, refund, completion or reversal has done to the voucher that it points at.

    ``log_time`` and ``event_id`` are those of the marker's first leg, by which blame goes; ``events`` are
    the ids of all its legs, ``amount`` minor units, ``approved`` says that the host has approved it.
    """

    def __init__(
        self,
        kind: str,
        log_time: int,
        event_id: str,
        events: tuple[str, ...],
        amount: int,
        number: str,
        approved: bool,  # noqa: FBT001  as above
    ) -> None:
        self.kind = kind
        self.log_time = log_time
        self.event_id = event_id
        self.events = events
        self.amount = amount
        self.number = number
        self.approved = approved

    @property
    def blame(self) -> tuple[int, str]:
        """Return what decides which of two markers came first."""
        return self.log_time, self.event_id

    @property
    def sentence(self) -> str:
        """Return this mark in words, as the evidence of an orphan shows it."""
        return f"{self.kind} {self.number} points at it: {' and '.join(self.events)}"

    def repeats(self, other: Mark) -> bool:
        """Tell whether two marks are one wish sent twice: same kind, amount and voucher number."""
        return (self.kind, self.amount, self.number) == (other.kind, other.amount, other.number)


NO_MARKS: tuple[Mark, ...] = ()


@mypyc_attr(acyclic=True)
class Voucher:
    """A transaction or a reversal: one leg, or two that were paired.

    ``lone`` is the leg that still waits for its other side, ``wait_end`` the log time until which
    a judged pair waits for its reversal, ``reversed_at`` the log time of a confirmed reversal.
    """

    closed: bool = False
    counted: bool = False
    limited: bool = False
    deadline: int = 0
    wait_end: int = 0
    held_until: int = 0
    verdict: str = ""
    anomaly: Any = None
    """The open ``Anomaly`` of this voucher, which later facts can resolve."""
    reversed_at: int | None = None
    more_keys: tuple[tuple[str, str], ...] = ()
    """Of a reversal: the keys that its repeats have added to the run's own."""
    awaited: bool = False
    """Whether a reversal holds this transaction, so that it is forgotten later than others."""
    pinned: bool = False
    """Whether a reversal holds this transaction, so that it cannot be put away."""
    denied: bool = False
    """Whether ``original_denied`` stands for this transaction, so that it opens nothing itself."""
    marks: tuple[Mark, ...] = NO_MARKS
    """What others that point at this voucher have done to it."""
    chain_at: int = 0
    """The log time at which this voucher is held against the original that it points at, 0 for none."""
    original: Voucher | None = None
    """Of a void, refund or completion: the voucher that it was found to point at."""
    accused_of: str = ""
    """The kind of the chain anomaly that was opened for this voucher."""
    unfound: Any = None
    """The open ``original_not_found`` of this voucher."""
    unverifiable: bool = False
    named: Original | None = None
    named_in: Body | None = None
    """What this voucher points at, and the body of the leg that says so."""
    from_ledger: bool = False
    """Whether this voucher was forgotten and is recalled from the ledger."""
    target_at: tuple[str, int, int, int] | None = None
    """Of a recalled reversal: number and place of its transaction."""
    findable: bool = False
    """Of a recalled voucher: whether the side that it lacks may still join it."""
    target: Voucher | None = None
    """Of a reversal: the transaction that it belongs to, once a leg has found it.  Of a voucher whose
    lone leg went to another: that other."""

    def __init__(
        self,
        run: Run,
        batch_key: str,
        is_reversal: bool,  # noqa: FBT001  as above
        lone: Event | None,
        terminal: Event | None,
        host: Event | None,
    ) -> None:
        self.run = run
        self.batch_key = batch_key
        self.is_reversal = is_reversal
        self.lone = lone
        self.terminal = terminal
        self.host = host

    def leg(self, source: int) -> Event | None:
        """Return the leg of one source, if it is there."""
        return self.terminal if source == TERMINAL else self.host

    def join(self, leg: Event) -> None:
        """Let a leg take its side; the voucher is then a pair."""
        if leg.source == HOST:
            self.host = leg
        else:
            self.terminal = leg
        leg.voucher = self
        self.lone = None
        self.limited = self.limited or leg.limited

    @property
    def place(self) -> tuple[int, int, int]:
        """Return log time, source and offset of the first leg: the voucher's place among all others."""
        return min((leg.log_time, leg.source, leg.offset) for leg in self.legs)

    def has_reference(self, reference: str) -> bool:
        """Tell whether a leg has an rrn or auth code, given without padding."""
        for leg in (self.terminal, self.host):
            if leg is not None:
                for text in (leg.body.rrn, leg.body.auth_code):
                    if text and reference in text and text.strip().lstrip("0") == reference:
                        return True
        return False

    @property
    def legs(self) -> list[Event]:
        """Return the legs that are there, terminal first."""
        return [leg for leg in (self.terminal, self.host) if leg is not None]

    @property
    def kind(self) -> str:
        """Return the transaction kind; where the legs differ, the terminal's decides."""
        leg = self.terminal or self.host
        return leg.kind if leg is not None else ""

    @property
    def offline(self) -> bool:
        """Tell whether a leg was authorised without the host."""
        return any(leg.body.offline is True for leg in self.legs)

    @property
    def waits_for_reversal(self) -> bool:
        """Tell whether the terminal reverses this transaction by itself when no answer came."""
        return self.kind in AUTO_REVERSED and not self.offline

    @property
    def log_time(self) -> int:
        """Return the log time of the first leg in epoch milliseconds."""
        return min(leg.log_time for leg in self.legs)

"""One voucher as it is being watched, and the run of all that bears its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.event import AUTO_REVERSED, HOST, TERMINAL, Event

if TYPE_CHECKING:
    from streams.core.anomaly import Anomaly

ONE_SIDED = frozenset(
    {"reversed", "reversal_host_only", "offline_unverified", "orphan_terminal", "orphan_host", "original_denied"}
)
"""Verdicts that a voucher may get with one side missing, so that the side may still join it."""


class Run:
    """All records of one (terminal, voucher number), each within L of the one before.

    ``first`` and ``last`` are log times; ``open`` counts vouchers that are not closed.  A run is
    the unit of memory and of recovery: it is remembered, forgotten and replayed whole.
    """

    __slots__ = ("first", "key", "last", "limited", "open", "reversals", "vouchers")

    def __init__(self, key: tuple[str, str], first: int) -> None:
        self.key = key
        self.first = first
        self.last = first
        self.open = 0
        self.limited = False
        self.vouchers: list[Voucher] = []
        self.reversals: list[Voucher] | None = None


class Voucher:
    """A transaction or a reversal: one leg, or two that were paired.

    ``lone`` is the leg that still waits for its other side, ``wait_end`` the log time until which
    a judged pair waits for its reversal, ``reversed_at`` the log time of a confirmed reversal.
    """

    __slots__ = (
        "anomaly",
        "batch_key",
        "closed",
        "counted",
        "deadline",
        "found_at",
        "held_until",
        "host",
        "limited",
        "lone",
        "is_reversal",
        "reversed_at",
        "run",
        "target",
        "terminal",
        "verdict",
        "wait_end",
    )

    def __init__(self, run: Run, leg: Event, batch_key: str, *, is_reversal: bool) -> None:
        self.run = run
        self.batch_key = batch_key
        self.is_reversal = is_reversal
        self.lone: Event | None = leg
        self.terminal: Event | None = None
        self.host: Event | None = None
        if leg.source == TERMINAL:
            self.terminal = leg
        else:
            self.host = leg
        leg.voucher = self
        self.closed = False
        self.counted = False
        self.limited = leg.limited
        self.deadline = 0
        self.wait_end = 0
        self.held_until = 0
        self.verdict = ""
        self.anomaly: Anomaly | None = None
        self.reversed_at: int | None = None
        self.target: Voucher | None = None
        self.found_at = 0

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

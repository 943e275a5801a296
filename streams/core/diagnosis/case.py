"""One anomaly as diagnosis sees it: what it shares with others, and the evidence that does not change any more.

A case lives as long as its anomaly is open, so it keeps no leg: only what later looks ask for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import mypyc_attr

from streams.core.diagnosis.pulse import clock_ms, shared_by, text
from streams.core.wire import HOST, TERMINAL

if TYPE_CHECKING:
    from streams.core.anomaly import Finding
    from streams.core.diagnosis.calendar import Window
    from streams.core.diagnosis.crowds import Entry, Shared
    from streams.core.diagnosis.evidence import Evidence
    from streams.core.diagnosis.neighbours import Life
    from streams.core.event import Event
    from streams.core.voucher import Voucher

BOTH_THERE: Final = -1
UNSAID: Final = -(1 << 61)
"""Stands for milliseconds that nobody has said."""


@mypyc_attr(acyclic=True)
class Moment:
    """When a case is looked at, with all that would be different at another time."""

    def __init__(self, at: int, silences: tuple[int, int], window: Window | None) -> None:
        self.at = at
        """Log time in epoch milliseconds."""
        self.silences = silences
        """Of terminal and host: when the silence began that goes on, -1 where there is none."""
        self.window = window
        """The maintenance that the anomaly falls into."""


@mypyc_attr(acyclic=True)
class Case:
    """One anomaly under diagnosis; times are epoch milliseconds of log time."""

    late_source: int = -1
    """Of the leg that came after the anomaly was opened, -1 while none has."""
    late_at: int = 0
    late_lag: int = UNSAID
    """Log time of that leg less its sender's clock."""

    def __init__(self, at: int, life: Life) -> None:
        self.at = at
        self.life = life
        """The terminal's neighbouring vouchers as they were when the anomaly opened."""

    def open(self, legs: Legs, evidence: Evidence, entry: Entry) -> None:
        """Keep what the legs say, which stays as it was when the anomaly opened; nothing of it is known before."""
        self.leg_ms = legs.first_ms
        self.missing = legs.missing
        self.transaction = legs.transaction
        self.terminal_id = legs.terminal_id
        self.trip = legs.trip
        self.terminal_lag = UNSAID if legs.terminal is None else legs.terminal.lag
        """Log time of the terminal's leg less its clock in milliseconds, ``UNSAID`` where it is not there."""
        self.host_lag = UNSAID if legs.host is None else legs.host.lag
        self.evidence = evidence
        self.entry = entry


@mypyc_attr(acyclic=True)
class Leg:
    """What one leg says at a moment: a later message of its side may change it."""

    def __init__(self, event: Event) -> None:
        self.log_time = event.log_time
        self.body = event.body
        self.outcome = event.outcome
        self.amount = event.amount
        self.currency = event.currency

    @property
    def lag(self) -> int:
        """Return log time less the sender's clock in milliseconds, ``UNSAID`` where there is no clock."""
        written = clock_ms(self.body.event_time)
        return self.log_time - written if written is not None else UNSAID


@mypyc_attr(acyclic=True)
class Legs:
    """The legs of a finding as its anomaly opens."""

    def __init__(self, finding: Finding, voucher: Voucher) -> None:
        self.finding = finding
        self.terminal: Leg | None = None
        self.host: Leg | None = None
        legs = finding.legs
        self.first_ms: int = legs[0].log_time
        for leg in legs:
            self.first_ms = min(self.first_ms, leg.log_time)
            if leg.source == TERMINAL:
                self.terminal = Leg(leg)
            else:
                self.host = Leg(leg)
        self.kind: str = finding.kind
        self.missing = BOTH_THERE
        """The source whose leg an orphan lacks."""
        if self.kind == "orphan_terminal":
            self.missing = HOST
        elif self.kind == "orphan_host":
            self.missing = TERMINAL
        self.transaction: str = voucher.kind
        self.terminal_id, self.number = voucher.run.key
        self.repeats = _repeat(finding, voucher) if self.kind == "duplicate_voucher" else ""
        """The piece of evidence that says what was sent again, empty where nothing was."""

    @property
    def trip(self) -> int:
        """Return the terminal's round trip in milliseconds, -1 where it is not said."""
        trip = self.terminal.body.round_trip_ms if self.terminal is not None else None
        return trip if isinstance(trip, int) else -1

    def shared(self) -> Shared:
        """Return what the voucher has in common with others: as its terminal says, else as its host does."""
        if self.terminal is None:
            return shared_by(self.host.body) if self.host is not None else ("", "", "", "", "", "", "", "")
        mine = shared_by(self.terminal.body)
        if self.host is None or (mine[0] and mine[1]):
            return mine
        body = self.host.body
        _, _, version, model, network, operator, merchant, terminal = mine
        link, region = mine[0] or text(body.link), mine[1] or text(body.region)
        return link, region, version, model, network, operator, merchant, terminal


def _repeat(finding: Finding, voucher: Voucher) -> str:
    """Tell a voucher that was sent twice from a number that was used again."""
    for leg in finding.legs:
        first = voucher.leg(leg.source)
        if first is not None and first is not leg:
            same = first.amount == leg.amount and first.card == leg.card
            return "repeat_same" if same else "repeat_other"
    return ""

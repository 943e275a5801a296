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
    from streams.core.diagnosis.crowds import Entry, Shared
    from streams.core.diagnosis.evidence import Evidence
    from streams.core.diagnosis.neighbours import Life
    from streams.core.event import Event

BOTH_THERE: Final = -1
UNSAID: Final = -(1 << 61)
"""Stands for milliseconds that nobody has said."""


@mypyc_attr(acyclic=True)
class Case:
    """One anomaly under diagnosis; times are epoch milliseconds of log time."""

    late_source: int = -1
    """Of the leg that came after the anomaly was opened, -1 while none has."""
    late_at: int = 0
    late_lag: int = UNSAID
    """Log time of that leg less its sender's clock."""

    def __init__(self, legs: Legs, evidence: Evidence, entry: Entry, life: Life) -> None:
        self.at = entry.at
        self.leg_ms = legs.first_ms
        self.missing = legs.missing
        self.transaction = legs.transaction
        self.terminal_id = legs.terminal_id
        self.trip = legs.trip
        self.terminal_lag = lag_of(legs.terminal)
        """Log time of the terminal's leg less its clock in milliseconds, ``UNSAID`` where it is not there."""
        self.host_lag = lag_of(legs.host)
        self.evidence = evidence
        """What follows from the legs: it stays as it was when the anomaly opened."""
        self.entry = entry
        self.life = life
        """The terminal's neighbouring vouchers as they were when the anomaly opened."""

    def came_late(self, leg: Event) -> None:
        """Take note of the leg that came after the anomaly was opened."""
        self.late_source, self.late_at, self.late_lag = leg.source, leg.log_time, lag_of(leg)


class Legs:
    """The legs of a finding, for as long as its anomaly is being opened."""

    def __init__(self, finding: Finding, transaction: str, key: tuple[str, str]) -> None:
        """``transaction`` is the kind of the voucher, ``key`` its terminal and number."""
        self.finding = finding
        self.terminal: Event | None = None
        self.host: Event | None = None
        legs = finding.legs
        self.first_ms: int = legs[0].log_time
        for leg in legs:
            self.first_ms = min(self.first_ms, leg.log_time)
            if leg.source == TERMINAL:
                self.terminal = leg
            else:
                self.host = leg
        self.kind: str = finding.kind
        self.missing = BOTH_THERE
        """The source whose leg an orphan lacks."""
        if self.kind == "orphan_terminal":
            self.missing = HOST
        elif self.kind == "orphan_host":
            self.missing = TERMINAL
        self.transaction = transaction
        self.terminal_id, self.number = key

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


def lag_of(leg: Event | None) -> int:
    """Return log time less the sender's clock in milliseconds, ``UNSAID`` where there is no leg or no clock."""
    written = clock_ms(leg.body.event_time) if leg is not None else None
    return leg.log_time - written if leg is not None and written is not None else UNSAID

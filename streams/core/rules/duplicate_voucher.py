"""``duplicate_voucher``: one side used a voucher number again while the first use still stood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.anomaly import Finding
from streams.core.risk import currency_of
from streams.core.wire import SOURCES

if TYPE_CHECKING:
    from streams.core.event import Event
    from streams.core.voucher import Voucher


def find(voucher: Voucher, first: Event, repeat: Event) -> Finding:
    """Judge a second use; the repeat stands in its side's slot, the first stays the voucher's leg."""
    other = voucher.leg(1 - repeat.source)
    legs = (repeat,) if other is None else tuple(sorted((repeat, other), key=lambda leg: leg.source))
    severity = "info" if legs[0].kind == "query" else "warning"
    place = f"{SOURCES[first.source]} event {first.body.event_id} at log time {first.log_time}"
    evidence = (f"the voucher number stands already: {place}",)
    return Finding("duplicate_voucher", severity, 0, currency_of(repeat), legs=legs, evidence=evidence)

"""Which side's amount is at risk, and how a lone leg ranks by its outcome and kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.wire import REFUSED

if TYPE_CHECKING:
    from streams.core.event import Event
    from streams.core.voucher import Voucher


def currency_of(leg: Event | None) -> str:
    """Return a leg's currency as ISO 4217 letters, empty where it has none."""
    return leg.currency if leg is not None else ""


def at_risk(voucher: Voucher) -> tuple[int, str]:
    """Return the approved or unknown side's amount in minor units (the host's if both) and its currency."""
    for leg in (voucher.host, voucher.terminal):
        if leg is not None and leg.outcome not in REFUSED:
            free = voucher.is_reversal or voucher.kind == "query"
            return (0 if free else leg.amount or 0), currency_of(leg)
    return 0, currency_of(voucher.host or voucher.terminal)


def pointing_amount(voucher: Voucher) -> int:
    """Return the amount of a void, refund or completion in minor units: the host's, else the terminal's."""
    for leg in (voucher.host, voucher.terminal):
        if leg is not None and leg.amount is not None:
            return leg.amount
    return 0


BY_OUTCOME: Final = {
    "approved": "critical",
    "unknown": "warning",
    "in_progress": "warning",
    "declined": "info",
    "rejected": "info",
}


def lone_severity(voucher: Voucher) -> str:
    """Return the severity of a lone leg: a query never above info, a pre-authorisation never above warning."""
    severity = BY_OUTCOME[voucher.legs[0].outcome]
    if voucher.kind == "query":
        return "info"
    if voucher.kind == "preauth" and severity == "critical":
        return "warning"
    return severity

"""``outcome_conflict``: the slip says approved and the host says otherwise, or the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.anomaly import Finding
from streams.core.risk import at_risk

if TYPE_CHECKING:
    from streams.core.event import Event
    from streams.core.voucher import Voucher


def find(voucher: Voucher, terminal: Event, host: Event, fields: tuple[str, ...], *, waiting_row: bool) -> Finding:
    """Judge a pair with opposed outcomes; ``fields`` are the others that differ.

    ``waiting_row`` marks a kind that no terminal reverses by itself, such as a refund: nobody
    repairs it, but no goods left the shop either, so it ranks as a warning.
    """
    severity = "warning" if waiting_row else "critical"
    if voucher.kind == "query":
        severity = "info"
    amount, currency = at_risk(voucher)
    return Finding("outcome_conflict", severity, amount, currency, ("outcome", *fields), (terminal, host))

"""``mismatch``: both sides approved the voucher, but not with the same particulars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.anomaly import Finding
from streams.core.compare import HEAVY
from streams.core.risk import currency_of

if TYPE_CHECKING:
    from streams.core.event import Event
    from streams.core.voucher import Voucher


def find(voucher: Voucher, terminal: Event, host: Event, fields: tuple[str, ...]) -> Finding:
    """Judge a pair whose ``fields`` differ; of a reversal also one whose outcomes disagree."""
    severity = "critical" if HEAVY.intersection(fields) else "warning"
    if voucher.kind == "query":
        severity = "info"
    amount = 0
    if "amount" in fields and not voucher.is_reversal and voucher.kind != "query":
        amount = abs((terminal.amount or 0) - (host.amount or 0))
    currency = currency_of(host) or currency_of(terminal)
    return Finding("mismatch", severity, amount, currency, fields, (terminal, host))

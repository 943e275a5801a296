"""``orphan_host``: the host recorded a voucher that no terminal reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.anomaly import Finding
from streams.core.risk import at_risk, lone_severity

if TYPE_CHECKING:
    from streams.core.voucher import Voucher


def find(voucher: Voucher) -> Finding:
    """Judge a host leg that is alone at its deadline.

    A reversal gets here only when its transaction's terminal leg is approved: the shop holds a
    good slip for money that the host has taken back.
    """
    amount, currency = at_risk(voucher)
    severity = "critical" if voucher.is_reversal else lone_severity(voucher)
    return Finding("orphan_host", severity, amount, currency, legs=tuple(voucher.legs))

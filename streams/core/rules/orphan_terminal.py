"""``orphan_terminal``: the terminal printed a voucher that the host never recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.anomaly import Finding
from streams.core.risk import at_risk, lone_severity

if TYPE_CHECKING:
    from streams.core.voucher import Voucher


def find(voucher: Voucher) -> Finding:
    """Judge a terminal leg that is alone at its deadline."""
    amount, currency = at_risk(voucher)
    severity = "warning" if voucher.is_reversal else lone_severity(voucher)
    return Finding("orphan_terminal", severity, amount, currency, legs=tuple(voucher.legs))

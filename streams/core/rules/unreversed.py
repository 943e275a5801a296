"""``unreversed``: the cardholder may have paid, the terminal did not approve, and no reversal came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.anomaly import Finding
from streams.core.risk import at_risk

if TYPE_CHECKING:
    from streams.core.voucher import Voucher


def find(voucher: Voucher) -> Finding:
    """Judge a pair in a waiting row whose wait for a reversal has ended."""
    amount, currency = at_risk(voucher)
    return Finding("unreversed", "critical", amount, currency, legs=tuple(voucher.legs))

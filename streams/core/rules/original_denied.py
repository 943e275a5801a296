"""``original_denied``: the host answers "no such original" for a transaction that it has approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.anomaly import Finding, voucher_row
from streams.core.risk import currency_of

if TYPE_CHECKING:
    from streams.core.voucher import Voucher


def find(voucher: Voucher, transaction: Voucher) -> Finding:
    """Judge a reversal answered 25 or 12 whose transaction has an approved host leg."""
    host = transaction.host
    amount = host.amount if host is not None and host.amount is not None and host.kind != "query" else 0
    original = voucher_row(tuple(transaction.legs))
    legs = tuple(voucher.legs)
    return Finding("original_denied", "critical", amount, currency_of(host), legs=legs, original=original)

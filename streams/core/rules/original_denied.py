"""``original_denied``: the host answers "no such original" for a transaction that it has approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.anomaly import Finding, original_row
from streams.core.risk import currency_of, pointing_amount

if TYPE_CHECKING:
    from streams.core.voucher import Voucher


def find(voucher: Voucher, transaction: Voucher) -> Finding:
    """Judge a reversal answered 25 or 12 whose transaction has an approved host leg; its amount is at risk."""
    host = transaction.host
    amount = host.amount if host is not None and host.amount is not None and host.kind != "query" else 0
    original = original_row(transaction)
    legs = tuple(voucher.legs)
    return Finding("original_denied", "critical", amount, currency_of(host), legs=legs, original=original)


def find_of_chain(voucher: Voucher, original: Voucher) -> Finding:
    """Judge a void, refund or completion answered 25 or 12 whose original both sides approved."""
    return Finding(
        "original_denied",
        "critical",
        pointing_amount(voucher),
        currency_of(voucher.host),
        legs=tuple(voucher.legs),
        original=original_row(original),
    )

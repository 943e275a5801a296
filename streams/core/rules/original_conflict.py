"""``original_conflict``: the host approved a void, refund or completion that its original does not allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.anomaly import Finding, original_row
from streams.core.risk import currency_of, pointing_amount

if TYPE_CHECKING:
    from streams.core.voucher import Voucher


def find(voucher: Voucher, original: Voucher, reason: str, sentence: str) -> Finding:
    """Judge a voucher whose original is declined, voided or reversed, or too small; ``sentence`` says which."""
    return Finding(
        "original_conflict",
        "critical",
        pointing_amount(voucher),
        currency_of(voucher.host),
        legs=tuple(voucher.legs),
        original=original_row(original) | {"reason": reason},
        evidence=(sentence,),
    )

"""``original_not_found``: the host approved a void of a voucher that never was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.anomaly import Finding, reference_row
from streams.core.risk import currency_of, pointing_amount

if TYPE_CHECKING:
    from streams.core.voucher import Voucher
    from streams.core.wire import Original


def find(voucher: Voucher, named: Original, hints: tuple[str, ...]) -> Finding:
    """Judge a void whose original the ledger would know; ``hints`` tell what is near to it."""
    return Finding(
        "original_not_found",
        "critical",
        pointing_amount(voucher),
        currency_of(voucher.host),
        legs=tuple(voucher.legs),
        original=reference_row(voucher, named),
        evidence=hints,
    )

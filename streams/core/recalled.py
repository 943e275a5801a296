"""Vouchers of the ledger that are in use again: something has happened to them and more may."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from streams.core.numbers import drop_from

if TYPE_CHECKING:
    from streams.core.numbers import Numbers
    from streams.core.voucher import Voucher


class Recalled:
    """The vouchers of one lane that were forgotten and are in use again, by terminal and number."""

    def __init__(self, numbers: Numbers) -> None:
        """``numbers`` are those of the lane's memory, which has to know every number in use."""
        self._numbers = numbers
        self.by_key: dict[tuple[str, str], list[Voucher]] = {}
        self._since: deque[tuple[int, Voucher]] = deque()

    def use(self, voucher: Voucher, now: int) -> None:
        """Keep a voucher of the ledger for a while from log time ``now``; one of memory's own is kept there."""
        key = voucher.run.key
        if not voucher.from_ledger or voucher in self.by_key.get(key, ()):
            return
        if key not in self.by_key:
            self.by_key[key] = []
            self._numbers.note(key)
        self.by_key[key].append(voucher)
        self._since.append((now, voucher))

    def take_unused(self, before: int) -> list[Voucher]:
        """Let go of the vouchers that came into use before a log time, and return them."""
        unused: list[Voucher] = []
        while self._since and self._since[0][0] < before:
            voucher = self._since.popleft()[1]
            unused.append(voucher)
            if drop_from(self.by_key, voucher.run.key, voucher):
                self._numbers.drop(voucher.run.key)
        return unused

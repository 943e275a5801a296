"""Which voucher numbers of each terminal stand in memory, for references that name none."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from streams.core.voucher import Voucher

K = TypeVar("K")


def drop_from(table: dict[K, list[Voucher]], key: K, voucher: Voucher) -> bool:
    """Take a voucher from those under a key, and the key with the last of them; tell whether that is so."""
    standing = table.get(key)
    if not standing or voucher not in standing:
        return False
    standing.remove(voucher)
    if standing:
        return False
    del table[key]
    return True


class Numbers:
    """Counts under how many tables a number of a terminal stands."""

    def __init__(self) -> None:
        self._of_terminal: dict[str, dict[str, int]] = {}

    def note(self, key: tuple[str, str]) -> None:
        """Take note that a number stands in one more table."""
        numbers = self._of_terminal.get(key[0])
        if numbers is None:
            numbers = self._of_terminal[key[0]] = {}
        numbers[key[1]] = numbers.get(key[1], 0) + 1

    def drop(self, key: tuple[str, str]) -> None:
        """Take note that a number stands in one table less."""
        numbers = self._of_terminal[key[0]]
        numbers[key[1]] -= 1
        if not numbers[key[1]]:
            del numbers[key[1]]
            if not numbers:
                del self._of_terminal[key[0]]

    def of(self, terminal: str) -> list[str]:
        """Return the numbers of a terminal that stand anywhere."""
        return list(self._of_terminal.get(terminal, ()))

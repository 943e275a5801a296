"""What a lane has put into its ledger one by one, so that whoever asks for something newer need not read the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streams.core.ledger import Fact, Ledger

MOST_NAMES: Final = 100_000
"""Names of one generation; there are two."""

Place = tuple[int, int, int]
"""Log time, source and offset of a voucher's first leg."""


class PutLately:
    """The latest place of each number and reference of a terminal among the facts that were put."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.floor = -1
        """A voucher that began at this log time or before may be in the ledger without being known here."""
        self._young: dict[tuple[str, str], Place] = {}
        self._old: dict[tuple[str, str], Place] = {}

    def put(self, facts: list[Fact]) -> None:
        """Put facts, and take note of them."""
        self._ledger.put(facts)
        young = self._young
        for fact in facts:
            terminal, place = fact[0], (fact[2], fact[3], fact[4])
            for name in (fact[1], *fact[6]):
                before = young.get((terminal, name))
                if before is None or before < place:
                    young[terminal, name] = place
        if len(young) > MOST_NAMES:
            for place in self._old.values():
                self.floor = max(self.floor, place[0])
            self._old, self._young = young, {}

    def has_after(self, terminal: str, name: str, place: Place) -> bool:
        """Tell whether a voucher of that number or reference was put that began after a place above the floor."""
        key = (terminal, name)
        return any(key in names and names[key] > place for names in (self._young, self._old))

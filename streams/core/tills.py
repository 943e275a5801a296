"""Which terminals a merchant has, where lanes are keyed by merchant: a refund's original may be another till's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streams.core.ledger import Ledger

_OF_MERCHANT: Final = "merchant's tills:"
"""What the ledger has of a merchant stands under this and its id: longer than any terminal id is."""
_NOTHING: Final = b"{}"


class Tills:
    """The terminals of each merchant of a lane, as far back as the ledger reaches; it keeps them over a restart."""

    def __init__(self, ledger: Ledger, horizon_ms: int) -> None:
        self._ledger = ledger
        self._horizon_ms = horizon_ms
        self._noted: dict[str, dict[str, int]] = {}
        """Of each merchant its terminals, and the log time at which the ledger was told of each."""

    def note(self, merchant: str, terminal: str, at: int) -> None:
        """Take note that a terminal of a merchant speaks at a log time; the ledger hears of it twice a horizon."""
        tills = self._known(merchant, at)
        if at - tills.get(terminal, -self._horizon_ms) >= self._horizon_ms // 2:
            tills[terminal] = at
            self._ledger.put([(_OF_MERCHANT + merchant, terminal, at, 0, 0, _NOTHING, ())])

    def of(self, merchant: str, at: int) -> list[str]:
        """Return the terminals of a merchant that spoke within the horizon."""
        tills = self._known(merchant, at)
        for terminal in [one for one, noted in tills.items() if at - noted > 2 * self._horizon_ms]:
            del tills[terminal]
        return list(tills)

    def _known(self, merchant: str, at: int) -> dict[str, int]:
        tills = self._noted.get(merchant)
        if tills is None:
            told = self._ledger.of_terminal(_OF_MERCHANT + merchant, at - self._horizon_ms)
            tills = self._noted[merchant] = {}
            for fact in told:
                tills[fact[1]] = max(fact[2], tills.get(fact[1], 0))
        return tills

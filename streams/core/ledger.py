"""The originals ledger: what is known of vouchers that memory has forgotten.

A void, a refund, a completion or a reversal can point at a voucher of hours ago.  What ``Memory`` forgets
becomes a *fact*: both legs, and what is known of the voucher besides (reversed, marked by whom).  The ledger
holds facts, never verdicts, so that it can be behind or ahead of the anomalies and changes none of them.

``Ledger`` is the port.  ``MemoryLedger`` keeps everything in memory, for replay and tests.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.ledger_chunks import Chunk

Fact = tuple[str, str, int, int, int, bytes, tuple[str, ...]]
"""Terminal and number in comparable form; log time, source and offset of the first leg; the voucher; its references.

The first five are the identity: a fact that is put again replaces the one before.  The voucher is JSON, read and
written by ``fact.py`` alone; to a ledger it is bytes.  The references are the rrns and authorisation codes
by which it can be asked for, without leading zeros.
"""

NOT_YET: Final = -1
"""``covers_from`` of a ledger that nothing was read for."""


class Ledger(Protocol):
    """What the core asks of a ledger of one lane.

    Look-ups may return facts that are older than ``forget`` was told: the core judges ages by log time itself,
    so that forgetting only gives space back.
    """

    @property
    def outlives(self) -> bool:
        """Whether it is still there after a restart; second deliveries are then known as far back as it reaches."""

    @property
    def chunks(self) -> ChunkLedger | None:
        """Itself, if it takes packed pairs in chunks."""

    @property
    def covers_from(self) -> int:
        """The log time since which every voucher of the lane is here once memory has forgotten it; ``NOT_YET``."""

    def begin(self, at: int) -> None:
        """Say that reading of a source begins at a log time; the earliest counts, whichever source is read first."""

    def put(self, facts: Sequence[Fact]) -> None:
        """Take facts, many at once; one with an identity that is known replaces it."""

    def of_number(self, terminal: str, number: str) -> list[Fact]:
        """Return the facts of one voucher number, in no certain order."""

    def of_reference(self, terminal: str, reference: str) -> list[Fact]:
        """Return the facts of a terminal that have a reference, in no certain order."""

    def of_terminal(self, terminal: str, since_ms: int) -> list[Fact]:
        """Return the facts of a terminal whose first leg is not before a log time: a scan, asked for seldom."""

    def forget(self, before_ms: int) -> None:
        """Give back the space of facts whose first leg is before a log time."""


class ChunkLedger(Protocol):
    """What the core asks besides of a ledger that takes packed pairs in chunks."""

    @property
    def bucket_ms(self) -> int:
        """How much log time lies in one bucket."""

    @property
    def most_at_hand(self) -> int:
        """How many packed pairs the lane may keep beside the ledger that has them."""

    def put_chunks(self, chunks: list[Chunk], ever: int) -> None:
        """Take facts as they are to be written; what is put as a fact, too, counts as put later.

        ``ever`` is how many the lane has ever made chunks of.
        """

    @property
    def settled(self) -> int:
        """The ``ever`` of the latest chunks that look-ups find here."""


class MemoryLedger:
    """A ledger in memory; ``max_facts`` bounds it, the oldest go first and are then covered no longer.

    Where one fact stands alone under its key it stands there itself, not in a list: a third of the space,
    and nothing for the cycle collector to look at.
    """

    def __init__(self, max_facts: int = 0) -> None:
        """Without ``max_facts`` only ``forget`` bounds it."""
        self._covers_from = NOT_YET
        self._lost = NOT_YET
        """The log time of the latest fact that had to go."""
        self.max_facts = max_facts
        self._terminals: dict[str, dict[str, Fact | list[Fact]]] = {}
        self._by_reference: dict[int, Fact | list[Fact]] = {}
        """By the hash of terminal and reference: what hashes alike is sorted out at the look-up."""
        self._by_age: deque[Fact] = deque()

    @property
    def outlives(self) -> bool:
        """Memory does not outlive its process."""
        return False

    @property
    def chunks(self) -> None:
        """It takes facts alone."""
        return

    @property
    def covers_from(self) -> int:
        """The log time since which every forgotten voucher is here."""
        return self._covers_from

    def begin(self, at: int) -> None:
        """Say that reading of a source begins at a log time."""
        if self._covers_from == NOT_YET or self._lost < at < self._covers_from:
            self._covers_from = at

    def put(self, facts: Sequence[Fact]) -> None:
        """Take facts; one with an identity that is known replaces it."""
        terminals, by_reference = self._terminals, self._by_reference
        for fact in facts:
            numbers = terminals.get(fact[0])
            if numbers is None:
                numbers = terminals[fact[0]] = {}
            standing = numbers.get(fact[1])
            if standing is None:
                numbers[fact[1]] = fact
            else:
                known = _all(standing)
                for other in known:
                    if other[2:5] == fact[2:5]:
                        self._drop_references(other)
                numbers[fact[1]] = [*(other for other in known if other[2:5] != fact[2:5]), fact]
            for reference in fact[6]:
                place = hash((fact[0], reference))
                alike = by_reference.get(place)
                by_reference[place] = fact if alike is None else [*_all(alike), fact]
            self._by_age.append(fact)
        while self.max_facts and len(self._by_age) > self.max_facts:
            self.lose(self._by_age[0][2])
            self._drop()

    def lose(self, at: int) -> None:
        """Cover nothing that began at a log time or before: it had to go."""
        self._lost = max(self._lost, at)
        self._covers_from = max(self._covers_from, at + 1)

    def of_number(self, terminal: str, number: str) -> list[Fact]:
        """Return the facts of one voucher number."""
        numbers = self._terminals.get(terminal)
        standing = numbers.get(number) if numbers is not None else None
        return [] if standing is None else _all(standing)

    def of_reference(self, terminal: str, reference: str) -> list[Fact]:
        """Return the facts of a terminal that have a reference."""
        alike = self._by_reference.get(hash((terminal, reference)))
        if alike is None:
            return []
        return [fact for fact in _all(alike) if fact[0] == terminal and reference in fact[6]]

    def of_terminal(self, terminal: str, since_ms: int) -> list[Fact]:
        """Return the facts of a terminal since a log time."""
        numbers = self._terminals.get(terminal, {})
        return [fact for standing in numbers.values() for fact in _all(standing) if fact[2] >= since_ms]

    def forget(self, before_ms: int) -> None:
        """Give back the space of facts whose first leg is before a log time."""
        while self._by_age and self._by_age[0][2] < before_ms:
            self._drop()

    def _drop(self) -> None:
        """Drop the fact that was put first, unless another has replaced it."""
        fact = self._by_age.popleft()
        numbers = self._terminals.get(fact[0])
        standing = numbers.get(fact[1]) if numbers is not None else None
        if numbers is None or standing is None or not any(other == fact for other in _all(standing)):
            return
        self._drop_references(fact)
        left = [other for other in _all(standing) if other != fact]
        if left:
            numbers[fact[1]] = left
        else:
            del numbers[fact[1]]
            if not numbers:
                del self._terminals[fact[0]]

    def _drop_references(self, fact: Fact) -> None:
        for reference in fact[6]:
            place = hash((fact[0], reference))
            left = [other for other in _all(self._by_reference.get(place, [])) if other != fact]
            if left:
                self._by_reference[place] = left
            else:
                self._by_reference.pop(place, None)

    def __len__(self) -> int:
        """Return how many facts are kept."""
        return sum(len(_all(standing)) for numbers in self._terminals.values() for standing in numbers.values())


def _all(standing: Fact | list[Fact]) -> list[Fact]:
    """Return the facts that stand under a key."""
    return standing if isinstance(standing, list) else [standing]

"""The ledger of one lane on disk: what is put waits in memory until the fetch that brought it is written."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from streams.core.ledger import NOT_YET

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from streams.core.cut import Cut
    from streams.core.ledger import Fact
    from streams.edges.rocks_ledger.shelf import Shelf
    from streams.edges.rocks_ledger.store import Store

MOST_WAITING: Final = 20_000
"""Facts that wait at most for the end of their fetch; a restart hands over far more than a fetch does."""


class RocksLedger:
    """The port's facts, one write batch a fetch; open from ``claim`` to ``close``."""

    def __init__(self, lane: int, partitions: int, shelf: Shelf) -> None:
        """Nothing is opened yet: a former owner may still be about to close."""
        self._lane = lane
        self._partitions = partitions
        self._shelf = shelf
        self._store: Store | None = None
        self._ended = False
        self._opening = threading.Lock()
        """Held by what runs in a thread of its own; closing waits for it."""
        self._covers_from = NOT_YET
        self._waiting: dict[tuple[str, str], list[Fact]] = {}
        self._count = 0
        self.written_facts = 0
        self.written_seconds = 0.0

    # The life of it

    def claim(self) -> None:
        """Open the database of this lane that reaches furthest; for a thread of its own, since it may wait."""
        if self._store is not None:
            return
        store = self._shelf.take(self._lane, self._partitions)
        with self._opening:
            if self._ended:
                store.close()
            else:
                self._store = store
                self._covers_from = store.covers_from

    @property
    def cut(self) -> Cut | None:
        """The newest cut that was synced with its facts, None in a new ledger."""
        return None if self._store is None else self._store.cut

    def begin_anew(self, why: str) -> None:
        """Set aside what is there and go on with an empty database."""
        store, self._store = self._opened(), None
        self._store = self._shelf.begin_anew(store, self._lane, self._partitions, why)
        self._covers_from = NOT_YET

    def close(self) -> None:
        """Write what waits and close; nothing happens where nothing is open."""
        with self._opening:
            self._ended = True
            store, self._store = self._store, None
            if store is not None:
                try:
                    store.write(self._taken(), self._covers_from, None, None)
                finally:
                    store.close()

    # What the lane asks

    @property
    def covers_from(self) -> int:
        """The log time since which every forgotten voucher is here."""
        return self._covers_from

    def begin(self, at: int) -> None:
        """Say that reading begins at a log time."""
        if self._covers_from == NOT_YET:
            self._covers_from = at

    def put(self, facts: Sequence[Fact]) -> None:
        """Take facts; they are written with the fetch, or before it is over where they are very many."""
        waiting = self._waiting
        for fact in facts:
            key = fact[:2]
            standing = waiting.get(key)
            if standing is None:
                waiting[key] = [fact]
            else:
                standing[:] = [other for other in standing if other[2:5] != fact[2:5]]
                standing.append(fact)
        self._count += len(facts)
        if self._count > MOST_WAITING:
            self.write(None)

    def of_number(self, terminal: str, number: str) -> list[Fact]:
        """Return the facts of one voucher number."""
        return _newest(self._opened().of_number(terminal, number), self._waiting.get((terminal, number), ()))

    def of_reference(self, terminal: str, reference: str) -> list[Fact]:
        """Return the facts of a terminal that have a reference."""
        found = _newest(self._opened().of_terminal(terminal, 0, reference), self._waiting_of(terminal))
        return [fact for fact in found if reference in fact[6]]

    def of_terminal(self, terminal: str, since_ms: int) -> list[Fact]:
        """Return the facts of a terminal since a log time."""
        found = _newest(self._opened().of_terminal(terminal, since_ms), self._waiting_of(terminal))
        return [fact for fact in found if fact[2] >= since_ms]

    def _waiting_of(self, terminal: str) -> list[Fact]:
        return [fact for key, facts in self._waiting.items() if key[0] == terminal for fact in facts]

    def forget(self, before_ms: int) -> None:
        """Give back the space of whole buckets of facts before a log time."""
        if self._store is not None:
            self._store.forget(before_ms)

    # What the driver asks

    def write(self, covered: tuple[int, int] | None, cut: Cut | None = None) -> None:
        """Write all that was put, with the next unread offset of each source, in one batch."""
        began = time.perf_counter()
        self.written_facts += self._count
        self._opened().write(self._taken(), self._covers_from, covered, cut)
        self.written_seconds += time.perf_counter() - began

    def sync(self) -> None:
        """Return once what was written has reached the disk; for a thread of its own."""
        with self._opening:
            if self._store is not None:
                self._store.sync()

    @property
    def disk_bytes(self) -> int:
        """How much the files take."""
        return 0 if self._store is None else self._store.disk_bytes

    def _taken(self) -> Iterable[Fact]:
        waiting, self._waiting, self._count = self._waiting, {}, 0
        return (fact for facts in waiting.values() for fact in facts)

    def _opened(self) -> Store:
        if self._store is None:
            raise RuntimeError(f"the ledger of lane {self._lane} is used while it is not open")
        return self._store


def _newest(written: Iterable[Fact], waiting: Sequence[Fact]) -> list[Fact]:
    """Return facts by identity, what waits in place of what was written."""
    if not waiting:
        return list(written)
    return list({fact[:5]: fact for facts in (written, waiting) for fact in facts}.values())

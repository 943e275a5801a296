"""The ledger of one lane on disk: what is put waits in memory for the cut that it goes before.

A batch is a cut and the facts that were put before it was taken, whole or not at all.  So after any crash
the disk stands exactly at a cut.  Written fetch by fetch it would be ahead of its cut, and a replay from
there would meet what its own future did: the crash simulation finds other anomalies then.  Only while an
earlier life is read back, before there is a cut at all, facts are written as they come.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.core.ledger import NOT_YET

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from streams.core.cut import Cut
    from streams.core.ledger import Fact
    from streams.core.ledger_chunks import Chunk
    from streams.edges.rocks_ledger.shelf import Shelf
    from streams.edges.rocks_ledger.store import Store

MOST_WRITTEN_AT_ONCE: Final = 20_000
"""Facts of one batch while an earlier life is read back."""


@dataclass(slots=True)
class Batch:
    """What was put since the last cut."""

    facts: list[Fact] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)
    ever: int = 0
    """How many facts have come in chunks, those of earlier batches as well."""


class RocksLedger:
    """The port's facts, one write batch a cut; open from ``claim`` to ``close``."""

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
        self._waiting: dict[str, dict[str, Fact | list[Fact]]] = {}
        """All that is not written yet, by terminal and number, for look-ups; a fact that is alone stands by itself."""
        self._fresh = Batch()
        self._sealed: deque[tuple[Cut, Batch]] = deque()
        """Cuts that are not committed yet, each with what was put between it and the one before."""
        self._filling_until = NOT_YET
        """J of the start while the ledger is not complete, else ``NOT_YET``."""
        self._settled = 0
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
    def is_open(self) -> bool:
        """Whether it holds its database."""
        return self._store is not None

    @property
    def cut(self) -> Cut | None:
        """The newest cut that was synced with its facts, None in a new ledger."""
        return None if self._store is None else self._store.cut

    def begin_anew(self, why: str) -> None:
        """Set aside what is there and go on with an empty database."""
        store, self._store = self._opened(), None
        self._store = self._shelf.begin_anew(store, self._lane, self._partitions, why)
        self._covers_from = NOT_YET

    def fill(self, j_ms: int) -> None:
        """Say that the lane is read from before its cut, and that the ledger is complete only after ``j_ms``.

        Until then it has no cut, so that a crash on the way lets nobody rely on it.
        """
        self._filling_until = max(j_ms, 0)
        self._opened().drop_cut()

    def close(self) -> None:
        """Close; what goes before no committed cut is left out.  Nothing happens where nothing is open."""
        with self._opening:
            self._ended = True
            store, self._store = self._store, None
            if store is not None:
                store.close()

    # What the lane asks

    @property
    def outlives(self) -> bool:
        """What is on disk is still there after a restart."""
        return True

    @property
    def chunks(self) -> RocksLedger:
        """It takes packed pairs in chunks."""
        return self

    @property
    def bucket_ms(self) -> int:
        """How much log time one bucket holds."""
        return self._shelf.bucket_ms

    @property
    def most_at_hand(self) -> int:
        """How many written pairs stay with the lane, for look-ups that need no disk."""
        return self._shelf.most_at_hand

    @property
    def settled(self) -> int:
        """How many of the facts that came in chunks are written."""
        return self._settled

    @property
    def covers_from(self) -> int:
        """The log time since which every forgotten voucher is here."""
        return self._covers_from

    def begin(self, at: int) -> None:
        """Say that reading begins at a log time."""
        if self._covers_from == NOT_YET or at < self._covers_from:
            self._covers_from = at

    def put(self, facts: Sequence[Fact]) -> None:
        """Take facts; they are written with the fetch, or before it is over where they are very many."""
        waiting = self._waiting
        for fact in facts:
            terminal, number = fact[0], fact[1]
            numbers = waiting.get(terminal)
            if numbers is None:
                numbers = waiting[terminal] = {}
            standing = numbers.get(number)
            if standing is None:
                numbers[number] = fact
            else:
                numbers[number] = [*(other for other in _all(standing) if other[2:5] != fact[2:5]), fact]
        self._fresh.facts += facts
        if self._filling_until != NOT_YET and len(self._fresh.facts) > MOST_WRITTEN_AT_ONCE:
            self._write_fresh()

    def put_chunks(self, chunks: list[Chunk], ever: int) -> None:
        """Take facts as they are to be written; the lane has them for look-ups until they are."""
        self._fresh.chunks += chunks
        self._fresh.ever = ever
        if self._filling_until != NOT_YET:
            self._write_fresh()

    def of_number(self, terminal: str, number: str) -> list[Fact]:
        """Return the facts of one voucher number."""
        standing = self._waiting.get(terminal, {}).get(number)
        return _newest(self._opened().of_number(terminal, number), [] if standing is None else _all(standing))

    def of_reference(self, terminal: str, reference: str) -> list[Fact]:
        """Return the facts of a terminal that have a reference."""
        found = _newest(self._opened().of_reference(terminal, reference), self._waiting_of(terminal))
        return [fact for fact in found if reference in fact[6]]

    def of_terminal(self, terminal: str, since_ms: int) -> list[Fact]:
        """Return the facts of a terminal since a log time."""
        found = _newest(self._opened().of_terminal(terminal, since_ms), self._waiting_of(terminal))
        return [fact for fact in found if fact[2] >= since_ms]

    def _waiting_of(self, terminal: str) -> list[Fact]:
        return [fact for facts in self._waiting.get(terminal, {}).values() for fact in _all(facts)]

    def forget(self, before_ms: int) -> None:
        """Give back the space of whole buckets of facts before a log time."""
        if self._store is not None:
            self._store.forget(before_ms)

    # What the driver asks

    def seal(self, cut: Cut) -> None:
        """Take a cut of the lane that was taken just now: it goes after all that was put so far."""
        if self._filling_until != NOT_YET:
            if cut.j_ms <= self._filling_until:
                return
            self._filling_until = NOT_YET
        self._sealed.append((cut, self._fresh))
        self._fresh = Batch(ever=self._fresh.ever)

    def write(self, cut: Cut) -> None:
        """Write a cut that is about to be committed, with what goes before it, in one batch.

        A cut that was taken while an earlier life was read back is not written.
        """
        if not any(sealed is cut for sealed, _ in self._sealed):
            return
        whole, sealed = Batch(), None
        while sealed is not cut:
            sealed, before = self._sealed.popleft()
            whole.facts += before.facts
            whole.chunks += before.chunks
            whole.ever = before.ever
        self._write(whole, cut)

    def _write_fresh(self) -> None:
        fresh, self._fresh = self._fresh, Batch(ever=self._fresh.ever)
        self._write(fresh, None)

    def _write(self, batch: Batch, cut: Cut | None) -> None:
        began = time.perf_counter()
        self._opened().write(batch.chunks, batch.facts, self._covers_from, cut)
        self.written_facts += batch.ever - self._settled + len(batch.facts)
        self._settled = batch.ever
        if not self._fresh.facts and not self._sealed:
            self._waiting = {}
        else:
            self._drop_waiting(batch.facts)
        self.written_seconds += time.perf_counter() - began

    def _drop_waiting(self, facts: list[Fact]) -> None:
        waiting = self._waiting
        for fact in facts:
            numbers = waiting.get(fact[0], {})
            standing = numbers.get(fact[1])
            if standing is fact:
                del numbers[fact[1]]
            elif isinstance(standing, list):
                standing = [other for other in standing if other is not fact]
                if standing:
                    numbers[fact[1]] = standing
                else:
                    del numbers[fact[1]]

    def sync(self) -> None:
        """Return once what was written has reached the disk; for a thread of its own."""
        with self._opening:
            if self._store is not None:
                self._store.sync()

    def flush(self) -> None:
        """Bring what was written into its final form at once; only measurements need that."""
        self._opened().flush()

    @property
    def disk_bytes(self) -> int:
        """How much the files take."""
        return 0 if self._store is None else self._store.disk_bytes

    def _opened(self) -> Store:
        if self._store is None:
            raise RuntimeError(f"the ledger of lane {self._lane} is used while it is not open")
        return self._store


def _all(standing: Fact | list[Fact]) -> list[Fact]:
    return standing if isinstance(standing, list) else [standing]


def _newest(written: Iterable[Fact], waiting: Sequence[Fact]) -> list[Fact]:
    """Return facts by identity, what waits in place of what was written."""
    if not waiting:
        return list(written)
    return list({fact[:5]: fact for facts in (written, waiting) for fact in facts}.values())

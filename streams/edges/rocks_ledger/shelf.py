"""Where the databases of a worker lie: ``<ledger_dir>/<group>/<lane>/<place>``.

Workers of one machine may share the folder.  A database is open in one process at a time.  One that has
lost the lane and not closed it yet, or stands frozen, keeps its place; the new owner waits a moment and
then takes another.  Of several places that are free the one that reaches furthest is taken, and the rest
goes.  What cannot be trusted is renamed, the newest of these is kept to be looked at.
"""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import structlog

from streams.edges.rocks_ledger.ledger import RocksLedger
from streams.edges.rocks_ledger.store import Bounds, Identity, LedgerLockedError, Store, UnfitLedgerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAIT_SECONDS: Final = 5.0
"""How long a lane waits for the process that had it before; a rebalance is over much sooner."""
LOOK_SECONDS: Final = 0.1
MOST_AT_HAND: Final = 400_000
"""Written pairs that all lanes of a worker together keep packed, some 600 bytes each: a look-up needs no disk."""
ASIDE: Final = "set-aside"

_log = structlog.stdlib.get_logger("voucherwatch.ledger")


class Shelf:
    """The folder of one worker's ledgers."""

    def __init__(
        self,
        root: Path,
        group: str,
        topics: Callable[[], tuple[tuple[str, str], tuple[str, str]]],
        horizon_ms: int,
        memory_bytes: int,
        reach_ms: int = 0,
    ) -> None:
        """``topics`` tells the two inputs with their ids once the brokers have been asked.

        ``reach_ms`` is how far before J a lane has to be read again whose ledger knows nothing.
        """
        self.reach_ms = reach_ms
        self._made: dict[int, RocksLedger] = {}
        self._root = root / quote(group, safe="")
        self._group = group
        self._topics = topics
        self._bounds = Bounds(horizon_ms, memory_bytes)

    @property
    def most_at_hand(self) -> int:
        """How many written pairs each of the open lanes may keep packed."""
        return MOST_AT_HAND // max(1, sum(ledger.is_open for ledger in self._made.values()))

    @property
    def bucket_ms(self) -> int:
        """How much log time one bucket of a database holds."""
        return self._bounds.bucket_ms

    def ledger(self, lane: int, partitions: int) -> RocksLedger:
        """Return the ledger of a lane, not opened yet."""
        made = self._made[lane] = RocksLedger(lane, partitions, self)
        return made

    def of(self, lane: int) -> RocksLedger | None:
        """Return the ledger that was made last for a lane."""
        return self._made.get(lane)

    def take(self, lane: int, partitions: int) -> Store:
        """Open the best database of a lane, or a new one."""
        identity = self._identity(lane, partitions)
        folder = self._root / str(lane)
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            free, locked = self._try(folder, identity)
            if not locked or time.monotonic() >= deadline:
                break
            for store in free:
                store.close()
            time.sleep(LOOK_SECONDS)
        if locked:
            _log.warning("ledger_in_use", lane=lane, places=locked, waited_seconds=WAIT_SECONDS)
        best = max(free, key=_reach, default=None)
        for store in free:
            if store is not best or store.is_unfinished:
                store.close()
                shutil.rmtree(store.path, ignore_errors=True)
                best = None if store is best else best
        if best is None:
            best = Store(_free_place(folder), identity, self._bounds)
        _log.info("ledger_opened", lane=lane, path=str(best.path), covers_from=best.covers_from)
        return best

    def begin_anew(self, store: Store, lane: int, partitions: int, why: str) -> Store:
        """Set an open database aside and return an empty one in its place."""
        path = store.path
        store.close()
        if store.cut is None:
            shutil.rmtree(path, ignore_errors=True)
        else:
            self._set_aside(path, why)
        return Store(path, self._identity(lane, partitions), self._bounds)

    def _identity(self, lane: int, partitions: int) -> Identity:
        return Identity(self._group, self._topics(), lane, partitions, self._bounds.bucket_ms)

    def _try(self, folder: Path, identity: Identity) -> tuple[list[Store], list[str]]:
        """Open every database of a lane that can be; return them and the names of those in use."""
        free: list[Store] = []
        locked: list[str] = []
        for path in sorted(folder.iterdir()) if folder.exists() else ():
            if not path.name.isdigit():
                continue
            try:
                free.append(Store(path, identity, self._bounds))
            except LedgerLockedError:
                locked.append(path.name)
            except UnfitLedgerError as error:
                self._set_aside(path, str(error))
        return free, locked

    def _set_aside(self, path: Path, why: str) -> None:
        """Rename a database that must not be trusted; the one that was set aside before is deleted."""
        aside = path.with_name(ASIDE)
        shutil.rmtree(aside, ignore_errors=True)
        path.rename(aside)
        _log.error("ledger_set_aside", path=str(path), now=str(aside), why=why)


def _reach(store: Store) -> tuple[int, int]:
    return (-1, -1) if store.cut is None else (store.cut.j_ms, sum(store.cut.processed))


def _free_place(folder: Path) -> Path:
    number = 0
    while (folder / str(number)).exists():
        number += 1
    return folder / str(number)

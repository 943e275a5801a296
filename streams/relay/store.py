"""What waits for each robot, on disk: a notification is answered for only when it is written here.

One SQLite file, one writer, each change one transaction that is on the disk when the call returns.  The
calls block the event loop for the time of a disk's sync; a relay whose disk does not answer must not say
that it is alive.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from streams.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LAYOUT: Final = 1
_TABLES: Final = """
CREATE TABLE waiting (
    id INTEGER PRIMARY KEY AUTOINCREMENT, robot TEXT NOT NULL, taken_ms INTEGER NOT NULL, body BLOB NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, maybe_sent INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX waiting_by_robot ON waiting (robot, id);
CREATE TABLE seen (
    robot TEXT NOT NULL, identity TEXT NOT NULL, seen_ms INTEGER NOT NULL, PRIMARY KEY (robot, identity)
);
CREATE TABLE attempts (robot TEXT NOT NULL, at_ms INTEGER NOT NULL);
CREATE TABLE lost (robot TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE direct (id TEXT PRIMARY KEY, document BLOB NOT NULL);
CREATE TABLE positions (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, partition)
);
"""


class Taken(StrEnum):
    """What became of a notification for one robot."""

    QUEUED = "queued"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message that waits; ``taken_ms`` is epoch milliseconds."""

    id: int
    taken_ms: int
    body: bytes
    attempts: int
    maybe_sent: bool
    """Whether an attempt ended without an answer: then it may be in the group already."""


class Store:
    """The file; raises UnreachableError where it cannot be opened and sqlite3.Error where it fails later."""

    def __init__(self, path: Path) -> None:
        """Open or make the file."""
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=0)
            # One process alone: two relays on one file would each send what waits.
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._prepare()
        except sqlite3.Error as error:
            raise UnreachableError(
                f"Cannot use relay.state {path}: {error}; name a file that this user may write and no other relay uses."
            ) from error

    def _prepare(self) -> None:
        (layout,) = self._db.execute("PRAGMA user_version").fetchone()
        if layout not in (0, LAYOUT):
            raise sqlite3.DatabaseError(f"its layout is {layout}, this release reads {LAYOUT}")
        self._db.execute("BEGIN EXCLUSIVE")
        if layout == 0:
            for statement in _TABLES.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version={LAYOUT}")
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Make all changes or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def take(
        self, robots: Sequence[str], identity: str, body: bytes, now_ms: int, repeat_window_ms: int, most: int
    ) -> tuple[dict[str, Taken], dict[str, int]]:
        """Keep a notification for each robot that has not seen it; return what became of it and what was dropped.

        A repeat within the window moves the window on, so that a sender that never hears our answer and
        repeats for hours is still understood.  Beyond ``most`` messages the oldest of that robot is dropped.
        """
        result: dict[str, Taken] = {}
        dropped: dict[str, int] = {}
        with self._change() as db:
            db.execute("DELETE FROM seen WHERE seen_ms <= ?", (now_ms - repeat_window_ms,))
            for robot in robots:
                known = db.execute("SELECT 1 FROM seen WHERE robot = ? AND identity = ?", (robot, identity)).fetchone()
                db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (robot, identity, now_ms))
                result[robot] = Taken.REPEATED if known else Taken.QUEUED
                if not known:
                    db.execute("INSERT INTO waiting (robot, taken_ms, body) VALUES (?, ?, ?)", (robot, now_ms, body))
                    over = self.count(robot) - most
                    if over > 0:
                        dropped[robot] = self._drop_oldest(db, robot, over)
        return result, dropped

    @staticmethod
    def _drop_oldest(db: sqlite3.Connection, robot: str, count: int) -> int:
        oldest = "SELECT id FROM waiting WHERE robot = ? ORDER BY id LIMIT ?"
        db.execute(f"DELETE FROM waiting WHERE id IN ({oldest})", (robot, count))  # noqa: S608  a constant
        _add_lost(db, robot, count)
        return count

    def expire(self, robot: str, before_ms: int) -> int:
        """Drop what was taken before a time and return how many that were."""
        with self._change() as db:
            gone = db.execute("DELETE FROM waiting WHERE robot = ? AND taken_ms < ?", (robot, before_ms)).rowcount
            if gone:
                _add_lost(db, robot, gone)
        return gone

    def forget_others(self, robots: Sequence[str]) -> int:
        """Drop what waits for robots that are no longer configured and return how many messages that were."""
        marks = ",".join("?" * len(robots))
        with self._change() as db:
            return db.execute(f"DELETE FROM waiting WHERE robot NOT IN ({marks})", tuple(robots)).rowcount  # noqa: S608  question marks alone

    def count(self, robot: str) -> int:
        """Return how many messages wait for a robot."""
        (count,) = self._db.execute("SELECT count(*) FROM waiting WHERE robot = ?", (robot,)).fetchone()
        return int(count)

    def oldest_ms(self, robot: str) -> int | None:
        """Return when the oldest message that waits was taken, None if none waits."""
        (oldest,) = self._db.execute("SELECT min(taken_ms) FROM waiting WHERE robot = ?", (robot,)).fetchone()
        return None if oldest is None else int(oldest)

    def waiting(self, robot: str, most: int) -> list[Waiting]:
        """Return the oldest messages that wait for a robot."""
        columns = "id, taken_ms, body, attempts, maybe_sent"
        query = f"SELECT {columns} FROM waiting WHERE robot = ? ORDER BY id LIMIT ?"  # noqa: S608  a constant
        found = self._db.execute(query, (robot, most))
        return [Waiting(number, taken, body, tried, bool(maybe)) for number, taken, body, tried, maybe in found]

    def lost(self, robot: str) -> int:
        """Return how many messages were dropped since the last one that arrived."""
        row = self._db.execute("SELECT count FROM lost WHERE robot = ?", (robot,)).fetchone()
        return 0 if row is None else int(row[0])

    def attempts_ms(self, robot: str, since_ms: int) -> list[int]:
        """Return the times of the attempts since a time, oldest first."""
        query = "SELECT at_ms FROM attempts WHERE robot = ? AND at_ms > ? ORDER BY at_ms"
        return [at_ms for (at_ms,) in self._db.execute(query, (robot, since_ms))]

    def begin_attempt(self, robot: str, ids: Sequence[int], now_ms: int, window_ms: int) -> None:
        """Write down that these messages are about to be sent: after a crash they may be in the group."""
        with self._change() as db:
            db.execute("DELETE FROM attempts WHERE robot = ? AND at_ms <= ?", (robot, now_ms - window_ms))
            db.execute("INSERT INTO attempts VALUES (?, ?)", (robot, now_ms))
            db.executemany(
                "UPDATE waiting SET attempts = attempts + 1, maybe_sent = maybe_sent + 2 WHERE id = ?", _rows(ids)
            )

    def keep(self, ids: Sequence[int], *, maybe_sent: bool) -> None:
        """Note that an attempt failed; ``maybe_sent`` says that the group may have the message all the same."""
        change = "maybe_sent = 1" if maybe_sent else "maybe_sent = max(0, maybe_sent - 2)"
        with self._change() as db:
            db.executemany(f"UPDATE waiting SET {change} WHERE id = ?", _rows(ids))  # noqa: S608  two constants

    def done(self, robot: str, ids: Sequence[int], *, delivered: bool, lost: int = 0) -> None:
        """Remove messages: the robot has them, or it will never take them; ``lost`` were told as dropped."""
        with self._change() as db:
            db.executemany("DELETE FROM waiting WHERE id = ?", _rows(ids))
            if not delivered:
                _add_lost(db, robot, len(ids))
            elif lost:
                db.execute("UPDATE lost SET count = max(0, count - ?) WHERE robot = ?", (lost, robot))

    def direct(self) -> tuple[dict[str, bytes], dict[tuple[str, int], int]]:
        """Return the anomalies that are posted directly by id, and the next offset to read of each partition."""
        documents = dict(self._db.execute("SELECT id, document FROM direct").fetchall())
        positions = {(topic, number): at for topic, number, at in self._db.execute("SELECT * FROM positions")}
        return documents, positions

    def save_direct(self, documents: dict[str, bytes], positions: dict[tuple[str, int], int]) -> None:
        """Replace the anomalies that are posted directly, and move the positions on."""
        with self._change() as db:
            db.execute("DELETE FROM direct")
            db.executemany("INSERT INTO direct VALUES (?, ?)", documents.items())
            rows = [(topic, number, at) for (topic, number), at in positions.items()]
            db.executemany("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", rows)

    def writable(self) -> bool:
        """Tell whether a change can be written now."""
        try:
            with self._change() as db:
                db.execute("UPDATE lost SET count = count WHERE robot = ''")
        except sqlite3.Error:
            return False
        return True


def _add_lost(db: sqlite3.Connection, robot: str, count: int) -> None:
    db.execute(
        "INSERT INTO lost VALUES (?, ?) ON CONFLICT (robot) DO UPDATE SET count = count + excluded.count",
        (robot, count),
    )


def _rows(ids: Sequence[int]) -> list[tuple[int]]:
    return [(one,) for one in ids]

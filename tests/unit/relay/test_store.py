"""What is written down stays, once for each robot, and no more than is allowed."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from streams.errors import UnreachableError
from streams.relay.store import Store, Taken

if TYPE_CHECKING:
    from pathlib import Path

T = 1_000_000
WINDOW_MS = 600_000


def take(store: Store, identity: str, *robots: str, now_ms: int = T, most: int = 100) -> dict[str, Taken]:
    """Give the store one notification and return what became of it."""
    return store.take(robots or ("a", "b"), identity, identity.encode(), now_ms, WINDOW_MS, most)[0]


def bodies(store: Store, robot: str) -> list[bytes]:
    """Return what waits for a robot, oldest first."""
    return [one.body for one in store.waiting(robot, 1_000)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the file is."""
    return tmp_path / "relay.sqlite3"


def test_what_waits_is_there_after_a_restart(path: Path) -> None:
    """Order, times, attempts and repeats are known as before, even without a close."""
    store = Store(path)
    take(store, "one")
    take(store, "two", now_ms=T + 1)
    store.begin_attempt("a", [1], T + 2, 60_000)
    store.close()
    again = Store(path)
    first, second = again.waiting("a", 10)
    assert (first.body, first.taken_ms, first.attempts, first.maybe_sent) == (b"one", T, 1, True)
    assert (second.body, second.attempts, second.maybe_sent) == (b"two", 0, False)
    assert again.attempts_ms("a", T) == [T + 2]
    assert take(again, "one", now_ms=T + 3) == {"a": Taken.REPEATED, "b": Taken.REPEATED}
    again.close()


def test_a_robot_that_has_seen_it_gets_it_once(path: Path) -> None:
    """A repeat to all reaches only those that missed it, though the first had it long ago."""
    store = Store(path)
    assert take(store, "one", "a") == {"a": Taken.QUEUED}
    store.done("a", [1], delivered=True)
    assert take(store, "one", "a", "b") == {"a": Taken.REPEATED, "b": Taken.QUEUED}
    assert (bodies(store, "a"), bodies(store, "b")) == ([], [b"one"])


def test_the_window_of_repeats_moves_on(path: Path) -> None:
    """A sender that never hears us may repeat for hours; after a silence as long as the window it is news."""
    store = Store(path)
    take(store, "one", "a")
    for turn in range(1, 30):
        assert take(store, "one", "a", now_ms=T + turn * 300_000) == {"a": Taken.REPEATED}
    assert take(store, "one", "a", now_ms=T + 29 * 300_000 + WINDOW_MS) == {"a": Taken.QUEUED}


def test_all_robots_or_none(path: Path) -> None:
    """A disk that fails in the middle leaves nothing behind, so that a retry is whole."""
    store = Store(path)
    store._db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON waiting WHEN NEW.robot = 'b' BEGIN SELECT RAISE(ABORT, 'disk'); END"
    )
    with pytest.raises(sqlite3.Error):
        take(store, "one")
    assert bodies(store, "a") == []
    store._db.execute("DROP TRIGGER full")
    assert take(store, "one") == {"a": Taken.QUEUED, "b": Taken.QUEUED}


def test_a_full_queue_drops_its_oldest(path: Path) -> None:
    """The newest state is worth most; what was dropped is counted until somebody was told."""
    store = Store(path)
    for number in range(5):
        _, dropped = store.take(("a", "b"), f"{number}", b"%d" % number, T, WINDOW_MS, 3)
        assert dropped == ({"a": 1, "b": 1} if number >= 3 else {})
    assert bodies(store, "a") == [b"2", b"3", b"4"]
    assert (store.lost("a"), store.lost("b"), store.lost("c")) == (2, 2, 0)
    store.done("a", [store.waiting("a", 1)[0].id], delivered=True, lost=2)
    assert store.lost("a") == 0


def test_what_is_too_old_is_dropped(path: Path) -> None:
    """Only that robot's, and only what was taken before."""
    store = Store(path)
    take(store, "old")
    take(store, "new", now_ms=T + 1)
    assert store.expire("a", T + 1) == 1
    assert (bodies(store, "a"), bodies(store, "b"), store.lost("a")) == ([b"new"], [b"old", b"new"], 1)
    assert (store.count("b"), store.oldest_ms("b"), store.oldest_ms("c")) == (2, T, None)


def test_a_doubt_stays_until_it_is_settled(path: Path) -> None:
    """An answer that was lost is remembered; one that certainly was not sent leaves no doubt."""
    store = Store(path)
    take(store, "one", "a")
    for maybe, doubt in ((False, False), (True, True), (False, True)):
        store.begin_attempt("a", [1], T, 60_000)
        assert store.waiting("a", 1)[0].maybe_sent
        store.keep([1], maybe_sent=maybe)
        assert store.waiting("a", 1)[0].maybe_sent is doubt
    assert store.waiting("a", 1)[0].attempts == 3


def test_a_robot_that_is_no_longer_configured_is_forgotten(path: Path) -> None:
    """Its messages have nowhere to go."""
    store = Store(path)
    take(store, "one")
    assert store.forget_others(["b"]) == 1
    assert (bodies(store, "a"), bodies(store, "b")) == ([], [b"one"])


def test_two_relays_cannot_share_a_file(path: Path) -> None:
    """Each would send what waits."""
    store = Store(path)
    with pytest.raises(UnreachableError, match=r"^Cannot use relay\.state .*: database is locked; name a file"):
        Store(path)
    assert store.writable()
    store.close()
    assert not store.writable()


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be looked at" * 20, None])
def test_a_file_that_is_none_of_ours_is_refused(path: Path, content: bytes | None) -> None:
    """Neither a foreign file nor one of a later release is touched."""
    if content is None:
        db = sqlite3.connect(path)
        db.execute("PRAGMA user_version=99")
        db.close()
    else:
        path.write_bytes(content)
    with pytest.raises(UnreachableError, match=r"Cannot use relay\.state"):
        Store(path)


def test_direct_anomalies_and_positions_are_kept(path: Path) -> None:
    """What is open is replaced as a whole, positions move on one by one."""
    store = Store(path)
    store.save_direct({"x": b"1", "y": b"2"}, {("t", 0): 5, ("t", 1): 6})
    store.save_direct({"y": b"3"}, {("t", 1): 7})
    assert store.direct() == ({"y": b"3"}, {("t", 0): 5, ("t", 1): 7})

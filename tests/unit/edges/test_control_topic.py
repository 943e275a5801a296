"""What operators write to the control topic, and what is made of it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from streams.core.diagnosis.calendar import NOTICE, Window
from streams.core.diagnosis.control_record import UnreadableError, read_window, window_key, window_value
from streams.edges import control_topic
from streams.edges.control_topic import ControlTopic

WINDOW = Window("w1", 100, 200, "north", reason="new switch")


def record_of(value: bytes | None, key: bytes | None = None) -> Any:  # noqa: ANN401  stands for a client's record
    """Return a record with the timestamp 7."""
    return SimpleNamespace(key=key, value=value, timestamp=7, partition=0, offset=3)


def told(value: bytes | None) -> list[tuple[str, str, int]]:
    """Return the acknowledgements that one record leads to."""
    found: list[tuple[str, str, int]] = []
    control(None)._take(record_of(value), lambda *word: found.append(word))
    return found


def control(consumer: object, producer: object = None) -> ControlTopic:
    """Return the reader of a topic over given clients."""
    return ControlTopic("control", lambda: consumer, lambda: producer)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'{"type": "acknowledge", "id": "a1", "by": "Li", "at": 5}', [("a1", "Li", 5)]),
        (b'{"type": "acknowledge", "id": "a1", "by": " Li "}', [("a1", "Li", 7)]),
        (b'{"type": "acknowledge", "id": "a1", "by": "Li", "note": "till 4"}', [("a1", "Li", 7)]),
        (b'{"type": "maintenance"}', []),
        (b'{"type": "something later"}', []),
        (b'{"type": "acknowledge", "id": "a1"}', []),
        (b'{"type": "acknowledge", "id": "a1", "by": ""}', []),
        (b'{"type": "acknowledge", "id": "a1", "by": "' + b"x" * 201 + b'"}', []),
        (b"no json", []),
        (b'{"type": "acknowledge", "id": "\xff", "by": "Li"}', []),
        (b"\xff", []),
        (b"[" * 100_000, []),
        (None, []),
    ],
)
def test_a_control_record(value: bytes | None, expected: list[tuple[str, str, int]]) -> None:
    """Other types belong to later releases; what is unreadable harms nobody."""
    assert told(value) == expected


def test_a_window_is_read_as_it_was_written() -> None:
    """Whatever has a link or an institution, with times as numbers or as texts."""
    for window in (WINDOW, Window("w2", 1, 1, institution="bank"), Window("notice-3", 1, 2, "a", "b", "r", NOTICE)):
        assert read_window(window_value(window)) == window
    text = (
        b'{"type":"maintenance","id":" w ","link":"north",'
        b'"from":"2026-03-02T08:00:00+08:00","until":"2026-03-02T00:30:00Z","by":"Li"}'
    )
    assert read_window(text) == Window("w", 1_772_409_600_000, 1_772_411_400_000, "north")
    assert read_window(b'{"type":"acknowledge","id":"a"}') is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b'{"type":"maintenance","id":"w","from":1,"until":2}', "a link or an institution"),
        (b'{"type":"maintenance","id":"","from":1,"until":2,"link":"a"}', "needs an id"),
        (b'{"type":"maintenance","id":"w","from":3,"until":2,"link":"a"}', "wrong order"),
        (b'{"type":"maintenance","id":"w","from":"soon","until":2,"link":"a"}', "no times"),
        (b'{"type":"maintenance","id":"w","from":1,"until":2,"link":"' + b"x" * 201 + b'"}', "more than 200"),
        (b'{"type":"maintenance","id":"w","from":1,"link":"a"}', "no times"),
        (b'{"type":"maintenance","id":"w","from":1,"until":"9999-12-31T23:59:59-05:00","link":"a"}', "no times"),
        (b'{"type":"maintenance","id":"w","from":"0001-01-01T00:00:00+08:00","until":2,"link":"a"}', "no times"),
        (b'{"type":"maintenance","id":5,"from":1,"until":2,"link":"a"}', "must be texts"),
        (b"{", "no JSON"),
        (b'["maintenance"]', "no object with a type"),
    ],
)
def test_a_window_that_cannot_be_used(value: bytes, reason: str) -> None:
    """The reason is logged; nobody is stopped."""
    with pytest.raises(UnreadableError, match=reason):
        read_window(value)
    assert told(value) == []


class Consumer:
    """A topic of one partition, read in the fetches given."""

    def __init__(self, fetches: list[list[Any]]) -> None:
        """Take the records of each fetch."""
        self.fetches = fetches
        self.length = sum(map(len, fetches))
        self.read = 0

    def subscribe(self, topics: list[str]) -> None:
        """Take the topics."""

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Hang up."""

    async def getmany(self, timeout_ms: int) -> dict[str, list[Any]]:
        """Return the next fetch, and end like a lost connection after the last."""
        del timeout_ms
        if not self.fetches:
            raise KafkaError
        fetch = self.fetches.pop(0)
        self.read += len(fetch)
        return {"control-0": fetch}

    def assignment(self) -> set[str]:
        """Return the partition."""
        return {"control-0"}

    def highwater(self, partition: str) -> int:
        """Return the end."""
        del partition
        return self.length

    async def position(self, partition: str) -> int:
        """Return what was read."""
        del partition
        return self.read


def windows_told(fetches: list[list[Any]]) -> list[tuple[Window, ...]]:
    """Return what was told about windows while these fetches came in."""
    found: list[tuple[Window, ...]] = []

    async def read() -> None:
        with pytest.raises(KafkaError):
            await control(Consumer(fetches))._read(lambda *_: None, found.append)

    asyncio.run(read())
    return found


def test_windows_are_told_all_together_at_the_end_of_the_topic() -> None:
    """Half a list would take back what stands further on; an empty topic is told, too."""
    other = Window("w0", 100, 150, "south")
    first = [record_of(window_value(WINDOW), window_key("w1"))]
    second = [record_of(window_value(other), window_key("w0")), record_of(b"no json")]
    assert windows_told([first, second, []]) == [(other, WINDOW)]
    assert windows_told([[], []]) == [()]


def test_a_later_record_takes_the_place_of_the_window_and_one_without_value_ends_it() -> None:
    """The key decides, as it does for the compaction of the topic."""
    key = window_key("w1")
    moved = Window("w1", 300, 400, "north")
    assert windows_told([[record_of(window_value(WINDOW), key), record_of(window_value(moved), key)]]) == [(moved,)]
    assert windows_told([[record_of(window_value(WINDOW), key), record_of(None, key)]]) == [()]


def test_what_a_notice_told_is_written_down_once_and_failures_stop_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic that may not be written to is tried again later; a window that stands there is not written."""
    for name in ("READ_SECONDS", "RETRY_SECONDS", "LATER_SECONDS"):
        monkeypatch.setattr(control_topic, name, 0.0)
    sent: list[tuple[str, bytes, bytes]] = []

    class Producer:
        def __init__(self, done: asyncio.Event) -> None:
            self.faults = 1
            self.done = done

        async def start(self) -> None:
            if self.faults:
                self.faults -= 1
                raise KafkaError

        async def send_and_wait(self, topic: str, value: bytes, key: bytes) -> None:
            sent.append((topic, value, key))

        async def stop(self) -> None:
            if sent:
                self.done.set()

    async def run() -> None:
        done = asyncio.Event()
        topic = control(None, Producer(done))
        known = Window("w2", 1, 2, "north")
        topic._windows[window_key("w2")] = known
        topic.pass_on(known)
        topic.pass_on(WINDOW)
        task = asyncio.ensure_future(topic._pass_on())
        await done.wait()
        task.cancel()

    asyncio.run(run())
    assert sent == [("control", window_value(WINDOW), window_key("w1"))]

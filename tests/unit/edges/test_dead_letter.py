"""A bad record goes out as it came, with headers that say what is wrong."""

from __future__ import annotations

from streams.core.wire import DeadLetter
from streams.edges.dead_letter import LARGEST_VALUE_BYTES, DeadLetterTopic

TOPIC = DeadLetterTopic("voucher-deadletter", ("terminal-events", "host-events"))


def letter(key: bytes | None = b"T1", value: bytes | None = b"{broken") -> DeadLetter:
    """Return a record of the host topic that is no JSON."""
    return DeadLetter(1, 42, 1_700_000_000_000, key, value, "malformed", "not JSON at byte 1")


def test_bytes_are_untouched_and_headers_tell_the_place() -> None:
    """The headers of the contract, in its order, as UTF-8."""
    assert TOPIC.record(3, letter()) == (
        "voucher-deadletter",
        None,
        b"T1",
        b"{broken",
        [
            ("reason", b"malformed"),
            ("detail", b"not JSON at byte 1"),
            ("source-topic", b"host-events"),
            ("source-partition", b"3"),
            ("source-offset", b"42"),
            ("source-timestamp", b"1700000000000"),
        ],
    )


def test_an_empty_record_can_be_sent() -> None:
    """A producer refuses a record without key and value."""
    assert TOPIC.record(0, letter(None, None))[3] == b""
    assert TOPIC.record(0, letter(b"T1", None))[3] is None


def test_a_record_at_the_brokers_limit_does_not_stop_the_worker() -> None:
    """With headers it would be too large; it is cut off, and a header tells how long it was."""
    _, _, _, value, headers = TOPIC.record(0, letter(value=b"x" * 1_048_000))
    assert value == b"x" * LARGEST_VALUE_BYTES
    assert headers[-1] == ("value-bytes", b"1048000")

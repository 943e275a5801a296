"""The dead-letter topic: a bad record as it came, with headers that say what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.wire import DeadLetter

LARGEST_VALUE_BYTES = 1_000_000
"""Kafka's default limit for a record less room for the headers.

A dead letter that no broker takes would stop the worker at the same record for ever.
"""


class DeadLetterTopic:
    """Turns bad records into records of the dead-letter topic."""

    def __init__(self, topic: str, sources: tuple[str, str]) -> None:
        """Take the topic's name and the names of the terminal and the host topic."""
        self._topic = topic
        self._sources = sources

    def record(
        self, lane: int, letter: DeadLetter
    ) -> tuple[str, int | None, bytes | None, bytes | None, Sequence[tuple[str, bytes]]]:
        """Return topic, partition, key, value and headers of one bad record.

        The partition follows from the key.  A value beyond ``LARGEST_VALUE_BYTES`` is cut off there, and the
        header ``value-bytes`` tells how long it was.  A record with neither key nor value gets an empty value,
        since a producer refuses to send nothing at all.
        """
        value = b"" if letter.key is None and letter.value is None else letter.value
        headers = [
            ("reason", letter.reason.encode()),
            ("detail", letter.detail.encode()),
            ("source-topic", self._sources[letter.source].encode()),
            ("source-partition", str(lane).encode()),
            ("source-offset", str(letter.offset).encode()),
            ("source-timestamp", str(letter.timestamp).encode()),
        ]
        if value is not None and len(value) > LARGEST_VALUE_BYTES:
            headers.append(("value-bytes", str(len(value)).encode()))
            value = value[:LARGEST_VALUE_BYTES]
        return self._topic, None, letter.key, value, headers

"""What operators write to the control topic, and what is made of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from streams.edges.control_topic import ControlTopic


def told(value: bytes | None) -> list[tuple[str, str, int]]:
    """Return the acknowledgements that one record with the timestamp 7 leads to."""
    found: list[tuple[str, str, int]] = []
    record: Any = SimpleNamespace(value=value, timestamp=7, partition=0, offset=3)
    ControlTopic("control", lambda: None)._take(record, lambda *word: found.append(word))
    return found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'{"type": "acknowledge", "id": "a1", "by": "Li", "at": 5}', [("a1", "Li", 5)]),
        (b'{"type": "acknowledge", "id": "a1", "by": " Li "}', [("a1", "Li", 7)]),
        (b'{"type": "acknowledge", "id": "a1", "by": "Li", "note": "till 4"}', [("a1", "Li", 7)]),
        (b'{"type": "maintenance"}', []),
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

"""One sorted file, read straight: the same records, or the same refusal, as line by line.

Runs on the compiled core alone, since reading straight is there only.
"""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.errors import UnreachableError, UsageError
from streams.replay import files
from streams.replay.files import NotSortedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START_MS = 1_772_409_600_000
Row = tuple[int, int, bytes]
"""Timestamp, line number, bytes."""
REFUSALS = (NotSortedError, UnreachableError, UsageError)

LINES = st.one_of(
    st.integers(0, 40).map(lambda at: f'{{"received_at":{START_MS + at},"event_id":"a"}}'.encode()),
    st.integers(0, 40).map(lambda at: f'{{"event_id":"a", "received_at": {START_MS + at}}}'.encode()),
    st.sampled_from(
        [
            b"",
            b" \t\x0b",
            b"[1]",
            b"no json",
            b'{"received_at":177240960000',
            b'{"received_at":1772409600001}',
            b'{"received_at":1772409600001,',
            b'{"received_at":17724096000012,"event_id":"b"}',
            b'{"received_at":"2026-03-02T00:00:00Z","event_id":"c"}',
            b'{"received_at":null,"event_time":1772409600003}',
            b'{"event_time":1772409600003}',
            b'{"received_at":1772409600001,"note":"' + b"x" * 200_000 + b'"}',
            b"\0",
        ]
    ),
)
ENDS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\r\r\n"])


def line_by_line(path: Path) -> list[Row]:
    """Return the lines of a file as they are read without a compiled core."""
    return [(at, number, raw) for chunk in files.in_order([path], "host") for at, _, number, raw in chunk]


def straight(path: Path) -> list[Row]:
    """Return the lines of a file as a compiled lane reads them."""
    found: list[Row] = []
    for lines in files.straight(path, "host"):
        lines.first_offset = first = len(found)
        assert len(lines) <= files.CHUNK_LINES
        assert lines[-1][1] == lines.time
        for offset, at, key, value in lines:
            assert key is None
            assert value is not None
            assert offset == len(found)
            found.append((at, lines.number_of(offset), value))
        assert lines[0][0] == first
    return found


def outcome(read: Callable[[Path], list[Row]], path: Path) -> list[Row] | tuple[str, str]:
    """Return what reading a file gives: its lines, or how it is refused."""
    try:
        return read(path)
    except REFUSALS as refused:
        return type(refused).__name__, str(refused)


@settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lines=st.lists(st.tuples(LINES, ENDS), max_size=12),
    sort=st.booleans(),
    last=st.sampled_from([b"", b"\n", b'{"received_at":1772409600041,"event_id":"z"}', b'{"received_at":']),
    size=st.sampled_from([1, 2, 5, 512]),
    piece=st.sampled_from([1, 7, 64, 1 << 16]),
)
def test_any_file_is_read_alike(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lines: list[tuple[bytes, bytes]],
    sort: bool,  # noqa: FBT001  drawn
    last: bytes,
    size: int,
    piece: int,
) -> None:
    """Blank lines, either line end, times in any place or none, mixed files: rows and refusals are the same."""
    monkeypatch.setattr(files, "CHUNK_LINES", size)
    monkeypatch.setattr(files, "PIECE_BYTES", piece if all(len(text) < 1_000 for text, _ in lines) else 1 << 16)
    path = tmp_path / "host.jsonl"
    ordered = sorted(lines, key=lambda line: re.findall(rb"\d{13}", line[0])) if sort else lines
    path.write_bytes(b"".join(text + end for text, end in ordered) + last)
    assert outcome(straight, path) == outcome(line_by_line, path)


@pytest.mark.parametrize("damage", ["none", "cut", "torn", "missing", "folder", "not packed"])
def test_a_packed_file_breaks_off_at_the_same_line(tmp_path: Path, damage: str) -> None:
    """Whole, cut off, torn, not there: what was read before is the same, and so is the sentence."""
    # Each line has some other digits, or thousands would be unpacked at once.
    rows = [b'{"received_at":%d,"n":"%d"}\n' % (START_MS + at, at * 2_654_435_761 % 2**32) for at in range(5_000)]
    packed = gzip.compress(b"".join(rows))
    path = tmp_path / "host.jsonl.gz"
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        middle = len(packed) // 2
        torn = packed[:middle] + b"\xff" * 64 + packed[middle + 64 :]
        path.write_bytes({"none": packed, "cut": packed[:middle], "torn": torn, "not packed": rows[0]}[damage])
    assert outcome(straight, path) == outcome(line_by_line, path)
    assert isinstance(outcome(straight, path), list) is (damage == "none")

"""Files as the records of one source: order, timestamps, packing, faults."""

from __future__ import annotations

import gzip
import json
import zlib
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest

from streams.errors import UnreachableError, UsageError
from streams.replay import files
from streams.replay.files import NotSortedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

START_MS = 1_772_409_600_000


def read_lines(path: Path, position: int, source: str) -> Iterator[files.Line]:
    """Yield the lines of one file."""
    return chain.from_iterable(files.read_chunks(path, position, source))


def in_order(paths: Sequence[Path], source: str) -> Iterator[files.Line]:
    """Yield the lines of sorted files."""
    return chain.from_iterable(files.in_order(paths, source))


def sorted_on_disk(paths: Sequence[Path], source: str) -> Iterator[files.Line]:
    """Yield the lines of files that need not be sorted."""
    return chain.from_iterable(files.sorted_on_disk(paths, source))


def line(name: str, at: int | None, **fields: object) -> bytes:
    """Return a line with an id and, if it has one, ``received_at`` in milliseconds after the start."""
    event: dict[str, Any] = {"event_id": name, **fields}
    if at is not None:
        event["received_at"] = START_MS + at
    return json.dumps(event).encode()


def written(folder: Path, name: str, *lines: bytes, end: bytes = b"\n") -> Path:
    """Write a file of lines and return its path."""
    path = folder / name
    content = b"".join(text + end for text in lines)
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def ids(lines: list[tuple[int, int, int, bytes]]) -> list[str]:
    """Return the event ids in their order."""
    return [json.loads(row[3])["event_id"] for row in lines]


def test_the_timestamp_is_received_at_else_event_time(tmp_path: Path) -> None:
    """In epoch milliseconds; one that is no time at all takes that of the line before."""
    path = written(
        tmp_path,
        "t.jsonl",
        line("a", None, event_time="2026-03-02T08:00:00.5+08:00"),
        line("b", None, event_time=START_MS + 900),
        line("c", None, event_time="yesterday"),
        line("d", None),
        b"no json",
        b"[1]",
        line("e", None, event_time="2026-03-02T00:00:02Z"),
    )
    assert [row[0] - START_MS for row in read_lines(path, 0, "terminal")] == [500, 900, 900, 900, 900, 900, 2_000]
    both = written(tmp_path, "b.jsonl", line("a", 7, event_time="2026-03-02T00:00:09Z"))
    assert [row[0] - START_MS for row in read_lines(both, 0, "terminal")] == [7]


def test_blank_lines_are_skipped_and_still_counted(tmp_path: Path) -> None:
    """The line number is the file's; line ends of either system are no part of a line, nor is the last one needed."""
    path = tmp_path / "t.jsonl"
    path.write_bytes(line("a", 1) + b"\r\n\r\n   \n\n" + line("b", 2))
    found = list(read_lines(path, 3, "host"))
    assert [(row[1], row[2]) for row in found] == [(3, 1), (3, 5)]
    assert ids(found) == ["a", "b"]
    assert found[0][3] == line("a", 1)


def test_packed_files_are_read_by_their_name(tmp_path: Path) -> None:
    """``.gz`` is unpacked, several members one after the other too."""
    path = written(tmp_path, "t.jsonl.gz", line("a", 1))
    path.write_bytes(path.read_bytes() + gzip.compress(line("b", 2)))
    assert ids(list(read_lines(path, 0, "terminal"))) == ["a", "b"]


def test_files_of_a_source_are_merged(tmp_path: Path) -> None:
    """By timestamp, then file order, then line number."""
    first = written(tmp_path, "1.jsonl", line("a", 1), line("b", 5), line("c", 5))
    second = written(tmp_path, "2.jsonl.gz", line("d", 0), line("e", 5), line("f", 9))
    assert ids(list(in_order([first, second], "terminal"))) == ["d", "a", "b", "c", "e", "f"]
    assert ids(list(in_order([second, first], "terminal"))) == ["d", "a", "e", "b", "c", "f"]
    assert list(sorted_on_disk([first, second], "terminal")) == list(in_order([first, second], "terminal"))


def test_a_file_that_is_not_sorted_is_sorted_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In runs of bounded size, with the same answer as if it had been sorted; equal times keep the order of lines."""
    monkeypatch.setattr(files, "SORT_RUN_LINES", 7)
    lines = [line(f"e{number}", number * 37 % 20) for number in range(100)]
    path = written(tmp_path, "t.jsonl", *lines)
    with pytest.raises(NotSortedError):
        list(in_order([path], "terminal"))
    wanted = [f"e{number}" for number in sorted(range(100), key=lambda number: (number * 37 % 20, number))]
    assert ids(list(sorted_on_disk([path], "terminal"))) == wanted


@pytest.mark.parametrize("first", [True, False])
def test_one_file_has_one_clock(tmp_path: Path, first: bool) -> None:  # noqa: FBT001  which of the two comes first
    """Lines with and without ``received_at`` are refused, with both line numbers."""
    lines = [line("a", 1), b"no json", line("b", None, event_time=START_MS)]
    path = written(tmp_path, "t.jsonl", *(lines if first else reversed(lines)))
    with pytest.raises(UsageError) as raised:
        list(read_lines(path, 0, "host"))
    have, lack = (1, 3) if first else (3, 1)
    assert f"line {have} has it, line {lack} has not" in str(raised.value)
    assert str(path) in str(raised.value)
    other = written(tmp_path, "o.jsonl", line("c", None, event_time=START_MS))
    alone = written(tmp_path, "p.jsonl", line("a", 1))
    assert len(list(in_order([alone, other], "host"))) == 2, "each file has its own"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, a folder, cut off, not packed at all: one sentence with the path, the line and the reason."""
    missing = tmp_path / "none.jsonl"
    folder = tmp_path / "folder"
    folder.mkdir()
    packed = gzip.compress(b"".join(line(f"e{number}", number) + b"\n" for number in range(2_000)))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(packed[: len(packed) // 2])
    torn = tmp_path / "torn.jsonl.gz"
    torn.write_bytes(packed[:500] + b"\0\0\0\0" + packed[504:])
    plain = tmp_path / "plain.jsonl.gz"
    plain.write_bytes(line("a", 1))
    for path in (missing, folder, cut, torn, plain):
        with pytest.raises(UnreachableError) as raised:
            list(read_lines(path, 0, "terminal"))
        assert str(path) in str(raised.value)
        assert raised.value.exit_code == 3
        assert ("after line" in str(raised.value)) is (path == cut), "where it broke off, if anything was read"
    with pytest.raises(UnreachableError) as raised:
        list(read_lines(cut, 0, "terminal"))
    whole = zlib.decompressobj(wbits=31).decompress(cut.read_bytes()).count(b"\n")
    assert f"after line {whole}:" in str(raised.value)


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    """Plain or packed, and one of blank lines alone."""
    for path in (
        written(tmp_path, "a.jsonl"),
        written(tmp_path, "b.jsonl.gz"),
        written(tmp_path, "c.jsonl", b"", b" "),
    ):
        assert list(in_order([path], "terminal")) == []

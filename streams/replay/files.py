"""JSON Lines files as the records of one source, in the order of their timestamps.

A line's timestamp is its ``received_at``, else its ``event_time``; a line that has none, because it
is a bad record, takes that of the line before.  Files that are sorted are streamed; one that is
not is sorted on disk in runs, so that memory does not grow with the input.
"""

from __future__ import annotations

import gzip
import heapq
import io
import pickle
import tempfile
import zlib
from contextlib import contextmanager
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from streams.core.fields import parse_time
from streams.core.usual import Lines
from streams.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

Line = tuple[int, int, int, bytes]
"""Timestamp in epoch milliseconds, position of the file, line number from 1, the line's bytes."""

SORT_RUN_LINES: Final = 200_000
CHUNK_LINES: Final = 512
"""Lines a fetch: what is read is applied while it is still in the processor's cache."""
PIECE_BYTES: Final = 1 << 16


_FAULTS: Final = (OSError, EOFError, zlib.error)


class NotSortedError(Exception):
    """A file's timestamps fall somewhere: it cannot be streamed as it is."""


class _Stamp(Struct, gc=False):
    received_at: int | UnsetType | None = UNSET
    event_time: str | int | UnsetType | None = UNSET


_RECEIVED: Final = b'{"received_at":'
_TIME_START: Final = len(_RECEIVED)
_TIME_END: Final = _TIME_START + 13

_stamp: Final = msgspec.json.Decoder(_Stamp).decode


def _open(path: Path) -> IO[bytes] | gzip.GzipFile:
    if path.name.endswith(".gz"):
        return gzip.open(path, "rb")
    return path.open("rb", buffering=1 << 20)


@contextmanager
def _pieces(path: Path) -> Iterator[tuple[Callable[[memoryview], int], int]]:
    """Open a file; give what reads a piece of it into a buffer, and how large a piece may be."""
    if path.name.endswith(".gz"):
        with gzip.open(path, "rb") as packed:
            # As much as it unpacks at once: what comes before an error is not lost with it.
            yield packed.readinto1, io.DEFAULT_BUFFER_SIZE
    else:
        with path.open("rb", buffering=0) as plain:
            yield plain.readinto, PIECE_BYTES


def _stamp_of(line: bytes) -> tuple[bool | None, int | None]:
    """Return whether a line has ``received_at`` (``None`` where it is no object) and its timestamp."""
    try:
        stamp = _stamp(line)
        received, sent = stamp.received_at, stamp.event_time
    except (msgspec.MsgspecError, ValueError, RecursionError):
        try:
            document: Any = msgspec.json.decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None, None
        if not isinstance(document, dict):
            return None, None
        received, sent = document.get("received_at", UNSET), document.get("event_time")
    if received is not UNSET and received is not None:
        return True, parse_time(received)
    return False, parse_time(sent)


def read_chunks(path: Path, position: int, source: str, *, in_order: bool = False) -> Iterator[list[Line]]:
    """Yield the lines of one file with their timestamps, blank ones left out, some hundreds at a time.

    Raises ``UnreachableError`` for a file that cannot be read, ``UsageError`` for one that mixes lines with
    and without ``received_at``, and, with ``in_order``, ``NotSortedError`` where the timestamps fall.
    """
    lines = _Lines(path, position, source)
    latest = 0
    raws: list[bytes] = []
    try:
        with _open(path) as file:
            while True:
                raws = []
                raws.extend(islice(file, CHUNK_LINES))  # what came before an error stays in the list
                if not raws:
                    return
                chunk = lines.take(raws)
                if not chunk:
                    continue
                if in_order:
                    times = [line[0] for line in chunk]
                    if times != sorted(times) or times[0] < latest:
                        raise NotSortedError
                    latest = times[-1]
                yield chunk
    except _FAULTS as error:
        raise _broken(path, source, lines.number + len(raws), error) from error


def straight(path: Path, source: str) -> Iterator[Lines]:
    """Yield the lines of one sorted file as fetches that a compiled lane reads where they stand.

    Each is the same object with other lines.  Raises the same as ``read_chunks`` with ``in_order``, at the same lines.
    """
    stamps = _Lines(path, 0, source)
    lines = Lines(CHUNK_LINES)
    try:
        with _pieces(path) as (readinto, size):
            while True:
                lines.begin()
                while lines.lacks:
                    lines.fill(readinto, size)
                if not lines.read > lines.number:
                    return
                while (raw := lines.unusual(stamps.bears_times)) is not None:
                    if raw.strip():
                        lines.keep(stamps.stamp(raw, lines.number, lines.time))
                if lines.falls:
                    raise NotSortedError
                if lines:
                    yield lines
    except _FAULTS as error:
        raise _broken(path, source, lines.read, error) from error


def _broken(path: Path, source: str, read: int, error: Exception) -> UnreachableError:
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    where = f" after line {read}" if read else ""
    return UnreachableError(
        f"cannot read {source} file {path}{where}: {why}; check the path and that the file is whole"
    )


class _Lines:
    """Gives the lines of one file their timestamps."""

    def __init__(self, path: Path, position: int, source: str) -> None:
        self._path = path
        self._position = position
        self._source = source
        self._timestamp = 0
        self._first: tuple[bool, int] | None = None
        self.number = 0

    def take(self, raws: list[bytes]) -> list[Line]:
        """Return the next lines of the file with their timestamps, without blank ones."""
        found: list[Line] = []
        position, timestamp = self._position, self._timestamp
        usual = self.bears_times
        for number, raw in enumerate(raws, self.number + 1):
            # The usual line of a recorded feed begins with its time: no need to parse it for that.
            digits = raw[_TIME_START:_TIME_END]
            if usual and raw.startswith(_RECEIVED) and digits.isdigit() and raw[_TIME_END : _TIME_END + 1] == b",":
                timestamp = int(digits)
                found.append((timestamp, position, number, raw.rstrip(b"\r\n")))
                continue
            line = raw.rstrip(b"\r\n")
            if not line.strip():
                continue
            timestamp = self.stamp(line, number, timestamp)
            usual = self.bears_times
            found.append((timestamp, position, number, line))
        self.number += len(raws)
        self._timestamp = timestamp
        return found

    @property
    def bears_times(self) -> bool:
        """Tell whether the lines of this file have ``received_at``."""
        return self._first is not None and self._first[0]

    def stamp(self, line: bytes, number: int, before: int) -> int:
        """Return the timestamp of a line, given that of the line before it; raises ``UsageError`` for a mixed file."""
        has, at = _stamp_of(line)
        if has is not None:
            if self._first is None:
                self._first = (has, number)
            elif has is not self._first[0]:
                raise UsageError(_mixed(self._path, self._source, self._first, number))
        if at is None and has is False and _is_message(line):
            raise UsageError(_timeless(self._path, self._source, number))
        return before if at is None else at


def _is_message(line: bytes) -> bool:
    """Tell whether an object wraps a raw message, which has no time that could stand for the log's."""
    try:
        return isinstance(msgspec.json.decode(line).get("message"), str)
    except (msgspec.MsgspecError, ValueError, RecursionError, AttributeError):
        return False


def _timeless(path: Path, source: str, number: int) -> str:
    return (
        f"{source} file {path} has a message without received_at in line {number}; "
        "a raw message bears no year: give received_at, epoch milliseconds, on all lines"
    )


def _mixed(path: Path, source: str, first: tuple[bool, int], number: int) -> str:
    have, lack = (first[1], number) if first[0] else (number, first[1])
    return (
        f"{source} file {path} mixes lines with and without received_at: line {have} has it, line {lack} has not; "
        "give it on all lines or on none"
    )


def in_order(paths: Sequence[Path], source: str) -> Iterator[list[Line]]:
    """Yield the lines of all files of one source by (timestamp, file order, line number), streaming, in chunks.

    Raises ``NotSortedError`` where a file's timestamps fall.
    """
    streams = [read_chunks(path, position, source, in_order=True) for position, path in enumerate(paths)]
    return streams[0] if len(streams) == 1 else _chunked(heapq.merge(*map(chain.from_iterable, streams)))


def _chunked(lines: Iterable[Line]) -> Iterator[list[Line]]:
    rest = iter(lines)
    while chunk := list(islice(rest, CHUNK_LINES)):
        yield chunk


def sorted_on_disk(paths: Sequence[Path], source: str) -> Iterator[list[Line]]:
    """Yield the lines of all files of one source in order, whatever order they are in, in chunks."""
    with tempfile.TemporaryDirectory(prefix="voucherwatch-sort-") as folder:
        runs: list[IO[bytes]] = []
        batch: list[Line] = []

        def spill() -> None:
            batch.sort()
            run = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed with the folder below
            for line in batch:
                pickle.dump(line, run, protocol=5)
            run.seek(0)
            runs.append(run)
            batch.clear()

        try:
            for position, path in enumerate(paths):
                for chunk in read_chunks(path, position, source):
                    batch += chunk
                    if len(batch) >= SORT_RUN_LINES:
                        spill()
            batch.sort()
            yield from _chunked(heapq.merge(batch, *(_unpickled(run) for run in runs)))
        finally:
            for run in runs:
                run.close()


def _unpickled(run: IO[bytes]) -> Iterator[Line]:
    while True:
        try:
            line: Line = pickle.load(run)  # noqa: S301  our own run, written a moment ago to an unnamed file
        except EOFError:
            return
        yield line

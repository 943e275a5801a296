"""Where records go: two files of JSON Lines, or two Kafka topics."""

from __future__ import annotations

import gzip
import time
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, Self, cast

import orjson

from streams.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from streams.simulator.params import SourceName
    from streams.simulator.stage import SimRecord
    from streams.simulator.truth import Truth

LINES_AT_ONCE: Final = 4_096
QUICK_GZIP: Final = 1
LONGEST_NAP_S: Final = 0.1
"""A pause of the paced producer is cut into naps of this length, so that it hears a stop soon."""
LINGER_MS: Final = 5
BATCH_BYTES: Final = 262_144
"""Packed with lz4, as busy producers do: a third of the bytes for next to no time on either side."""
ANSWER_LIMIT_MS: Final = 15_000
"""How long brokers may take to answer at the start, and to name a topic's partitions."""
MOST_UNDER_WAY: Final = 50_000
"""Records sent between two waits for all acknowledgements; the client itself has no bound."""


@contextmanager
def open_lines(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing bytes, packed if its name ends in ``.gz``; equal content gives equal bytes.

    Raises:
        UnreachableError: The file cannot be written.
    """
    with ExitStack() as stack:
        try:
            plain = stack.enter_context(path.open("wb"))
        except OSError as fault:
            raise UnreachableError(f"Cannot write {path}: {fault.strerror}.") from fault
        if path.suffix == ".gz":
            # No name and no time in the header, which would differ from run to run.
            packed = gzip.GzipFile(filename="", fileobj=plain, mode="wb", compresslevel=QUICK_GZIP, mtime=0)
            yield cast("IO[bytes]", stack.enter_context(packed))
        else:
            yield plain


class FileSink:
    """Writes the lines of each source, ``received_at`` first, into its file; to be used in ``with``."""

    def __init__(self, terminal_path: Path, host_path: Path) -> None:
        """Take both paths; the files are opened by ``with``."""
        self._paths: dict[SourceName, Path] = {"terminal": terminal_path, "host": host_path}
        self._stack = ExitStack()
        self._files: dict[SourceName, IO[bytes]] = {}
        self._lines: dict[SourceName, list[bytes]] = {"terminal": [], "host": []}

    def __enter__(self) -> Self:
        """Open both files.

        Raises:
            UnreachableError: One of them cannot be written.
        """
        with ExitStack() as stack:
            for source, path in self._paths.items():
                self._files[source] = stack.enter_context(open_lines(path))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *fault: object) -> None:
        """Write what is left and close both files."""
        with self._stack:
            for source in self._files:
                self._write(source)

    def send(self, record: SimRecord) -> None:
        """Write one record; a value that is no object has no place for ``received_at`` and stays as it is."""
        value = record.value
        if value[:1] == b"{":
            value = b'{"received_at":%d,%b' % (record.at_ms, value[1:])
        lines = self._lines[record.source]
        lines.append(value)
        if len(lines) >= LINES_AT_ONCE:
            self._write(record.source)

    def _write(self, source: SourceName) -> None:
        lines = self._lines[source]
        if lines:
            lines.append(b"")
            self._files[source].write(b"\n".join(lines))
            lines.clear()


class TruthSink:
    """Writes lines of truth as JSON Lines, and a summary as the last one; to be used in ``with``."""

    def __init__(self, path: Path) -> None:
        """Take the path; the file is opened by ``with``."""
        self._path = path
        self._stack = ExitStack()
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        """Open the file.

        Raises:
            UnreachableError: It cannot be written.
        """
        self._file = self._stack.enter_context(open_lines(self._path))
        return self

    def __exit__(self, *fault: object) -> None:
        """Close the file."""
        self._stack.close()

    def write(self, lines: list[Truth]) -> None:
        """Append lines of truth."""
        if self._file is not None and lines:
            self._file.write(b"\n".join([orjson.dumps(line) for line in lines]) + b"\n")


class KafkaSink:
    """Sends records keyed by terminal, with their own time stamp, to two topics; to be used in ``with``.

    The stamp counts only where a topic takes producers' times; others take the broker's clock.
    """

    def __init__(self, bootstrap_servers: str, terminal_topic: str, host_topic: str) -> None:
        """Take ``host:port[,host:port...]`` and both topics; ``with`` connects."""
        self._servers = bootstrap_servers
        self._topics: dict[SourceName, str] = {"terminal": terminal_topic, "host": host_topic}
        self._producer: Any = None
        self._faults: list[BaseException] = []
        self._sent = 0

    def __enter__(self) -> Self:
        """Connect to the brokers.

        Raises:
            UnreachableError: None of them answers.
        """
        from kafka import KafkaProducer  # noqa: PLC0415  files need no Kafka client
        from kafka.errors import KafkaError  # noqa: PLC0415

        try:
            self._producer = KafkaProducer(
                bootstrap_servers=self._servers.split(","),
                linger_ms=LINGER_MS,
                batch_size=BATCH_BYTES,
                compression_type="lz4",
                bootstrap_timeout_ms=ANSWER_LIMIT_MS,
                max_block_ms=ANSWER_LIMIT_MS,
                allow_auto_create_topics=False,
            )
        except KafkaError as fault:
            raise UnreachableError(f"No broker answers at {self._servers}: {fault}.") from fault
        return self

    def __exit__(self, *fault: object) -> None:
        """Wait until all records are acknowledged, then hang up; at once if an error is under way.

        Raises:
            UnreachableError: A record was not taken.
        """
        if fault[0] is not None:
            self._producer.close(timeout=0)
            return
        self._producer.flush()
        self._producer.close()
        if self._faults:
            self._complain()

    def send(self, record: SimRecord) -> None:
        """Send one record without waiting for its acknowledgement.

        Raises:
            UnreachableError: The topic is missing, or an earlier record was not taken.
        """
        from kafka.errors import KafkaError  # noqa: PLC0415

        if self._faults:
            self._complain()
        topic = self._topics[record.source]
        try:
            sent = self._producer.send(topic, record.value, record.key, timestamp_ms=record.at_ms)
        except KafkaError as fault:
            raise UnreachableError(f"Cannot send to topic {topic} at {self._servers}: {fault}.") from fault
        sent.add_errback(self._faults.append)
        self._sent += 1
        if self._sent % MOST_UNDER_WAY == 0:
            self._producer.flush()

    def _complain(self) -> None:
        fault = self._faults[0]
        raise UnreachableError(f"{self._servers} did not take a record: {fault}.") from fault


class Pace:
    """Plays a timeline at the speed of the wall clock."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        """Take what says whether to stop; it is asked for every record and in every nap."""
        self._stop = stop
        self._now_ms = 0.0

    def wait_until(self, at_ms: int) -> bool:
        """Sleep until epoch milliseconds ``at_ms``; return false if asked to stop before."""
        while at_ms > self._now_ms:
            self._now_ms = time.time() * 1_000
            left_s = (at_ms - self._now_ms) / 1_000
            if left_s <= 0:
                break
            if self._stop():
                return False
            time.sleep(min(left_s, LONGEST_NAP_S))
        return not self._stop()

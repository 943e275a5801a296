"""Replay of files: one lane without idle rule, stalls or key checks, and what it found."""

from __future__ import annotations

import base64
import gc
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from streams.core.lane import AnomalyChange, Lane, LaneOutput
from streams.core.timers import NEVER
from streams.core.usual import AVAILABLE
from streams.core.wire import HOST, SOURCES, TERMINAL, DeadLetter
from streams.errors import UnreachableError
from streams.replay.files import Line, NotSortedError, in_order, sorted_on_disk, straight
from streams.replay.sides import behind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from streams.core.policy import Policy
    from streams.core.usual import Lines
    from streams.core.wire import RawRecord

_YOUNG_OBJECTS: Final = 200_000
_OLDER_ROUNDS: Final = 100
"""Allocations between two looks of the cycle collector: the lane makes no garbage cycles, so the
default of 700 only costs time (11 % of a replay)."""

PLAIN_VERDICTS: Final = (
    "matched",
    "reversed",
    "both_unknown",
    "reversal_repeated",
    "reversal_host_only",
    "offline_unverified",
    "original_unverifiable",
)


@dataclass(slots=True)
class ReplayResult:
    """What a replay found: final anomaly records by (``opened_at``, ``id``), and the summary object."""

    anomalies: list[bytes]
    summary: dict[str, object]
    records: list[dict[str, Any]] = field(default_factory=list)


class _Source:
    """The lines of one source, read in chunks."""

    def __init__(self, chunks: Iterator[list[Line]], paths: Sequence[Path]) -> None:
        self._chunks = chunks
        self._paths = paths
        self._next_offset = 0
        self.chunk: list[Line] = []
        self.reached_ms = -1
        self.done = False

    def fetch(self) -> Sequence[RawRecord]:
        """Return the next records; offsets count the lines of this source in their merged order."""
        self.chunk = chunk = next(self._chunks, [])
        first = self._next_offset
        self._next_offset += len(chunk)
        if chunk:
            self.reached_ms = chunk[-1][0]
        else:
            self.done = True
        return [(offset, line[0], None, line[3]) for offset, line in enumerate(chunk, first)]

    def place(self, offset: int) -> tuple[str, int]:
        """Return the file and line number of a record of the chunk just read."""
        line = self.chunk[offset - (self._next_offset - len(self.chunk))]
        return str(self._paths[line[1]]), line[2]


class _Straight:
    """The lines of a source that is one sorted file, for a compiled lane."""

    def __init__(self, chunks: Iterator[Lines], path: Path) -> None:
        self._chunks = chunks
        self._path = path
        self._next_offset = 0
        self._lines: Lines | None = None
        self.reached_ms = -1
        self.done = False

    def fetch(self) -> Sequence[RawRecord]:
        """Return the next records, which stay what they are until the next call; offsets count the lines."""
        self._lines = lines = next(self._chunks, None)
        if lines is None:
            self.done = True
            return []
        lines.first_offset = self._next_offset
        self._next_offset += len(lines)
        self.reached_ms = lines.time
        return lines

    def place(self, offset: int) -> tuple[str, int]:
        """Return the file and line number of a record of the fetch just read."""
        return str(self._path), 0 if self._lines is None else self._lines.number_of(offset)


Source = _Source | _Straight


class Findings:
    """Collects what the lane says: the last revision of each anomaly and the counters."""

    def __init__(self, deadletter: IO[bytes] | None) -> None:
        self.final: dict[str, AnomalyChange] = {}
        self.tally: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._deadletter = deadletter

    def take(self, out: LaneOutput, place: Callable[[DeadLetter], tuple[str, int]]) -> None:
        """Take the output of one call of the lane."""
        for change in out.changes:
            self.final[change.anomaly_id] = change
        for name, count in out.tally.items():
            self.tally[name] += count
        if self._deadletter is None:
            return
        for letter in out.dead_letters:
            self._deadletter.write(_dead_letter_row(letter, *place(letter)) + b"\n")

    def by(self, name: str, position: int) -> dict[str, int]:
        """Return one counter summed by one of its labels."""
        found: Counter[str] = Counter()
        for (counter, labels), count in self.tally.items():
            if counter == name:
                found[labels[position]] += count
        return dict(sorted(found.items()))


def _dead_letter_row(letter: DeadLetter, file: str, line: int) -> bytes:
    row = {
        "source": SOURCES[letter.source],
        "file": file,
        "line": line,
        "reason": letter.reason,
        "detail": letter.detail,
        "value": base64.b64encode(letter.value or b"").decode(),
    }
    return msgspec.json.encode(row)


@contextmanager
def rare_collection() -> Iterator[None]:
    """Let the cycle collector look seldom while a replay runs."""
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG_OBJECTS, _OLDER_ROUNDS, _OLDER_ROUNDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def file_lane(policy: Policy) -> Lane:
    """Return the one lane of a file replay."""
    return Lane(0, policy, live=False)


def replay_files(
    terminal: Sequence[Path],
    host: Sequence[Path],
    policy: Policy,
    *,
    flush: bool = True,
    deadletter: Path | None = None,
    make_lane: Callable[[Policy], Lane] = file_lane,
) -> ReplayResult:
    """Run the pipeline over JSON Lines files, plain or ``.gz``; deterministic to the byte.

    ``make_lane`` is called anew where files have to be sorted first.
    Raises ``UnreachableError`` for a file that cannot be read or written, ``UsageError`` for one
    that mixes lines with and without ``received_at``.
    """
    with rare_collection():
        try:
            return _replay((terminal, host), in_order, make_lane(policy), flush=flush, deadletter=deadletter)
        except NotSortedError:
            return _replay((terminal, host), sorted_on_disk, make_lane(policy), flush=flush, deadletter=deadletter)


def _replay(
    paths: tuple[Sequence[Path], Sequence[Path]],
    read: Callable[[Sequence[Path], str], Iterator[list[Line]]],
    lane: Lane,
    *,
    flush: bool,
    deadletter: Path | None,
) -> ReplayResult:
    with ExitStack() as stack:
        findings = Findings(created(deadletter, stack))
        sources = tuple(source_of(paths[source], SOURCES[source], read) for source in (TERMINAL, HOST))
        while not (sources[TERMINAL].done and sources[HOST].done):
            number = behind(sources)
            source = sources[number]
            # Files know no present that a record could be ahead of.
            out = lane.feed(number, source.fetch(), NEVER)
            findings.take(out, lambda letter: sources[letter.source].place(letter.offset))
            if source.done and not sources[1 - number].done:
                # Nothing more comes of it: the other one need not wait in memory for the end.
                findings.take(lane.caught_up(number, NEVER), lambda _: ("", 0))
        findings.take(lane.flush() if flush else lane.settle(), lambda _: ("", 0))
    return summed_up(findings, lane.unclosed)


def source_of(paths: Sequence[Path], name: str, read: Callable[[Sequence[Path], str], Iterator[list[Line]]]) -> Source:
    """Return what reads the files of one source, whose name is given: straight where that can be, else by ``read``."""
    if AVAILABLE and read is in_order and len(paths) == 1:
        return _Straight(straight(paths[0], name), paths[0])
    return _Source(read(paths, name) if paths else iter(()), paths)


def created(path: Path | None, stack: ExitStack) -> IO[bytes] | None:
    """Return the dead-letter file, open until the stack ends; raises UnreachableError if it cannot be written."""
    if path is None:
        return None
    try:
        return stack.enter_context(path.open("wb"))
    except OSError as error:
        raise UnreachableError(f"cannot write dead-letter file {path}: {error.strerror}; check the folder") from error


def summed_up(findings: Findings, pending: int) -> ReplayResult:
    """Return the final anomalies in their order, and the summary of all that was counted."""
    ordered = sorted(
        findings.final.values(), key=lambda change: (int(str(change.record["opened_at"])), change.anomaly_id)
    )
    records = [change.record for change in ordered]
    # The clock of a replay is the log's: an anomaly is detected when its deadline passes.
    encoded = [change.encode(int(str(change.record["opened_at"]))) for change in ordered]
    closed = findings.by("vouchers_closed_total", 0)
    at_risk: Counter[str] = Counter()
    for record in records:
        if record["status"] == "open" and record["amount_at_risk"]:
            at_risk[str(record["currency"])] += int(str(record["amount_at_risk"]))
    summary: dict[str, object] = {
        "events": sum(findings.by("events_total", 0).values()),
        "rejected": findings.by("events_rejected_total", 1),
        "redelivered": sum(findings.by("events_redelivered_total", 0).values()),
        **{verdict: closed.get(verdict, 0) for verdict in PLAIN_VERDICTS},
        "pending": pending,
        "anomalies": dict(sorted(Counter(str(record["kind"]) for record in records).items())),
        "resolved": dict(sorted(Counter(str(r["resolution"]) for r in records if r["status"] == "resolved").items())),
        "amount_at_risk": dict(sorted(at_risk.items())),
    }
    if skipped := findings.by("messages_skipped_total", 1):
        summary["skipped"] = skipped
    return ReplayResult(encoded, summary, records)

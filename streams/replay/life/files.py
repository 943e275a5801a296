"""The life of a voucher over JSON Lines files: the lane of a file replay, for one terminal of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.wire import HOST, SOURCES, TERMINAL
from streams.replay.files import Line, NotSortedError, in_order, sorted_on_disk
from streams.replay.life.account import Searched, SearchedPart
from streams.replay.life.found import Found
from streams.replay.life.lane import LifeLane
from streams.replay.life.reading import PartLog, judge_logs
from streams.replay.life.story import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from streams.core.policy import Policy
    from streams.core.wire import RawRecord
    from streams.replay.life.account import Life, Question
    from streams.replay.life.reading import Mine, Step

Paths = tuple["Sequence[Path]", "Sequence[Path]"]
"""Terminal and host files."""


class _Lines:
    """The lines of one source as records; remembers where the terminal's own stand."""

    def __init__(self, batches: Iterator[list[Line]], paths: Sequence[Path], mine: Mine) -> None:
        self._batches = batches
        self._paths = paths
        self._mine = mine
        self.places: dict[int, tuple[int, int]] = {}

    def fetches(self) -> Iterator[list[RawRecord]]:
        """Yield records whose offsets count the lines of this source in their merged order."""
        offset = 0
        for batch in self._batches:
            records: list[RawRecord] = []
            for at_ms, position, number, line in batch:
                if self._mine(None, line):
                    self.places[offset] = position, number
                records.append((offset, at_ms, None, line))
                offset += 1
            yield records

    def place(self, offset: int) -> str:
        """Return file and line of one of the terminal's records."""
        position, number = self.places[offset]
        return f"{self._paths[position]}:{number}"


def life_in_files(paths: Paths, question: Question, policy: Policy, step: Step, *, flush: bool = False) -> Life:
    """Tell the life of a voucher from files, plain or ``.gz``.

    Without ``flush`` a leg whose deadline lies behind the end of the files still waits.  Raises
    ``UnreachableError`` for a file that cannot be read, ``UsageError`` for one that mixes lines with and
    without ``received_at``.
    """
    try:
        return _life(paths, in_order, question, policy, step, flush=flush)
    except NotSortedError:
        return _life(paths, sorted_on_disk, question, policy, step, flush=flush)


def _life(
    paths: Paths,
    read: Callable[[Sequence[Path], str], Iterator[list[Line]]],
    question: Question,
    policy: Policy,
    step: Step,
    *,
    flush: bool,
) -> Life:
    mine = _mine(question.terminal_id)
    lines = [_Lines(read(paths[source], SOURCES[source]), paths[source], mine) for source in (TERMINAL, HOST)]
    parts = [PartLog(each.fetches(), mine) for each in lines]
    lane = LifeLane(0, policy, question.key, check_keys=False)
    judge_logs(lane, parts, step)
    last_ms = max(part.reached_ms for part in parts)
    for source in (TERMINAL, HOST):
        lane.pass_by(source, last_ms + 1)
    lane.end(flush=flush)
    searched = Searched(
        from_ms=None,
        read_from_ms=None,
        to_ms=None,
        judged_before_ms=last_ms + 1 if last_ms >= 0 else None,
        now_ms=None,
        flushed=flush,
        parts=tuple(
            SearchedPart(
                source=SOURCES[source],
                log=", ".join(str(path) for path in paths[source]),
                partition=None,
                first_offset=None,
                end_offset=None,
                log_end_offset=None,
                records=part.records,
                of_terminal=lane.of_terminal[source],
                first_log_time=part.first_ms,
                last_log_time=part.reached_ms if part.records else None,
                deleted_before=None,
            )
            for source, part in enumerate(parts)
        ),
        anomaly_log=None,
        anomalies_read=None,
    )
    return tell(Found(question, lane, searched, lambda source, offset: lines[source].place(offset)))


def _mine(terminal_id: str) -> Mine:
    """Return what tells quickly whether a line can be of a terminal: it holds its id, or escapes that may hide it."""
    wanted = terminal_id.encode()
    if not terminal_id.isascii():
        return lambda _key, _value: True
    return lambda _key, value: value is not None and (wanted in value or b"\\" in value)

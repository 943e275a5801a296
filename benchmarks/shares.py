"""Where the time of a replay goes: the same lines are read, decoded and judged in steps that are timed apart."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.machine import measured_core, on_cores
from benchmarks.workload import CANONICAL, WORKLOADS
from streams.core.lane import AnomalyChange, Lane
from streams.core.timers import NEVER
from streams.core.wire import SOURCES
from streams.replay.files import CHUNK_LINES, Line, in_order
from streams.replay.run import source_of
from streams.replay.sides import behind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from streams.core.policy import Policy
    from streams.core.wire import RawRecord
    from streams.replay.run import Source

MOST_LINES: Final = 100_000
"""Of each source, or some hundreds more."""


def measure(folder: Path, workload: str = CANONICAL) -> dict[str, Any]:
    """Return the share of each step in percent of their sum, and microseconds for each event."""
    with on_cores({measured_core()}):
        steps = _timed(folder, WORKLOADS[workload].policy())
    lines = steps.pop("lines")
    whole = sum(steps.values())
    shares = {f"{name}_percent": round(100 * seconds / whole, 1) for name, seconds in steps.items()}
    return {**shares, "microseconds_per_event": round(whole / lines * 1e6, 2)}


def decode_part(folder: Path, workload: str) -> float:
    """Return which part of a lane's time decoding takes, 0 to 1, for the lines of a folder."""
    with on_cores({measured_core()}):
        steps = _timed(folder, WORKLOADS[workload].policy())
    return steps["decode"] / (steps["decode"] + steps["judge"])


def _timed(folder: Path, policy: Policy) -> dict[str, float]:
    clock = time.process_time
    began = clock()
    lines = sum(len(fetch) for source in _sources(folder) for fetch in _fetches(source))
    read = clock() - began
    began = clock()
    for number, source in enumerate(_sources(folder)):
        # Without the other source nothing is applied: this lane only decodes.
        deaf = Lane(0, policy, live=False)
        for fetch in _fetches(source):
            deaf.feed(number, fetch, NEVER)
    decoded = clock() - began
    lane = Lane(0, policy, live=False)
    changes: list[AnomalyChange] = []
    began = clock()
    sources, fed = _sources(folder), 0
    while fed < lines:
        number = behind(sources)
        records = sources[number].fetch()
        fed += len(records)
        changes += lane.feed(number, records, NEVER).changes
    changes += lane.flush().changes
    judged = clock() - began
    began = clock()
    final: dict[str, AnomalyChange] = {change.anomaly_id: change for change in changes}
    for change in final.values():
        change.encode(change.log_time)
    encoded = clock() - began
    # Each step does what the one before it does as well.
    steps = {"read": read, "decode": max(0.0, decoded - read), "judge": max(0.0, judged - decoded), "encode": encoded}
    return {**steps, "lines": lines}


def _sources(folder: Path) -> Sequence[Source]:
    """Return both sources of a folder, read from the beginning as a replay reads them."""
    return [source_of([folder / f"{name}.jsonl"], name, in_order) for name in SOURCES]


def _fetches(source: Source) -> Iterator[Sequence[RawRecord]]:
    """Yield the fetches of a source until it has given enough lines."""
    lines = 0
    while lines < MOST_LINES and (records := source.fetch()):
        lines += len(records)
        yield records


def chunks(lines: list[list[Line]]) -> list[tuple[int, list[RawRecord]]]:
    """Return the records of both sources in fetches, ordered by the time of their first record."""
    fetches: list[tuple[int, list[RawRecord]]] = []
    for source, own in enumerate(lines):
        records: list[RawRecord] = [(offset, line[0], None, line[3]) for offset, line in enumerate(own)]
        fetches += [(source, records[first : first + CHUNK_LINES]) for first in range(0, len(records), CHUNK_LINES)]
    return sorted(fetches, key=lambda fetch: fetch[1][0][1])

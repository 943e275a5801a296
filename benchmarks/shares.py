"""Where the time of a replay goes: the same lines are read, decoded and judged in steps that are timed apart."""

from __future__ import annotations

import time
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from benchmarks.machine import measured_core, on_cores
from benchmarks.workload import CANONICAL, WORKLOADS
from streams.core.lane import AnomalyChange, Lane
from streams.core.wire import SOURCES
from streams.replay.files import CHUNK_LINES, Line, in_order

if TYPE_CHECKING:
    from pathlib import Path

    from streams.core.policy import Policy
    from streams.core.wire import RawRecord

MOST_LINES: Final = 100_000
"""Of each source; they are held in memory, which a replay never does."""


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
    lines = [
        list(islice(chain.from_iterable(in_order([folder / f"{name}.jsonl"], name)), MOST_LINES)) for name in SOURCES
    ]
    read = clock() - began
    fetches = chunks(lines)
    deaf = Lane(0, policy, live=False), Lane(0, policy, live=False)
    began = clock()
    for source, chunk in fetches:
        # Without the other source nothing is applied: this lane only decodes.
        deaf[source].feed(source, chunk)
    decoded = clock() - began
    lane = Lane(0, policy, live=False)
    began = clock()
    changes = [change for source, chunk in fetches for change in lane.feed(source, chunk).changes]
    changes += lane.flush().changes
    fed = clock() - began
    began = clock()
    final: dict[str, AnomalyChange] = {change.anomaly_id: change for change in changes}
    for change in final.values():
        change.encode(change.log_time)
    encoded = clock() - began
    # The lane decodes as well; what it does beyond that is merging, pairing and judging.
    judged = max(0.0, fed - decoded)
    return {"read": read, "decode": decoded, "judge": judged, "encode": encoded, "lines": sum(map(len, lines))}


def chunks(lines: list[list[Line]]) -> list[tuple[int, list[RawRecord]]]:
    """Return the records of both sources in fetches, ordered by the time of their first record."""
    fetches: list[tuple[int, list[RawRecord]]] = []
    for source, own in enumerate(lines):
        records: list[RawRecord] = [(offset, line[0], None, line[3]) for offset, line in enumerate(own)]
        fetches += [(source, records[first : first + CHUNK_LINES]) for first in range(0, len(records), CHUNK_LINES)]
    return sorted(fetches, key=lambda fetch: fetch[1][0][1])

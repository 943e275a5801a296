"""One replay with diagnosis or without: ``python -m benchmarks.diagnosis_round FOLDER WORKLOAD on|off``.

It prints its figures as JSON.  The clock is that of the processor and runs around the replay alone; the settings are
read, and what reading them left behind is given back, before it starts.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.machine import peak_mib
from benchmarks.workload import WORKLOADS
from streams.replay.run import file_lane, replay_files

if TYPE_CHECKING:
    from streams.core.lane import Lane
    from streams.core.policy import Policy

FEW = 500
SHARED = frozenset({"crowd"})
"""What a case holds together with others: the counts of its kind."""


def main(folder: Path, workload: str, *, diagnosed: bool) -> None:
    """Replay the files of a folder and print what was measured."""
    policy = WORKLOADS[workload].policy()
    if not diagnosed:
        policy = dataclasses.replace(policy, diagnosis=None)
    lanes: list[Lane] = []

    def make(policy: Policy) -> Lane:
        lanes.append(file_lane(policy))
        return lanes[-1]

    gc.collect()
    began = time.process_time()
    result = replay_files([folder / "terminal.jsonl"], [folder / "host.jsonl"], policy, make_lane=make)
    took = time.process_time() - began
    # What is open at the end of a replay stays open, and so do the cases; a few hundred tell how large they are.
    cases = [anomaly.case for anomaly in lanes[-1]._state.journal.open.values() if anomaly.case is not None]  # noqa: SLF001  measured from outside
    figures = {
        "cpu_s": took,
        "events": int(str(result.summary["events"])),
        "anomalies": len(result.anomalies),
        "peak_mib": peak_mib(),
        "open_cases": len(cases),
        "bytes_a_case": sum(map(size_of, cases[:FEW])) / len(cases[:FEW]) if cases else 0.0,
    }
    sys.stdout.write(json.dumps(figures))


def size_of(thing: object, known: set[int] | None = None) -> int:
    """Return the bytes of an object and all that it alone holds, as far as Python tells."""
    known = set() if known is None else known
    if id(thing) in known or isinstance(thing, int | float | bool | None):
        return 0
    known.add(id(thing))
    size = sys.getsizeof(thing)
    if isinstance(thing, tuple | list):
        return size + sum(size_of(one, known) for one in thing)
    if isinstance(thing, str | bytes):
        return size
    names = {name for one in type(thing).__mro__ for name in vars(one) if not name.startswith("__")}
    names |= getattr(thing, "__dict__", {}).keys()
    attributes = [getattr(thing, name, None) for name in sorted(names - SHARED)]
    return size + sum(size_of(one, known) for one in attributes if not callable(one))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], diagnosed=sys.argv[3] == "on")

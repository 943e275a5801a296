"""One replay in a process of its own: ``python -m benchmarks.file_replay_round FOLDER WORKLOAD``.

It prints its figures as JSON.  The clocks run around the replay alone; starting Python and judging the answer
are outside.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import orjson

from benchmarks.machine import peak_mib
from benchmarks.workload import WORKLOADS
from streams.replay.run import replay_files
from streams.simulator.score import read_truth, score


def main(folder: Path, workload: str) -> None:
    """Replay the files of a folder and print what was measured."""
    policy = WORKLOADS[workload].policy()
    began, cpu = time.monotonic(), time.process_time()
    result = replay_files([folder / "terminal.jsonl"], [folder / "host.jsonl"], policy)
    ended, cpu = time.monotonic(), time.process_time() - cpu
    peak = peak_mib()
    events = int(str(result.summary["events"]))
    rejected = result.summary["rejected"]
    handled = events + (sum(rejected.values()) if isinstance(rejected, dict) else 0)
    judged = score(map(orjson.loads, result.anomalies), read_truth(folder / "truth.jsonl"))
    kinds = judged.kinds.values()
    figures = {
        "began": began,
        "ended": ended,
        "events": events,
        "wall_s": round(ended - began, 3),
        "cpu_s": round(cpu, 3),
        "events_per_wall_s": round(events / (ended - began)),
        "events_per_cpu_s": round(events / cpu),
        "records_per_cpu_s": round(handled / cpu),
        "peak_mib": round(peak, 1),
        "expected": sum(kind.expected for kind in kinds),
        "found": sum(kind.found for kind in kinds),
        "missed": len(judged.missed),
        "false": len(judged.false),
        "otherwise": len(judged.differing),
    }
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

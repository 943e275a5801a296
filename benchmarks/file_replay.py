"""Replay of files on one core: events a second, memory on the way, and the answer held against the truth."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.machine import measured_core, median, on_cores, resident_mib
from benchmarks.workload import CANONICAL, WORKLOADS
from streams.simulator.run import simulate_to_files

if TYPE_CHECKING:
    from pathlib import Path

LOOK_EVERY_S: Final = 0.02


def generate(folder: Path, events: int, workload: str) -> int:
    """Write ``terminal.jsonl``, ``host.jsonl`` and ``truth.jsonl`` and return how many records they hold."""
    summary = simulate_to_files(
        WORKLOADS[workload].day(events), folder / "terminal.jsonl", folder / "host.jsonl", folder / "truth.jsonl"
    )
    return summary.records


def one_round(folder: Path, workload: str) -> dict[str, Any]:
    """Replay the files once in a fresh process on a core of its own, and watch its memory from outside."""
    with on_cores({measured_core()}):
        child = subprocess.Popen(  # noqa: S603  our own program on a folder that we made
            [sys.executable, "-m", "benchmarks.file_replay_round", str(folder), workload], stdout=subprocess.PIPE
        )
    looks: list[tuple[float, float]] = []
    while child.poll() is None:
        held = resident_mib(child.pid)
        if held:
            looks.append((time.monotonic(), held))
        time.sleep(LOOK_EVERY_S)
    out, _ = child.communicate()
    if child.returncode:
        raise RuntimeError(f"the replay ended with {child.returncode}")
    found: dict[str, Any] = json.loads(out)
    began, ended = found.pop("began"), found.pop("ended")
    for percent in (25, 50, 75, 100):
        until = began + (ended - began) * percent / 100
        found[f"memory_{percent}_mib"] = round([held for at, held in looks if at <= until or at == looks[0][0]][-1], 1)
    return found


def measure(folder: Path, events: int, rounds: int, workload: str = CANONICAL) -> dict[str, Any]:
    """Generate once, replay ``rounds`` times and return the medians."""
    records = generate(folder, events, workload)
    results = [one_round(folder, workload) for _ in range(rounds)]
    medians = {name: median([result[name] for result in results]) for name in results[0]}
    return {"records": records, "rounds": rounds, **medians}

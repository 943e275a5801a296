"""How long a worker takes from its start to ``/readyz`` on empty topics."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.machine import cpu_seconds, measured_core, median, on_cores, resident_mib, waited_seconds
from tests.integration.truth_run import PARTITIONS, TruthRun
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_S: Final = 60.0
LOOK_EVERY_S: Final = 0.02


def measure(folder: Path, servers: str, rounds: int) -> dict[str, Any]:
    """Start ``rounds`` workers one after the other, each in a group of its own, on one core."""
    results = [_one_round(folder, servers, f"startup-{time.time_ns():x}") for _ in range(rounds)]
    return {
        "rounds": rounds,
        **{f"{name}_median": median([result[name] for result in results]) for name in results[0]},
        "ready_s_worst": max(result["ready_s"] for result in results),
    }


def _one_round(folder: Path, servers: str, name: str) -> dict[str, float]:
    run = TruthRun(servers, folder, name, log_level="info").again(f"{name}-out")
    began = time.monotonic()
    with on_cores({measured_core()}):
        worker = WorkerProcess(run.folder, run.document, name)
    try:
        until(lambda: worker.lanes() == PARTITIONS, LIMIT_S, look_every=LOOK_EVERY_S)
        found = {
            "ready_s": round(time.monotonic() - began, 2),
            "waited_for_core_s": round(waited_seconds(worker.process.pid), 2),
            "cpu_s": round(cpu_seconds(worker.process.pid), 2),
            "memory_mib": round(resident_mib(worker.process.pid) or 0.0, 1),
        }
        if worker.stop():
            raise RuntimeError(f"the worker did not stop in order: {worker.log.read_text()[-2_000:]}")
    finally:
        worker.kill()
    return found

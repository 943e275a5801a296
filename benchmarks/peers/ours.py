"""voucherwatch on the topics of the peers, measured as they are."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.machine import cpu_seconds, on_cores, peak_mib
from benchmarks.peers.running import Look, speeds
from streams.simulator.score import score
from tests.integration.truth_run import PARTITIONS, TruthRun
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from benchmarks.peers.topics import Filled

LOOK_EVERY_S: Final = 0.3
"""Between two looks at ``/metrics``, which the measured core has to answer."""
PASSED_S: Final = 120.0
MATCHED: Final = "matched"


def round_of_ours(filled: Filled, name: str, cores: set[int], limit_s: float) -> dict[str, Any]:
    """Let one worker a core read everything; return speeds, memory, counts and how they stand to the whole truth."""
    run = filled.sent.again(name)
    workers: list[WorkerProcess] = []
    try:
        with on_cores(cores):
            workers += [WorkerProcess(run.folder, run.document, f"{name}-{number}") for number in range(len(cores))]
        looks = _watch(workers, filled.records, limit_s)
        peak = sum(peak_mib(worker.process.pid) for worker in workers)
        until(lambda: _passed(workers), limit_s)
        closed = [worker.closed() for worker in workers]
        codes = [worker.stop() for worker in workers]
        if any(codes):
            raise RuntimeError(f"a worker did not stop in order: {workers[0].log.read_text()[-2_000:]}")
    finally:
        for worker in workers:
            worker.kill()
    return {
        **speeds(looks),
        "peak_mib": round(peak),
        "handled": looks[-1].handled,
        "pairs": sum(one.get(MATCHED, 0) + one.get("mismatch", 0) for one in closed),
        **_judged(run, filled),
    }


def _judged(run: TruthRun, filled: Filled) -> dict[str, int]:
    newest = run.read_outputs().newest
    kinds = [record["kind"] for record in newest.values()]
    judged = score(newest.values(), filled.truth)
    return {
        "orphans_terminal": kinds.count("orphan_terminal"),
        "orphans_host": kinds.count("orphan_host"),
        "anomalies": len(kinds),
        "expected": sum(kind.expected for kind in judged.kinds.values()),
        "missed": len(judged.missed),
        "false": len(judged.false),
        "otherwise": len(judged.differing),
    }


def _passed(workers: list[WorkerProcess]) -> bool:
    lags = [lag for worker in workers for _, lag in worker.samples("watermark_lag_seconds")]
    return len(lags) == 2 * PARTITIONS and max(lags) < PASSED_S


def _watch(workers: list[WorkerProcess], records: int, limit_s: float) -> list[Look]:
    looks: list[Look] = []

    def look() -> bool:
        handled = sum(worker.handled() for worker in workers)
        cpu_s = sum(cpu_seconds(worker.process.pid) for worker in workers)
        looks.append(Look(time.monotonic(), cpu_s, handled))
        return handled >= records

    until(look, limit_s, look_every=LOOK_EVERY_S)
    return looks

"""One worker on one core behind a real Apache Kafka: events a second from a log that was full before it came."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks.machine import cpu_seconds, measured_core, median, on_cores, other_cores, resident_mib
from benchmarks.workload import day
from streams.simulator.score import score
from tests.integration.kafka_broker import KafkaBroker
from tests.integration.truth_run import PARTITIONS, TruthRun
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from pathlib import Path

LOOK_EVERY_S: Final = 0.2
"""Between two looks at ``/metrics``, which the measured core has to answer."""
LIMIT_S: Final = 600.0
PASSED_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Look:
    """What one look saw: both clocks in seconds, and the records handled by then."""

    at_s: float
    cpu_s: float
    handled: int


def measure(folder: Path, events: int, rounds: int, servers: str | None) -> dict[str, Any]:
    """Send the events once, let ``rounds`` fresh workers read them, and return the medians.

    Broker and producer keep off the measured core where there is another; ``servers`` is a cluster to use
    instead of one of our own.
    """
    with ExitStack() as stack:
        stack.enter_context(on_cores(other_cores()))
        if servers is None:
            servers = stack.enter_context(KafkaBroker(folder / "broker")).bootstrap_servers
        name = f"bench-{time.time_ns():x}"
        # The day ends with the last of the late, all from one side, which a live lane would take for a stall.
        sent = TruthRun(servers, folder, name, log_level="info", stall_min_events=1_000_000)
        summary, truth = sent.simulate(day(events))
        results = [_one_round(sent, f"{name}-{number}", summary.records, truth) for number in range(rounds)]
    medians = {key: median([result[key] for result in results]) for key in results[0]}
    return {"records": summary.records, "rounds": rounds, **medians}


def _one_round(sent: TruthRun, name: str, records: int, truth: list[dict[str, Any]]) -> dict[str, Any]:
    run = sent.again(name)
    with on_cores({measured_core()}):
        worker = WorkerProcess(run.folder, run.document, name)
    try:
        looks = _watch(worker, records)
        until(lambda: _passed(worker), LIMIT_S)
        inside = sum(value for _, value in worker.samples("fetch_duration_seconds_sum"))
        held = resident_mib(worker.process.pid) or 0.0
        if worker.stop():
            raise RuntimeError(f"the worker did not stop in order: {worker.log.read_text()[-2_000:]}")
    finally:
        worker.kill()
    judged = score(run.read_outputs().newest.values(), truth)
    return {
        **_speed(looks),
        "inside_fetches_s": round(inside, 2),
        "memory_at_end_mib": round(held, 1),
        "expected": sum(kind.expected for kind in judged.kinds.values()),
        "missed": len(judged.missed),
        "false": len(judged.false),
        "otherwise": len(judged.differing),
    }


def _passed(worker: WorkerProcess) -> bool:
    lags = [lag for _, lag in worker.samples("watermark_lag_seconds")]
    return len(lags) == 2 * PARTITIONS and max(lags) < PASSED_S


def _watch(worker: WorkerProcess, records: int) -> list[Look]:
    """Look at a worker until it has handled all records."""
    looks: list[Look] = []

    def look() -> bool:
        handled = worker.handled()
        looks.append(Look(time.monotonic(), cpu_seconds(worker.process.pid), handled))
        return handled >= records

    until(look, LIMIT_S, look_every=LOOK_EVERY_S)
    return looks


def _speed(looks: list[Look]) -> dict[str, float]:
    """Return the speed from the last look that showed nothing to the first that showed everything."""
    first = [look for look in looks if not look.handled][-1]
    last = looks[-1]
    wall, cpu = last.at_s - first.at_s, last.cpu_s - first.cpu_s
    return {
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "events_per_wall_s": round(last.handled / wall),
        "events_per_cpu_s": round(last.handled / cpu),
    }

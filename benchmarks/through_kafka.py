"""One worker on one core behind a real Apache Kafka: events a second from a log that was full before it came."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from benchmarks.file_replay import generate
from benchmarks.machine import cpu_seconds, cpu_seconds_by_thread, measured_core, median, on_cores, resident_mib
from benchmarks.shares import decode_part
from benchmarks.workload import CANONICAL, WORKLOADS
from streams.simulator.score import score
from tests.integration.truth_run import PARTITIONS, TruthRun
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from streams.simulator.feed import SimulationSummary

LOOK_EVERY_S: Final = 0.4
"""Between two looks at ``/metrics``, which the measured core has to answer."""
LIMIT_S: Final = 600.0
PASSED_S: Final = 120.0
TIMED: Final = ("-m", "benchmarks.timed_worker")
DECODED_EVENTS: Final = 200_000
NO_SETTINGS: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Look:
    """What one look saw: both clocks in seconds, and the records handled by then."""

    at_s: float
    cpu_s: float
    handled: int


def measure(folder: Path, events: int, rounds: int, servers: str, workload: str = CANONICAL) -> dict[str, Any]:
    """Send the events once, let ``rounds`` fresh workers read them, and return the medians.

    One more worker, with clocks inside, says where the time goes.
    """
    name = f"bench-{time.time_ns():x}"
    sent, summary, truth = _sent(folder, name, events, servers, workload)
    results = [_one_round(sent, f"{name}-{number}", summary.records, truth) for number in range(rounds)]
    steps = _timed_round(sent, f"{name}-timed", summary.records)
    decode = _decode_part(folder, min(events, DECODED_EVENTS), workload)
    medians = {key: median([result[key] for result in results]) for key in results[0]}
    return {"records": summary.records, "rounds": rounds, **medians, **_shares(steps, decode)}


def measure_ledger(folder: Path, events: int, rounds: int, servers: str) -> dict[str, Any]:
    """Let workers read the same log without a ledger on disk and with one, in turns; returns medians and ratios."""
    kept = [{"ledger_dir": str(folder / f"ledger-{number}")} for number in range(rounds)]
    return _compare(folder, events, servers, [NO_SETTINGS] * rounds, kept)


def measure_diagnosis(folder: Path, events: int, rounds: int, servers: str) -> dict[str, Any]:
    """Do the same without diagnosis and with it."""
    return _compare(folder, events, servers, [{"diagnosis": False}] * rounds, [NO_SETTINGS] * rounds)


def _compare(
    folder: Path, events: int, servers: str, without: Sequence[Mapping[str, Any]], have: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Read one log in turns with two sorts of settings, a pair each round; returns medians and ratios."""
    name = f"bench-{time.time_ns():x}"
    sent, summary, truth = _sent(folder, name, events, servers, CANONICAL)
    ways: dict[str, list[dict[str, Any]]] = {"without": [], "with": []}
    for number, pair in enumerate(zip(without, have, strict=True)):
        settings = dict(zip(ways, pair, strict=True))
        for way in list(ways)[:: -1 if number % 2 else 1]:  # who comes second may find a warmer machine
            ways[way].append(_one_round(sent, f"{name}-{number}-{way}", summary.records, truth, settings[way]))
    named = ("events_per_wall_s", "events_per_cpu_s", "memory_at_end_mib", "missed", "false", "otherwise")
    figures = {f"{key}_{way}": median([one[key] for one in ways[way]]) for key in named for way in ways}
    for clock in ("wall", "cpu"):
        key = f"events_per_{clock}_s"
        shares = [100 * one[key] / other[key] for other, one in zip(*ways.values(), strict=True)]
        figures[f"percent_of_{clock}_speed"] = round(median(shares), 1)
    return {"records": summary.records, "rounds": len(have), **figures}


def _sent(
    folder: Path, name: str, events: int, servers: str, workload: str
) -> tuple[TruthRun, SimulationSummary, list[dict[str, Any]]]:
    """Send a day of a workload; returns the run, what was sent, and the truth about it."""
    load = WORKLOADS[workload]
    # The day ends with the last of the late, all from one side, which a live lane would take for a stall.
    sent = TruthRun(servers, folder, name, log_level="info", stall_min_events=1_000_000, **load.settings)
    return sent, *sent.simulate(load.day(events))


def _one_round(
    sent: TruthRun, name: str, records: int, truth: list[dict[str, Any]], more: Mapping[str, Any] = NO_SETTINGS
) -> dict[str, Any]:
    run = sent.again(name)
    run.document.update(more)
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
        **speed(looks),
        "inside_fetches_s": round(inside, 2),
        "memory_at_end_mib": round(held, 1),
        "expected": sum(kind.expected for kind in judged.kinds.values()),
        "missed": len(judged.missed),
        "false": len(judged.false),
        "otherwise": len(judged.differing),
    }


def _timed_round(sent: TruthRun, name: str, records: int) -> dict[str, float]:
    """Return the processor time of each part of a worker with clocks inside, in seconds."""
    run = sent.again(name)
    with on_cores({measured_core()}):
        worker = WorkerProcess(run.folder, run.document, name, TIMED)
    pid = worker.process.pid
    try:
        until(lambda: worker.get("/healthz")[0], LIMIT_S, look_every=0.05)
        before = cpu_seconds_by_thread(pid)
        until(lambda: worker.handled() >= records and _passed(worker), LIMIT_S, look_every=LOOK_EVERY_S)
        after = cpu_seconds_by_thread(pid)
        if worker.stop():
            raise RuntimeError(f"the worker did not stop in order: {worker.log.read_text()[-2_000:]}")
    finally:
        worker.kill()
    spent = {thread: seconds - before.get(thread, 0.0) for thread, seconds in after.items()}
    noted = json.loads(worker.notes.read_text())
    return {"whole": sum(spent.values()), "main": spent[pid], "lanes": noted["lanes_s"], "emit": noted["emit_s"]}


def _decode_part(folder: Path, events: int, workload: str) -> float:
    """Return which part of the lanes' time is decoding: the same workload from files, where the two can be timed."""
    own = folder / "decode"
    own.mkdir()
    generate(own, events, workload)
    return decode_part(own, workload)


def _shares(steps: dict[str, float], decode: float) -> dict[str, float]:
    """Return percents of a worker's processor time; what is none of the four is the driver, the pages and Faust."""
    parts = {
        "fetch": steps["whole"] - steps["main"],
        "decode": steps["lanes"] * decode,
        "correlate": steps["lanes"] * (1 - decode),
        "emit": steps["emit"],
    }
    parts["other"] = steps["whole"] - sum(parts.values())
    return {f"{name}_percent": round(100 * seconds / steps["whole"], 1) for name, seconds in parts.items()}


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


def speed(looks: list[Look]) -> dict[str, float]:
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

"""How soon a worker on one core speaks, at a steady rate through a real Apache Kafka; all times by the broker's clock.

Inputs and anomaly topic have LogAppendTime, so the log time of what led to an anomaly and the time at which the
anomaly stood in its topic are told by one clock.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.machine import cpu_seconds, measured_core, on_cores, percentile, waited_seconds
from benchmarks.steady_load import SteadyLoad
from benchmarks.workload import WORKLOADS
from streams.simulator.faults import FAULTS
from streams.simulator.score import score
from tests.chaos.account import read_topic
from tests.integration.truth_run import PARTITIONS, TruthRun
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.steady_load import Sent
    from benchmarks.workload import Workload

READY_S: Final = 60.0
DRAIN_S: Final = 60.0
DUE_MARGIN_S: Final = 1.0
WARM_UP_S: Final = 5.0
"""At most a third of the run.  What is judged in it is left out: the worker's first fetches, the broker's first
batches.
"""

Record = dict[str, Any]


def measure(folder: Path, servers: str, events_per_s: float, seconds: float, workload: str) -> dict[str, Any]:
    """Play a workload to a worker and return the percentiles, with what the worker and the load did meanwhile."""
    load = WORKLOADS[workload]
    name = f"latency-{time.time_ns():x}"
    run = TruthRun(servers, folder, name, log_level="info", **load.settings).again(f"{name}-out")
    played = SteadyLoad(load.paced(events_per_s, seconds), run.inputs, PARTITIONS)
    with on_cores({measured_core()}):
        worker = WorkerProcess(run.folder, run.document, name)
    try:
        until(lambda: worker.lanes() == PARTITIONS, READY_S)
        pid = worker.process.pid
        began, cpu, waited = time.monotonic(), cpu_seconds(pid), waited_seconds(pid)
        sent = asyncio.run(played.play(servers))
        wall, cpu, waited = time.monotonic() - began, cpu_seconds(pid) - cpu, waited_seconds(pid) - waited
        until(lambda: worker.handled() >= sent.records, DRAIN_S)
        handled = _handled(worker)
        time.sleep(DUE_MARGIN_S)
        if worker.stop():
            raise RuntimeError(f"the worker did not stop in order: {worker.log.read_text()[-2_000:]}")
    finally:
        worker.kill()
    said = [
        (int(record.timestamp), json.loads(record.value))
        for _, record in read_topic(servers, run.settings.topic_anomalies, PARTITIONS)
    ]
    return {
        **sent.figures(),
        "cpu_percent": round(100 * cpu / wall),
        "waited_for_core_percent": round(100 * waited / wall, 1),
        **handled,
        **delays(said, sent.began_ms + round(1_000 * min(WARM_UP_S, seconds / 3))),
        **_answer(said, sent, load),
    }


def delays(said: list[tuple[int, Record]], from_ms: int) -> dict[str, Any]:
    """Return how long after their cause anomalies stood in their topic, in milliseconds.

    ``said`` are (record timestamp, anomaly).  What a second leg decides counts from that leg's log time: it is
    judged as a match is, which nobody publishes.  What a deadline decides counts from the deadline.
    """
    by_cause: dict[str, list[int]] = {"pair": [], "deadline": []}
    for published_ms, record in said:
        if record["revision"] == 1 and record["opened_at"] >= from_ms and not record["marks"]:
            legs = [leg["log_time"] for leg in record["legs"].values() if leg]
            by_pair = len(legs) > 1 and record["opened_at"] == max(legs)
            by_cause["pair" if by_pair else "deadline"].append(published_ms - record["opened_at"])
    found: dict[str, Any] = {}
    for cause, values in by_cause.items():
        found[f"judged_by_{cause}"] = len(values)
        for percent in (50, 99):
            found[f"{cause}_p{percent}_ms"] = percentile(values, percent) if values else None
    return found


def _handled(worker: WorkerProcess) -> dict[str, float]:
    """Return between which bounds of its histogram the times from log to lane lie, of all records."""
    buckets = worker.samples("event_latency_seconds_bucket")
    counts = {float(labels.split('"')[1]): count for labels, count in buckets}
    whole = max(counts.values())
    return {
        f"handled_p{percent}_at_most_ms": 1_000
        * min(bound for bound, count in counts.items() if count >= whole * percent / 100)
        for percent in (50, 99)
    }


def _answer(said: list[tuple[int, Record]], sent: Sent, load: Workload) -> dict[str, int]:
    """Return how right it was; a fault whose final state lies after the end of the run is not yet due."""
    newest: dict[str, Record] = {}
    for _, record in said:
        if record["revision"] >= newest.get(record["id"], record)["revision"]:
            newest[record["id"]] = record
    judged = score(newest.values(), sent.truth)

    def due(line: Mapping[str, Any]) -> bool:
        settled_ms = FAULTS[line["fault"]].span(load.windows).settled_ms
        return line["kind"] is not None and line["at"] + settled_ms < sent.seconds * 1_000

    return {
        "due": sum(map(due, sent.truth)),
        "missed": sum(map(due, judged.missed)),
        "false": len(judged.false),
    }

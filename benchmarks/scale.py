"""``make bench-scale``: the same log read by one, two and four workers of one group.

It says how many cores there are.  Where workers share cores, only the processor time that an event costs can be
compared: it should not rise with the number of workers, since lanes share nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.cluster import brokers
from benchmarks.machine import cpu_seconds, on_cores
from benchmarks.through_kafka import LIMIT_S, LOOK_EVERY_S, PASSED_S, Look, speed
from benchmarks.workload import CANONICAL, WORKLOADS
from streams.simulator.score import score
from tests.integration.truth_run import TruthRun
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EVENTS: Final = 500_000
SMOKE_EVENTS: Final = 20_000
PARTITIONS: Final = 8
WORKERS: Final = (1, 2, 4)
JOINED_BY_MS: Final = "8000"
"""How long our own broker waits for members before it gives them their first shares, so that lanes move only once."""


class Scale:
    """One log on a running broker, read by groups of different sizes."""

    def __init__(self, servers: str, folder: Path, events: int, workload: str) -> None:
        """Send the events; ``servers`` are the brokers."""
        load = WORKLOADS[workload]
        name = f"scale-{time.time_ns():x}"
        settings = {"log_level": "info", "stall_min_events": 1_000_000, **load.settings}
        self._sent = TruthRun(servers, folder, name, partitions=PARTITIONS, **settings)
        summary, self._truth = self._sent.simulate(load.day(events))
        self.records = summary.records

    def measure(self, size: int) -> dict[str, Any]:
        """Let a group of ``size`` workers read everything and return its figures."""
        run = self._sent.again(f"{self._sent.document['group_id']}-{size}")
        workers = [self._start(run, number) for number in range(size)]
        try:
            looks = list(self._watch(workers))
            until(lambda: _passed(workers), LIMIT_S)
            lanes = [worker.lanes() for worker in workers]
            rebalances = sum(count for worker in workers for _, count in worker.samples("rebalances_total"))
            codes = [worker.stop() for worker in workers]
            if any(codes):
                raise RuntimeError("a worker did not stop in order")
        finally:
            for worker in workers:
                worker.kill()
        judged = score(run.read_outputs().newest.values(), self._truth)
        return {
            "workers": size,
            "lanes_each": lanes,
            "rebalances_each": rebalances / size,
            **speed(looks),
            "missed": len(judged.missed),
            "false": len(judged.false),
            "otherwise": len(judged.differing),
        }

    @staticmethod
    def _start(run: TruthRun, number: int) -> WorkerProcess:
        """Start a worker on a core of its own as far as there are; the last core first, the broker may use all."""
        cores = sorted(os.sched_getaffinity(0), reverse=True)
        with on_cores({cores[number % len(cores)]}):
            return WorkerProcess(run.folder, run.document, f"{run.document['group_id']}-{number}")

    def _watch(self, workers: Sequence[WorkerProcess]) -> Iterator[Look]:
        """Look at the workers until they have handled everything together."""
        deadline = time.monotonic() + LIMIT_S
        handled = 0
        while handled < self.records:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{handled} of {self.records} records were handled within {LIMIT_S:g} s")
            time.sleep(LOOK_EVERY_S)
            handled = sum(worker.handled() for worker in workers)
            yield Look(time.monotonic(), sum(cpu_seconds(worker.process.pid) for worker in workers), handled)


def _passed(workers: Sequence[WorkerProcess]) -> bool:
    """Tell whether every worker has its share, and all lanes have judged up to the present."""
    if min(worker.lanes() for worker in workers) < 0:
        return False
    lags = [lag for worker in workers for _, lag in worker.samples("watermark_lag_seconds")]
    return len(lags) == 2 * PARTITIONS and max(lags) < PASSED_S


def main() -> int:
    """Measure every size of group, print, clean up."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--workers", type=int, nargs="+", default=WORKERS, help="sizes of the group")
    parser.add_argument("--workload", choices=WORKLOADS, default=CANONICAL)
    parser.add_argument("--bootstrap-servers", help="a cluster to use instead of a broker of our own")
    parser.add_argument("--smoke", action="store_true", help="few events: does it run at all?")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    wanted = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="voucherwatch-bench-")))
        waits = {"group.initial.rebalance.delay.ms": JOINED_BY_MS}
        servers = brokers(stack, folder, wanted.bootstrap_servers, waits)
        scale = Scale(servers, folder, SMOKE_EVENTS if wanted.smoke else wanted.events, wanted.workload)
        runs = [scale.measure(size) for size in wanted.workers]
    found = {"cores": len(os.sched_getaffinity(0)), "partitions": PARTITIONS, "records": scale.records, "runs": runs}
    sys.stdout.write((json.dumps(found) if wanted.json else _table(found)) + "\n")
    return 0


def _table(found: dict[str, Any]) -> str:
    """Return a column for each size of group, and what the cores allow to conclude."""
    runs = found["runs"]
    lines = [f"  {name.replace('_', ' '):20}" + "".join(f"{run[name]!s:>16}" for run in runs) for name in runs[0]]
    cores, most = found["cores"], max(run["workers"] for run in runs)
    lines.append(f"  {found['records']:,} records in {found['partitions']} partitions, {cores} cores for all.")
    if cores <= most:
        lines.append(
            "  The broker and the workers share these cores: compare the events per cpu s, which say what a worker"
            "\n  costs beside others. Events per wall s show no scaling where there is no core to scale to."
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

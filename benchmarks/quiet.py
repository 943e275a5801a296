"""How late an orphan is told where nothing else happens: lanes with one record a minute, at the product's own settings.

No record of its own moves such a lane past a deadline: the worker asks the broker whether there is more, and the
idle rule lets time pass ``idle_lateness`` behind the clock.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.machine import median
from streams.core.partitioner import partition_of
from streams.core.wire import HOST, TERMINAL
from tests.chaos.account import read_topic
from tests.integration.short_windows import event
from tests.integration.truth_run import PARTITIONS, TruthRun
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PERIOD_S: Final = 60.0
READY_S: Final = 60.0
MARGIN_S: Final = 15.0
LOOK_S: Final = 1.0


def measure(folder: Path, servers: str, settings: Mapping[str, Any], period_s: float = PERIOD_S) -> dict[str, Any]:
    """Return how long after its deadline the first orphan of each lane stood in its topic, in seconds.

    Each lane has a lone sale, then one record a ``period_s``, of one side and the other in turn; the lanes
    start one after the other.
    """
    name = f"quiet-{time.time_ns():x}"
    run = TruthRun(servers, folder, name, log_level="info", **settings).again(f"{name}-out")
    policy = run.settings.policy()
    limit_s = policy.idle_lateness_ms / 1_000 + 3
    worker = WorkerProcess(run.folder, run.document, name)
    try:
        until(lambda: worker.lanes() == PARTITIONS, READY_S)
        _speak(run, worker, period_s, policy.pair_window_ms["sale"] / 1_000 + limit_s + MARGIN_S)
        if worker.stop():
            raise RuntimeError(f"the worker did not stop in order: {worker.log.read_text()[-2_000:]}")
    finally:
        worker.kill()
    late_s = list(_first_orphans(servers, run).values())
    return {
        "lanes": len(late_s),
        "idle_lateness_s": policy.idle_lateness_ms / 1_000,
        "orphan_median_s": round(median(late_s), 2),
        "orphan_worst_s": round(max(late_s), 2),
        "allowed_s": limit_s,
    }


def _speak(run: TruthRun, worker: WorkerProcess, period_s: float, limit_s: float) -> None:
    """Send each lane its records when they are due, until every lane has told its first orphan."""
    terminals = _terminals()
    began = time.monotonic()
    due = [(number * period_s / PARTITIONS / 4, number) for number in range(PARTITIONS)]
    spoken = 0
    while _opened(worker) < PARTITIONS:
        now = time.monotonic() - began
        if now > limit_s + period_s:
            raise TimeoutError(f"{PARTITIONS} orphans were not told within {now:.0f} s")
        for place, (at_s, number) in enumerate(due):
            if now >= at_s:
                source = TERMINAL if at_s < period_s else (TERMINAL, HOST)[int(at_s / period_s) % 2]
                spoken += 1
                value = event(terminals[number], spoken, f"quiet-{spoken}")
                run.send([(source, 0, terminals[number].encode(), json.dumps(value).encode())])
                due[place] = (at_s + period_s, number)
        time.sleep(LOOK_S / 10 if period_s < PERIOD_S else LOOK_S)


def _opened(worker: WorkerProcess) -> int:
    """Return how many orphans the worker has told."""
    return sum(int(count) for labels, count in worker.samples("anomalies_opened_total") if 'kind="orphan' in labels)


def _terminals() -> list[str]:
    """Return a terminal for every lane."""
    found: dict[int, str] = {}
    for number in range(100):
        found.setdefault(partition_of(f"Q{number}".encode(), PARTITIONS), f"Q{number}")
    return [found[lane] for lane in range(PARTITIONS)]


def _first_orphans(servers: str, run: TruthRun) -> dict[int, float]:
    """Return for every lane how late its first orphan was, in seconds after the deadline."""
    late: dict[int, float] = {}
    for lane, record in read_topic(servers, run.settings.topic_anomalies, PARTITIONS):
        anomaly = json.loads(record.value)
        if anomaly["kind"].startswith("orphan"):
            late.setdefault(lane, (int(record.timestamp) - anomaly["opened_at"]) / 1_000)
    return late

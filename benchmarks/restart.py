"""``make bench-restart``: a worker with a million vouchers pending is killed; how long is the next one in coming?

Ends with 1 when the new worker lost a voucher or made an orphan of one that was answered in time.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from benchmarks.cluster import brokers
from benchmarks.machine import cpu_seconds, measured_core, on_cores, other_cores, peak_mib
from benchmarks.pending_load import late_answers, load, refunds_beside, send
from streams.core.cut import Cut
from streams.edges.topics import create_topics
from streams.settings import load_settings
from tests.chaos.account import read_topic
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from streams.settings import Settings

EVENTS: Final = 1_000_000
SMOKE_EVENTS: Final = 10_000
PARTITIONS: Final = 4
LATE_ANSWERS: Final = 1_000
REFUND_WINDOW_S: Final = 45
SMOKE_WINDOW_S: Final = 12
PAIR_WINDOW: Final = "6h"
SESSION_S: Final = 60
LOOK_EVERY_S: Final = 0.2
SHORTEST_S: Final = 0.01
"""A processor's clock tick: what took less cannot be told from nothing."""
LIMIT_S: Final = 900.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look saw of a worker: seconds since its start, processor time used, records read."""

    at_s: float
    cpu_s: float
    read: int


class Restart:
    """One measurement with topics and a group of its own on a running broker."""

    def __init__(self, servers: str, folder: Path, sales: int, *, named: bool, window_s: int) -> None:
        """Create the topics; ``named`` gives the worker a ``group_instance_id``, refunds have ``window_s``."""
        self.servers, self.folder, self.sales, self.window_s = servers, folder, sales, window_s
        name = f"restart-{sales}-{time.time_ns():x}"
        self.document: dict[str, Any] = {
            "bootstrap_servers": servers,
            "group_id": name,
            "topics": {role: f"{name}-{role}" for role in ("terminal", "host", "anomalies", "deadletter", "control")},
            "pair_window": {"default": PAIR_WINDOW, "refund": f"{window_s}s"},
            "stall_after": f"{window_s - 1}s",
            "idle_lateness": "5s",
            # The late answers come from one side alone, which a live lane would take for a stall of the other.
            "stall_min_events": 1_000_000,
            "session_timeout": f"{SESSION_S}s",
            **({"group_instance_id": "bench"} if named else {}),
        }
        path = folder / f"{name}.json"
        path.write_text(json.dumps(self.document))  # JSON is YAML
        self.settings: Settings = load_settings(path, (), {})
        create_topics(self.settings, PARTITIONS, 1)
        self.records = sales + 2 * refunds_beside(sales)

    def measure(self) -> dict[str, Any]:
        """Fill, read, kill, start anew, look, and return the figures."""
        topics = (self.settings.topic_terminal, self.settings.topic_host)
        send(self.servers, topics, load(self.sales))
        filled_s = time.time()
        first = self._worker("first")
        try:
            until(lambda: self._committed() >= self.records and first.pending() == self.sales, LIMIT_S, look_every=1)
            peak = peak_mib(first.process.pid)
        finally:
            first.kill()
        committed = self._committed()
        began = time.monotonic()
        second = self._worker("second")
        try:
            ready, done = self._watch(second, began, committed)
            until(lambda: _passed(second, filled_s + self.window_s), LIMIT_S)
            kept = second.pending()
            figures = self._figures(ready, done, peak, peak_mib(second.process.pid))
            answers = min(LATE_ANSWERS, self.sales)
            send(self.servers, topics, late_answers(answers))
            until(lambda: second.pending() <= self.sales - answers, 60)
            if second.stop():
                raise RuntimeError(f"the worker did not stop in order: {second.log.read_text()[-2_000:]}")
        finally:
            second.kill()
        return {**figures, "pending_kept": kept, "late_answers_paired": answers, **self._anomalies()}

    def _worker(self, name: str) -> WorkerProcess:
        with on_cores({measured_core()}):
            return WorkerProcess(self.folder, self.document, f"{name}-{self.sales}")

    def _committed(self) -> int:
        """Return how many records the notes beside the commits call handled."""
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        group = self.settings.group_id
        try:
            found = admin.list_group_offsets({group: None})[group]
        except KafkaError:
            return 0  # the group's own topic is made with the first group
        finally:
            admin.close()
        cuts = {place.partition: Cut.parse_metadata(entry.metadata) for place, entry in found.items()}
        return sum(sum(cut.processed) for cut in cuts.values() if cut is not None)

    def _watch(self, worker: WorkerProcess, began: float, committed: int) -> tuple[Seen, Seen]:
        """Return what was seen of the worker when it was ready and when it had read all that was committed."""
        until(lambda: _ready(worker), LIMIT_S, look_every=0.05)
        ready_s = time.monotonic() - began
        looks = [Seen(ready_s, cpu_seconds(worker.process.pid), 0)]

        def look() -> bool:
            read = sum(int(value) for _, value in worker.samples("fetch_events_sum"))
            looks.append(Seen(time.monotonic() - began, cpu_seconds(worker.process.pid), read))
            return read >= committed

        until(look, LIMIT_S, look_every=LOOK_EVERY_S)
        return looks[0], looks[-1]

    def _figures(self, ready: Seen, done: Seen, before: float, peak: float) -> dict[str, Any]:
        return {
            "pending": self.sales,
            "max_pending": self.settings.max_pending,
            "ready_s": round(ready.at_s, 1),
            "caught_up_s": round(done.at_s, 1),
            "events_replayed": done.read,
            "events_per_wall_s": round(done.read / max(done.at_s - ready.at_s, SHORTEST_S)),
            "events_per_cpu_s": round(done.read / max(done.cpu_s - ready.cpu_s, SHORTEST_S)),
            "peak_mib": round(peak),
            "peak_before_mib": round(before),
        }

    def _anomalies(self) -> dict[str, int]:
        """Return how many orphans there are, and how many anomalies in all; every one is false."""
        found = read_topic(self.servers, self.settings.topic_anomalies, PARTITIONS)
        kinds = {record.key: json.loads(record.value)["kind"] for _, record in found}
        return {
            "false_orphans": sum(kind.startswith("orphan") for kind in kinds.values()),
            "false_anomalies": len(kinds),
        }


def _ready(worker: WorkerProcess) -> bool:
    if worker.process.poll() is not None:
        raise RuntimeError(f"the worker ended before it was ready: {worker.log.read_text()[-2_000:]}")
    return worker.lanes() == PARTITIONS


def _passed(worker: WorkerProcess, until_s: float) -> bool:
    """Tell whether judging has passed a time (epoch seconds) in every lane."""
    lags = [lag for _, lag in worker.samples("watermark_lag_seconds")]
    return len(lags) == 2 * PARTITIONS and time.time() - max(lags) > until_s


def main() -> int:
    """Measure with all events and with half of them, print both, clean up."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.restart", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="vouchers pending when the worker is killed")
    parser.add_argument("--bootstrap-servers", help="a cluster to use instead of a broker of our own")
    parser.add_argument("--unnamed", action="store_true", help="without group_instance_id, as the worker is by default")
    parser.add_argument("--smoke", action="store_true", help="few events: does it run at all?")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    wanted = parser.parse_args()
    events = SMOKE_EVENTS if wanted.smoke else wanted.events
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="voucherwatch-bench-")))
        stack.enter_context(on_cores(other_cores()))
        # A worker that is killed cannot remove its own temporary folder.
        os.environ["TMPDIR"] = str(folder)
        servers = brokers(stack, folder, wanted.bootstrap_servers)
        window_s = SMOKE_WINDOW_S if wanted.smoke else REFUND_WINDOW_S
        runs = [
            Restart(servers, folder, count, named=not wanted.unnamed, window_s=window_s).measure()
            for count in (events // 2, events)
        ]
    sys.stdout.write(json.dumps(runs) + "\n" if wanted.json else _table(runs))
    return 0 if all(run["pending_kept"] == run["pending"] and not run["false_anomalies"] for run in runs) else 1


def _table(runs: list[dict[str, Any]]) -> str:
    return "".join(
        f"  {name.replace('_', ' '):20}" + "".join(f"{run[name]:>14,}" for run in runs) + "\n" for name in runs[0]
    )


if __name__ == "__main__":
    sys.exit(main())

"""What an event costs a worker behind a real Apache Kafka, with few vouchers pending and with many.

The log is full before the worker comes: first the sales that nobody answers, then sales each with the answer to the
oldest one that is left, so that as many stay pending.  Only the second part counts.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.machine import cpu_seconds, measured_core, median, on_cores, resident_mib
from benchmarks.pending_load import filled, send
from streams.edges.topics import create_topics
from streams.settings import load_settings
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PARTITIONS: Final = 4
ROLES: Final = ("terminal", "host", "anomalies", "deadletter", "control")
PAIR_WINDOW: Final = {"default": "24h", "reversal": "24h", "refund": "24h"}
"""Nothing falls due meanwhile."""
STALL_AFTER: Final = "23h"
"""The host says nothing while the terminals fill the log, which is no stall here."""
LOOK_EVERY_S: Final = 0.4
LIMIT_S: Final = 900.0
MICROSECONDS: Final = 1e6

Figures = dict[str, Any]


class Log:
    """Topics with so many unanswered sales and, behind them, as many more events as are measured."""

    def __init__(self, servers: str, folder: Path, pending: int, events: int) -> None:
        """Create the topics and fill them."""
        self.pending, self.records = pending, pending + events
        self._ahead = events // 5
        self._folder = folder
        self._name = f"growth-{pending}-{time.time_ns():x}"
        self._document: dict[str, Any] = {
            "bootstrap_servers": servers,
            "topics": {role: f"{self._name}-{role}" for role in ROLES},
            "pair_window": PAIR_WINDOW,
            "stall_after": STALL_AFTER,
            "idle_lateness": "5s",  # how long the last records wait
            "stall_min_events": 1_000_000,
        }
        path = folder / f"{self._name}.json"
        path.write_text(json.dumps({**self._document, "group_id": self._name}))  # JSON is YAML
        settings = load_settings(path, (), {})
        create_topics(settings, PARTITIONS, 1)
        send(servers, (settings.topic_terminal, settings.topic_host), filled(pending, events))

    def read(self, number: int) -> Figures:
        """Let a fresh worker read all of it; returns what an event of the second part cost and what was pending."""
        name = f"{self._name}-{number}"
        with on_cores({measured_core()}):
            worker = WorkerProcess(self._folder, {**self._document, "group_id": name}, name)
        try:
            looks: list[tuple[float, int]] = []

            def look() -> bool:
                # In this order what is counted as handled has been paid for.
                handled = worker.handled()
                looks.append((cpu_seconds(worker.process.pid), handled))
                return handled >= self.records

            until(look, LIMIT_S, look_every=LOOK_EVERY_S)
            until(lambda: worker.pending() == self.pending, LIMIT_S)
            held = resident_mib(worker.process.pid) or 0.0
            opened = sum(value for _, value in worker.samples("anomalies_opened_total"))
            if worker.stop():
                raise RuntimeError(f"the worker did not stop in order: {worker.log.read_text()[-2_000:]}")
        finally:
            worker.kill()
        # A part of the host's records is read ahead, while the log is still filling the lanes.
        began = next((look for look in looks[:-1] if look[1] >= self.pending + self._ahead), looks[-2])
        cost = (looks[-1][0] - began[0]) / max(looks[-1][1] - began[1], 1)
        return {"cost": cost * MICROSECONDS, "measured": looks[-1][1] - began[1], "mib": held, "anomalies": opened}


def measure(folder: Path, servers: str, sizes: Sequence[int], events: int, rounds: int) -> Figures:
    """Read the logs of the smallest and the largest size in turns; returns medians, and the ratio of their pairs."""
    logs = [Log(servers, folder, size, events) for size in (min(sizes), max(sizes))]
    found: list[list[Figures]] = [[], []]
    for number in range(rounds):
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            found[which].append(logs[which].read(number))
    figures: Figures = {"rounds": rounds, "anomalies": max(one["anomalies"] for both in found for one in both)}
    for log, ones in zip(logs, found, strict=True):
        figures[f"events_measured_at_{log.pending}"] = median([one["measured"] for one in ones])
        figures[f"microseconds_per_event_at_{log.pending}"] = round(median([one["cost"] for one in ones]), 2)
        figures[f"memory_mib_at_{log.pending}"] = round(median([one["mib"] for one in ones]))
    ratios = [large["cost"] / small["cost"] for small, large in zip(*found, strict=True)]
    return {**figures, f"cost_ratio_at_{logs[1].pending}": round(median(ratios), 2)}

"""A worker on a real Kafka with simulated faults, watched by a real Prometheus, and what the dashboards ask it."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dashboards.source.listing import Listed, listed, read_all
from streams.cli.simulate import simulated_windows
from streams.settings import load_settings
from streams.simulator.params import SimulationParams
from streams.simulator.run import simulate_to_kafka
from tests.contracts.repository import ROOT
from tests.integration.short_windows import WINDOWS, Topics
from tests.integration.worker_process import WorkerProcess, until
from tests.operations.prometheus_server import PrometheusServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

JOB: Final = "voucherwatch"
READY_SECONDS: Final = 60.0
SCRAPES_SECONDS: Final = 3.0
"""After the last record: what it led to is on the page, and was scraped."""
LINKS: Final = ("north", "south")
RULES: Final = sorted((ROOT / "config" / "prometheus").rglob("rules/**/*.yml"))


class FourPartitions(Topics):
    """Topics of a run."""

    partitions = 4


@dataclass(frozen=True, slots=True)
class Watched:
    """A run that has ended, its Prometheus still answering; times are epoch seconds."""

    prometheus: PrometheusServer
    worker: WorkerProcess
    start_s: float
    end_s: float

    def answers(self, rate_interval: str = "10s", step_s: float = 1.0) -> Iterator[tuple[Listed, list[Any]]]:
        """Yield every query of every dashboard with its answer: series, or the values of a variable."""
        shown = f"{math.ceil(self.end_s - self.start_s)}s"
        for dashboard in read_all().values():
            for one in listed(dashboard, rate_interval=rate_interval, shown=shown):
                yield one, self._answer(one, step_s)

    def _answer(self, one: Listed, step_s: float) -> list[Any]:
        if one.label:
            return list(self.prometheus.label_values(one.label, one.expr, self.start_s, self.end_s))
        if one.instant:
            return self.prometheus.now(one.expr, self.end_s)
        return self.prometheus.over_time(one.expr, self.start_s, self.end_s, step_s)


@contextmanager
def watched_run(
    servers: str, folder: Path, params: SimulationParams, more: Mapping[str, object], name: str = ""
) -> Iterator[Watched]:
    """Send a paced simulation past a worker that Prometheus scrapes, and yield when all of it was judged and scraped.

    ``params`` gives size, length and scenario; the windows are those of the worker, which has windows of
    seconds and, over them, the settings ``more``.  ``name`` begins those of the topics, which must not be there yet.
    """
    topics = FourPartitions(servers, name or f"watched-{time.time_ns():x}", {**WINDOWS, **more})
    worker = WorkerProcess(folder, topics.settings)
    try:
        until(lambda: worker.lanes() == FourPartitions.partitions, READY_SECONDS)
        with PrometheusServer(folder / "prometheus", {JOB: [f"127.0.0.1:{worker.port}"]}, RULES) as prometheus:
            start_s = time.time()
            settings = load_settings(worker.config, (), {})
            sized = SimulationParams(
                terminals=params.terminals,
                rate=params.rate,
                duration_s=params.duration_s,
                seed=params.seed,
                scenario=params.scenario,
                windows=simulated_windows(settings),
            )
            inputs = (settings.topic_terminal, settings.topic_host)
            simulate_to_kafka(sized, servers, *inputs, folder / "truth.jsonl", stop=lambda: False)
            time.sleep(SCRAPES_SECONDS)
            yield Watched(prometheus, worker, start_s, time.time())
    finally:
        worker.kill()


def finite(series: Mapping[str, Any]) -> list[float]:
    """Return the values of a series that are numbers: a quantile of nothing is none."""
    samples = series["values"] if "values" in series else [series["value"]]
    return [value for value in (float(sample[1]) for sample in samples) if math.isfinite(value)]

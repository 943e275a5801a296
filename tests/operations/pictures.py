"""Draws the pictures of docs/dashboards.md: ``python -m tests.operations.pictures [SECONDS]``.

Starts a Kafka, a worker, a simulated fleet and a Prometheus, lets them run, asks every query of every
dashboard and draws the answers.  It is no picture of Grafana, and says so.
"""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from dashboards.source.listing import listed, read_all
from streams.simulator.params import SimulationParams
from tests.contracts.repository import ROOT
from tests.integration.kafka_broker import KafkaBroker
from tests.operations.drawing import Answered, picture
from tests.operations.watched_run import Watched, watched_run

SECONDS: Final = 240.0
SETTINGS: Final[dict[str, object]] = {
    "links": {name: {} for name in ("acq-north", "acq-south", "scheme-a", "scheme-b")}
}
FOLDER: Final = ROOT / "docs" / "images"


def draw(run: Watched, seconds: float, folder: Path) -> list[Path]:
    """Write one picture for each dashboard and return their paths."""
    found = {(one.dashboard, one.place): answer for one, answer in run.answers(step_s=max(1.0, seconds / 90))}
    footnote = (
        f"Drawn from the answers of a real Prometheus to this dashboard's own queries, {seconds:.0f} s of simulated"
        " traffic at windows of seconds; not a screenshot of Grafana.  由查询结果绘制，并非 Grafana 截图。"
    )
    written = []
    for name, dashboard in read_all().items():
        answers: dict[int, list[Answered]] = {}
        for one in listed(dashboard, rate_interval="10s", shown="1m"):
            if one.panel is not None:
                answers.setdefault(one.panel, []).append(Answered(one.legend, found[one.dashboard, one.place]))
        path = folder / f"dashboard-{name}.svg"
        path.write_text(picture(dashboard, answers, footnote), encoding="utf-8")
        written.append(path)
    return written


def main(arguments: list[str]) -> int:
    """Run, draw, and name what was written."""
    seconds = float(arguments[0]) if arguments else SECONDS
    params = SimulationParams(terminals=200, rate=120.0, duration_s=seconds, seed=11, scenario="steady")
    with (
        tempfile.TemporaryDirectory() as folder,
        KafkaBroker(Path(folder) / "kafka") as broker,
        watched_run(broker.bootstrap_servers, Path(folder), params, SETTINGS, "demo") as run,
    ):
        for path in draw(run, seconds, FOLDER):
            sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

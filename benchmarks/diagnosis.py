"""What diagnosis costs: ``python -m benchmarks.diagnosis``, the same day with it and without it, in turns.

Both ways are replayed in fresh processes on one core, one right after the other, so that what else the machine does
meets both; the clock is that of the processor.  A round is a pair, and what counts is the median over the pairs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.file_replay import generate
from benchmarks.machine import measured_core, median, on_cores
from benchmarks.workload import CANONICAL, WORKLOADS

DAYS: Final = {CANONICAL: 1_000_000, "anomalies-20": 100_000}
"""Workload -> events: an ordinary day, and a burst of anomalies."""
SMOKE_EVENTS: Final = 5_000
ROUNDS: Final = 7
MICROSECONDS: Final = 1e6

Figures = dict[str, Any]


def one(folder: Path, workload: str, way: str) -> Figures:
    """Replay the files of a folder once in a fresh process; ``way`` is ``on`` or ``off``."""
    with on_cores({measured_core()}):
        done = subprocess.run(  # noqa: S603  our own program on a folder that we made
            [sys.executable, "-m", "benchmarks.diagnosis_round", str(folder), workload, way],
            stdout=subprocess.PIPE,
            check=True,
        )
    figures: Figures = json.loads(done.stdout)
    return figures


def measure(folder: Path, workload: str, rounds: int) -> Figures:
    """Return what diagnosis adds to the replay of a folder, over some rounds."""
    pairs: list[tuple[Figures, Figures]] = []
    for number in range(rounds):
        # Whoever comes second finds a warmer machine: they take turns.
        order = ("on", "off") if number % 2 else ("off", "on")
        found = {way: one(folder, workload, way) for way in order}
        pairs.append((found["on"], found["off"]))
    on = pairs[0][0]
    more = median([with_["cpu_s"] - without["cpu_s"] for with_, without in pairs])
    least = min(with_["cpu_s"] for with_, _ in pairs), min(without["cpu_s"] for _, without in pairs)
    return {
        "rounds": rounds,
        "events": on["events"],
        "anomalies": on["anomalies"],
        "off_us_an_event": round(median([w["cpu_s"] for _, w in pairs]) / on["events"] * MICROSECONDS, 3),
        "more_us_an_event": round(more / on["events"] * MICROSECONDS, 3),
        "more_us_an_anomaly": round(more / on["anomalies"] * MICROSECONDS, 1),
        "ratio": round(median([with_["cpu_s"] / without["cpu_s"] for with_, without in pairs]), 3),
        "ratio_of_least": round(least[0] / least[1], 3),
        "more_us_an_anomaly_of_least": round((least[0] - least[1]) / on["anomalies"] * MICROSECONDS, 1),
        "more_peak_mib": round(median([with_["peak_mib"] - without["peak_mib"] for with_, without in pairs]), 1),
        "open_cases": on["open_cases"],
        "bytes_a_case": round(on["bytes_a_case"]),
    }


def main() -> None:
    """Generate each day once, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.diagnosis", description="What diagnosis costs.")
    parser.add_argument("--workload", choices=sorted(WORKLOADS), help="one workload instead of the two")
    parser.add_argument("--events", type=int, help="events of each day")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"pairs of replays, by default {ROUNDS}")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--smoke", action="store_true", help="does it run at all?")
    wanted = parser.parse_args()
    days = DAYS if wanted.workload is None else {wanted.workload: DAYS.get(wanted.workload, SMOKE_EVENTS * 20)}
    report: dict[str, Figures] = {}
    for workload, events in days.items():
        with tempfile.TemporaryDirectory(prefix="voucherwatch-bench-") as folder:
            generate(Path(folder), SMOKE_EVENTS if wanted.smoke else wanted.events or events, workload)
            report[workload] = measure(Path(folder), workload, 1 if wanted.smoke else wanted.rounds)
    if wanted.json:
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
        return
    for workload, figures in report.items():
        sys.stdout.write(f"{workload}\n")
        sys.stdout.writelines(f"  {name.replace('_', ' '):<28} {figure:>12,}\n" for name, figure in figures.items())


if __name__ == "__main__":
    main()

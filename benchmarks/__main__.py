"""``make bench`` or ``python -m benchmarks``: one canonical run, without arguments."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import file_replay, growth, growth_kafka, latency, quiet, shares, startup, through_kafka
from benchmarks.machine import on_cores, other_cores
from benchmarks.workload import CANONICAL, WORKLOADS
from tests.integration.kafka_broker import KafkaBroker
from tests.integration.kafka_jars import KafkaNotAvailableError, kafka_jars
from tests.integration.short_windows import WINDOWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REPLAY_EVENTS: Final = 1_000_000
KAFKA_EVENTS: Final = 1_000_000
ROUNDS: Final = 3
LATENCY_EVENTS_PER_S: Final = 20_000
LATENCY_SECONDS: Final = 130.0
SMOKE_EVENTS: Final = 20_000
SMOKE_WORKLOAD: Final = "anomalies-20"
"""In seconds an ordinary day has hardly an anomaly."""
SMOKE_EVENTS_PER_S: Final = 1_000
SMOKE_SECONDS: Final = 2.0
SMOKE_SIZES: Final = (1_000, 10_000)
SMOKE_PERIOD_S: Final = 2.0
SMOKE_QUIET: Final[Mapping[str, Any]] = {
    **WINDOWS,
    "pair_window": {"default": "1500ms", "reversal": "1500ms", "refund": "1500ms"},
    "stall_after": "1s",
}
"""Windows of seconds; the product's own take minutes."""

Figures = dict[str, Any]


class Bench:
    """One run of the measurements: what was asked for, a folder, and a broker once one is needed."""

    def __init__(self, wanted: argparse.Namespace, stack: ExitStack) -> None:
        """Take what was asked for; whatever is opened is closed with ``stack``."""
        self._wanted = wanted
        self._stack = stack
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="voucherwatch-bench-")))
        self._servers: str | None = wanted.bootstrap_servers
        self._generated = False

    def replay(self) -> Figures:
        """Replay files: events a second, memory, the answer."""
        wanted = self._wanted
        self._tell(f"replay of {wanted.events:,} events from files, {wanted.rounds} rounds ...")
        self._generated = True
        return file_replay.measure(self._folder, wanted.events, wanted.rounds, wanted.workload)

    def shares(self) -> Figures:
        """Divide the time of a replay into its steps."""
        if not self._generated:
            file_replay.generate(self._folder, self._wanted.events, self._wanted.workload)
        return shares.measure(self._folder, self._wanted.workload)

    def calm(self) -> Figures:
        """Replay a day without a fault for its memory."""
        self._tell("the same without a fault, for its memory ...")
        self._generated = False
        figures = file_replay.measure(self._folder, self._wanted.events, 1, "calm")
        return {key: value for key, value in figures.items() if key == "events" or key.endswith("_mib")}

    def growth(self) -> Figures:
        """Fill a lane with pending vouchers."""
        wanted = self._wanted
        self._tell(f"one lane with {', '.join(f'{size:,}' for size in wanted.pending)} vouchers pending ...")
        return growth.measure(wanted.pending, wanted.growth_events, wanted.rounds)

    def growth_kafka(self) -> Figures:
        """Let workers read logs with few and with many vouchers pending."""
        wanted = self._wanted
        small, large = min(wanted.pending), max(wanted.pending)
        self._tell(f"{wanted.kafka_events:,} events through Apache Kafka with {small:,} and {large:,} pending ...")
        return growth_kafka.measure(self._folder, self._broker(), wanted.pending, wanted.kafka_events, wanted.rounds)

    def startup(self) -> Figures:
        """Start workers on empty topics."""
        self._tell("starts on empty topics ...")
        return startup.measure(self._folder, self._broker(), self._wanted.rounds)

    def kafka(self) -> Figures:
        """Let workers read a full log."""
        wanted = self._wanted
        self._tell(f"{wanted.kafka_events:,} events through Apache Kafka, {wanted.rounds} rounds ...")
        return through_kafka.measure(self._folder, wanted.kafka_events, wanted.rounds, self._broker(), wanted.workload)

    def ledger(self) -> Figures:
        """Let workers read a full log with the ledger of originals on disk and without it."""
        wanted = self._wanted
        self._tell(f"{wanted.kafka_events:,} events, the ledger in memory and on disk, {wanted.rounds} rounds each ...")
        return through_kafka.measure_ledger(self._folder, wanted.kafka_events, wanted.rounds, self._broker())

    def diagnosis(self) -> Figures:
        """Let workers read a full log with diagnosis and without it."""
        wanted = self._wanted
        self._tell(f"{wanted.kafka_events:,} events, without diagnosis and with it, {wanted.rounds} rounds each ...")
        return through_kafka.measure_diagnosis(self._folder, wanted.kafka_events, wanted.rounds, self._broker())

    def latency(self) -> Figures:
        """Play a workload at the speed of the clock."""
        wanted = self._wanted
        self._tell(f"{wanted.rate:,} events a second for {wanted.seconds:g} s ...")
        return latency.measure(self._folder, self._broker(), wanted.rate, wanted.seconds, wanted.workload)

    def quiet(self) -> Figures:
        """Let lanes have one record a minute."""
        self._tell("lanes with one record a minute ...")
        settings: Mapping[str, Any] = SMOKE_QUIET if self._wanted.smoke else {}
        return quiet.measure(
            self._folder, self._broker(), settings, SMOKE_PERIOD_S if self._wanted.smoke else quiet.PERIOD_S
        )

    def _broker(self) -> str:
        """Return the address of the brokers; one of our own is started for the first part that needs it."""
        if self._servers is None:
            kafka_jars()
            self._servers = self._stack.enter_context(KafkaBroker(self._folder / "broker")).bootstrap_servers
        return self._servers

    def _tell(self, line: str) -> None:
        if not self._wanted.json:
            print(line, file=sys.stderr)


PARTS: Final[Mapping[str, Callable[[Bench], Figures]]] = {
    "replay": Bench.replay,
    "shares": Bench.shares,
    "calm": Bench.calm,
    "growth": Bench.growth,
    "growth-kafka": Bench.growth_kafka,
    "startup": Bench.startup,
    "kafka": Bench.kafka,
    "ledger": Bench.ledger,
    "diagnosis": Bench.diagnosis,
    "latency": Bench.latency,
    "quiet": Bench.quiet,
}
"""Name -> what it measures, in the order in which the parts are measured."""
OF_A_WORKLOAD: Final = ("replay", "shares", "kafka")
"""What is measured when a workload is named and no part."""


def main() -> None:
    """Measure all parts or some, print a line for each figure, clean up."""
    wanted = _arguments()
    found: dict[str, Figures] = {}
    with ExitStack() as stack:
        # Broker and load keep off the measured core where there is another.
        stack.enter_context(on_cores(other_cores()))
        bench = Bench(wanted, stack)
        for name, part in PARTS.items():
            if name in wanted.only:
                try:
                    found[name] = part(bench)
                except KafkaNotAvailableError as error:
                    found[name] = {"not_run": str(error)}
    print(json.dumps(found) if wanted.json else _table(found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--workload", choices=WORKLOADS, help="another than the canonical one")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="parts to measure")
    parser.add_argument("--events", type=int, default=REPLAY_EVENTS, help="events of the replay from files")
    parser.add_argument("--kafka-events", type=int, default=KAFKA_EVENTS, help="events through Kafka")
    parser.add_argument("--rate", type=int, default=LATENCY_EVENTS_PER_S, help="events a second of the latency part")
    parser.add_argument("--seconds", type=float, default=LATENCY_SECONDS, help="length of the latency part")
    parser.add_argument("--pending", type=int, nargs="+", default=growth.SIZES, help="sizes of the growth part")
    parser.add_argument("--growth-events", type=int, default=growth.EVENTS, help="events fed at each of these sizes")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of which the medians are printed")
    parser.add_argument("--bootstrap-servers", help="a cluster to use instead of a broker of our own")
    parser.add_argument("--smoke", action="store_true", help="one round of few events: does it run at all?")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    wanted = parser.parse_args()
    if wanted.only is None:
        wanted.only = tuple(PARTS) if wanted.workload is None else OF_A_WORKLOAD
    wanted.workload = wanted.workload or (SMOKE_WORKLOAD if wanted.smoke else CANONICAL)
    if wanted.smoke:
        wanted.events = wanted.kafka_events = wanted.growth_events = SMOKE_EVENTS
        wanted.rate, wanted.seconds = SMOKE_EVENTS_PER_S, SMOKE_SECONDS
        wanted.pending, wanted.rounds = SMOKE_SIZES, 1
    return wanted


def _table(found: dict[str, Figures]) -> str:
    """Return a line for each figure; medians are of all rounds."""
    lines = []
    for part, figures in found.items():
        lines.append(part)
        for name, value in figures.items():
            shown = f"{value:,}" if isinstance(value, int | float) else "none" if value is None else value
            lines.append(f"  {name.replace('_', ' '):34} {shown:>14}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

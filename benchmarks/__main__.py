"""``make bench`` or ``python -m benchmarks``: one canonical run, without arguments."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks import file_replay, shares, through_kafka
from tests.integration.kafka_jars import KafkaNotAvailableError, kafka_jars

REPLAY_EVENTS: Final = 1_000_000
KAFKA_EVENTS: Final = 500_000
ROUNDS: Final = 3
SMOKE_EVENTS: Final = 20_000
PARTS: Final = ("replay", "shares", "calm", "kafka")


def main() -> None:
    """Measure all parts or some, print a line for each figure, clean up."""
    wanted = _arguments()
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="voucherwatch-bench-") as name:
        folder = Path(name)
        if "replay" in wanted.only:
            _tell(wanted, f"replay of {wanted.events:,} events from files, {wanted.rounds} rounds ...")
            found["replay"] = file_replay.measure(folder, wanted.events, wanted.rounds)
        if "shares" in wanted.only:
            if "replay" not in wanted.only:
                file_replay.generate(folder, wanted.events, "steady")
            found["shares"] = shares.measure(folder)
        if "calm" in wanted.only:
            _tell(wanted, "the same without a fault, for its memory ...")
            figures = file_replay.measure(folder, wanted.events, 1, "calm")
            found["calm"] = {key: value for key, value in figures.items() if key == "events" or key.endswith("_mib")}
        if "kafka" in wanted.only:
            _tell(wanted, f"{wanted.kafka_events:,} events through Apache Kafka, {wanted.rounds} rounds ...")
            found["kafka"] = _kafka(folder, wanted)
    print(json.dumps(found) if wanted.json else _table(found))


def _kafka(folder: Path, wanted: argparse.Namespace) -> dict[str, Any]:
    try:
        if wanted.bootstrap_servers is None:
            kafka_jars()
    except KafkaNotAvailableError as error:
        return {"not_run": str(error)}
    own = folder / f"kafka-{time.time_ns():x}"
    own.mkdir()
    return through_kafka.measure(own, wanted.kafka_events, wanted.rounds, wanted.bootstrap_servers)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--events", type=int, default=REPLAY_EVENTS, help="events of the replay from files")
    parser.add_argument("--kafka-events", type=int, default=KAFKA_EVENTS, help="events through Kafka")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of which the medians are printed")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure")
    parser.add_argument("--bootstrap-servers", help="a cluster to use instead of a broker of our own")
    parser.add_argument("--smoke", action="store_true", help="one round of few events: does it run at all?")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    wanted = parser.parse_args()
    if wanted.smoke:
        wanted.events = wanted.kafka_events = SMOKE_EVENTS
        wanted.rounds = 1
    return wanted


def _tell(wanted: argparse.Namespace, line: str) -> None:
    if not wanted.json:
        print(line, file=sys.stderr)


def _table(found: dict[str, dict[str, Any]]) -> str:
    """Return a line for each figure; medians are of all rounds."""
    lines = []
    for part, figures in found.items():
        lines.append(part)
        for name, value in figures.items():
            lines.append(
                f"  {name.replace('_', ' '):24} {value:>14,}" if isinstance(value, int | float) else f"  {value}"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()

"""What the ledger on disk costs: a live lane fed without it, and with it; disk for each voucher; a day projected.

    python -m benchmarks.ledger --events 1000000

Each way has a process of its own on one core, RocksDB's threads with it.  Without a ledger on disk a lane
keeps its originals in memory, as a worker without ``ledger_dir`` does.  With it a cut is written and synced for
every second of the time that passes.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import file_replay
from benchmarks.machine import measured_core, median, on_cores, other_cores, peak_mib
from benchmarks.shares import chunks
from benchmarks.workload import CANONICAL, WORKLOADS
from streams.core.lane import Lane
from streams.core.wire import SOURCES
from streams.edges.faust_worker import COLLECT_AFTER
from streams.edges.rocks_ledger import Shelf
from streams.replay.files import in_order

if TYPE_CHECKING:
    from streams.core.wire import RawRecord
    from streams.edges.rocks_ledger import RocksLedger

WAYS: Final = ("without", "disk")
COMMIT_SECONDS: Final = 1.0
MIB: Final = 1024 * 1024
DAY_SECONDS: Final = 86_400
PROJECTED_EVENTS_PER_S: Final = 1_000
EVENTS_PER_VOUCHER: Final = 2
KEPT_QUARTERS: Final = 1.25
"""Buckets are a quarter of the horizon: the oldest goes when all of it is over."""


def measure(folder: Path, events: int, rounds: int) -> dict[str, Any]:
    """Feed the same files in every way, in turns, and return the medians and what follows from them."""
    file_replay.generate(folder, events, CANONICAL)
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            found[way].append(_one_round(folder, way))
    without, disk = ({name: median([one[name] for one in found[way]]) for name in found[way][0]} for way in WAYS)
    kept = PROJECTED_EVENTS_PER_S / EVENTS_PER_VOUCHER * DAY_SECONDS * KEPT_QUARTERS
    return {
        "events": round(disk["events"]),
        "facts_written": round(disk["facts"]),
        "events_per_cpu_s_without": round(without["events"] / without["cpu_s"]),
        "events_per_cpu_s_with": round(disk["events"] / disk["cpu_s"]),
        "percent_of_cpu_speed": round(100 * without["cpu_s"] / disk["cpu_s"], 1),
        "percent_of_wall_speed": round(100 * without["wall_s"] / disk["wall_s"], 1),
        "write_microseconds_per_fact": round(disk["write_s"] / disk["facts"] * 1e6, 2),
        "longest_commit_ms": round(disk["longest_commit_ms"], 1),
        "disk_bytes_per_voucher": round(disk["table_bytes"] / disk["facts"]),
        "log_mib_beside": round(disk["log_bytes"] / MIB),
        "peak_mib_without": round(without["peak_mib"]),
        "peak_mib_with": round(disk["peak_mib"]),
        "look_up_microseconds_hit": round(disk["hit_us"], 1),
        "look_up_microseconds_miss": round(disk["miss_us"], 1),
        "projected_gib_24h_at_1000_per_s": round(kept * disk["table_bytes"] / disk["facts"] / 1024**3, 2),
    }


def _one_round(folder: Path, way: str) -> dict[str, float]:
    with on_cores({measured_core()}):
        command = [sys.executable, "-m", "benchmarks.ledger", "--round", way, str(folder)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603  our own program
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def one_round(folder: Path, way: str) -> dict[str, float]:
    """Feed one lane in one way and return what it took."""
    policy = WORKLOADS[CANONICAL].policy()
    lines = [list(chain.from_iterable(in_order([folder / f"{name}.jsonl"], name))) for name in SOURCES]
    fetches = chunks(lines)
    events = sum(map(len, lines))
    del lines
    with tempfile.TemporaryDirectory(dir=folder) as place:
        ids = (("terminal-events", "1"), ("host-events", "2"))
        ledger = Shelf(Path(place), "bench", lambda: ids, policy.originals_horizon_ms, 256 * MIB).ledger(0, 1)
        ledger.claim()
        lane = Lane(0, policy, check_keys=False, ledger=ledger if way == "disk" else None)
        figures = _fed(lane, fetches, ledger)
        ledger.flush()
        asked = [json.loads(r[3] or b"") for _, chunk in fetches[:40] for r in chunk if _plain(r[3])]
        hit_us, miss_us = _look_ups(ledger, asked)
        return {
            **figures,
            "events": events,
            "facts": ledger.written_facts,
            "write_s": ledger.written_seconds,
            "table_bytes": _bytes_of(Path(place), ".sst"),
            "log_bytes": _bytes_of(Path(place), ".log"),
            "hit_us": hit_us,
            "miss_us": miss_us,
        }


def _fed(lane: Lane, fetches: list[tuple[int, list[RawRecord]]], ledger: RocksLedger) -> dict[str, float]:
    """Feed a lane and commit as a worker does; an idle ledger is written and synced in vain."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    syncs = []
    began, cpu = time.monotonic(), time.process_time()
    committed = began
    for number, (source, records) in enumerate(fetches, 1):
        lane.feed(source, records)
        if number == len(fetches) or time.monotonic() - committed >= COMMIT_SECONDS:
            committed = time.monotonic()
            cut = lane.cut()
            ledger.seal(cut)
            ledger.write(cut)
            ledger.sync()
            syncs.append(time.monotonic() - committed)
    return {
        "wall_s": time.monotonic() - began,
        "cpu_s": time.process_time() - cpu,
        "peak_mib": peak_mib(),
        "longest_commit_ms": max(syncs) * 1e3,
    }


def _plain(value: bytes | None) -> bool:
    if value is None or not value.startswith(b"{") or not value.endswith(b"}"):  # some are broken off on purpose
        return False
    return value.isascii() and b'"voucher_number":"' in value


def _look_ups(ledger: RocksLedger, events: list[dict[str, Any]]) -> tuple[float, float]:
    """Return microseconds of a look-up that finds something and of one that does not."""
    spent = []
    for suffix in ("", "999"):
        asked = [(event["terminal_id"], event["voucher_number"].lstrip("0") + suffix) for event in events]
        began = time.perf_counter()
        for terminal, number in asked:
            ledger.of_number(terminal, number)
        spent.append((time.perf_counter() - began) / max(1, len(asked)) * 1e6)
    return spent[0], spent[1]


def _bytes_of(folder: Path, ending: str) -> int:
    return sum(path.stat().st_size for path in folder.rglob(f"*{ending}"))


def main() -> None:
    """Measure and print a line for each figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="events of both sources")
    parser.add_argument("--rounds", type=int, default=3, help="of which the medians are printed")
    parser.add_argument("--smoke", action="store_true", help="one round of few events: does it run at all?")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--round", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.round:
        print(json.dumps(one_round(Path(wanted.round[1]), wanted.round[0])))
        return
    events, rounds = (200_000, 1) if wanted.smoke else (wanted.events, wanted.rounds)
    with tempfile.TemporaryDirectory(prefix="voucherwatch-bench-") as folder, on_cores(other_cores()):
        figures = measure(Path(folder), events, rounds)
    if wanted.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"  {name.replace('_', ' '):36} {value:>12,}" for name, value in figures.items()))


if __name__ == "__main__":
    main()

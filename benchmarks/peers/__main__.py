"""``make bench-peers`` or ``python -m benchmarks.peers``: the same topics on one broker, a peer after the other."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from benchmarks.cluster import brokers
from benchmarks.machine import measured_core, on_cores, other_cores
from benchmarks.peers.environments import PeerNotAvailableError
from benchmarks.peers.field import NAMES, ON_REQUEST, OURS, PEERS, Peer
from benchmarks.peers.ours import round_of_ours
from benchmarks.peers.pairing import WINDOW_MS
from benchmarks.peers.progress import Task
from benchmarks.peers.running import QUIET_S, PeerFailedError, PeerProcess, Run
from benchmarks.peers.table import medians, table, with_ratios
from benchmarks.peers.topics import Filled, fill
from tests.integration.truth_run import PARTITIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

EVENTS: Final = 500_000
SLOW_EVENTS: Final = 60_000
SMOKE_EVENTS: Final = 20_000
ROUNDS: Final = 3
LIMIT_S: Final = 240.0


class Field:
    """A broker with the topics of both days on it."""

    def __init__(self, servers: str, folder: Path, events: dict[str, int]) -> None:
        """Fill the topics."""
        self.servers, self.folder = servers, folder
        self.name = f"peers-{time.time_ns():x}"
        self.days = {day: fill(servers, folder / day, f"{self.name}-{day}", count) for day, count in events.items()}
        self._runs = 0

    def round(self, name: str, cores: set[int]) -> dict[str, Any]:
        """Measure one contestant once."""
        self._runs += 1
        own = f"{self.name}-{self._runs}"
        if name == OURS:
            return round_of_ours(self.days["long"], own, cores, LIMIT_S)
        peer = next(peer for peer in PEERS if peer.name == name)
        return self._round_of(peer, self.days[peer.day], own, cores)

    def _round_of(self, peer: Peer, filled: Filled, own: str, cores: set[int]) -> dict[str, Any]:
        command = peer.command(len(cores))
        orphans = f"{own}-orphans"
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        admin.create_topics([NewTopic(orphans, PARTITIONS, 1)])
        admin.close()
        processes = 1 if peer.threaded else len(cores)
        with Run() as run:
            for number in range(processes):
                folder = str(self.folder / f"{own}-{number}")
                threads = len(cores) if peer.threaded else 1
                task = Task(self.servers, *filled.sent.inputs, orphans, own, folder, threads, WINDOW_MS)
                run.processes.append(PeerProcess(command, task, peer.environ(len(cores)), cores))
            figures = run.watch(
                int(filled.records * peer.shown),
                LIMIT_S,
                peer.settles_s or QUIET_S,
                settling=peer.settles_s is not None,
            )
        return {**figures, "written": _records_in(self.servers, orphans)}


def _records_in(servers: str, topic: str) -> int:
    """Return how many records a topic has taken: more than there are orphans if some were not, or were withdrawn."""
    consumer = KafkaConsumer(bootstrap_servers=servers)
    try:
        ends = consumer.end_offsets([TopicPartition(topic, number) for number in range(PARTITIONS)])
        return sum(ends.values())
    finally:
        consumer.close()


def main() -> int:
    """Measure all contestants or some, print medians and ratios, clean up."""
    wanted = arguments()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="voucherwatch-bench-")))
        all_cores = other_cores() | {measured_core()}
        stack.enter_context(on_cores(other_cores()))
        servers = brokers(stack, folder, wanted.bootstrap_servers)
        tell(wanted, f"filling the topics with {wanted.events:,} and {wanted.slow_events:,} events ...")
        field = Field(servers, folder, {"long": wanted.events, "short": wanted.slow_events})
        found = {
            cores: _rounds(wanted, field, {1: {measured_core()}, 2: all_cores}[cores], rounds)
            for cores, rounds in ((1, wanted.rounds), (2, wanted.both_rounds))
            if rounds
        }
    counts = {day: asdict(filled.counts) for day, filled in field.days.items()}
    if wanted.json:
        print(json.dumps({"yardstick": counts, "cores": found}))
    else:
        print("\n\n".join(table(cores, figures, counts) for cores, figures in found.items()))
    return 0


def _rounds(wanted: argparse.Namespace, field: Field, cores: set[int], rounds: int) -> dict[str, dict[str, Any]]:
    """Let the contestants take turns; each round begins with another of them."""
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in wanted.only}
    failed: dict[str, str] = {}
    for number in range(rounds):
        for name in turned(wanted.only, number):
            if name in failed:
                continue
            tell(wanted, f"round {number + 1} of {rounds}, {len(cores)} core(s): {name} ...")
            try:
                results[name].append(field.round(name, cores))
            except (PeerNotAvailableError, PeerFailedError) as error:
                failed[name] = str(error)
    figures = {name: medians(of) if of else {"not_run": failed[name]} for name, of in results.items()}
    return with_ratios(figures)


def turned(names: Sequence[str], by: int) -> list[str]:
    """Return the names beginning with another one."""
    by %= len(names)
    return [*names[by:], *names[:by]]


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked for on the command line."""
    usual = [name for name in NAMES if name not in ON_REQUEST]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="events for the fast ones")
    parser.add_argument(
        "--slow-events", type=int, default=SLOW_EVENTS, help="of the same day, for quixstreams and Faust"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="on one core, of which the medians are printed")
    parser.add_argument("--both-rounds", type=int, default=1, help="on both cores, which the broker shares; 0 for none")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=usual, help="contestants to measure")
    parser.add_argument("--bootstrap-servers", help="a cluster to use instead of a broker of our own")
    parser.add_argument("--smoke", action="store_true", help="one round of few events on one core: does it run at all?")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    wanted = parser.parse_args(given)
    if wanted.smoke:
        wanted.events = wanted.slow_events = SMOKE_EVENTS
        wanted.rounds, wanted.both_rounds = 1, 0
    return wanted


def tell(wanted: argparse.Namespace, line: str) -> None:
    """Say what goes on, unless a machine reads."""
    if not wanted.json:
        print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

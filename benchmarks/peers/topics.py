"""The topics that all peers read: the simulator's day once, then a heartbeat far ahead so that every window closes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from benchmarks.peers.pairing import Counts, Yardstick
from benchmarks.workload import CANONICAL, WORKLOADS
from streams.simulator.feed import Simulation
from streams.simulator.sinks import KafkaSink
from tests.integration.truth_run import PARTITIONS, TruthRun

if TYPE_CHECKING:
    from pathlib import Path

HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Filled:
    """Two input topics and what lies in them."""

    sent: TruthRun
    records: int
    """The heartbeats at the end included."""
    truth: list[dict[str, Any]]
    """The simulator's, for what knows all of voucherwatch's rules."""
    counts: Counts
    """What the peers' rule comes to."""


def fill(servers: str, folder: Path, name: str, events: int) -> Filled:
    """Create both inputs and send about so many events in the order of their times.

    A shorter day is the beginning of a longer one, so slow peers read a shorter one.
    """
    folder.mkdir()
    # The day ends with the last of the late, all from one side, which a live lane would take for a stall.
    sent = TruthRun(servers, folder, name, log_level="info", stall_min_events=1_000_000)
    simulation = Simulation(replace(WORKLOADS[CANONICAL].day(events), kafka=True))
    yardstick = Yardstick()
    last_ms = 0
    with KafkaSink(servers, *sent.inputs) as sink:
        for record in simulation.records():
            sink.send(record)
            yardstick.see(record)
            last_ms = record.at_ms
    sent.pass_deadlines(last_ms + HOUR_MS)
    # A line of truth has the form that the simulator writes into its file.
    truth = [line for line in simulation.truth() if "summary" not in line]
    return Filled(sent, yardstick.records + 2 * PARTITIONS, truth, yardstick.finish())

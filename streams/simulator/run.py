"""Whole simulations: to files, or to Kafka at the speed of the wall clock or as fast as it goes."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final

from streams.simulator.feed import Simulation, SimulationSummary
from streams.simulator.sinks import FileSink, KafkaSink, Pace, TruthSink

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.simulator.params import SimulationParams

RECORDS_A_LOOK: Final = 4_096
"""An unpaced run asks whether to stop, and writes its truth, once in so many records."""


def simulate_to_files(
    params: SimulationParams, terminal_path: Path, host_path: Path, truth_path: Path
) -> SimulationSummary:
    """Write both sources as JSON Lines in the order of ``received_at``, and the truth beside them.

    A path that ends in ``.gz`` is packed.  Equal parameters give equal bytes.

    Raises:
        UsageError: The scenario has no such name.
        UnreachableError: A file cannot be written.
    """
    simulation = Simulation(replace(params, kafka=False))
    with FileSink(terminal_path, host_path) as sink, TruthSink(truth_path) as truth:
        for number, record in enumerate(simulation.records()):
            sink.send(record)
            if number % RECORDS_A_LOOK == 0:
                truth.write(simulation.truth())
        return _finish(simulation, truth)


def simulate_to_kafka(
    params: SimulationParams,
    bootstrap_servers: str,
    terminal_topic: str,
    host_topic: str,
    truth_path: Path,
    *,
    stop: Callable[[], bool],
    unpaced: bool = False,
) -> SimulationSummary:
    """Send both sources to their topics, and write the truth beside them.

    Paced, the timeline starts now and runs at the speed of the wall clock.  Unpaced, it starts at
    ``params.start_ms`` and is sent as fast as it goes: the windows then fit only where the topics
    take producers' time stamps.  A paced run starts no fault whose records would come after its end
    (``fit`` may ask for more).  Ends early when ``stop`` says so; faults under way are then cut.

    Raises:
        UsageError: The scenario has no such name.
        UnreachableError: No broker answers, or a record was not taken.
    """
    start_ms = params.start_ms if unpaced else int(time.time() * 1_000)
    fit = "sent" if params.fit == "free" and not unpaced else params.fit
    simulation = Simulation(replace(params, kafka=True, start_ms=start_ms, fit=fit))
    pace = Pace(stop)
    with TruthSink(truth_path) as truth, KafkaSink(bootstrap_servers, terminal_topic, host_topic) as sink:
        for number, record in enumerate(simulation.records()):
            looks = number % RECORDS_A_LOOK == 0
            if looks:
                truth.write(simulation.truth())
            if (looks and stop()) if unpaced else not pace.wait_until(record.at_ms):
                break
            sink.send(record)
        return _finish(simulation, truth)


def _finish(simulation: Simulation, truth: TruthSink) -> SimulationSummary:
    truth.write(simulation.truth())
    summary = simulation.summary()
    truth.write([{"summary": asdict(summary)}])
    return summary

"""The one workload of all measurements: an ordinary day of a network with a million events an hour."""

from __future__ import annotations

from typing import Final

from streams.simulator.params import DEFAULT_START_MS, SimulationParams

EVENTS_PER_S: Final = 1_000_000 / 3_600
"""Of both sources together; fewer events are a shorter day, so that memory can be compared."""
EVEN_HOURS_MS: Final = DEFAULT_START_MS - 6 * 3_600_000
"""From here on, 02:00 in the fleet's main zone, the day's shape is level for two hours; it rises later, and
memory, which follows the rate, would rise with it.
"""
TERMINALS: Final = 4_000
SEED: Final = 7


def day(events: int, scenario: str = "steady") -> SimulationParams:
    """Return the simulation that sends about this many events; in ``steady`` one act in a hundred is a fault."""
    return SimulationParams(
        terminals=TERMINALS,
        rate=EVENTS_PER_S,
        duration_s=events / EVENTS_PER_S,
        seed=SEED,
        scenario=scenario,
        start_ms=EVEN_HOURS_MS,
    )

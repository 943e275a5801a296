"""The workloads of all measurements, as data: the canonical one and its named variants.

Each is a simulated day with its truth, at a rate in log time, and the settings that fit its windows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

from streams.settings import load_settings
from streams.simulator.params import DEFAULT_START_MS, SimulationParams, Windows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.core.policy import Policy

EVENTS_PER_S: Final = 1_000_000 / 3_600
"""Of both sources together; fewer events are a shorter day, so that memory can be compared."""
EVEN_HOURS_MS: Final = DEFAULT_START_MS - 6 * 3_600_000
"""From here on, 02:00 in the fleet's main zone, the day's shape is level for two hours; it rises later, and
memory, which follows the rate, would rise with it.
"""
TERMINALS: Final = 4_000
SEED: Final = 7
HOUR_MS: Final = 3_600_000
CANONICAL: Final = "steady"


@dataclass(frozen=True, slots=True)
class Workload:
    """One way in which a measured day goes."""

    about: str
    scenario: str
    """Name of the simulator's scenario."""
    events_per_s: float = EVENTS_PER_S
    """Rate in log time, both sources together."""
    windows: Windows = field(default_factory=Windows)
    """The windows that the simulator fits its delays into; ``settings`` says the same to the product."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings other than the product's own, as in a configuration file."""

    def day(self, events: int) -> SimulationParams:
        """Return the simulation that sends about this many events."""
        return SimulationParams(
            terminals=TERMINALS,
            rate=self.events_per_s,
            duration_s=events / self.events_per_s,
            seed=SEED,
            scenario=self.scenario,
            start_ms=EVEN_HOURS_MS,
            windows=self.windows,
        )

    def paced(self, events_per_s: float, seconds: float) -> SimulationParams:
        """Return the simulation that sends at this rate for so long, to be played at the speed of the clock."""
        return SimulationParams(
            terminals=TERMINALS,
            rate=events_per_s,
            duration_s=seconds,
            seed=SEED,
            scenario=self.scenario,
            windows=self.windows,
        )

    def policy(self) -> Policy:
        """Return what the lane of a file replay is told."""
        overrides = [f"{key}={yaml.safe_dump(value, default_flow_style=True)}" for key, value in self.settings.items()]
        return load_settings(None, overrides, {}, live=False).policy()


WORKLOADS: Final[Mapping[str, Workload]] = {
    CANONICAL: Workload("an ordinary day: one act in a hundred is a fault of any kind", "steady"),
    "calm": Workload("nothing goes wrong", "calm"),
    "burst": Workload("ten times the traffic for five seconds of every minute", "burst"),
    "late-heavy": Workload("in one act of five a leg comes after its deadline", "late_heavy"),
    "all-missing": Workload("every voucher lacks one side", "all_missing"),
    "anomalies-1": Workload("one voucher in a hundred ends as an anomaly", "anomalies_1"),
    "anomalies-20": Workload("one voucher in five ends as an anomaly", "anomalies_20"),
    "mostly-bad": Workload("four acts in five are records that cannot be decoded", "rejects"),
    "big-events": Workload("an ordinary day in events of about 1.5 kB", "big_events"),
    "long-windows": Workload(
        "windows of an hour, every terminal uploads 3 to 18 minutes late: hundreds of thousands pending",
        "slow_uploads",
        events_per_s=1_000,
        windows=Windows(pair_ms=HOUR_MS, reversal_ms=HOUR_MS, refund_ms=HOUR_MS, reversal_window_ms=3 * HOUR_MS),
        settings={"pair_window": {"default": "1h", "reversal": "1h", "refund": "1h"}, "reversal_window": "3h"},
    ),
}
"""Name -> workload."""

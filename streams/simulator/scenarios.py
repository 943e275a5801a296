"""The named scenarios: how much goes wrong, what, and in which shape the day runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.errors import UsageError
from streams.simulator.causes.kinds import NOISE
from streams.simulator.chain_faults import CHAIN_FAULTS
from streams.simulator.faults import BROKEN, FAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

BIG_EVENT_PADDING: Final = 1_150
"""Characters of an extra field that bring an event of about 350 bytes to about 1.5 kB."""


USUALLY_TARDY: Final = 0.05
"""Share of the terminals' records that are uploaded late on an ordinary day."""

_LATE: Final = {label: fault.weight for label, fault in FAULTS.items() if label.startswith("late_")}
_ENDING_AS_ANOMALY: Final = {
    label: fault.weight for label, fault in FAULTS.items() if any(fault.expects) and label not in BROKEN
}
_PAIRED_OR_LONE: Final = dict.fromkeys(("lost_request", "lost_terminal_record", "wrong_amount", "wrong_rrn"), 1.0)
"""Faults whose every deadline follows the pair window alone, so that a window of hours fits into a day."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way in which a day can go."""

    about: str
    fault_share: float
    """Share of acts that are faults; the rest is normal traffic."""
    weights: Mapping[str, float] = field(
        default_factory=lambda: {label: fault.weight for label, fault in FAULTS.items()}
    )
    padding: int = 0
    """Characters of an extra field in every event."""
    tardy: float = USUALLY_TARDY
    """Share of the terminals' records that are uploaded late, well inside the pair window."""
    bursts: bool = False
    """Ten times the traffic for five seconds of every minute, instead of the day's shape."""
    chain_share: float = 0.0
    """Share of ordinary acts that point at earlier ones: voids of voids and refunds in parts among them."""
    troubled: bool = False
    """Whether the causes of the table have episodes, with what they do besides."""
    stalls: bool = False
    """Whether each source in turn falls silent and then delivers what it held back; live streams only."""


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "steady": Scenario("an ordinary day: one act in a hundred is a fault", 0.01),
    "calm": Scenario("nothing goes wrong: no anomaly may appear", 0.0),
    "faults": Scenario("one act in five is a fault", 0.2),
    "burst": Scenario("ten times the traffic for five seconds of every minute", 0.01, bursts=True),
    "all_missing": Scenario("every voucher lacks one side", 1.0, {"lost_request": 1.0, "lost_terminal_record": 1.0}),
    "late_heavy": Scenario("in one act of five a leg comes after its deadline", 0.2, _LATE),
    "anomalies_1": Scenario("one voucher in a hundred ends as an anomaly", 0.01, _ENDING_AS_ANOMALY),
    "anomalies_20": Scenario("one voucher in five ends as an anomaly", 0.2, _ENDING_AS_ANOMALY),
    "slow_uploads": Scenario("every terminal uploads late, well inside the window", 0.01, _PAIRED_OR_LONE, tardy=1.0),
    "big_events": Scenario("an ordinary day in events of about 1.5 kB", 0.01, padding=BIG_EVENT_PADDING),
    "rejects": Scenario(
        "four acts in five are bad records", 0.8, {label: FAULTS[label].weight for label in FAULTS if label in BROKEN}
    ),
    "chains": Scenario(
        "many voids, refunds and completions; one act in twelve of them is a fault",
        0.08,
        {label: fault.weight for label, fault in CHAIN_FAULTS.items()},
        chain_share=0.35,
    ),
    "everything": Scenario(
        "one act in five is a fault, those of chains among them",
        0.2,
        {label: fault.weight for label, fault in (FAULTS | CHAIN_FAULTS).items()},
        chain_share=0.15,
    ),
    "causes": Scenario(
        "every cause has its troubles, with side effects; few faults besides",
        0.006,
        dict.fromkeys(NOISE, 1.0),
        chain_share=0.12,
        troubled=True,
    ),
    "stall": Scenario("calm traffic in which each source falls silent once", 0.0, stalls=True),
}
"""Name -> scenario."""


def scenario_named(name: str) -> Scenario:
    """Return a scenario by its name.

    Raises:
        UsageError: No scenario has this name; the sentence lists those there are.
    """
    found = SCENARIOS.get(name)
    if found is None:
        raise UsageError(f"There is no scenario {name!r}; there are {', '.join(SCENARIOS)}.")
    return found

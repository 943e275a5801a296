"""The labelled runs: those that the weights are fitted on, and those that they never saw."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from streams.evaluation.trial import Sample, run_trial
from streams.simulator.params import SimulationParams

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.core.policy import Policy

SetName = Literal["fit", "evaluate"]
SCENARIO: Final = "causes"


@dataclass(frozen=True, slots=True)
class Mix:
    """The size of a fleet, its traffic, and which causes trouble it."""

    terminals: int
    rate: float
    """Events a second."""
    duration_s: float
    causes: tuple[str, ...] = ()
    """None means all."""


MIXES: Final[dict[SetName, tuple[Mix, ...]]] = {
    "fit": (
        Mix(150, 60, 2_400),
        Mix(300, 120, 1_500),
        Mix(80, 30, 3_600),
        Mix(
            200,
            80,
            1_800,
            (
                "outdated_terminal",
                "terminal_fault",
                "operator_error",
                "suspected_fraud",
                "card_problem",
                "network_delay",
            ),
        ),
        Mix(150, 60, 1_800, ("feed_gap", "network_delay", "host_fault", "maintenance")),
    ),
    "evaluate": (
        Mix(240, 90, 1_800),
        Mix(110, 40, 3_000),
        Mix(400, 140, 1_200),
        Mix(160, 60, 2_400, ("outdated_terminal", "permission", "batch_state", "terminal_fault", "suspected_fraud")),
        Mix(220, 70, 1_800, ("host_fault", "feed_gap", "merchant_account", "operator_error", "network_delay")),
    ),
}
"""Of each set the mixes that its seeds take in turn; the two sets share none, nor any seed or part of a range."""
FIRST_SEED: Final[dict[SetName, int]] = {"fit": 1, "evaluate": 100_001}
DEFAULT_TRIALS: Final[dict[SetName, int]] = {"fit": 20, "evaluate": 10}


def params_of(name: SetName, number: int) -> SimulationParams:
    """Return the parameters of one trial of a set, counted from 0."""
    mix = MIXES[name][number % len(MIXES[name])]
    return SimulationParams(
        terminals=mix.terminals,
        rate=mix.rate,
        duration_s=mix.duration_s,
        seed=FIRST_SEED[name] + number,
        scenario=SCENARIO,
        causes=mix.causes,
        ranges=name,
    )


def run_set(name: SetName, trials: int, policy: Policy, jobs: int = 1) -> Iterator[list[Sample]]:
    """Yield the samples of each trial of a set in the order of their seeds; ``jobs`` processes share the work."""
    wanted: Sequence[SimulationParams] = [params_of(name, number) for number in range(trials)]
    run = partial(run_trial, policy=policy)
    if jobs <= 1:
        yield from map(run, wanted)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run, wanted)

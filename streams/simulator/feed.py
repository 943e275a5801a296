"""The simulation: acts follow one another in the day's shape, and their records come out in time order."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Final

from streams.simulator import chain_traffic
from streams.simulator.causes.faults import CAUSE_FAULTS
from streams.simulator.causes.troubles import Troubles
from streams.simulator.chain_faults import CHAIN_FAULTS
from streams.simulator.fault import UNKNOWN
from streams.simulator.faults import FAULTS
from streams.simulator.fleet import build_fleet
from streams.simulator.scenarios import scenario_named
from streams.simulator.stage import SLOT_MS, Stage
from streams.simulator.stall import plan_silences
from streams.simulator.traffic import act, heartbeat
from streams.simulator.truth import BadRecord, Claim, Truth, bad_record_truth, claim_truth, stall_truth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.simulator.causes.episode import Episode
    from streams.simulator.fault import Fault
    from streams.simulator.params import SimulationParams
    from streams.simulator.stage import SimRecord

ALL_FAULTS: Final = FAULTS | CHAIN_FAULTS | CAUSE_FAULTS
"""Label -> fault, of all three tables."""
HOURLY: Final = (3, 2, 1, 1, 1, 2, 4, 8, 12, 15, 17, 20, 24, 21, 18, 17, 18, 21, 25, 26, 22, 16, 10, 6)
"""Relative traffic of the hours of a day in the fleet's main zone."""
MAIN_ZONE_MS: Final = 8 * 3_600_000
HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
BURST_MS: Final = 5_000
BURST_FACTOR: Final = 10.0
IDLE_SHARE: Final = 0.05
"""Rate of heartbeats after the last voucher, as a share of the whole rate."""
SAMPLES: Final = 2_880


@dataclass(slots=True)
class SimulationSummary:
    """What a simulation sent and what it must lead to."""

    events: dict[str, int] = field(default_factory=dict)
    """Records that decode, by source, second deliveries included."""
    rejected: dict[str, int] = field(default_factory=dict)
    """Records that must become dead letters, by reason."""
    redelivered: int = 0
    vouchers: int = 0
    """Voucher numbers used, reversals and bad records included."""
    faults: dict[str, int] = field(default_factory=dict)
    """Faults started, by label."""
    expected: dict[str, int] = field(default_factory=dict)
    """Anomalies that must be found, by kind."""
    causes: dict[str, int] = field(default_factory=dict)
    """Anomalies that must be found, by what caused them."""
    records: int = 0
    """Records handed out, bad ones included."""


class Simulation:
    """One simulated timeline; equal parameters give equal records and equal truth.

    Raises:
        UsageError: The scenario has no such name.
    """

    def __init__(self, params: SimulationParams) -> None:
        """Build the fleet; nothing is sent yet."""
        self.params = params
        self.scenario = scenario_named(params.scenario)
        rng = Random(params.seed)
        self._stage = Stage(
            params, build_fleet(rng, params.terminals, by_merchant=params.by_merchant), rng, self.scenario
        )
        self._faults = [
            (label, ALL_FAULTS[label])
            for label in self.scenario.weights
            if params.kafka or not ALL_FAULTS[label].kafka_only
        ]
        self._bounds = list(accumulate(self.scenario.weights[label] for label, _ in self._faults))
        self._truth: list[Truth] = []
        self._started: Counter[str] = Counter()
        self._expected: Counter[str] = Counter()
        self._causes: Counter[str] = Counter()
        self._handed_out = 0
        self._mean = self._mean_shape()
        self._troubles = Troubles(params, self._stage.fleet, self._stage) if self.scenario.troubled else None
        self._silences = plan_silences(params) if self.scenario.stalls and params.kafka else []

    def records(self) -> Iterator[SimRecord]:
        """Yield all records in time order; only those still to come are in memory."""
        timeline = self._timeline()
        if self._troubles is not None:
            self._truth.extend(self._troubles.truth())
        for silence in self._silences:
            self._add_truth(stall_truth(silence.source, silence.from_ms, silence.until_ms))
            self._started["stalled_feed"] += 1
            timeline = silence.hold(timeline)
        for record in timeline:
            self._handed_out += 1
            yield record

    def truth(self) -> list[Truth]:
        """Take the lines of truth of the faults started since the last call, in the order of their start."""
        taken, self._truth = self._truth, []
        return taken

    def summary(self) -> SimulationSummary:
        """Return the counts so far; they are whole once ``records`` has ended."""
        stage = self._stage
        return SimulationSummary(
            events=dict(sorted(stage.events.items())),
            rejected=dict(sorted(stage.rejected.items())),
            redelivered=stage.redelivered,
            vouchers=stage.vouchers,
            faults=dict(sorted(self._started.items())),
            expected=dict(sorted(self._expected.items())),
            causes=dict(sorted(self._causes.items())),
            records=self._handed_out,
        )

    def _timeline(self) -> Iterator[SimRecord]:
        params, stage = self.params, self._stage
        random = stage.random
        clock = float(params.start_ms)
        slot_end = params.start_ms + SLOT_MS
        until = params.until_ms
        while clock < until:
            before = stage.emitted
            self._act(int(clock))
            clock += (stage.emitted - before) * self._gap_ms(clock) * (0.5 + random())
            if clock >= slot_end:
                yield from stage.due(int(clock))
                slot_end = (int(clock) // SLOT_MS + 1) * SLOT_MS
        while clock < params.end_ms:
            stage.begin(int(clock))
            heartbeat(stage)
            clock += self._gap_ms(clock) / IDLE_SHARE * (0.5 + random())
            yield from stage.due(int(clock))
        yield from stage.rest()

    def _act(self, clock: int) -> None:
        """Let one thing happen at a moment: what a trouble brings, a fault, or something ordinary."""
        stage, scenario = self._stage, self.scenario
        if self._troubles is None:
            stage.begin(clock)
        elif self._befalls(self._troubles, clock):
            return
        if stage.random() < scenario.fault_share:
            self._start_fault()
        elif scenario.chain_share and stage.random() < scenario.chain_share:
            chain_traffic.act(stage)
        else:
            act(stage)

    def _befalls(self, troubles: Troubles, clock: int) -> bool:
        """Let happen what is due, then tell whether the next terminal's act was a trouble's."""
        for episode, label in troubles.due(clock):
            self._play(label, ALL_FAULTS[label], episode)
        troubles.take_stage(clock)
        struck = troubles.strike()
        if struck is None:
            return False
        episode, label = struck
        return self._play(label, ALL_FAULTS[label], episode)

    def _start_fault(self) -> None:
        stage = self._stage
        drawn = stage.random() * self._bounds[-1]
        label, fault = self._faults[min(bisect(self._bounds, drawn), len(self._faults) - 1)]
        if not self._play(label, fault, None):
            act(stage)

    def _play(self, label: str, fault: Fault, episode: Episode | None) -> bool:
        """Play a fault and tell the truth about it; return false where it has no room or nothing to act on."""
        if not self._fits(fault):
            return False
        stage = self._stage
        stage.episode = episode
        said = fault.script(stage)
        stage.episode = None
        if not said:
            return False
        self._started[label] += 1
        if episode is None or not episode.silent:
            stage.terminal.reusable_from = stage.terminal.next_number
        self._tell(label, fault, said, episode)
        return True

    def _fits(self, fault: Fault) -> bool:
        span = fault.span(self._stage.windows)
        needed_ms = {"free": 0, "sent": span.sent_ms, "settled": span.settled_ms}[self.params.fit]
        return self._stage.at_ms + needed_ms <= self.params.end_ms

    def _tell(self, label: str, fault: Fault, said: Sequence[Claim | BadRecord], episode: Episode | None) -> None:
        at_ms = self._stage.at_ms
        # What befalls one voucher by itself has no cause that could be seen, where others have.
        cause = episode.cause if episode is not None else UNKNOWN if self._troubles is not None else fault.cause
        mark = {} if episode is None else {"episode": episode.number}
        claims = [entry for entry in said if isinstance(entry, Claim)]
        for number, claim in enumerate(claims):
            expected = fault.expects[number] if fault.expects else None
            self._add_truth(claim_truth(label, cause, expected, claim, at_ms) | mark)
        for entry in said:
            if isinstance(entry, BadRecord):
                self._add_truth(bad_record_truth(label, cause, entry, at_ms) | mark)

    def _add_truth(self, line: Truth) -> None:
        self._truth.append(line)
        if line["kind"] is not None:
            self._expected[line["kind"]] += 1
            self._causes[line["cause"]] += 1

    def _shape(self, at_ms: float) -> float:
        if self.scenario.bursts:
            return BURST_FACTOR if (at_ms - self.params.start_ms) % MINUTE_MS < BURST_MS else 1.0
        local = at_ms + MAIN_ZONE_MS
        hour, rest = divmod(local % (24 * HOUR_MS), HOUR_MS)
        here, there = HOURLY[int(hour)], HOURLY[(int(hour) + 1) % 24]
        return here + (there - here) * rest / HOUR_MS

    def _mean_shape(self) -> float:
        params = self.params
        step = (params.end_ms - params.start_ms) / SAMPLES
        return sum(self._shape(params.start_ms + step * number) for number in range(SAMPLES)) / SAMPLES

    def _gap_ms(self, at_ms: float) -> float:
        """Return the mean distance of two events at this moment of the day, in milliseconds."""
        return 1_000.0 * self._mean / (self.params.rate * self._shape(at_ms))

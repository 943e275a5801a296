"""One trial: a simulated run with known causes through a lane, and what was said of each anomaly."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.core.diagnosis.diagnosis import Diagnosis
from streams.core.diagnosis.model import UNKNOWN
from streams.core.lane import AnomalyChange, Lane, RawRecord
from streams.core.timers import NEVER
from streams.core.wire import HOST, SOURCES, TERMINAL
from streams.simulator.feed import Simulation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from streams.core.policy import Policy
    from streams.simulator.params import SimulationParams

FETCH: Final = 128
"""Records of one call of the lane, as in a replay of files."""


class Key(NamedTuple):
    """By what an anomaly and a line of truth are known to be about the same voucher."""

    kind: str
    terminal: str
    number: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One anomaly whose cause is known, and its last diagnosis."""

    truth: str
    label: str
    """The fault that led to it."""
    kind: str
    pieces: tuple[str, ...]
    """The names of the pieces of evidence that were there."""
    ranked: tuple[tuple[str, float], ...]
    """Causes with their confidences, the likeliest first."""

    @property
    def cause(self) -> str:
        """Return the cause that was said."""
        return self.ranked[0][0]

    @property
    def confidence(self) -> float:
        """Return the confidence with which it was said."""
        return self.ranked[0][1]


def run_trial(params: SimulationParams, policy: Policy) -> list[Sample]:
    """Simulate, judge and diagnose one run in memory; returns a sample for each anomaly that the truth names.

    Equal parameters and policies give equal samples.
    """
    simulation = Simulation(params)
    final: dict[str, AnomalyChange] = {}
    lane = Lane(0, policy, live=False)
    for source, records in _fetches(simulation):
        for change in lane.feed(source, records, NEVER).changes:
            final[change.anomaly_id] = change
    for change in lane.flush().changes:
        final[change.anomaly_id] = change
    lane.close()
    return list(_labelled(final.values(), simulation.truth()))


def _fetches(simulation: Simulation) -> Iterator[tuple[int, list[RawRecord]]]:
    """Yield the records of a run as fetches of one source each, in the order of their last records."""
    buffers: tuple[list[RawRecord], list[RawRecord]] = ([], [])
    offsets = [0, 0]
    for record in simulation.records():
        source = TERMINAL if record.source == SOURCES[TERMINAL] else HOST
        buffers[source].append((offsets[source], record.at_ms, None, record.value))
        offsets[source] += 1
        if len(buffers[source]) >= FETCH:
            yield source, buffers[source][:]
            buffers[source].clear()
    for source in (TERMINAL, HOST):
        yield source, buffers[source]


def _labelled(changes: Iterable[AnomalyChange], truth: Sequence[Mapping[str, Any]]) -> Iterator[Sample]:
    """Yield a sample for each anomaly that shares kind, voucher and an event with a line of truth."""
    lines: defaultdict[Key, list[Mapping[str, Any]]] = defaultdict(list)
    for line in truth:
        if line["kind"] is not None and line["event_ids"]:
            lines[_key(line["kind"], line)].append(line)
    for change in changes:
        record = change.record
        diagnosis = record["diagnosis"]
        voucher = record["voucher"]
        if not isinstance(diagnosis, Diagnosis) or not isinstance(voucher, dict):
            continue
        events = _event_ids(record)
        for line in lines[_key(change.kind, voucher)]:
            if events.intersection(line["event_ids"]):
                cause = line["cause"] or UNKNOWN
                yield Sample(cause, line["fault"], change.kind, tuple(diagnosis.names), tuple(diagnosis.ranked))
                break


def _key(kind: str, voucher: Mapping[str, Any]) -> Key:
    return Key(
        kind, str(voucher["terminal_id"] or "").strip(), str(voucher["voucher_number"] or "").strip().lstrip("0")
    )


def _event_ids(record: Mapping[str, Any]) -> set[str]:
    legs = record["legs"]
    return {leg["event_id"] for leg in legs.values() if leg is not None}

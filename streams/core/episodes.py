"""Anomalies without a voucher: a source that has fallen silent, a lane that holds others' terminals.

A stalled source is judged for the whole worker, since one dead feed is one alert; the worker lets
its lowest stalled lane speak for all.  A partitioning fault is a lane's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.anomaly import Anomaly, episode_id
from streams.core.journal import open_episode
from streams.core.timers import HORIZON
from streams.core.wire import SOURCES

if TYPE_CHECKING:
    from streams.core.state import LaneState

STALLED: Final = "source_stalled"
SPLIT: Final = "partitioning_fault"


class Episodes:
    """The episodes of one lane that are going on."""

    def __init__(self, state: LaneState) -> None:
        self._state = state
        self._stalls: dict[int, Anomaly] = {}

    def take_up(self) -> None:
        """Go on with the stalls that an earlier owner of this lane has opened."""
        for anomaly in self._state.journal.open.values():
            if anomaly.kind == STALLED:
                self._stalls[SOURCES.index(str(anomaly.record["source"]))] = anomaly
            elif anomaly.kind == SPLIT and self._state.blind is not None:
                # The terminals that showed it are not all read again.
                self._state.blind.split = True

    def speaks_for(self, source: int) -> bool:
        """Tell whether this lane has said that a source is stalled."""
        return source in self._stalls

    def stalled(self, source: int) -> None:
        """Open ``source_stalled`` for a source, unless it stands already."""
        state = self._state
        blind = state.blind
        if blind is None or source in self._stalls:
            return
        since = blind.silent_since(source)
        at = since + state.policy.stall_after_ms
        seconds = state.policy.stall_after_ms // 1000
        sentence = (
            f"no {SOURCES[source]} event for {seconds} s of log time while the other source went on; "
            "verdicts on its missing legs are held"
        )
        self._stalls[source] = self._open(STALLED, source, since, at, sentence)

    def recovered(self, source: int) -> None:
        """Resolve ``source_stalled`` of a source that speaks again."""
        anomaly = self._stalls.pop(source, None)
        if anomaly is not None:
            self._state.journal.resolve(anomaly, "recovered", self._state.now)

    def report_splits(self) -> None:
        """Open one ``partitioning_fault`` for each source whose terminals were found in the wrong lane."""
        blind = self._state.blind
        if blind is None or not blind.new_faults:
            return
        for source, good_ms, at in blind.new_faults:
            sentence = (
                f"more than 1 % of the terminals of {SOURCES[source]}-events in this lane belong to another"
                " by murmur2; its producer uses another partitioner, so vouchers cannot meet and orphans are not judged"
            )
            self._open(SPLIT, source, good_ms, at, sentence)
        blind.new_faults.clear()

    def _open(self, kind: str, source: int, since: int, at: int, sentence: str) -> Anomaly:
        state = self._state
        number = state.journal.lane
        anomaly_id = episode_id(kind, number, source, since)
        standing = state.journal.open.get(anomaly_id)
        if standing is not None:
            return standing
        anomaly = open_episode(number, anomaly_id, kind, source, at, sentence)
        if state.diagnoser is not None:
            state.diagnoser.of_episode(anomaly)
            state.journal.count_cause(anomaly, at, anomaly.cause)
        state.journal.enter(anomaly, at, held=False)
        state.timers.set(at + state.policy.resolve_horizon_ms, HORIZON, source, 0, anomaly)
        return anomaly

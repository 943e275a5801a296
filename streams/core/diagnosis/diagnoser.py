"""The face of diagnosis in a lane: told of what opens, ends and comes late, it says why."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from streams.core.diagnosis.case import Case, Legs
from streams.core.diagnosis.crowds import Crowds
from streams.core.diagnosis.diagnosis import Diagnosis
from streams.core.diagnosis.evidence import Evidence
from streams.core.diagnosis.neighbours import Life, life_around
from streams.core.diagnosis.of_legs import kind_piece, legs_say
from streams.core.diagnosis.of_life import FEW, life_says
from streams.core.diagnosis.of_others import Spans, others_say
from streams.core.diagnosis.pulse import Pulse
from streams.core.diagnosis.telling import teller_of
from streams.core.timers import LOOK_AGAIN, NEVER
from streams.core.wire import TERMINAL

if TYPE_CHECKING:
    from streams.core.anomaly import Anomaly, Finding
    from streams.core.diagnosis.model import Model
    from streams.core.event import Event
    from streams.core.state import LaneState
    from streams.core.timers import Timers
    from streams.core.voucher import Voucher


MOST_EARLY: Final = 4_096
LIFE_MS: Final = 60_000
"""How long after an unanswered voucher its neighbours are noted: nearly all reversals have come by then."""
SECOND_MS: Final = 1_000
SURE: Final = 0.6
"""A diagnosis of this confidence is not looked at again, unless its anomaly ends with a leg that comes late."""


class Looks:
    """The anomalies that are to be looked at again when a second of log time ends: one timer for all of it."""

    def __init__(self) -> None:
        self._second = -1
        self._anomalies: list[Anomaly] = []
        """What is due at the end of the latest second that was asked for."""

    def add(self, timers: Timers, at: int, anomaly: Anomaly) -> None:
        """Let an anomaly be due at the end of the second of a log time."""
        second = at // SECOND_MS + 1
        if self._second != second:
            self._second, self._anomalies = second, []
            timers.set(second * SECOND_MS, LOOK_AGAIN, 0, 0, self._anomalies)
        self._anomalies.append(anomaly)


class Diagnoser:
    """Diagnoses the anomalies of one lane; all times are epoch milliseconds of log time."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.pulse = Pulse()
        self.early: dict[tuple[str, str], Life] = {}
        """Terminal and number of an unanswered voucher -> the terminal's life when it happened."""
        self._again_ms: int = model.look_again_ms
        self._spans = Spans(model.short_ms, model.long_ms)
        self._crowds = Crowds(model.short_ms, model.long_ms)
        self._looks = Looks()
        self._unanswered: deque[Event] = deque(maxlen=MOST_EARLY)
        """Vouchers without an answer whose neighbours have still to be noted."""
        self._due_ms = NEVER
        """When the first of these is due, or earlier."""
        self._teller = teller_of(model)

    def opened(self, state: LaneState, voucher: Voucher, finding: Finding, anomaly: Anomaly, at: int) -> None:
        """Diagnose an anomaly that has just been opened, and write it into its record."""
        self._note_lives(state, at)
        legs = Legs(finding, voucher.kind, voucher.run.key)
        self._crowds.expire(at)
        shared = legs.shared()
        if legs.terminal is None:
            shared = self.pulse.completed(shared, legs.terminal_id)
        entry = self._crowds.add(at, legs.kind, shared)
        life = life_around(state, legs.terminal_id, legs.number, at)
        if life.found < FEW:
            life = self.early.get(voucher.run.key, life)
        said = Evidence([], None)
        legs_say(legs, voucher, said)
        case = Case(legs, said, entry, life)
        anomaly.case = case
        anomaly.record["diagnosis"] = diagnosis = self._diagnosis(case, at, state, anomaly.record)
        if self._again_ms and diagnosis.confidence < SURE:
            self._looks.add(state.timers, at + self._again_ms, anomaly)

    def hear(self, state: LaneState, event: Event) -> None:
        """Take note of one event that is not packed, at its place in the merged order."""
        self.pulse.hear(event, listened=state.memory.usual is not None)
        if event.number and event.outcome != "unknown":
            return
        # Such events are never packed: the lives are noted at the same time whatever else is.
        self._note_lives(state, event.log_time)
        if event.number and event.source == TERMINAL:
            # It may wait for its reversal for longer than its neighbours are remembered.
            self._unanswered.append(event)
            self._due_ms = min(self._due_ms, event.log_time + LIFE_MS)

    def _note_lives(self, state: LaneState, at: int) -> None:
        """Note the life around vouchers that have had no answer for a while, unless they are settled by now."""
        if at < self._due_ms:
            return
        waiting, early = self._unanswered, self.early
        self._due_ms = NEVER
        while waiting:
            event = waiting[0]
            if event.log_time + LIFE_MS > at:
                self._due_ms = event.log_time + LIFE_MS
                break
            waiting.popleft()
            voucher = event.voucher
            if voucher is None or voucher.closed:
                continue
            early[event.terminal, event.number] = life_around(state, event.terminal, event.number, at)
            if len(early) > MOST_EARLY:
                del early[next(iter(early))]

    def of_episode(self, anomaly: Anomaly) -> None:
        """Diagnose an anomaly of a feed, which speaks for itself."""
        found = Evidence([], None)
        found.add(kind_piece(anomaly.kind))
        anomaly.record["diagnosis"] = Diagnosis(self._teller, found, anomaly.record)

    def came_late(self, anomaly: Anomaly, leg: Event) -> None:
        """Take note of the leg whose coming is about to resolve an anomaly."""
        if anomaly.case is not None:
            anomaly.case.came_late(leg)
            self.pulse.lates[leg.source].add(leg.log_time)

    def ended(self, state: LaneState, anomaly: Anomaly, at: int, record: dict[str, Any]) -> None:
        """Diagnose an anomaly once more as it ends, where that may change it; ``record`` is the one that says so."""
        case, before = anomaly.case, record["diagnosis"]
        if case is None:
            return
        anomaly.case = None
        if case.late_source >= 0 or not isinstance(before, Diagnosis) or before.confidence < SURE:
            record["diagnosis"] = self._diagnosis(case, at, state, record)

    def looked_again(self, state: LaneState, anomaly: Anomaly, at: int) -> dict[str, Any] | None:
        """Return the record of an open anomaly with another cause, ``None`` where the others have changed nothing."""
        case, before = anomaly.case, anomaly.record["diagnosis"]
        if case is None or not isinstance(before, Diagnosis):
            return None
        found = self._found(case, at, state, anomaly.record)
        if self._teller.posteriors.of(found.names).cause == before.cause:
            return None
        return anomaly.record | {"diagnosis": Diagnosis(self._teller, found, anomaly.record)}

    def diagnosed_now(self, state: LaneState, anomaly: Anomaly, at: int) -> dict[str, Any]:
        """Return the record of an open anomaly as it is diagnosed now that the calendar says otherwise of it."""
        case = anomaly.case
        if case is None:
            return anomaly.record
        return anomaly.record | {"diagnosis": self._diagnosis(case, at, state, anomaly.record)}

    def _diagnosis(self, case: Case, at: int, state: LaneState, record: dict[str, Any]) -> Diagnosis:
        return Diagnosis(self._teller, self._found(case, at, state, record), record)

    def _found(self, case: Case, at: int, state: LaneState, record: dict[str, Any]) -> Evidence:
        """Return all evidence of a case at a log time; ``record`` is the anomaly's, with the legs that opened it."""
        self._crowds.expire(at)
        found = case.evidence.copy()
        life_says(case, at, found, self.pulse)
        others_say(case, at, found, self._spans, self.pulse, state.maintenance.covering_record(record))
        return found

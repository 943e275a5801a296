"""The face of diagnosis in a lane: told of what opens, ends and comes late, it says why."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from streams.core.diagnosis.case import Case, Leg, Legs, Moment
from streams.core.diagnosis.crowds import Crowds
from streams.core.diagnosis.diagnosis import Diagnosis
from streams.core.diagnosis.evidence import Evidence
from streams.core.diagnosis.neighbours import Life, life_around
from streams.core.diagnosis.notes import Notes
from streams.core.diagnosis.of_legs import kind_piece
from streams.core.diagnosis.of_life import FEW, life_says
from streams.core.diagnosis.of_others import Spans, others_say
from streams.core.diagnosis.pulse import Pulse
from streams.core.diagnosis.telling import teller_of
from streams.core.diagnosis.turns import SURE, Coming, Ending, Opening
from streams.core.timers import LOOK_AGAIN, NEVER
from streams.core.wire import HOST, TERMINAL

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
LOOKS_MS: Final = 10_000


class Looks:
    """The anomalies that are to be looked at again, those of ten seconds of log time at once."""

    def __init__(self) -> None:
        self._end_ms = -1
        self._anomalies: list[Anomaly] = []
        """What is due at the end of the latest ten seconds that were asked for."""

    def add(self, timers: Timers, at: int, anomaly: Anomaly) -> None:
        """Let an anomaly be due at the end of the ten seconds of a log time."""
        end_ms = (at // LOOKS_MS + 1) * LOOKS_MS
        if self._end_ms != end_ms:
            self._end_ms, self._anomalies = end_ms, []
            timers.set(end_ms, LOOK_AGAIN, 0, 0, self._anomalies)
        self._anomalies.append(anomaly)


class Diagnoser:
    """Diagnoses the anomalies of one lane; all times are epoch milliseconds of log time."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.notes = Notes()
        self.pulse = Pulse(self.notes)
        self.early: dict[tuple[str, str], Life] = {}
        """Terminal and number of an unanswered voucher -> the terminal's life when it happened."""
        self._again_ms: int = model.look_again_ms
        self._spans = Spans(model.short_ms, model.long_ms)
        self.crowds = Crowds(model.short_ms, model.long_ms)
        self._looks = Looks()
        self._unanswered: deque[Event] = deque(maxlen=MOST_EARLY)
        """Vouchers without an answer whose neighbours have still to be noted."""
        self._due_ms = NEVER
        """When the first of these is due, or earlier."""
        self.teller = teller_of(model)

    def opened(self, state: LaneState, voucher: Voucher, finding: Finding, anomaly: Anomaly, at: int) -> None:
        """Let an anomaly that has just been opened be diagnosed in its turn, in its record and in the counters."""
        self._note_lives(state, at)
        legs = Legs(finding, voucher)
        life = life_around(state, legs.terminal_id, legs.number, at)
        if life.found < FEW:
            life = self.early.get(voucher.run.key, life)
        case = anomaly.case = Case(at, life)
        diagnosis = Diagnosis(self.teller, anomaly.record, self.notes)
        anomaly.record["diagnosis"] = diagnosis
        moment = self._moment(state, case, at, anomaly.record)
        self.notes.add(Opening(self, state.journal, anomaly, case, legs, moment, diagnosis))
        if self._again_ms:
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
        anomaly.record["diagnosis"] = self._resting_on(found, anomaly.record)

    def came_late(self, anomaly: Anomaly, leg: Event) -> None:
        """Take note of the leg whose coming is about to resolve an anomaly."""
        if anomaly.case is not None:
            self.notes.add(Coming(self.pulse, anomaly.case, leg.source, Leg(leg)))

    def ended(self, state: LaneState, anomaly: Anomaly, at: int) -> None:
        """Let an anomaly be diagnosed once more as it ends, in the record that says so, where that may change it."""
        case, before = anomaly.case, anomaly.record["diagnosis"]
        anomaly.case = None
        if case is None or not isinstance(before, Diagnosis):
            return
        after = Diagnosis(self.teller, anomaly.record, self.notes)
        anomaly.record["diagnosis"] = after
        moment = self._moment(state, case, at, anomaly.record)
        self.notes.add(Ending(self, state.journal, anomaly, case, moment, before, after))

    def looked_again(self, state: LaneState, anomaly: Anomaly, at: int) -> dict[str, Any] | None:
        """Return the record of an open anomaly with another cause, ``None`` where the others have changed nothing."""
        case, before = anomaly.case, anomaly.record["diagnosis"]
        if case is None or not isinstance(before, Diagnosis) or before.confidence >= SURE:
            return None
        self.notes.settle()
        found = self.evidence(case, self._moment(state, case, at, anomaly.record))
        if self.teller.posteriors.of(found.names).cause == before.cause:
            return None
        return anomaly.record | {"diagnosis": self._resting_on(found, anomaly.record)}

    def diagnosed_now(self, state: LaneState, anomaly: Anomaly, at: int) -> dict[str, Any]:
        """Return the record of an open anomaly as it is diagnosed now that the calendar says otherwise of it."""
        self.notes.settle()
        case = anomaly.case
        if case is None:
            return anomaly.record
        found = self.evidence(case, self._moment(state, case, at, anomaly.record))
        return anomaly.record | {"diagnosis": self._resting_on(found, anomaly.record)}

    def _resting_on(self, found: Evidence, record: dict[str, Any]) -> Diagnosis:
        diagnosis = Diagnosis(self.teller, record, self.notes)
        diagnosis.rest_on(found)
        return diagnosis

    def _moment(self, state: LaneState, case: Case, at: int, record: dict[str, Any]) -> Moment:
        """Return all that a look at a log time depends on and that has no note; ``record`` is the anomaly's."""
        silences = self.pulse.silent_since(TERMINAL, case.at), self.pulse.silent_since(HOST, case.at)
        return Moment(at, silences, state.maintenance.covering_record(record))

    def evidence(self, case: Case, moment: Moment) -> Evidence:
        """Return all evidence of a case at some moment, by the notes that have been taken."""
        self.crowds.expire(moment.at)
        found = case.evidence.copy()
        life_says(case, moment.at, found, self.pulse)
        others_say(case, moment, found, self._spans, self.pulse)
        return found

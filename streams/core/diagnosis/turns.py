"""The notes of what happens to anomalies: one opens, its missing leg comes, it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import mypyc_attr

from streams.core.diagnosis.evidence import Evidence
from streams.core.diagnosis.notes import Note
from streams.core.diagnosis.of_legs import legs_say

if TYPE_CHECKING:
    from streams.core.anomaly import Anomaly
    from streams.core.diagnosis.case import Case, Leg, Legs, Moment
    from streams.core.diagnosis.diagnoser import Diagnoser
    from streams.core.diagnosis.diagnosis import Diagnosis
    from streams.core.diagnosis.pulse import Pulse
    from streams.core.journal import Journal

SURE: Final = 0.6
"""A diagnosis of this confidence is not looked at again, unless its anomaly ends with a leg that comes late."""


@mypyc_attr(acyclic=True)
class Opening(Note):
    """An anomaly that opens."""

    def __init__(
        self,
        diagnoser: Diagnoser,
        journal: Journal,
        anomaly: Anomaly,
        case: Case,
        legs: Legs,
        moment: Moment,
        diagnosis: Diagnosis,
    ) -> None:
        self._diagnoser = diagnoser
        self._journal = journal
        self._anomaly = anomaly
        self._case = case
        self._legs = legs
        self._moment = moment
        self._diagnosis = diagnosis

    def take(self) -> None:
        """Count it among its like and diagnose it."""
        diagnoser, case, legs = self._diagnoser, self._case, self._legs
        at = self._moment.at
        diagnoser.crowds.expire(at)
        shared = legs.shared()
        if legs.terminal is None:
            shared = diagnoser.pulse.completed(shared, legs.terminal_id)
        entry = diagnoser.crowds.add(at, legs.kind, shared)
        said = Evidence([], None)
        legs_say(legs, said)
        case.open(legs, said, entry)
        diagnosis = self._diagnosis
        diagnosis.rest_on(diagnoser.evidence(case, self._moment))
        self._journal.count_cause(self._anomaly, at, diagnosis.cause)


@mypyc_attr(acyclic=True)
class Coming(Note):
    """The missing leg of an anomaly, which comes at last."""

    def __init__(self, pulse: Pulse, case: Case, source: int, leg: Leg) -> None:
        self._pulse = pulse
        self._case = case
        self._source = source
        self._leg = leg

    def take(self) -> None:
        """Count it, and let the anomaly know."""
        case, leg = self._case, self._leg
        case.late_source, case.late_at, case.late_lag = self._source, leg.log_time, leg.lag
        self._pulse.lates[self._source].add(leg.log_time)


@mypyc_attr(acyclic=True)
class Ending(Note):
    """An anomaly that ends."""

    def __init__(
        self,
        diagnoser: Diagnoser,
        journal: Journal,
        anomaly: Anomaly,
        case: Case,
        moment: Moment,
        before: Diagnosis,
        after: Diagnosis,
    ) -> None:
        self._diagnoser = diagnoser
        self._journal = journal
        self._anomaly = anomaly
        self._case = case
        self._moment = moment
        self._before = before
        self._after = after

    def take(self) -> None:
        """Diagnose it once more, where that may change it."""
        case, before, after = self._case, self._before, self._after
        if case.late_source < 0 and before.confidence >= SURE:
            after.be_as(before)
            return
        after.rest_on(self._diagnoser.evidence(case, self._moment))
        if after.cause != before.cause:
            self._journal.count_cause(self._anomaly, self._moment.at, after.cause)

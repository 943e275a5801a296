"""What diagnosis only notes at first: no answer and no counter depends on when the notes are taken."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import pytest

from streams.core import COMPILED
from streams.core.diagnosis.diagnosis import Diagnosis
from streams.core.diagnosis.notes import MOST_NOTES, Note, Notes
from streams.core.lane import Lane
from streams.core.policy import Policy
from streams.core.timers import NEVER
from streams.evaluation.trial import _fetches
from streams.settings.diagnosis import shipped_model
from streams.simulator.feed import Simulation
from streams.simulator.params import SimulationParams

if TYPE_CHECKING:
    from streams.core.journal import AnomalyChange

PUBLISHED = ("detected_at", "lateness_ms")
Said = tuple[list[bytes], Counter[tuple[str, tuple[str, ...]]]]


class Counted(Note):
    """A note that writes down its number."""

    def __init__(self, number: int, into: list[int]) -> None:
        self._number = number
        self._into = into

    def take(self) -> None:
        """Write it down."""
        self._into.append(self._number)


@pytest.mark.xfail(
    COMPILED, raises=TypeError, reason="a class of the compiled core has no subclasses in Python", strict=True
)
def test_many_notes_are_taken_at_once_and_in_their_order() -> None:
    """None before there are many; whatever is left is taken when it is asked for, and only once."""
    taken: list[int] = []
    notes = Notes()
    for number in range(MOST_NOTES - 1):
        notes.add(Counted(number, taken))
    assert taken == []
    notes.add(Counted(MOST_NOTES - 1, taken))
    assert taken == list(range(MOST_NOTES))
    notes.add(Counted(MOST_NOTES, taken))
    notes.settle()
    notes.settle()
    assert taken == list(range(MOST_NOTES + 1))


def told_of(change: AnomalyChange) -> bytes:
    """Return a record without the time at which it is first published, which is that of its fetch."""
    record = msgspec.json.decode(change.encode(change.log_time))
    return msgspec.json.encode({name: value for name, value in record.items() if name not in PUBLISHED})


def said_of(params: SimulationParams, *, at_once: bool) -> Said:
    """Return all records and counters of a simulated night, read record by record or as a file is."""
    lane = Lane(0, Policy(diagnosis=shipped_model()), live=False)
    diagnoser = lane._state.diagnoser
    assert diagnoser is not None
    said: list[bytes] = []
    counted: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for source, records in _fetches(Simulation(params)):
        for fetch in [records] if at_once else [[record] for record in records]:
            out = lane.feed(source, fetch, NEVER)
            if not at_once:
                diagnoser.notes.settle()
            said += [told_of(change) for change in out.changes]
            counted.update(out.tally)
    out = lane.flush()
    said += [told_of(change) for change in out.changes]
    counted.update(out.tally)
    lane.close()
    return said, counted


@pytest.mark.parametrize("scenario", ["causes", "steady", "late_heavy"])
def test_nothing_depends_on_when_notes_are_taken(scenario: str) -> None:
    """Every record of every revision and every counter is the same where each note is taken at once."""
    params = SimulationParams(terminals=60, rate=20, duration_s=600, seed=11, scenario=scenario)
    said, counted = said_of(params, at_once=True)
    one_by_one, counted_too = said_of(params, at_once=False)
    assert sum(b'"evidence":[{' in record for record in said) > 10
    assert sorted(said) == sorted(one_by_one)
    assert counted == counted_too


def test_a_diagnosis_that_is_asked_for_has_been_made() -> None:
    """Its record may be read before the notes are taken; then they are taken."""
    params = SimulationParams(terminals=60, rate=20, duration_s=600, seed=11, scenario="steady")
    lane = Lane(0, Policy(diagnosis=shipped_model()), live=False)
    asked = 0
    for source, records in _fetches(Simulation(params)):
        for change in lane.feed(source, records, NEVER).changes:
            diagnosis = change.record["diagnosis"]
            assert isinstance(diagnosis, Diagnosis)
            assert diagnosis.cause
            asked += 1
    lane.close()
    assert asked > 10

"""An acknowledgement says who takes care of an anomaly, and changes nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from streams.core.lane import Lane, LaneOutput
from streams.core.policy import Policy
from streams.testing import timeline

if TYPE_CHECKING:
    from streams.core.cut import Cut

POLICY = Policy()
STORY = timeline(
    """
    t=0 terminal sale 42 approved
    t=1 host sale 7 approved
    t=90 terminal sale 43 approved
    t=91 host sale 43 approved
    """
)


def records(output: LaneOutput, wall_ms: int = 1) -> list[dict[str, Any]]:
    """Return what a call published."""
    return [msgspec.json.decode(change.encode(wall_ms, 1)) for change in output.changes]


def orphan_of(lane: Lane) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Feed the story and return the terminal's orphan, and all that was published."""
    said = [record for source in (0, 1) for record in records(lane.feed(source, STORY.records(source)))]
    return next(record for record in said if record["kind"] == "orphan_terminal"), said


def test_a_new_revision_that_differs_in_two_fields() -> None:
    """Times, status and amount are those of the revision before."""
    lane = Lane(0, POLICY)
    orphan, _ = orphan_of(lane)
    (record,) = records(lane.acknowledge(orphan["id"], "Li", 99), wall_ms=500)
    assert record == orphan | {"revision": 2, "acknowledged_by": "Li", "acknowledged_at": 99}


def test_the_latest_word_counts_and_is_said_once() -> None:
    """The compacted topic is read again from its beginning after every restart."""
    lane = Lane(0, POLICY)
    orphan, _ = orphan_of(lane)
    lane.acknowledge(orphan["id"], "Li", 99)
    assert not lane.acknowledge(orphan["id"], "Li", 99).changes
    assert not lane.acknowledge(orphan["id"], "Wang", 98).changes
    (record,) = records(lane.acknowledge(orphan["id"], "Wang", 100))
    assert (record["revision"], record["acknowledged_by"]) == (3, "Wang")


def test_an_id_that_is_not_open_here_changes_nothing() -> None:
    """Every worker hears of every acknowledgement."""
    assert not Lane(0, POLICY).acknowledge("0" * 32, "Li", 99).changes


def restarted(topic: list[dict[str, Any]], cut: Cut, policy: Policy = POLICY) -> Lane:
    """Return a lane that took up a cut and what the topic shows."""
    newest = {record["id"]: record for record in topic}
    lane = Lane(0, policy)
    raw = [msgspec.json.encode(record) for record in newest.values()]
    starts = (cut.offsets[0] or 0, cut.offsets[1] or 0)
    lane.restore(cut.j_ms, cut.processed, raw, r_ms=cut.r_ms, starts=starts)
    return lane


def test_it_survives_a_restart() -> None:
    """The record shows it already, so that reading the control topic again says nothing, and the end keeps it."""
    lane = Lane(0, POLICY)
    orphan, said = orphan_of(lane)
    cut = lane.cut()
    said += records(lane.acknowledge(orphan["id"], "Li", 99))
    again = restarted(said, cut)
    assert not again.acknowledge(orphan["id"], "Li", 99).changes
    assert not [record for source in (0, 1) for record in records(again.feed(source, STORY.records(source)))]
    late = [(2, STORY.steps[-1].at_ms + 1_000, STORY.steps[0].key, host_side_of(STORY.steps[0].value))]
    again.feed(0, beat(offset=2))
    changed = records(again.feed(1, [*late, *beat(offset=3)]))
    ended = next(record for record in changed if record["id"] == orphan["id"])
    assert (ended["status"], ended["acknowledged_by"], ended["revision"]) == ("resolved", "Li", 3)
    assert ended["detected_at"] == orphan["detected_at"]


def test_one_that_came_while_nobody_worked_is_said_after_the_restart() -> None:
    """The anomaly is derived again in silence; its acknowledgement is not silent."""
    lane = Lane(0, POLICY)
    orphan, said = orphan_of(lane)
    again = restarted(said, lane.cut())
    found = records(again.acknowledge(orphan["id"], "Li", 99))
    found += [record for source in (0, 1) for record in records(again.feed(source, STORY.records(source)))]
    assert found == [orphan | {"revision": 2, "acknowledged_by": "Li", "acknowledged_at": 99}]


def host_side_of(value: bytes | None) -> bytes:
    """Return the event as the host would tell it."""
    event = msgspec.json.decode(value or b"")
    return msgspec.json.encode(event | {"source": "host", "event_id": "late"})


def beat(offset: int) -> list[tuple[int, int, bytes | None, bytes | None]]:
    """Return a bad record that moves a watermark past all deadlines of the story."""
    return [(offset, STORY.steps[-1].at_ms + 120_000, None, b"?")]

"""Lanes on a worker: rebuilt from their cut, fed, sent for, committed, and taken away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from streams.core.cut import Cut
from streams.core.lane import AnomalyChange, LaneOutput
from streams.errors import ConfigurationError, VoucherwatchError
from tests.unit.edges.fakes import TOPICS, FakeLane, FakePast, World, assigned, records

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TERMINAL, HOST = ((TOPICS[0], 0), (TOPICS[1], 0))


def play(story: Callable[[World], Awaitable[None]], **options: object) -> World:
    """Run a story in a world with a running outbox."""

    async def scene() -> World:
        world = World(**options)  # type: ignore[arg-type]
        sender = asyncio.ensure_future(world.outbox.run())
        await story(world)
        sender.cancel()
        return world

    return asyncio.run(scene())


async def turn(times: int = 20) -> None:
    """Let the loop run what is ready."""
    for _ in range(times):
        await asyncio.sleep(0)


async def rebuilt(world: World, *numbers: int) -> None:
    """Assign lanes and wait until they are ready."""
    await world.host.assign(assigned(*(numbers or (0,))), world.log)
    await turn()


def test_a_fresh_lane_starts_at_the_beginning_of_both_topics() -> None:
    """Without commits reading starts where the topics begin, and nothing is restored."""

    async def story(world: World) -> None:
        world.log.first = {TERMINAL: 7, HOST: 3}
        await rebuilt(world)
        assert world.host.lanes[0].ready
        assert world.log.sought == {TERMINAL: 7, HOST: 3}
        assert world.lane.restored == []

    assert not play(story).failures


def test_a_lane_without_leader_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is rebuilt once its input answers; until then the others are read, and their late writers watched."""
    monkeypatch.setattr("streams.edges.batch_driver.host.REBUILD_AGAIN_SECONDS", 0.01)

    async def story(world: World) -> None:
        world.log.leaderless = {(TOPICS[1], 1)}
        world.host.acknowledge("a", "Li", 5)
        await rebuilt(world, 0, 1)
        seeing, blind = world.made
        assert [hosted.ready for hosted in world.host.lanes.values()] == [True, False]
        assert world.log.sought.keys() == {TERMINAL, HOST}
        assert world.host.withheld() == {(topic, 1) for topic in TOPICS}
        world.host.feed(world.host.lanes[0], 0, records(0))
        await world.host.commit(world.log)
        await turn()
        await world.host.commit(world.log)
        assert world.log.commits.keys() == {TERMINAL, HOST}

        world.log.leaderless.clear()
        await asyncio.sleep(0.05)
        assert world.host.withheld() == set()
        assert [seeing.fed, blind.fed] == [[(0, [0])], []]
        assert seeing.acknowledged == blind.acknowledged == [("a", "Li", 5)]
        assert world.log.sought.keys() == set(assigned(0, 1))

    assert not play(story, partitions=2).failures


def test_a_worker_may_lose_its_lanes_while_one_waits_for_its_leader() -> None:
    """The one that waits is forgotten with the others, and nothing of it is committed."""

    async def story(world: World) -> None:
        world.log.leaderless = {TERMINAL}
        await rebuilt(world, 0, 1)
        await world.host.revoke(world.log)
        world.log.leaderless.clear()
        assert world.log.commits.keys() == {(topic, 1) for topic in TOPICS}
        await rebuilt(world, 0)
        assert world.host.lanes[0].ready

    assert not play(story, partitions=2).failures


def test_the_first_commit_fixes_the_start_of_a_source_that_gave_nothing() -> None:
    """One commit carries both topics from the first on, also where nothing was read yet."""

    async def story(world: World) -> None:
        world.log.first = {HOST: 3}
        await rebuilt(world)
        world.host.feed(world.host.lanes[0], 0, records(0, 1))
        await turn()
        await world.host.commit(world.log)
        assert {partition: offset for partition, (offset, _) in world.log.commits.items()} == {TERMINAL: 2, HOST: 3}

    play(story)


def test_a_lane_is_rebuilt_from_its_cut_and_the_published_anomalies() -> None:
    """J, R, offsets and anomalies reach the lane before reading starts at the committed offsets."""

    async def story(world: World) -> None:
        metadata = Cut(500, 400, (10, 20), (15, 25), 1).metadata()
        world.log.commits = {TERMINAL: (10, metadata), HOST: (20, metadata)}
        world.history.past = {0: FakePast([b"{}"])}
        await rebuilt(world)
        assert world.history.asked == [{0: 500}]
        assert world.lane.restored == [(500, 400, (10, 20), (15, 25), [b"{}"])]
        assert world.log.sought == {TERMINAL: 10, HOST: 20}
        assert world.host.lanes[0].replaying

    play(story)


@pytest.mark.parametrize("metadata", ["", "of another program", "1;2"])
def test_unreadable_metadata_makes_j_the_log_time_of_the_cut(metadata: str) -> None:
    """Offsets that somebody set by hand are respected; J is the earlier log time found there."""

    async def story(world: World) -> None:
        world.log.commits = {TERMINAL: (10, metadata), HOST: (20, metadata)}
        world.log.first_times = {TERMINAL: 900, HOST: 800}
        await rebuilt(world)
        assert world.lane.restored == [(800, 800, (10, 20), (10, 20), [])]

    play(story)


def test_another_number_of_partitions_stops_the_worker() -> None:
    """A cut made with other partitions points into the wrong lanes."""

    async def story(world: World) -> None:
        metadata = Cut(500, 400, (10, 20), (15, 25), 8).metadata()
        world.log.commits = {TERMINAL: (10, metadata), HOST: (20, metadata)}
        await rebuilt(world)
        assert not world.host.lanes[0].ready

    (failure,) = play(story).failures
    assert isinstance(failure, ConfigurationError)
    assert "8 partitions; now they have 1" in str(failure)


def test_half_a_lane_is_refused() -> None:
    """Partitions that differ between the topics would cut pairs in half."""

    async def story(world: World) -> None:
        with pytest.raises(VoucherwatchError, match="a lane needs both partitions of one number"):
            await world.host.assign([(TOPICS[0], 0), (TOPICS[1], 1)], world.log)

    play(story, partitions=2)


def test_topics_with_unequal_partition_counts_are_refused() -> None:
    """Equal keys would fall into different lanes."""

    async def story(world: World) -> None:
        world.log.partitions = [2, 4]
        with pytest.raises(ConfigurationError, match="need the same number"):
            await world.host.assign(assigned(0, 1), world.log)

    play(story)


def test_a_cut_waits_for_its_outputs() -> None:
    """A commit never passes what the broker has not acknowledged, and takes the newest cut that may go."""

    async def story(world: World) -> None:
        await rebuilt(world)
        hosted = world.host.lanes[0]
        await world.host.commit(world.log)
        world.host.feed(hosted, 0, records(0, 1))
        await turn()
        await world.host.commit(world.log)
        world.host.feed(hosted, 1, records(0))
        await turn()
        await world.host.commit(world.log)
        assert world.log.commits[TERMINAL][0] == 0
        world.broker.acknowledge(2)
        await turn()
        await world.host.commit(world.log)
        assert (world.log.commits[TERMINAL][0], world.log.commits[HOST][0]) == (2, 0)
        world.broker.acknowledge(1)
        await turn()
        await world.host.commit(world.log)
        assert (world.log.commits[TERMINAL][0], world.log.commits[HOST][0]) == (2, 1)

    play(story, at_once=False)


def test_a_failed_commit_is_counted_and_tried_again() -> None:
    """What the broker refused is not remembered as committed."""

    async def story(world: World) -> None:
        await rebuilt(world)
        world.host.feed(world.host.lanes[0], 0, records(0))
        await turn()
        world.log.commit_error = RuntimeError("refused")
        await world.host.commit(world.log)
        world.log.commit_error = None
        await world.host.commit(world.log)
        await world.host.commit(world.log)
        assert world.log.commits[TERMINAL][0] == 1
        assert world.observer.commits == ["failed", "ok"]

    play(story)


def test_revocation_commits_what_is_acknowledged_and_forgets_the_lanes() -> None:
    """The next owner goes on where this one stopped."""

    async def story(world: World) -> None:
        await rebuilt(world, 0, 1)
        world.host.feed(world.host.lanes[1], 0, records(0, 1, 2))
        lost = [hosted.lane for hosted in world.host.lanes.values()]
        await world.host.revoke(world.log)
        assert world.host.lanes == {}
        assert all(isinstance(lane, FakeLane) and lane.closed for lane in lost), "their memory is given back"
        assert not world.host.assigned
        assert world.log.commits[TOPICS[0], 1][0] == 3

    play(story, partitions=2)


def test_a_broken_lane_is_never_cut_again() -> None:
    """After an exception of the pipeline only older cuts may be committed."""

    async def story(world: World) -> None:
        await rebuilt(world)
        hosted = world.host.lanes[0]
        world.host.feed(hosted, 0, records(0))
        await turn()
        await world.host.commit(world.log)
        world.lane.error = ZeroDivisionError("a bug")
        with pytest.raises(ZeroDivisionError):
            world.host.feed(hosted, 0, records(1))
        world.lane.processed = [99, 99]
        await world.host.revoke(world.log)
        assert world.log.commits[TERMINAL][0] == 1

    play(story)


def test_a_send_that_fails_for_good_is_told_and_blocks_commits() -> None:
    """An output that is lost must be derived again by the next owner."""

    async def story(world: World) -> None:
        await rebuilt(world)
        world.host.feed(world.host.lanes[0], 0, records(0))
        await turn()
        world.broker.open[0].set_exception(OSError("disk full"))
        await turn()
        await world.host.commit(world.log)
        assert world.log.commit_calls == []

    (failure,) = play(story, at_once=False).failures
    assert isinstance(failure, OSError)


def test_a_source_that_is_ahead_is_withheld_and_a_lane_that_is_rebuilt_too() -> None:
    """The lane says which source must wait; a lane that is not ready is not read at all."""

    async def story(world: World) -> None:
        await world.host.assign(assigned(0), world.log)
        assert world.host.withheld() == set(assigned(0))
        await turn()
        assert world.host.withheld() == set()
        world.lane.wanted = (False, True)
        world.host.feed(world.host.lanes[0], 0, records(0))
        assert world.host.withheld() == {TERMINAL}

    play(story)


def test_an_anomaly_is_counted_by_its_first_record_alone() -> None:
    """What follows about the same anomaly is no further one."""

    async def story(world: World) -> None:
        await rebuilt(world)
        hosted = world.host.lanes[0]
        output = LaneOutput()
        for name, revision in (("one", 1), ("one", 2), ("two", 1), ("older", 3)):
            record = {"id": name, "kind": "mismatch", "revision": revision, "marks": []}
            output.changes.append(AnomalyChange(record, 1_000))
        world.host._take(hosted, output)
        assert world.observer.anomalies == ["one", "two"]

    play(story)


def test_replayed_decisions_stay_out_of_the_delay_histogram() -> None:
    """A restart would otherwise look like slow detection."""

    async def story(world: World) -> None:
        metadata = Cut(500, 400, (0, 0), (2, 0), 1).metadata()
        world.log.commits = {TERMINAL: (0, metadata), HOST: (0, metadata)}
        await rebuilt(world)
        hosted = world.host.lanes[0]
        world.host.feed(hosted, 0, records(0))
        await turn()
        assert world.observer.published == []
        world.host.feed(hosted, 0, records(1, 2))
        await turn()
        assert len(world.observer.published) == 2

    play(story)


def test_feeding_waits_for_room_in_the_outbox() -> None:
    """What is unacknowledged is bounded, and half of the bound must be free before feeding goes on."""

    async def story(world: World) -> None:
        await rebuilt(world)
        world.host.feed(world.host.lanes[0], 0, records(*range(10)))
        await turn()
        waiting = asyncio.ensure_future(world.outbox.room())
        await turn()
        assert not waiting.done()
        world.broker.acknowledge(4)
        await turn()
        assert not waiting.done()
        world.broker.acknowledge(1)
        await turn()
        assert waiting.done()

    play(story, at_once=False, limit=10)


def test_records_leave_in_the_order_in_which_the_lanes_made_them() -> None:
    """Two revisions of one anomaly never overtake each other."""

    async def story(world: World) -> None:
        await rebuilt(world, 0, 1)
        for offset in range(5):
            world.host.feed(world.host.lanes[offset % 2], 0, records(offset))
        await turn(50)
        assert [record[2] for record in world.broker.sent] == [f"0-{offset}".encode() for offset in range(5)]

    play(story, partitions=2)


def test_one_lane_says_for_the_worker_that_a_source_is_silent() -> None:
    """A source silent in more than half the lanes is told once, by the lowest of them, and taken back once."""

    async def story(world: World) -> None:
        await rebuilt(world, 0, 1, 2)
        lanes = world.made
        lanes[1].silent = (False, True)
        world.host.judge_stalls()
        assert [lane.speaks for lane in lanes] == [set(), set(), set()]
        lanes[2].silent = (False, True)
        world.host.judge_stalls()
        world.host.judge_stalls()
        assert [lane.speaks for lane in lanes] == [set(), {1}, set()]
        assert world.host.stalled == (False, True)
        lanes[1].silent = (False, False)
        world.host.judge_stalls()
        assert [lane.speaks for lane in lanes] == [set(), set(), set()]

    play(story, partitions=3)


def test_an_acknowledgement_reaches_lanes_that_come_later_too() -> None:
    """The control topic is read once; the latest word about an anomaly counts."""

    async def story(world: World) -> None:
        await rebuilt(world)
        world.host.acknowledge("a", "Li", 5)
        world.host.acknowledge("a", "Wang", 4)
        assert world.lane.acknowledged == [("a", "Li", 5)]
        await world.host.revoke(world.log)
        await rebuilt(world)
        assert world.lane.acknowledged == [("a", "Li", 5)]
        assert world.observer.published == []

    play(story)

"""Every record reaches its lane once, whatever happens between a fetch and the lane."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from streams.edges.batch_driver.reader import SLICE_RECORDS, Reader, Whereabouts
from tests.unit.edges.fakes import TOPICS, World, assigned

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from streams.core.wire import RawRecord

TERMINAL, HOST = ((TOPICS[0], 0), (TOPICS[1], 0))


def play(story: Callable[[World, Reader], Awaitable[None]]) -> None:
    """Run a story with one rebuilt lane whose partitions are trusted."""

    async def scene() -> None:
        world = World()
        await world.host.assign(assigned(0), world.log)
        for _ in range(20):
            await asyncio.sleep(0)
        reader = Reader(world.host)
        reader.seeks()
        await story(world, reader)

    asyncio.run(scene())


def batch(*offsets: int) -> list[RawRecord]:
    """Return records as a fetch of an input hands them out."""
    return [(offset, offset, b"k", b"v") for offset in offsets]


def left_at(position: int, end: int | None = None) -> Whereabouts:
    """Return the whereabouts of a fetch that was asked for the terminal partition alone."""
    return Whereabouts({TERMINAL}, {TERMINAL: position}, {} if end is None else {TERMINAL: end})


def test_a_fetch_is_fed_in_order_and_moves_the_position() -> None:
    """The next offset is our own; high watermark and position together show the end."""

    async def story(world: World, reader: Reader) -> None:
        await reader.take({TERMINAL: batch(0, 1, 2)}, left_at(3, end=3))
        state = world.host.lanes[0].sources[0]
        assert world.lane.offsets(0) == [0, 1, 2]
        assert (state.position, state.lag) == (3, 0)
        assert state.caught_up(world.clock.now)
        assert reader.seeks() == {}

    play(story)


def test_records_that_we_have_are_dropped() -> None:
    """A fetch that was sent before a seek may bring them again."""

    async def story(world: World, reader: Reader) -> None:
        await reader.take({TERMINAL: batch(0, 1, 2)}, left_at(3))
        await reader.take({TERMINAL: batch(1, 2, 3)}, left_at(4))
        await reader.take({TERMINAL: batch(2, 3)}, left_at(4))
        assert world.lane.offsets(0) == [0, 1, 2, 3]

    play(story)


def test_gaps_within_a_fetch_are_legal() -> None:
    """Compaction and transaction markers leave offsets without records."""

    async def story(world: World, reader: Reader) -> None:
        await reader.take({TERMINAL: batch(0, 2, 7)}, left_at(9))
        assert world.lane.offsets(0) == [0, 2, 7]
        assert world.host.lanes[0].sources[0].position == 9

    play(story)


def test_a_gap_before_a_fetch_is_read_again_before_it_is_believed() -> None:
    """It could be a fetch that was lost on the way."""

    async def story(world: World, reader: Reader) -> None:
        await reader.take({TERMINAL: batch(5, 6)}, left_at(7))
        assert world.lane.offsets(0) == []
        assert reader.seeks() == {TERMINAL: 0}
        await reader.take({TERMINAL: batch(0, 1, 2, 3, 4, 5, 6)}, left_at(7))
        assert world.lane.offsets(0) == [0, 1, 2, 3, 4, 5, 6]

    play(story)


def test_a_gap_that_stays_is_believed() -> None:
    """The records are gone: expired or compacted."""

    async def story(world: World, reader: Reader) -> None:
        await reader.take({TERMINAL: batch(5, 6)}, left_at(7))
        reader.seeks()
        await reader.take({TERMINAL: batch(5, 6)}, left_at(7))
        assert world.lane.offsets(0) == [5, 6]

    play(story)


def test_a_position_that_moved_without_records_is_checked_too() -> None:
    """A marker at the end moves it rightly; a position of an earlier assignment would skip records."""

    async def story(world: World, reader: Reader) -> None:
        await reader.take({}, left_at(4, end=4))
        state = world.host.lanes[0].sources[0]
        assert (state.position, reader.seeks()) == (0, {TERMINAL: 0})
        await reader.take({}, left_at(4, end=4))
        assert (state.position, reader.seeks()) == (4, {})

    play(story)


def test_a_position_of_another_fetch_counts_for_nothing() -> None:
    """Only partitions that the fetch was asked for are looked at."""

    async def story(world: World, reader: Reader) -> None:
        for _ in range(3):
            await reader.take({}, Whereabouts(set(), {TERMINAL: 200}, {TERMINAL: 200}))
        assert world.host.lanes[0].sources[0].position == 0

    play(story)


def test_what_was_not_fed_to_the_end_is_read_again() -> None:
    """The lane was taken away between two slices, or the task was cancelled there."""

    async def story(world: World, reader: Reader) -> None:
        task = asyncio.ensure_future(reader.take({TERMINAL: batch(*range(2_000))}, left_at(2_000)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        fed = len(world.lane.offsets(0))
        assert 0 < fed < 2_000
        assert reader.seeks() == {TERMINAL: fed}

    play(story)


def test_both_sources_of_a_lane_are_fed_side_by_side() -> None:
    """The one whose next record is older comes first, slice by slice; each keeps its own order."""

    async def story(world: World, reader: Reader) -> None:
        terminal, host = batch(*range(3 * SLICE_RECORDS)), batch(*range(SLICE_RECORDS + 1))
        await reader.take({TERMINAL: terminal, HOST: host}, Whereabouts())
        assert [(source, len(offsets)) for source, offsets in world.lane.fed] == [
            (0, SLICE_RECORDS),
            (1, SLICE_RECORDS),
            (0, SLICE_RECORDS),
            (1, 1),
            (0, SLICE_RECORDS),
        ]
        assert world.lane.offsets(0) == list(range(3 * SLICE_RECORDS))
        assert world.lane.offsets(1) == list(range(SLICE_RECORDS + 1))
        assert reader.seeks().keys() <= {TERMINAL, HOST}

    play(story)


def test_a_lane_that_is_not_ready_is_not_fed() -> None:
    """Its records are read again once it is."""

    async def story(world: World, reader: Reader) -> None:
        hosted = world.host.lanes[0]
        hosted.ready = False
        await reader.take({TERMINAL: batch(0, 1)}, left_at(2))
        assert world.lane.offsets(0) == []
        hosted.ready = True
        assert reader.seeks() == {TERMINAL: 0}

    play(story)


def test_after_a_doubt_of_everything_all_lanes_are_sought() -> None:
    """A fetch under another assignment moved positions of which nothing is known."""

    async def story(world: World, reader: Reader) -> None:
        await reader.take({HOST: batch(0)}, Whereabouts())
        assert world.lane.offsets(1) == [0]
        reader.doubt_all()
        assert reader.seeks() == {TERMINAL: 0, HOST: 1}

    play(story)

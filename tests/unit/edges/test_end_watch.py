"""The ends of partitions: when a lane may be told that there is nothing more, and when reading has died."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from streams.edges.batch_driver import EndWatch
from streams.errors import LivenessError
from tests.unit.edges.fakes import TOPICS, World, assigned, records

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

TERMINAL, HOST = ((TOPICS[0], 0), (TOPICS[1], 0))


class Ends:
    """Answers for the broker; a partition without entry gives no answer."""

    def __init__(self) -> None:
        self.ends: dict[tuple[str, int], int] = {}
        self.asked: list[list[tuple[str, int]]] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def ask(self, partitions: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        """Answer at once."""
        self.asked.append(sorted(partitions))
        self.meanwhile()
        return {partition: self.ends[partition] for partition in partitions if partition in self.ends}


def play(story: Callable[[World, Ends, EndWatch], Awaitable[None]]) -> None:
    """Run a story with one rebuilt lane whose sources have been quiet for two seconds."""

    async def scene() -> None:
        world = World()
        ends = Ends()
        await world.host.assign(assigned(0), world.log)
        for _ in range(20):
            await asyncio.sleep(0)
        world.clock.now += 2
        await story(world, ends, EndWatch(world.host, ends, 60.0))

    asyncio.run(scene())


def test_a_source_at_its_end_is_told_the_time_before_the_question() -> None:
    """T is the clock before the request went out: the answer is younger, whatever it cost."""

    async def story(world: World, ends: Ends, watch: EndWatch) -> None:
        ends.ends = {TERMINAL: 0, HOST: 5}
        asked_ms = world.clock.wall_ms()

        def slow() -> None:
            world.clock.now += 1

        ends.meanwhile = slow
        await watch.look(steady=True)
        assert world.lane.marks == [(0, asked_ms)]
        assert world.host.lanes[0].sources[0].caught_up(world.clock.now)
        assert not world.host.lanes[0].sources[1].caught_up(world.clock.now)

    play(story)


def test_the_lead_of_the_clock_is_taken_off() -> None:
    """A worker whose clock runs ahead must not close windows early."""

    async def story(world: World, ends: Ends, watch: EndWatch) -> None:
        now_ms = world.clock.wall_ms()
        world.host.lead.observe(now_ms, now_ms - 3_000, at_end_ms=now_ms - 500)
        ends.ends = {TERMINAL: 0}
        await watch.look(steady=True)
        assert world.lane.marks == [(0, now_ms - 3_000)]

    play(story)


def test_no_answer_proves_nothing() -> None:
    """A partition without leader makes no orphans: the watermark stays, and caught_up falls to 0."""

    async def story(world: World, ends: Ends, watch: EndWatch) -> None:
        ends.ends = {TERMINAL: 0}
        await watch.look(steady=True)
        ends.ends = {}
        world.clock.now += 2.5
        await watch.look(steady=True)
        assert len(world.lane.marks) == 1
        assert not world.host.lanes[0].sources[0].caught_up(world.clock.now)

    play(story)


def test_nothing_is_concluded_while_paused_or_unsteady() -> None:
    """Rebalances and pauses are our silence, not the source's."""

    async def story(world: World, ends: Ends, watch: EndWatch) -> None:
        ends.ends = {TERMINAL: 0, HOST: 0}
        await watch.look(steady=False)
        world.lane.wanted = world.host.lanes[0].wanted = (False, True)
        await watch.look(steady=True)
        assert [source for source, _ in world.lane.marks] == [1]

    play(story)


def test_an_answer_that_outlived_its_assignment_is_dropped() -> None:
    """What was asked for one owner's position says nothing of the next one's."""

    async def story(world: World, ends: Ends, watch: EndWatch) -> None:
        ends.ends = {TERMINAL: 0, HOST: 0}

        def rebalance() -> None:
            world.host.epoch += 1

        ends.meanwhile = rebalance
        await watch.look(steady=True)
        assert world.lane.marks == []

    play(story)


def test_a_busy_partition_is_not_asked_for() -> None:
    """Records say enough; the question is for partitions that gave nothing for a second."""

    async def story(world: World, ends: Ends, watch: EndWatch) -> None:
        world.host.feed(world.host.lanes[0], 0, records(0))
        await watch.look(steady=True)
        assert ends.asked == [[HOST]]

    play(story)


def test_reading_that_has_died_ends_the_worker() -> None:
    """Records wait, nothing comes for a minute, nobody paused: restart."""

    async def story(world: World, ends: Ends, watch: EndWatch) -> None:
        ends.ends = {TERMINAL: 0, HOST: 5}
        await watch.look(steady=True)
        world.clock.now += 59
        await watch.look(steady=True)
        world.clock.now += 2
        with pytest.raises(LivenessError, match="Nothing was read from host-events partition 0 for 61 s although 5"):
            await watch.look(steady=True)

    play(story)


def test_a_quiet_hour_before_the_first_record_is_no_death() -> None:
    """The minute begins when the end moves on, not when the last record came."""

    async def story(world: World, ends: Ends, watch: EndWatch) -> None:
        ends.ends = {TERMINAL: 0, HOST: 0}
        await watch.look(steady=True)
        world.clock.now += 3_600
        ends.ends = {TERMINAL: 0, HOST: 5}
        await watch.look(steady=True)
        world.clock.now += 30
        await watch.look(steady=True)

    play(story)


def test_a_partition_that_we_paused_is_exempt() -> None:
    """Back-pressure is not death."""

    async def story(world: World, ends: Ends, watch: EndWatch) -> None:
        ends.ends = {TERMINAL: 0, HOST: 5}
        world.lane.wanted = world.host.lanes[0].wanted = (True, False)
        for _ in range(5):
            await watch.look(steady=True)
            world.clock.now += 40
        world.lane.wanted = world.host.lanes[0].wanted = (True, True)
        await watch.look(steady=True)

    play(story)


def test_a_rebalance_that_never_ends_is_death_if_records_wait() -> None:
    """The group hangs: our last position is behind and nobody reads."""

    async def story(world: World, ends: Ends, watch: EndWatch) -> None:
        ends.ends = {TERMINAL: 0, HOST: 5}
        await watch.look(steady=False)
        await world.host.revoke(world.log)
        world.clock.now += 61
        with pytest.raises(LivenessError):
            await watch.look(steady=False)

    play(story)

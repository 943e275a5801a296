"""The owner of a lane has the last word on its anomalies, whoever else writes to its partition."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from streams.edges.anomaly_topic import LanePast, _Order
from tests.unit.edges.fakes import FakePast, World, assigned, records
from tests.unit.edges.test_lane_host import play, rebuilt, turn

if TYPE_CHECKING:
    from collections.abc import Sequence


def past_of(*places: tuple[int, int]) -> LanePast:
    """Return what a partition shows in which one anomaly stands with these (generation, revision)."""
    past = LanePast()
    for generation, revision in places:
        value = msgspec.json.encode({"generation": generation, "revision": revision})
        past.take(b"a", value, msgspec.json.decode(value, type=_Order))
    return past


@pytest.mark.parametrize(
    ("places", "newest", "hidden"),
    [
        ([(1, 1), (1, 2)], (1, 2), False),
        ([(1, 2), (1, 1)], (1, 2), True),
        ([(2, 1), (1, 7)], (2, 1), True),
        ([(2, 1), (1, 7), (2, 1)], (2, 1), False),
        ([(2, 1), (1, 7), (2, 2)], (2, 2), False),
        ([(1, 3), (2, 1)], (2, 1), False),
    ],
)
def test_the_newest_is_of_the_latest_owner(
    places: Sequence[tuple[int, int]], newest: tuple[int, int], *, hidden: bool
) -> None:
    """A generation counts more than any revision of an earlier one; what stands behind the newest hides it."""
    past = past_of(*places)
    assert past.newest[b"a"][0] == newest
    assert bool(past.overtaken) is hidden
    assert past.generation == max(generation for generation, _ in places)


def test_a_generation_is_larger_than_all_that_the_topic_shows() -> None:
    """A group that was deleted begins to count at 1 again; its anomalies would lose against old ones."""

    async def story(world: World) -> None:
        world.history.past = {0: FakePast(generation=6)}
        await world.host.assign(assigned(0), world.log, 2)
        await turn()
        world.host.feed(world.host.lanes[0], 0, records(0))
        await turn()
        assert world.broker.sent[-1][3] == b"7"
        await world.host.assign(assigned(0), world.log, 9)
        await turn()
        world.host.feed(world.host.lanes[0], 0, records(0))
        await turn()
        assert world.broker.sent[-1][3] == b"9"

    play(story)


def test_what_was_hidden_before_the_assignment_is_said_again() -> None:
    """The late write may have come while nobody owned the lane."""

    async def story(world: World) -> None:
        world.history.past = {0: FakePast([b"newest"], {b"a": b"newest"})}
        await rebuilt(world)
        assert [record[2:4] for record in world.broker.sent] == [(b"a", b"newest")]

    play(story)


def test_a_stranger_is_overruled_once_our_own_sends_stand() -> None:
    """The partition is read back after what the lane said before has arrived, or an old state would be repeated."""

    async def story(world: World) -> None:
        await rebuilt(world)
        hosted = world.host.lanes[0]
        world.host.feed(hosted, 0, records(0))
        await turn()
        world.history.foreign.put_nowait({0: {b"0-0", b"other"}})
        world.history.past = {0: FakePast(overtaken={b"0-0": b"newest", b"unasked": b"x"})}
        await turn()
        assert len(world.history.asked) == 1
        world.broker.acknowledge(1)
        await asyncio.sleep(0.1)
        assert [record[2:4] for record in world.broker.sent[1:]] == [(b"0-0", b"newest")]

    play(story, at_once=False)


def test_what_the_lane_says_meanwhile_needs_no_repetition() -> None:
    """A new revision stands behind the stranger's record by itself; the older one must not come after it."""

    async def story(world: World) -> None:
        await rebuilt(world)
        hosted = world.host.lanes[0]
        world.host.feed(hosted, 0, records(0))
        await turn()
        world.history.foreign.put_nowait({0: {b"0-1"}})
        world.history.past = {0: FakePast(overtaken={b"0-1": b"older"})}
        await turn()
        world.host.feed(hosted, 0, records(1))
        world.broker.acknowledge(2)
        await asyncio.sleep(0.1)
        assert [record[2] for record in world.broker.sent] == [b"0-0", b"0-1"]

    play(story, at_once=False)

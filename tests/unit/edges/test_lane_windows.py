"""Maintenance windows on their way between the control topic and the lanes of a worker."""

from __future__ import annotations

from streams.core.diagnosis.calendar import Window
from tests.unit.edges.fakes import World, records
from tests.unit.edges.test_lane_host import play, rebuilt


def test_maintenance_windows_reach_lanes_that_come_later_too() -> None:
    """They are told once the control topic was read to its end, before a lane replays and again when it is ready."""
    windows = (Window("w", 1, 2, "north"),)

    async def story(world: World) -> None:
        await rebuilt(world)
        assert world.lane.windows == []
        world.host.tell_windows(windows)
        assert world.lane.windows == [windows]
        await world.host.revoke(world.log)
        await rebuilt(world)
        assert world.lane.windows == [windows, windows]

    play(story)


def test_a_window_that_a_notice_told_of_is_passed_on() -> None:
    """The other lanes did not hear it."""
    window = Window("notice-1", 1, 2, "north")
    passed_on: list[Window] = []

    async def story(world: World) -> None:
        await rebuilt(world)
        world.host.on_notice = passed_on.append
        world.lane.notices = [window]
        world.host.feed(world.host.lanes[0], 1, records(0))
        assert passed_on == [window]

    play(story)

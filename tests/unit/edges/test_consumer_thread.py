"""What the consumer's thread knows of the group: an error there must not be waited on for ever."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from streams.edges.batch_driver.consumer import BatchConsumer
from streams.edges.batch_driver.thread import BatchConsumerThread
from streams.errors import LivenessError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def error_of(work: Callable[[], Awaitable[None]] | None, pending: BaseException | None = None) -> BaseException | None:
    """Return what the thread says of a coordination that has done ``work``, or goes on without."""

    async def story() -> BaseException | None:
        task: asyncio.Future[Any] = asyncio.ensure_future(work() if work else asyncio.sleep(60))
        await asyncio.sleep(0)
        coordinator = SimpleNamespace(_coordination_task=task, _pending_exception=pending)
        thread: Any = SimpleNamespace(_consumer=SimpleNamespace(_coordinator=coordinator))
        try:
            return BatchConsumerThread.group_error(thread)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return asyncio.run(story())


def test_a_coordination_that_ended_with_an_error_is_told() -> None:
    """It will not join again by itself."""

    async def fail() -> None:
        raise ConnectionError("no such group")

    assert str(error_of(fail)) == "no such group"


def test_an_error_that_waits_to_be_fetched_is_told() -> None:
    """The coordination stands still until somebody takes it."""
    assert str(error_of(None, ConnectionError("not authorised"))) == "not authorised"


def test_a_coordination_at_work_or_at_its_end_is_no_error() -> None:
    """Neither is a consumer that has not started yet."""

    async def done() -> None: ...

    assert error_of(None) is None
    assert error_of(done) is None
    thread: Any = SimpleNamespace(_consumer=None)
    assert BatchConsumerThread.group_error(thread) is None


def test_the_worker_ends_with_the_exit_code_of_a_standstill() -> None:
    """Whoever watches over it starts it again."""
    consumer: Any = SimpleNamespace(_thread=SimpleNamespace(group_error=lambda: ConnectionError("not authorised")))
    with pytest.raises(LivenessError, match=r"cannot be worked in any more \(not authorised\)") as raised:
        asyncio.run(BatchConsumer._look_at_ends(consumer))
    assert raised.value.exit_code == 6

"""Sends records in the order in which the lanes produced them, and knows what is acknowledged.

Sends are pipelined: the reading of inputs goes on while acknowledgements are under way.  One task
hands all records to the producer, so that two revisions of one anomaly can never overtake each
other, and a bound on what is unacknowledged makes the reading wait for a slow broker.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from streams.edges.batch_driver.ports import Outgoing, Send

DEFAULT_LIMIT = 20_000
"""Unacknowledged records at which feeding waits: some ten megabytes of anomalies."""


class Entry:
    """One record on its way to the broker."""

    __slots__ = ("acknowledged", "make", "on_acknowledged")

    def __init__(self, make: Callable[[], Outgoing], on_acknowledged: Callable[[], None] | None) -> None:
        """Take what builds the record, and what to call when the broker has it."""
        self.make = make
        self.on_acknowledged = on_acknowledged
        self.acknowledged = False


class Sends:
    """The records of one lane, in order: how many were handed over and how many are acknowledged."""

    __slots__ = ("_open", "issued")

    def __init__(self) -> None:
        """Begin with nothing handed over."""
        self.issued = 0
        self._open: deque[Entry] = deque()

    def add(self, entry: Entry) -> None:
        """Take note of one more record."""
        self.issued += 1
        self._open.append(entry)

    def acknowledged(self) -> int:
        """Return how many of the records handed over first are all acknowledged, without a gap."""
        entries = self._open
        while entries and entries[0].acknowledged:
            entries.popleft()
        return self.issued - len(entries)

    @property
    def settled(self) -> bool:
        """Whether nothing is under way."""
        return self.acknowledged() == self.issued


class Outbox:
    """The queue between the lanes and the producer."""

    def __init__(self, send: Send, on_failure: Callable[[BaseException], None], *, limit: int = DEFAULT_LIMIT) -> None:
        """Take the producer's send and what to call, once, when a record cannot be sent for good."""
        self._send = send
        self._on_failure = on_failure
        self._limit = limit
        self._queue: deque[Entry] = deque()
        self._under_way = 0
        self._filled = asyncio.Event()
        self._progress = asyncio.Event()
        self.failure: BaseException | None = None

    @property
    def unacknowledged(self) -> int:
        """How many records the broker has not acknowledged yet."""
        return self._under_way

    def put(
        self, sends: Sends, make: Callable[[], Outgoing], on_acknowledged: Callable[[], None] | None = None
    ) -> None:
        """Queue one record of a lane; ``make`` builds it when its turn comes."""
        entry = Entry(make, on_acknowledged)
        sends.add(entry)
        self._queue.append(entry)
        self._under_way += 1
        self._filled.set()

    async def room(self) -> None:
        """Return at once below the limit, else when half of it is free again."""
        if self._under_way < self._limit:
            return
        while self._under_way > self._limit // 2 and self.failure is None:
            await self._wait_for_progress(1.0)

    async def settle(self, lanes: Iterable[Sends], timeout: float) -> bool:  # noqa: ASYNC109  a budget over several waits
        """Wait until all records of these lanes are acknowledged; tell whether that came within ``timeout`` seconds."""
        waiting = list(lanes)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while not all(sends.settled for sends in waiting):
            left = deadline - loop.time()
            if left <= 0 or self.failure is not None:
                return False
            await self._wait_for_progress(left)
        return True

    async def _wait_for_progress(self, seconds: float) -> None:
        self._progress.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._progress.wait()
        except TimeoutError:
            pass

    async def run(self) -> None:
        """Hand queued records to the producer until cancelled or until a send fails."""
        while self.failure is None:
            while not self._queue:
                self._filled.clear()
                await self._filled.wait()
            entry = self._queue.popleft()
            try:
                pending = asyncio.ensure_future(await self._send(entry.make()))
            except Exception as error:  # noqa: BLE001  whatever it is, the record is not sent
                self._fail(error)
                return
            pending.add_done_callback(partial(self._done, entry))

    def _done(self, entry: Entry, future: asyncio.Future[object]) -> None:
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        if error is not None:
            # The entry stays unacknowledged, so no cut that needs it is ever committed.
            self._fail(error)
            return
        entry.acknowledged = True
        self._under_way -= 1
        self._progress.set()
        if entry.on_acknowledged is not None:
            entry.on_acknowledged()

    def _fail(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error
            self._progress.set()
            self._on_failure(error)

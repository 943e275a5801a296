"""Gives the owner of a lane the last word in its partition of the anomaly topic.

A worker that was thought dead (stopped past its session, cut off from the brokers) may still have
records to send when its lanes have moved.  The brokers take them, and compaction keeps the last
record of each key, so an old state could stand for good.  The owner therefore follows its own output
partition.  When a record appears that it did not write, it reads the partition back, and where the
newest record by (generation, revision) is no longer the last, it is sent once more.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import structlog
from aiokafka.errors import KafkaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from streams.edges.batch_driver.hosted import HostedLane
    from streams.edges.batch_driver.outbox import Outbox
    from streams.edges.batch_driver.ports import History, Published, Publisher, Writer

RETRY_SECONDS = 1.0
LOOK_SECONDS = 0.05

_log = structlog.stdlib.get_logger("voucherwatch.lanes")


class LastWord:
    """Sends again what a late write of a former owner has hidden."""

    def __init__(self, history: History, publisher: Publisher, outbox: Outbox) -> None:
        """Take where to read, and how to write."""
        self._history = history
        self._publisher = publisher
        self._outbox = outbox

    async def keep(self, lanes: Sequence[HostedLane], published: Mapping[int, Published], writer: Writer) -> None:
        """Watch the lanes until cancelled; ``published`` is what they were rebuilt from."""
        by_number = {hosted.number: hosted for hosted in lanes}
        for number, shown in published.items():
            self._say_again(by_number[number], shown.overtaken)
        positions = {number: shown.end for number, shown in published.items()}
        while positions:
            try:
                async for found in self._history.strangers(positions, writer.name):
                    for number, keys in found.items():
                        await self._answer(by_number[number], keys)
            except (KafkaError, OSError, TimeoutError) as error:
                _log.warning("anomaly_topic_unwatched", error=repr(error))
            await asyncio.sleep(RETRY_SECONDS)

    async def _answer(self, hosted: HostedLane, keys: Iterable[bytes]) -> None:
        """Send again what these records of somebody else have hidden."""
        hosted.hidden = {key.decode() for key in keys}
        # What the lane said before must stand in the topic before it is read; what it says from now on
        # comes after the stranger's record and needs no repetition.
        issued = hosted.sends.issued
        while hosted.sends.acknowledged() < issued:  # noqa: ASYNC110  rare, and an event would cost every send
            await asyncio.sleep(LOOK_SECONDS)
        published = await self._history.read_back({hosted.number: hosted.j_ms})
        overtaken = {
            key: value for key, value in published[hosted.number].overtaken.items() if key.decode() in hosted.hidden
        }
        self._say_again(hosted, overtaken)

    def _say_again(self, hosted: HostedLane, overtaken: Mapping[bytes, bytes]) -> None:
        if overtaken:
            _log.warning("late_writes_overruled", lane=hosted.number, anomalies=len(overtaken))
        for key, value in overtaken.items():
            self._outbox.put(hosted.sends, partial(self._publisher.again, hosted.number, key, value, hosted.writer))

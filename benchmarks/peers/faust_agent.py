"""The peer that voucherwatch would be without its batch driver: one Faust agent over both topics, and a Table.

The first leg of a voucher waits in the table, the second takes it out.  A leg that is still there when both
topics have passed its window is an orphan.  Legs are swept inside the stream, because Faust lets a table change
nowhere else.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import faust
import orjson

from benchmarks.peers.pairing import leg_of
from benchmarks.peers.progress import Progress, asked, keep_telling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TASK = asked()
PROGRESS = Progress()
PARTITIONS: Final = 4
BUFFERED: Final = 16_384

app = faust.App(
    TASK.group,
    broker=f"kafka://{TASK.servers}",
    datadir=TASK.folder,
    store="memory://",
    topic_partitions=PARTITIONS,
    topic_replication_factor=1,
    topic_disable_leader=True,
    web_enabled=False,
    stream_buffer_maxsize=BUFFERED,
    stream_wait_empty=False,
    broker_commit_interval=30.0,
    broker_commit_every=1_000_000,
    consumer_auto_offset_reset="earliest",
)
inputs = app.topic(TASK.terminal, TASK.host, key_serializer="raw", value_serializer="raw")
app.producer.buffer.max_messages = BUFFERED
orphans = app.topic(TASK.orphans, key_serializer="raw", value_serializer="raw")
waiting: Any = app.Table("waiting", partitions=PARTITIONS)


class Partition:
    """What a partition has to remember beside the table."""

    def __init__(self) -> None:
        """Begin before the first record."""
        self.seen_ms = [0, 0]
        self.deadlines: list[tuple[int, str]] = []

    def due(self) -> str | None:
        """Return a key whose deadline both topics have passed, None if there is none."""
        if self.deadlines and self.deadlines[0][0] < min(self.seen_ms):
            return heapq.heappop(self.deadlines)[1]
        return None


partitions: defaultdict[int, Partition] = defaultdict(Partition)


@app.agent(inputs)
async def pair(stream: Any) -> AsyncIterator[None]:  # noqa: ANN401  faust's stream is generic in what it cannot know
    """Pair legs as they come and sweep what has waited too long."""
    async for event in stream.events():
        message = event.message
        side = int(message.topic == TASK.host)
        at_ms = int(message.timestamp * 1_000)
        place = partitions[message.partition]
        place.seen_ms[side] = at_ms
        _apply(place, side, at_ms, message.value)
        while (key := place.due()) is not None:
            await _sweep(key, min(place.seen_ms) - TASK.window_ms)
        PROGRESS.handled += 1
        yield


def _apply(place: Partition, side: int, at_ms: int, value: bytes) -> None:
    """Pair a leg with the one that waits for it, or let it wait."""
    leg = leg_of(value)
    if leg is None:
        return
    key = "|".join(map(str, leg.key))
    other = waiting.get(key)
    if other is not None and other[0] != side and abs(at_ms - other[1]) <= TASK.window_ms:
        PROGRESS.pairs += 1
        PROGRESS.mismatched += other[2] != leg.amount
        waiting.pop(key)
        return
    waiting[key] = (side, at_ms, leg.amount)
    heapq.heappush(place.deadlines, (at_ms + TASK.window_ms, key))


async def _sweep(key: str, before_ms: int) -> None:
    """Give out a leg as an orphan if it has waited since before a time; another leg may wait under its key now."""
    left = waiting.get(key)
    if left is None or left[1] >= before_ms:
        return
    waiting.pop(key)
    if left[0]:
        PROGRESS.orphans_host += 1
    else:
        PROGRESS.orphans_terminal += 1
    await orphans.send(key=key.encode(), value=orjson.dumps(left))


if __name__ == "__main__":
    keep_telling(PROGRESS)
    app.worker_init()
    faust.Worker(app, loglevel="warning").execute_from_commandline()

"""A worker whose lanes only write down what they are fed; started by the tests as a program of its own.

    python recording_worker.py JOURNAL KEY=VALUE...

Each record becomes an anomaly named ``source-lane-offset``, so that the anomaly topic shows what was
handled.  Like the real lane it asks for a cut behind its position, and says nothing again that was
handled before the cut.  Events in JOURNAL are JSON lines.  The record ``bug`` makes the lane fail.
With HOST_FIRST in the environment a lane wants no terminal records before it has that many of the host;
with SEND_PAUSE each output waits for so many seconds before it is sent; with STUCK=TOPIC:PARTITION:OFFSET
this partition is fetched no further than that, and with HANG=1 the fetch that comes so far never returns.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiokafka.structs import TopicPartition

from streams.app import create_app
from streams.core.cut import Cut
from streams.core.lane import AnomalyChange, Lane, LaneOutput
from streams.edges.batch_driver.thread import BatchConsumerThread
from streams.edges.faust_worker import VoucherWorker
from streams.errors import VoucherwatchError
from streams.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BEHIND = 10
"""Records that the cut lies behind the position, for each source."""


class RecordingLane(Lane):
    """Writes down every call."""

    journal: Path

    def say(self, **event: object) -> None:
        """Append one event to the journal."""
        with self.journal.open("a") as file:
            file.write(json.dumps({"lane": self.number, **event}) + "\n")

    def feed(self, source: int, records: Sequence[Any], now_ms: int = 0) -> LaneOutput:
        """Note the offsets and say one change for each record that is new."""
        del now_ms
        offsets = [record[0] for record in records]
        self.say(call="feed", source=source, first=offsets[0], last=offsets[-1], count=len(offsets))
        if any(record[3] == b"bug" for record in records):
            raise ZeroDivisionError("the pipeline has a bug")
        output = LaneOutput()
        output.changes = [
            AnomalyChange(
                {
                    "id": f"{source}-{self.number}-{record[0]}",
                    "kind": "x",
                    "revision": 1,
                    "marks": [],
                    "legs": {"terminal": None, "host": None},
                    "voucher": None,
                    "diagnosis": None,
                    "detected_at": 1,
                },
                record[1],
            )
            for record in records
            if record[0] >= self._processed[source]
        ]
        self._processed[source] = max(self._processed[source], offsets[-1] + 1)
        return output

    def caught_up(self, source: int, at_ms: int) -> LaneOutput:
        """Note the mark."""
        self.say(call="caught_up", source=source, at_ms=at_ms)
        return LaneOutput()

    def wants(self) -> tuple[bool, bool]:
        """Want both, or after the terminal's first record the host's first."""
        return not self._processed[0] or self._processed[1] >= int(os.environ.get("HOST_FIRST", "0")), True

    def cut(self) -> Cut:
        """Return a cut a few records behind the position."""
        terminal, host = self._processed
        offsets = (max(0, terminal - BEHIND), max(0, host - BEHIND))
        return Cut(terminal + host, 0, offsets, (terminal, host), self.partitions)

    def restore(
        self, j_ms: int, processed: tuple[int, int], anomalies: Iterable[bytes], *, r_ms: int, starts: tuple[int, int]
    ) -> None:
        """Note what was restored."""
        del r_ms, starts
        found = sorted(json.loads(record)["id"] for record in anomalies)
        self.say(call="restore", j_ms=j_ms, processed=processed, anomalies=len(found))
        self._processed = list(processed)


def _slow_down(driver: Any, seconds: float) -> None:  # noqa: ANN401  Faust's app calls it an object
    """Let every output wait, so that a worker that is stopped has unsent ones."""
    outbox = driver.lane_host.outbox
    send = outbox._send

    async def slow(record: Any) -> Any:  # noqa: ANN401  as the outbox has it
        await asyncio.sleep(seconds)
        return await send(record)

    if seconds:
        outbox._send = slow


def _get_stuck(where: str, *, hang: bool) -> None:
    """Let aiokafka give nothing of one partition from an offset on, or nothing at all any more."""
    topic, number, offset = where.rsplit(":", 2)
    place = TopicPartition(topic, int(number))
    fetch = BatchConsumerThread._fetch_records

    async def stuck(
        self: BatchConsumerThread,
        consumer: Any,  # noqa: ANN401  aiokafka is untyped
        active_partitions: set[Any],
        timeout: float | None = None,  # noqa: ASYNC109  Faust's signature
        max_records: int | None = None,
    ) -> Any:  # noqa: ANN401  as Faust has it
        if place in active_partitions and await consumer.position(place) >= int(offset):
            if hang:
                await asyncio.sleep(3_600)
            active_partitions = active_partitions - {place}
        return await fetch(self, consumer, active_partitions, timeout, max_records)

    BatchConsumerThread._fetch_records = stuck  # type: ignore[method-assign]  # that is what it is for


def main() -> int:
    """Run until told to stop and return the exit code."""
    RecordingLane.journal = Path(sys.argv[1])
    settings = load_settings(None, sys.argv[2:], {})
    app = create_app(settings, lambda number, count: RecordingLane(number, settings.policy(), partitions=count))
    if "STUCK" in os.environ:
        _get_stuck(os.environ["STUCK"], hang=os.environ.get("HANG") == "1")
    _slow_down(app.driver, float(os.environ.get("SEND_PAUSE", "0")))
    try:
        VoucherWorker(app).run()
    except VoucherwatchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except ZeroDivisionError:
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main())

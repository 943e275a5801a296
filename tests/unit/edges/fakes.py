"""A lane, a log and a clock that tests move by hand."""

# ruff: noqa: ANN401, ARG002, D102  these stand for ports whose methods are described there

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from streams.core.cut import Cut
from streams.core.lane import AnomalyChange, LaneOutput
from streams.edges.batch_driver import LaneHost, Outbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence

    from streams.core.diagnosis.calendar import Window
    from streams.edges.batch_driver.ports import Writer

TOPICS = ("terminal-events", "host-events")


class ManualClock:
    """Both clocks; they stand still until a test moves them."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def wall_ms(self) -> int:
        return int(self.now * 1_000) + 1_700_000_000_000

    def monotonic(self) -> float:
        return self.now


class FakeLane:
    """Says one anomaly change for each record and remembers what it was told."""

    def __init__(self, number: int, partitions: int = 1) -> None:
        self.number = number
        self.partitions = partitions
        self.fed: list[tuple[int, list[int]]] = []
        self.marks: list[tuple[int, int]] = []
        self.restored: list[tuple[int, int, tuple[int, int], tuple[int, int], list[bytes]]] = []
        self.wanted = (True, True)
        self.processed = [0, 0]
        self.error: Exception | None = None
        self.says = True
        self.silent = (False, False)
        self.speaks: set[int] = set()
        self.acknowledged: list[tuple[str, str, int]] = []
        self.windows: list[tuple[Window, ...]] = []
        self.notices: list[Window] = []
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def feed(self, source: int, records: Sequence[Any], now_ms: int = 0) -> LaneOutput:
        if self.error is not None:
            raise self.error
        self.fed.append((source, [record[0] for record in records]))
        self.processed[source] = records[-1][0] + 1
        output = LaneOutput()
        output.read = len(records)
        output.notices, self.notices = self.notices, []
        if self.says:
            output.changes = [
                AnomalyChange(
                    {"id": f"{source}-{record[0]}", "kind": "mismatch", "revision": 1, "marks": []}, record[1]
                )
                for record in records
            ]
        return output

    def caught_up(self, source: int, at_ms: int) -> LaneOutput:
        self.marks.append((source, at_ms))
        return LaneOutput()

    def wants(self) -> tuple[bool, bool]:
        return self.wanted

    def cut(self) -> Cut:
        terminal, host = self.processed
        return Cut(terminal + host, 0, (terminal or None, host or None), (terminal, host), self.partitions)

    def restore(
        self, j_ms: int, processed: tuple[int, int], anomalies: Iterable[bytes], *, r_ms: int, starts: tuple[int, int]
    ) -> None:
        self.restored.append((j_ms, r_ms, starts, processed, list(anomalies)))
        self.processed = list(processed)

    def stalled(self) -> tuple[bool, bool]:
        return self.silent

    def speaks_for_stall(self, source: int) -> bool:
        return source in self.speaks

    def source_stalled(self, source: int, *, stalled: bool) -> LaneOutput:
        if stalled:
            self.speaks.add(source)
        else:
            self.speaks.discard(source)
        return LaneOutput()

    def acknowledge(self, anomaly_id: str, by: str, at_ms: int) -> LaneOutput:
        self.acknowledged.append((anomaly_id, by, at_ms))
        return LaneOutput()

    def tell_windows(self, windows: tuple[Window, ...]) -> LaneOutput:
        self.windows.append(windows)
        return LaneOutput()

    def offsets(self, source: int) -> list[int]:
        return [offset for said, offsets in self.fed for offset in offsets if said == source]


class FakeLog:
    """The group's commits and positions."""

    def __init__(self, partitions: int = 1) -> None:
        self.partitions = [partitions, partitions]
        self.commits: dict[tuple[str, int], tuple[int, str]] = {}
        self.commit_calls: list[dict[tuple[str, int], tuple[int, str]]] = []
        self.commit_error: BaseException | None = None
        self.first: dict[tuple[str, int], int] = {}
        self.leaderless: set[tuple[str, int]] = set()
        self.first_times: dict[tuple[str, int], int] = {}
        self.at_time: dict[tuple[str, int], int | None] = {}
        self.times_asked: list[int] = []
        self.sought: dict[tuple[str, int], int] = {}

    async def committed(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], tuple[int, str]]:
        return {partition: self.commits[partition] for partition in partitions if partition in self.commits}

    async def beginnings(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        return {partition: self.first.get(partition, 0) for partition in partitions if partition not in self.leaderless}

    async def log_time_at(self, partition: tuple[str, int], offset: int) -> int | None:
        return self.first_times.get(partition)

    async def offsets_at(
        self, partitions: Iterable[tuple[str, int]], log_time: int
    ) -> Mapping[tuple[str, int], int | None]:
        self.times_asked.append(log_time)
        return {partition: self.at_time.get(partition) for partition in partitions if partition not in self.leaderless}

    async def seek(self, positions: Mapping[tuple[str, int], int]) -> None:
        self.sought |= positions

    async def commit(self, positions: Mapping[tuple[str, int], tuple[int, str]]) -> BaseException | None:
        self.commit_calls.append(dict(positions))
        if self.commit_error is None:
            self.commits |= positions
        return self.commit_error

    async def partition_count(self, topic: str) -> int:
        return self.partitions[TOPICS.index(topic)]


class FakeBroker:
    """Takes sends; acknowledges them at once, or when told."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.at_once = at_once
        self.sent: list[Any] = []
        self.open: list[Any] = []

    async def send(self, record: Any) -> Awaitable[object]:
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.sent.append(record)
        if self.at_once:
            future.set_result(None)
        else:
            self.open.append(future)
        return future

    def acknowledge(self, count: int) -> None:
        for future in self.open[:count]:
            future.set_result(None)
        del self.open[:count]


class FakePublisher:
    """Names the records after their changes."""

    def anomaly(self, lane: int, change: AnomalyChange, detected_at_ms: int, writer: Writer) -> Any:
        return "anomalies", lane, change.anomaly_id.encode(), str(writer.generation).encode(), ()

    def again(self, lane: int, key: bytes, value: bytes, writer: Writer) -> Any:
        return "anomalies", lane, key, value, ()

    def dead_letter(self, lane: int, letter: Any) -> Any:
        return "letters", None, letter.key, letter.value, ()


@dataclass
class FakePast:
    """What a lane's partition of the anomaly topic showed."""

    records: list[bytes] = field(default_factory=list)
    overtaken: dict[bytes, bytes] = field(default_factory=dict)
    end: int = 0
    generation: int = 0


class FakeHistory:
    """What was published before, by lane."""

    def __init__(self) -> None:
        self.past: dict[int, FakePast] = {}
        self.asked: list[dict[int, int]] = []
        self.foreign: asyncio.Queue[dict[int, set[bytes]]] = asyncio.Queue()

    async def read_back(self, j_ms: Mapping[int, int]) -> Mapping[int, FakePast]:
        self.asked.append(dict(j_ms))
        return {lane: self.past.get(lane, FakePast()) for lane in j_ms}

    async def strangers(self, positions: dict[int, int], own: bytes) -> AsyncIterator[Mapping[int, set[bytes]]]:
        while True:
            yield await self.foreign.get()


class FakeObserver:
    """Remembers what was counted."""

    def __init__(self) -> None:
        self.commits: list[str] = []
        self.rebalances = 0
        self.anomalies: list[object] = []
        self.published: list[int] = []
        self.fetches: list[int] = []

    def count(self, tally: Any) -> None: ...

    def observe_pairs(self, delays_ms: Any) -> None: ...

    def observe_latency(self, log_times_ms: Any, now_ms: int) -> None: ...

    def observe_published(self, delay_ms: int) -> None:
        self.published.append(delay_ms)

    def observe_fetch(self, seconds: float, records: int) -> None:
        self.fetches.append(records)

    def count_anomaly(self, record: Mapping[str, object]) -> None:
        self.anomalies.append(record["id"])

    def count_commit(self, result: str) -> None:
        self.commits.append(result)

    def count_rebalance(self) -> None:
        self.rebalances += 1


class World:
    """A lane host with everything around it; build it inside a running loop."""

    def __init__(self, *, at_once: bool = True, partitions: int = 1, limit: int = 20_000) -> None:
        self.clock = ManualClock()
        self.log = FakeLog(partitions)
        self.broker = FakeBroker(at_once=at_once)
        self.history = FakeHistory()
        self.observer = FakeObserver()
        self.failures: list[BaseException] = []
        self.made: list[FakeLane] = []
        self.outbox = Outbox(self.broker.send, self.failures.append, limit=limit)
        self.host = LaneHost(
            TOPICS,
            self.make_lane,
            FakePublisher(),
            self.history,
            self.observer,
            self.outbox,
            self.clock,
            self.failures.append,
        )

    def make_lane(self, number: int, partitions: int) -> Any:
        lane = FakeLane(number, partitions)
        self.made.append(lane)
        return lane

    @property
    def lane(self) -> FakeLane:
        return self.made[-1]


def assigned(*numbers: int) -> list[tuple[str, int]]:
    """Return both input partitions of each lane number."""
    return [(topic, number) for number in numbers for topic in TOPICS]


def records(*offsets: int) -> list[tuple[int, int, bytes | None, bytes | None]]:
    """Return raw records with these offsets, one millisecond apart."""
    return [(offset, 1_000 + offset, b"k", b"v") for offset in offsets]

"""What the batch driver needs from the rest of the program; ``streams.app`` supplies it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from streams.core.cut import Cut
    from streams.core.diagnosis.calendar import Window
    from streams.core.lane import AnomalyChange, Lane
    from streams.core.wire import DeadLetter

Outgoing = tuple[str, int | None, bytes | None, bytes | None, Sequence[tuple[str, bytes]]]
"""Topic, partition (None: by key), key, value, headers of one record to send."""

Send = Callable[[Outgoing], Awaitable[Awaitable[object]]]
"""Hands a record to the producer; what it returns is done when the broker has acknowledged."""

MakeLane = Callable[[int, int], "Lane"]
"""Builds the pipeline of one lane from its number and the number of partitions of the inputs."""

Position = tuple[int, str]
"""A committed offset (the next record to read) with its metadata."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes to a lane's partition of the anomaly topic: one lane of one assignment of one worker.

    ``generation`` rises from owner to owner, ``name`` is written beside every record.
    """

    generation: int = 0
    name: bytes = b""


class Published(Protocol):
    """What a lane's partition of the anomaly topic shows."""

    @property
    def records(self) -> Sequence[bytes]:
        """The newest record of each anomaly by (generation, revision)."""

    @property
    def overtaken(self) -> Mapping[bytes, bytes]:
        """Those of the records behind which an older one stands, by key."""

    @property
    def end(self) -> int:
        """The offset up to which the partition was read."""

    @property
    def generation(self) -> int:
        """The largest generation seen."""


class LaneLedger(Protocol):
    """The ledger of one lane as the driver sees it, where it is kept on disk."""

    @property
    def cut(self) -> Cut | None:
        """The newest cut that was synced together with the facts that go before it; None in a new ledger."""

    def claim(self) -> None:
        """Open it; waits a few seconds for a former owner, so it is called in a thread."""

    def begin_anew(self, why: str) -> None:
        """Go on with an empty one."""

    def fill(self, j_ms: int) -> None:
        """Say that the lane is read from before its cut, and that the ledger is complete only after ``j_ms``."""

    def seal(self, cut: Cut) -> None:
        """Take a cut of the lane that was taken just now: it goes after all that the lane has put so far."""

    def write(self, cut: Cut) -> None:
        """Write a sealed cut that is about to be committed, with what goes before it, in one batch."""

    def sync(self) -> None:
        """Return once all that was written is on the disk; called in a thread."""

    @property
    def disk_bytes(self) -> int:
        """How much its files take; 0 while it is not open."""

    def close(self) -> None:
        """Close it; what goes before no committed cut is left out."""


class Ledgers(Protocol):
    """The ledgers of a worker's lanes."""

    reach_ms: int
    """How far before J a lane has to be read again whose ledger knows nothing; 0: no further than its cut."""

    def of(self, lane: int) -> LaneLedger | None:
        """Return the ledger that was made with a lane, None where it is in memory."""


class NoLedgers:
    """Lanes whose ledgers are in memory, and empty at every start."""

    def __init__(self, reach_ms: int = 0) -> None:
        """``reach_ms`` is how far before J a lane has to be read again to fill its ledger."""
        self.reach_ms = reach_ms

    def of(self, lane: int) -> LaneLedger | None:  # noqa: ARG002  there is none
        """Return None."""
        return None


class Publisher(Protocol):
    """Turns what a lane produced into records of the output topics."""

    def anomaly(self, lane: int, change: AnomalyChange, detected_at_ms: int, writer: Writer) -> Outgoing:
        """Return the record of one change; ``detected_at_ms`` is the wall clock."""

    def again(self, lane: int, key: bytes, value: bytes, writer: Writer) -> Outgoing:
        """Return a record that says once more what a late write of a former owner has hidden."""

    def dead_letter(self, lane: int, letter: DeadLetter) -> Outgoing:
        """Return the record of one bad record."""


class History(Protocol):
    """Reads back what earlier workers published."""

    async def read_back(self, j_ms: Mapping[int, int]) -> Mapping[int, Published]:
        """Return for each lane what is known of every anomaly that can matter after its log time J."""

    def strangers(self, positions: dict[int, int], own: bytes) -> AsyncIterator[Mapping[int, set[bytes]]]:
        """Follow the lanes' partitions from ``positions``, which move on, and tell the keys that others write.

        ``own`` is the name of the writer whose records are no news.
        """


class Control(Protocol):
    """Follows what operators tell the workers."""

    async def follow(
        self, acknowledge: Callable[[str, str, int], None], windows: Callable[[tuple[Window, ...]], None]
    ) -> None:
        """Tell every acknowledgement (anomaly id, by, at in epoch ms), old ones first, until cancelled.

        ``windows`` is told all maintenance windows that stand there, once the end was reached and after
        every change.
        """

    def pass_on(self, window: Window) -> None:
        """Write down the window that a notice told one lane of, so that all lanes learn of it; as well as can be."""


class InputLog(Protocol):
    """The consumer as the rebuilding of lanes sees it: commits, offsets and positions."""

    async def committed(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], Position]:
        """Return the group's commits; partitions without one are missing."""

    async def beginnings(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        """Return the first offset that still exists in each partition that answered in time."""

    async def log_time_at(self, partition: tuple[str, int], offset: int) -> int | None:
        """Return the timestamp in ms of the first record at or after ``offset``, None at the end."""

    async def offsets_at(
        self, partitions: Iterable[tuple[str, int]], log_time: int
    ) -> Mapping[tuple[str, int], int | None]:
        """Return, of each partition that answered, the first offset with this log time or later, None without one."""

    async def seek(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Go on reading each partition at the given offset."""

    async def commit(self, positions: Mapping[tuple[str, int], Position]) -> BaseException | None:
        """Commit all positions in one request; return what went wrong, None if the broker accepted all."""

    async def partition_count(self, topic: str) -> int:
        """Return how many partitions a topic has."""


class EndOffsets(Protocol):
    """Asks the brokers where partitions end, on a connection of its own."""

    async def ask(self, partitions: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        """Return the high watermark of each partition that answered in time."""


class Observer(Protocol):
    """Counts what happens; implemented by the metrics."""

    def count(self, tally: Mapping[tuple[str, tuple[str, ...]], int]) -> None:
        """Add a lane's tally."""

    def count_anomaly(self, record: Mapping[str, object]) -> None:
        """Take the first record of an anomaly."""

    def observe_pairs(self, delays_ms: Sequence[int]) -> None:
        """Take the delays between the two legs of the pairs of one call."""

    def observe_latency(self, log_times_ms: Sequence[int], now_ms: int) -> None:
        """Take the log times of the records that one call handled, rising."""

    def observe_published(self, delay_ms: int) -> None:
        """Take the time from a verdict's log time to the broker's acknowledgement."""

    def observe_fetch(self, seconds: float, records: int) -> None:
        """Take the time that handling one fetch of all partitions took."""

    def count_commit(self, result: str) -> None:
        """Count one commit, ``ok`` or ``failed``."""

    def count_rebalance(self) -> None:
        """Count one new assignment."""


class Clock(Protocol):
    """The two clocks of the worker; tests use one that they move by hand."""

    def wall_ms(self) -> int:
        """Return epoch milliseconds."""

    def monotonic(self) -> float:
        """Return seconds that only rise."""


class SystemClock:
    """The clocks of this machine."""

    def wall_ms(self) -> int:
        """Return epoch milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return seconds that only rise."""
        return time.monotonic()

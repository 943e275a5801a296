"""One lane on this worker: the pure pipeline and what the driver must remember about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.edges.batch_driver.commits import CutLog
from streams.edges.batch_driver.outbox import Sends
from streams.edges.batch_driver.ports import Writer

if TYPE_CHECKING:
    from streams.core.lane import Cut, Lane
    from streams.edges.batch_driver.ports import LaneLedger, Position

CAUGHT_UP_FOR_SECONDS = 2.0
"""How long an answer that showed us at the end of a partition counts; then we know nothing."""


class SourceState:
    """What is known about one input partition of a lane.

    ``position`` is the next offset to read; it passes transaction markers and compacted offsets,
    which no record shows.
    """

    __slots__ = (
        "at_end_monotonic",
        "at_end_ms",
        "end",
        "heard_monotonic",
        "owed_since",
        "position",
        "start",
        "verified_gap",
    )

    def __init__(self, now: float) -> None:
        """Begin at offset 0; ``now`` is the monotonic clock in seconds."""
        self.start = 0
        self.position = 0
        self.end: int | None = None
        self.heard_monotonic = now
        self.at_end_monotonic: float | None = None
        self.at_end_ms: int | None = None
        self.verified_gap: tuple[int, int] | None = None
        self.owed_since: float | None = None

    def believes(self, gap_end: int) -> bool:
        """Tell whether a gap up to ``gap_end`` was seen before from this position; remember it if not."""
        if self.verified_gap == (self.position, gap_end):
            return True
        self.verified_gap = (self.position, gap_end)
        return False

    def stands_at_end(self, now: float, wall_ms: int) -> None:
        """Take note that an answer just showed our position at the end."""
        self.at_end_monotonic = now
        self.at_end_ms = wall_ms

    @property
    def lag(self) -> int | None:
        """Records behind our position, None while the end is unknown."""
        return None if self.end is None else max(0, self.end - self.position)

    def caught_up(self, now: float) -> bool:
        """Tell whether a good answer showed our position at the end within the last two seconds."""
        return self.at_end_monotonic is not None and now - self.at_end_monotonic <= CAUGHT_UP_FOR_SECONDS


class HostedLane:
    """A lane with its input partitions, its sends under way and its cuts.

    It is fed only while ``ready``: from the end of its rebuilding to its revocation.  After an
    exception of the pipeline it is ``broken``: its state can no longer be trusted, nothing is cut.
    """

    def __init__(
        self, number: int, lane: Lane, topics: tuple[str, str], now: float, ledger: LaneLedger | None = None
    ) -> None:
        """Take the lane with its number, which is that of its partition of both topics, and its ledger on disk."""
        self.ledger = ledger
        self.number = number
        self.lane = lane
        self.partitions = ((topics[0], number), (topics[1], number))
        self.sources = (SourceState(now), SourceState(now))
        self.sends = Sends()
        self.cuts = CutLog()
        self.writer = Writer()
        self.j_ms = 0
        """J of the start: older anomalies are not read back."""
        self.hidden: set[str] = set()
        """Anomalies behind whose newest record somebody else wrote, until the lane says them again."""
        self.ready = False
        self.broken = False
        self.wanted = (True, True)
        self.replay_until = (0, 0)

    def replays(self, source: int, offset: int) -> bool:
        """Tell whether a record was handled by an earlier worker already."""
        return offset < self.replay_until[source]

    @property
    def replaying(self) -> bool:
        """Whether either source stands before what an earlier worker had read."""
        return self.sources[0].position < self.replay_until[0] or self.sources[1].position < self.replay_until[1]

    def start_at(self, offsets: tuple[int, int], processed: tuple[int, int], now: float) -> None:
        """Set where reading starts and up to where an earlier worker had read."""
        for source, offset in zip(self.sources, offsets, strict=True):
            source.start = source.position = offset
            source.heard_monotonic = now
        self.replay_until = processed

    def positions(self) -> dict[tuple[str, int], int]:
        """Return the next offset to read of both partitions."""
        return {partition: state.position for partition, state in zip(self.partitions, self.sources, strict=True)}

    def write_ledger(self, cut: Cut) -> bool:
        """Write into the ledger what a cut lets go of; tell whether there is something to be synced."""
        if self.ledger is None:
            return False
        self.ledger.write(cut)
        return True

    def snapshot(self) -> None:
        """Take a cut of the lane as of now and keep it until its outputs are acknowledged."""
        cut = self.lane.cut()
        if self.ledger is not None:
            self.ledger.seal(cut)
        self.cuts.note(cut, self.sends.issued)

    def committable(self) -> Cut | None:
        """Return the newest cut whose outputs are acknowledged and that is not committed yet."""
        return self.cuts.newest(self.sends.acknowledged())

    def commit_positions(self, cut: Cut) -> dict[tuple[str, int], Position]:
        """Return what to commit for a cut: both partitions, each with the cut's metadata.

        A source of which nothing was read yet is committed where its reading starts, or the next
        worker could not tell it from one that was never assigned.
        """
        metadata = cut.metadata()
        return {
            partition: (state.start if offset is None else offset, metadata)
            for partition, state, offset in zip(self.partitions, self.sources, cut.offsets, strict=True)
        }

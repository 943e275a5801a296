"""Where a lane can be restarted: one cut through both topics, and what is written beside it."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

METADATA_VERSION: Final = 1
_WIDTH: Final = 19
"""Digits of a number: as many as a 64-bit integer has, so that the metadata has a fixed size."""
MAX_METADATA_BYTES: Final = 128
_FIELDS: Final = 6
_TRIM_AT: Final = 65_536


@dataclass(frozen=True, slots=True)
class Committed:
    """What the metadata of a commit says: J, R, the processed offsets (next unread), the partition count."""

    j_ms: int
    r_ms: int
    processed: tuple[int, int]
    partitions: int


@dataclass(frozen=True, slots=True)
class Cut:
    """One consistent cut of a lane; offsets are the next to be read of terminal and host.

    An offset is ``None`` while nothing of that topic was read.
    """

    j_ms: int
    r_ms: int
    offsets: tuple[int | None, int | None]
    processed: tuple[int, int]
    partitions: int

    def metadata(self) -> str:
        """Return the commit metadata: version, J, R, both processed offsets, partition count."""
        numbers = (self.j_ms, self.r_ms, *self.processed, self.partitions)
        return ";".join((str(METADATA_VERSION), *(f"{max(0, number):0{_WIDTH}d}" for number in numbers)))

    @staticmethod
    def parse_metadata(text: str | None) -> Committed | None:
        """Read commit metadata back; ``None`` when it is missing or not ours."""
        parts = (text or "").split(";")
        if len(parts) != _FIELDS or parts[0] != str(METADATA_VERSION):
            return None
        try:
            j_ms, r_ms, terminal, host, partitions = (int(part) for part in parts[1:])
        except ValueError:
            return None
        return Committed(j_ms, r_ms, (terminal, host), partitions)


class Marks:
    """Where each log time of one source begins: the first offset of every log time that was read.

    Two flat arrays of 8-byte integers, so that a mark costs 16 bytes; there is at most one a
    millisecond.
    """

    __slots__ = ("next_offset", "offsets", "times")

    def __init__(self) -> None:
        self.times = array("q")
        self.offsets = array("q")
        self.next_offset: int | None = None
        """One past the last offset read, ``None`` while nothing was read."""

    def add(self, log_time: int, offset: int) -> None:
        """Remember that ``offset`` is the first with its log time; log times rise from call to call."""
        self.times.append(log_time)
        self.offsets.append(offset)

    def offset_at(self, log_time: int) -> int | None:
        """Return the smallest offset whose log time is at least the given one."""
        found = bisect_left(self.times, log_time)
        return self.offsets[found] if found < len(self.times) else self.next_offset

    def count(self, first: int, last: int) -> int:
        """Return how many log times were read from ``first`` on and before ``last``."""
        return bisect_left(self.times, last) - bisect_left(self.times, first)

    def forget_before(self, log_time: int) -> None:
        """Give back the marks that no cut can need any more."""
        found = bisect_left(self.times, log_time)
        if found >= _TRIM_AT:
            del self.times[:found]
            del self.offsets[:found]

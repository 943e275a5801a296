"""Chooses how many records one lane call takes, so that the event loop breathes."""

from __future__ import annotations

TARGET_SECONDS = 0.025
"""Heartbeats, the web port and acknowledgements wait for at most about this long."""
SMALLEST = 100
LARGEST = 5_000


class SliceSize:
    """The number of records for the next call, from the pace of the last ones."""

    def __init__(self) -> None:
        """Begin with a size that a slow machine handles in time."""
        self.records = 1_000
        self._seconds_per_record = 0.0

    def took(self, seconds: float, records: int) -> None:
        """Take the duration of one call."""
        pace = seconds / records
        # A slow call counts at once, a fast one only by and by: one pause must not be forgotten.
        self._seconds_per_record = max(pace, 0.9 * self._seconds_per_record + 0.1 * pace)
        fitting = TARGET_SECONDS / self._seconds_per_record if self._seconds_per_record > 0 else LARGEST
        self.records = int(min(LARGEST, max(SMALLEST, fitting)))

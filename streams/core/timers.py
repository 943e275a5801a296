"""Deadlines in log time: what is due, in the one order in which timers are applied.

The order is time, then kind, then source, then offset.  Almost every leg has the deadline "my log
time plus a window", and its pair closes long before: such deadlines stand in one queue a window,
which needs no sorting, and are dropped unread once their leg is paired.  All others are in a heap.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streams.core.event import Event

PAIR_DEADLINE: Final = 0
REVERSAL_LEG_DEADLINE: Final = 1
LEG_DEADLINE: Final = 2
REVERSAL_WAIT_END: Final = 3
CHAIN: Final = 4
HORIZON: Final = 5
STORED: Final = 6
"""Of a replay: what the anomaly topic shows of a log time, after all that follows from the records."""
LOOK_AGAIN: Final = 7
"""Open anomalies are diagnosed once more; decides nothing, so it comes after the others."""

NEVER: Final = (1 << 62) - 1

Due = tuple[int, int, int, int, int, object]
"""Time in milliseconds, kind, source, offset, serial number, subject."""


class Timers:
    """All deadlines of one lane."""

    def __init__(self) -> None:
        self._heap: list[Due] = []
        self._queues: dict[tuple[int, int], deque[Event]] = {}
        # Most legs have one window.
        self._last_kind = self._last_window = -1
        self._last_queue: deque[Event] = deque()
        self._serial = 0
        self.next_due = NEVER
        """A time before which nothing is due."""

    def set(self, time: int, kind: int, source: int, offset: int, subject: object) -> None:
        """Set one deadline."""
        self._serial += 1
        heappush(self._heap, (time, kind, source, offset, self._serial, subject))
        self.next_due = min(self.next_due, time)

    def set_leg(self, leg: Event, kind: int, window: int) -> None:
        """Set the deadline of a new leg that waits alone, ``window`` after its log time.

        Legs come in the order of their log time; a record that lies behind the watermark does
        not, and goes to the heap.
        """
        if kind == self._last_kind and window == self._last_window:
            queue = self._last_queue
        else:
            queue = self._queues.setdefault((kind, window), deque())
            self._last_kind, self._last_window, self._last_queue = kind, window, queue
        if queue and queue[-1].log_time > leg.log_time:
            self.set(leg.deadline, kind, leg.source, leg.offset, leg)
            return
        queue.append(leg)
        self.next_due = min(self.next_due, leg.deadline)

    def pop(self, before: int) -> Due | None:
        """Take the first deadline with a time smaller than ``before``, if there is one."""
        best: Due | None = None
        heap = self._heap
        if heap and heap[0][0] < before:
            best = heap[0]
        best_queue = None
        earliest = heap[0][0] if heap else NEVER
        for (kind, window), queue in self._queues.items():
            # Legs that were paired since are dropped however far off their deadline is: the first
            # leg that still waits is then seldom due, and this method seldom called.
            while queue:
                leg = queue[0]
                voucher = leg.voucher
                if voucher is None or voucher.lone is not leg:
                    queue.popleft()
                    continue
                due = leg.log_time + window
                if leg.deadline != due:
                    queue.popleft()
                    continue
                earliest = min(earliest, due)
                if due < before:
                    found = (due, kind, leg.source, leg.offset, 0, leg)
                    if best is None or found[:4] < best[:4]:
                        best, best_queue = found, queue
                break
        if best is None:
            self.next_due = earliest
            return None
        if best_queue is not None:
            best_queue.popleft()
        else:
            heappop(heap)
        return best

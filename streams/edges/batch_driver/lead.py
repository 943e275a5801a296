"""Measures how far the worker's clock is ahead of log time, the brokers' clock.

A record's log time is the broker's clock when the record was appended, so the worker's clock on
arrival less the log time is never smaller than the lead.  It is close to the lead only for a record
that was appended a moment ago.  That is known without trusting either clock: when an answer showed
that we stood at the end of the partition, every record that comes later was appended after that
answer.  Only records that arrive within ``FRESH_MS`` of such an answer are measured, and the smallest
difference of the last minutes counts.  A difference that is too large makes windows close late,
never early.

Nothing measured yet (a start into a silent night): the newest record that was read still bounds the
lead from above.  A bound of up to ``UNMEASURED_LIMIT_MS`` is taken as it is; beyond that the clocks are
assumed to agree, or a worker started two hours after the last record would close windows two hours late.
"""

from __future__ import annotations

from collections import deque

FRESH_MS = 10_000
WINDOW_MS = 10 * 60_000
STEP_MS = 30_000
UNMEASURED_LIMIT_MS = 60_000


class ClockLead:
    """The lead of the worker's clock over log time, in milliseconds, never negative."""

    def __init__(self) -> None:
        """Begin with nothing measured."""
        self._steps: deque[tuple[int, int]] = deque()
        self._bound_ms: int | None = None
        self._last_measured_ms: int | None = None

    def observe(self, received_ms: int, log_time_ms: int, at_end_ms: int | None) -> None:
        """Take the newest record of a fetch.

        ``received_ms`` is the worker's clock on arrival, ``at_end_ms`` the worker's clock when the
        partition was last seen read to its end, None if never.
        """
        difference = received_ms - log_time_ms
        if at_end_ms is None or not 0 <= received_ms - at_end_ms <= FRESH_MS:
            if self._bound_ms is None or difference < self._bound_ms:
                self._bound_ms = difference
            return
        step = received_ms // STEP_MS
        if self._steps and self._steps[-1][0] == step:
            difference = min(difference, self._steps.pop()[1])
        self._steps.append((step, difference))
        while self._steps[0][0] < step - WINDOW_MS // STEP_MS:
            self._steps.popleft()
        self._last_measured_ms = min(smallest for _, smallest in self._steps)

    @property
    def measured(self) -> bool:
        """Whether a fresh record has been seen."""
        return self._last_measured_ms is not None

    @property
    def lead_ms(self) -> int:
        """What to take off the worker's clock to stand at or before log time."""
        if self._last_measured_ms is not None:
            return max(0, self._last_measured_ms)
        if self._bound_ms is not None and self._bound_ms <= UNMEASURED_LIMIT_MS:
            return max(0, self._bound_ms)
        return 0

"""Is there more of something than usual: decayed counts, one that forgets fast and one that forgets slowly."""

from __future__ import annotations

import math
from typing import Final

from mypy_extensions import mypyc_attr

FAST_MS: Final = 120_000
SLOW_MS: Final = 1_800_000
SLOT_MS: Final = 30_000
MOST_SLOTS: Final = 40
"""Slots that are kept, the latest ones: twenty minutes of trouble without a pause."""
LN_2: Final = 0.6931471805599453


def surprise(count: float, expected: float) -> float:
    """Return by how many natural logs a count speaks for a higher rate than the expected one; 0 where it is not higher.

    It is the logarithm of the likelihood ratio of two Poisson rates.
    """
    if count <= expected or count <= 0.0:
        return 0.0
    return count * math.log(count / max(expected, 1e-6)) - (count - expected)


def _left(gone_ms: int, half_life_ms: int) -> float:
    """Return what is left of a count after so long."""
    return math.pow(0.5, gone_ms / half_life_ms)


@mypyc_attr(acyclic=True)
class Rate:
    """A count of events, decayed over two half-lives of log time."""

    def __init__(self) -> None:
        self.at = -1
        """Log time of the last event, -1 before the first."""
        self.fast = 0.0
        """The count with the short half-life as it was then: it cannot be more by now."""
        self.slow = 0.0

    def add(self, at: int) -> None:
        """Count one event."""
        gone = at - self.at
        if self.at >= 0 and gone > 0:
            self.fast = 1.0 + self.fast * _left(gone, FAST_MS)
            self.slow = 1.0 + self.slow * _left(gone, SLOW_MS)
        else:
            self.fast += 1.0
            self.slow += 1.0
        self.at = at

    def lately(self, at: int) -> float:
        """Return the fast count."""
        return self.fast * _left(max(0, at - self.at), FAST_MS)

    def expected(self, at: int, since: int) -> float:
        """Return what the fast count would be at the slow count's rate; ``since`` is when counting began."""
        # What has been counted for a short time only has not reached its level yet.
        age = max(1, at - since)
        full_fast, full_slow = 1.0 - _left(age, FAST_MS), 1.0 - _left(age, SLOW_MS)
        return self.slow * _left(max(0, at - self.at), SLOW_MS) / full_slow * full_fast * FAST_MS / SLOW_MS

    def usual(self, at: int, since: int) -> float:
        """Return the usual rate in events a millisecond."""
        slow = self.slow * _left(max(0, at - self.at), SLOW_MS)
        return slow / (1.0 - _left(max(1, at - since), SLOW_MS)) * LN_2 / SLOW_MS

    def quiet(self, at: int, since: int) -> float:
        """Return how many events the usual rate would have brought since the last one."""
        if self.at < 0:
            return 0.0
        gone = max(0, at - self.at)
        return self.slow / (1.0 - _left(max(1, self.at - since), SLOW_MS)) * LN_2 * gone / SLOW_MS


class History:
    """A count of events in half minutes, so that a later look sees what was going on at an earlier time."""

    def __init__(self) -> None:
        self._slots: list[int] = []
        """The numbers of those with any event, in order."""
        self._counts: list[int] = []
        self._rate = Rate()

    def add(self, at: int) -> None:
        """Count one event."""
        slots, number = self._slots, at // SLOT_MS
        place = len(slots)
        while place and slots[place - 1] > number:
            place -= 1
        if place and slots[place - 1] == number:
            self._counts[place - 1] += 1
        else:
            slots.insert(place, number)
            self._counts.insert(place, 1)
            if len(slots) > MOST_SLOTS:
                del slots[0], self._counts[0]
        self._rate.add(at)

    def count(self, at: int) -> int:
        """Return the count within two slots of a log time."""
        slots, number = self._slots, at // SLOT_MS - 2
        count = 0
        place = len(slots) - 1
        while place >= 0 and slots[place] >= number:
            if slots[place] <= number + 4:
                count += self._counts[place]
            place -= 1
        return count

    def usual(self, at: int, now: int, since: int) -> float:
        """Return how many events the usual rate would have brought where ``count`` looks; ``now`` is the present.

        What happened at ``at`` itself is part of what is usual.
        """
        number = at // SLOT_MS - 2
        width = max(0, min(number + 4, now // SLOT_MS) + 1 - number)
        return self._rate.usual(now, since) * width * SLOT_MS


@mypyc_attr(acyclic=True)
class Level:
    """The level of a measured value: how it was lately, and how it usually is."""

    def __init__(self) -> None:
        self.lately = 0.0
        self.usual = 0.0
        self.count = 0

    def add(self, value: float) -> None:
        """Take one measurement: a fifth of ``lately``, a two hundredth of ``usual``."""
        self.count += 1
        if self.count == 1:
            self.lately = self.usual = value
            return
        self.lately += (value - self.lately) / 5
        # The first measurements are averaged: no single one of them shapes what is usual.
        self.usual += (value - self.usual) / min(self.count, 200)

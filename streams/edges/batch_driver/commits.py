"""Keeps the cuts of a lane until the outputs that they stand for are acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streams.core.lane import Cut

MOST_WAITING = 64
"""Cuts kept at most; a slow broker makes cuts wait, and only the newest acknowledged one is of use."""


class CutLog:
    """The cuts of one lane in the order in which they were taken."""

    def __init__(self) -> None:
        """Begin without cuts."""
        self._waiting: list[tuple[int, Cut]] = []
        self.committed: Cut | None = None
        """The cut of the last commit that the broker accepted."""

    def note(self, cut: Cut, issued: int) -> None:
        """Keep a cut taken when the lane had handed over ``issued`` records for sending."""
        if self._waiting and self._waiting[-1][0] == issued:
            self._waiting[-1] = (issued, cut)
            return
        self._waiting.append((issued, cut))
        if len(self._waiting) > MOST_WAITING:
            del self._waiting[-2]

    def newest(self, acknowledged: int) -> Cut | None:
        """Return the newest cut whose first ``acknowledged`` records include all that it stands for.

        Older cuts are forgotten; the one returned stays until :meth:`accept`, so that a failed
        commit is tried again.  None if there is none, or if it is what is committed already.
        """
        ready = 0
        while ready < len(self._waiting) and self._waiting[ready][0] <= acknowledged:
            ready += 1
        if not ready:
            return None
        del self._waiting[: ready - 1]
        cut = self._waiting[0][1]
        return None if cut == self.committed else cut

    def accept(self, cut: Cut) -> None:
        """Take note that the broker accepted the commit of this cut."""
        self.committed = cut

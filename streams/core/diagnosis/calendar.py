"""The maintenance calendar: when a link, or the institution behind it, was not expected to work.

Three sources fill it: what operators wrote to the control topic, ``notice`` events of the feeds, and
the daily cut-over times of the configuration.  A calendar is a value: it is never changed, only replaced.
Nothing here decides whether an anomaly is one; a window says where it lies, and no more.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_WINDOWS: Final = 1_000
"""Windows of one calendar, cut-overs apart; those that end first are forgotten first."""
LONGEST_MS: Final = 31 * 24 * 3_600_000
"""Longest window that is announced: a wrong year would else cover everything."""
LONGEST_TEXT: Final = 200
"""Characters of an id, a link, an institution, a reason."""
MINUTE_MS: Final = 60_000
DAY_MINUTES: Final = 24 * 60

CONTROL: Final = "control"
NOTICE: Final = "notice"
CUT_OVER: Final = "cut_over"


@dataclass(frozen=True, slots=True)
class Window:
    """One time in which a link or an institution is not expected to work; both ends are inclusive."""

    id: str
    """Names the window; a later one with the same name takes its place."""
    from_ms: int
    """Epoch milliseconds of log time."""
    until_ms: int
    link: str = ""
    """The link meant; empty where the institution is."""
    institution: str = ""
    """The institution meant; empty where the link is.  With both, both must fit."""
    reason: str = ""
    source: str = CONTROL
    """``control``, ``notice`` or ``cut_over``."""

    def covers(self, link: str, institution: str, at_ms: int) -> bool:
        """Tell whether a moment on a link of an institution lies inside."""
        return self.from_ms <= at_ms <= self.until_ms and self._fits(link, institution)

    def _fits(self, link: str, institution: str) -> bool:
        if not self.link and not self.institution:
            return False
        return self.link in {"", link} and self.institution in {"", institution}


@dataclass(frozen=True, slots=True)
class CutOver:
    """The daily change of the business day of a host: ``minutes`` long from a minute of its local day."""

    begins_minute: int
    """Minutes after local midnight."""
    minutes: int
    offset_minutes: int = 0
    """What the host's local time is ahead of UTC."""
    link: str = ""
    """The link meant; empty for all."""

    def at(self, link: str, at_ms: int) -> Window | None:
        """Return the day's window if a moment lies inside, also where it crosses midnight."""
        if self.link and self.link != link:
            return None
        minute = at_ms // MINUTE_MS + self.offset_minutes - self.begins_minute
        day, into = divmod(minute, DAY_MINUTES)
        if into >= self.minutes:
            return None
        from_ms = (day * DAY_MINUTES + self.begins_minute - self.offset_minutes) * MINUTE_MS
        until_ms = from_ms + self.minutes * MINUTE_MS - 1
        name = f"cut-over-{self.begins_minute // 60:02d}:{self.begins_minute % 60:02d}"
        return Window(name, from_ms, until_ms, link, reason="cut-over of the business day", source=CUT_OVER)


class Calendar:
    """All windows that are known; looking one up takes the time of the windows of one link and institution."""

    __slots__ = ("_by_scope", "_cut_overs", "_institutions", "empty", "windows")

    def __init__(
        self,
        windows: Iterable[Window] = (),
        cut_overs: Iterable[CutOver] = (),
        institutions: Mapping[str, str] | None = None,
    ) -> None:
        """Take the windows, of those with one name the last, the daily cut-overs, and link -> institution."""
        known = {window.id: window for window in windows}
        kept = sorted(known.values(), key=lambda window: (window.until_ms, window.id))[-MOST_WINDOWS:]
        self.windows: tuple[Window, ...] = tuple(kept)
        """In the order of their ends."""
        self._cut_overs = tuple(cut_overs)
        self.empty = not kept and not self._cut_overs
        """Whether no moment can lie inside."""
        self._institutions = dict(institutions or {})
        self._by_scope: defaultdict[tuple[str, str], list[Window]] = defaultdict(list)
        for window in kept:
            self._by_scope[window.link, window.institution].append(window)

    def covering(self, link: str, institution: str, at_ms: int) -> Window | None:
        """Return the window in which a moment lies, of several the one that ends last, then that of the last name.

        Announced windows go before cut-overs, and a link's own cut-overs stand in place of those of all.
        ``at_ms`` is epoch milliseconds of log time; a link or institution that is not known is empty, and
        then the institution behind the link is meant.
        """
        institution = institution or self._institutions.get(link, "")
        best: Window | None = None
        for scope in {(link, ""), ("", institution), (link, institution)}:
            for window in reversed(self._by_scope.get(scope, ())):
                if window.covers(link, institution, at_ms):
                    if best is None or (window.until_ms, window.id) > (best.until_ms, best.id):
                        best = window
                    break
        if best is not None:
            return best
        daily = [one for one in self._cut_overs if one.link and one.link == link]
        daily = daily or [one for one in self._cut_overs if not one.link]
        return next((found for one in daily if (found := one.at(link, at_ms)) is not None), None)

    def beside(self, window: Window) -> Calendar:
        """Return this calendar with one more window."""
        return self.of((*self.windows, window))

    def of(self, windows: Iterable[Window]) -> Calendar:
        """Return a calendar of other windows with the same cut-overs and institutions."""
        return Calendar(windows, self._cut_overs, self._institutions)

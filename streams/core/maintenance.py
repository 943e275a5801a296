"""What of the maintenance calendar shows in anomalies: a mark and a sentence of evidence, and no more.

An anomaly inside a window is opened, counted, published and paged like any other.  It lies inside when
one of the legs that opened it does, on its own link.  The calendar may learn of a window later: the
anomalies that are open then are looked at again, so that in the end the calendar decides and not the
order in which things were read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from streams.core.diagnosis.calendar import LONGEST_MS, LONGEST_TEXT, MOST_WINDOWS, NOTICE, Calendar, Window
from streams.core.fields import parse_time
from streams.core.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.core.event import Event
    from streams.core.policy import Policy

MARK: Final = "maintenance"
SENTENCE: Final = "inside maintenance"
"""How the sentence of evidence begins."""


class Maintenance:
    """The calendar of one lane: what the control topic told, what its own notices told, and the cut-overs."""

    def __init__(self, policy: Policy) -> None:
        """Begin with the daily cut-overs of the configuration alone."""
        institutions = {name: link.institution for name, link in policy.links.items() if link.institution}
        self.calendar = Calendar((), policy.cut_overs, institutions)
        self.told: tuple[Window, ...] | None = None
        """What the control topic held when it was last read to its end; none: it was not yet."""
        self._noticed: dict[str, Window] = {}

    def tell(self, windows: tuple[Window, ...]) -> bool:
        """Take all windows of the control topic in place of those known; tell whether this is news."""
        if windows == self.told:
            return False
        before = {window.id for window in self.told or ()}
        for gone in before - {window.id for window in windows}:
            self._noticed.pop(gone, None)
        self.told = windows
        self._renew()
        return True

    def notice(self, window: Window) -> bool:
        """Take the window that a notice of this lane tells of; tell whether this is news."""
        if self._noticed.get(window.id) == window:
            return False
        self._noticed[window.id] = window
        if len(self._noticed) > MOST_WINDOWS:
            del self._noticed[min(self._noticed, key=lambda name: (self._noticed[name].until_ms, name))]
        self._renew()
        return True

    def covering(self, legs: Iterable[Event]) -> Window | None:
        """Return the window in which one of the legs of an anomaly lies."""
        if self.calendar.empty:
            return None
        return self._first((leg.body.link, leg.log_time) for leg in sorted(legs, key=lambda leg: leg.source))

    def covering_record(self, record: Mapping[str, Any]) -> Window | None:
        """Return the same for an anomaly of which only the record is at hand."""
        if self.calendar.empty:
            return None
        legs = [leg for leg in record["legs"].values() if leg is not None]
        return self._first((leg.get("link"), leg["log_time"]) for leg in legs)

    def _first(self, places: Iterable[tuple[object, int]]) -> Window | None:
        for link, at_ms in places:
            window = self.calendar.covering(link.strip() if isinstance(link, str) else "", "", at_ms)
            if window is not None:
                return window
        return None

    def _renew(self) -> None:
        # What the control topic says of a window goes before what a notice said.
        self.calendar = self.calendar.of([*self._noticed.values(), *(self.told or ())])


def sentence_of(window: Window) -> str:
    """Return the sentence of evidence of an anomaly inside a window."""
    scope = " and ".join(
        text
        for text in (
            f"link {window.link}" if window.link else "",
            f"institution {window.institution}" if window.institution else "",
        )
        if text
    )
    span = f"{_stamp(window.from_ms)} to {_stamp(window.until_ms)}"
    return f"{SENTENCE}: {scope or 'all links'}, {span}" + (f", {window.reason}" if window.reason else "")


def sentence_in(record: Mapping[str, Any]) -> str:
    """Return the sentence that an anomaly record shows, empty where it shows none."""
    return next((text for text in record["evidence"] if text.startswith(SENTENCE)), "")


def attributed(record: dict[str, Any], sentence: str) -> dict[str, Any]:
    """Return a record with the sentence that an anomaly is inside a window, or with an empty one: in none."""
    marks = [mark for mark in record["marks"] if mark != MARK]
    evidence = [text for text in record["evidence"] if not text.startswith(SENTENCE)]
    if sentence:
        marks.append(MARK)
        evidence.append(sentence)
    return record | {"marks": marks, "evidence": evidence}


def window_of(event: Event) -> Window | None:
    """Return the window that a ``notice`` tells of; raise ``ValueError`` for one that cannot be read.

    The fields are the sender's own, beside the event: ``window_from`` and ``window_until`` (RFC 3339 with
    offset, or epoch milliseconds), ``window_id``, ``institution``, ``reason``.  A notice without
    ``window_from`` tells of none.
    """
    extras = event.extras or {}
    if extras.get("window_from") is None:
        return None
    from_ms, until_ms = _moment(extras["window_from"]), _moment(extras.get("window_until"))
    if from_ms is None or until_ms is None or not from_ms <= until_ms <= from_ms + LONGEST_MS:
        raise ValueError("no window")
    link = event.body.link
    place = (link.strip() if isinstance(link, str) else "", _text(extras, "institution"))
    if not any(place):
        raise ValueError("no scope")
    name = _text(extras, "window_id") or event.body.event_id
    return Window(f"{NOTICE}-{name}", from_ms, until_ms, *place, _text(extras, "reason"), NOTICE)


def _moment(value: object) -> int | None:
    digits = isinstance(value, str) and value.isascii() and value.strip().isdigit()
    return parse_time(int(str(value)) if digits else value)


def _text(extras: Mapping[str, object], name: str) -> str:
    value = extras.get(name)
    return mask_text(value.strip())[0][:LONGEST_TEXT] if isinstance(value, str) else ""


def _stamp(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

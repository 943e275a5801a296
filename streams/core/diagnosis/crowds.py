"""How many anomalies of the last minutes share a link, a version, a merchant: exact counts in bounded memory.

Two spans are counted at once, a burst and what comes drop by drop.  An anomaly keeps hold of the counts that
it is part of, so that looking at them again looks nothing up.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from mypy_extensions import mypyc_attr

DIMENSIONS: Final = (
    "link",
    "region",
    "software_version",
    "terminal_model",
    "network_type",
    "operator",
    "merchant",
    "terminal",
)
"""What vouchers have in common; an operator's number counts within the merchant."""
LINK_PLACE: Final = 0
REGION_PLACE: Final = 1
VERSION_PLACE: Final = 2
NETWORK_PLACE: Final = 4
TERMINAL_PLACE: Final = 7
MOST_ENTRIES: Final = 4_096

Shared = tuple[str, str, str, str, str, str, str, str]
"""The values of one voucher in the order of ``DIMENSIONS``, empty where it has none."""


@mypyc_attr(acyclic=True)
class Group:
    """The anomalies of one kind that share one value."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.short = 0
        """How many of the short span."""
        self.long = 0
        self.share = 0.0
        """The share of the fleet that has this value, as it was when it was last looked up."""
        self.share_of = -1
        """Which of the times for looking it up that was."""


@mypyc_attr(acyclic=True)
class Crowd:
    """The anomalies of one kind."""

    def __init__(self) -> None:
        self.short = self.long = 0
        self.groups: list[dict[str, Group]] = [{} for _ in DIMENSIONS]
        """In the order of ``DIMENSIONS``: value -> its group."""


@mypyc_attr(acyclic=True)
class Entry:
    """One anomaly among its like."""

    def __init__(self, at: int, crowd: Crowd, groups: list[Group | None]) -> None:
        self.at = at
        self.crowd = crowd
        self.groups = groups
        """In the order of ``DIMENSIONS``, ``None`` where the voucher has no value."""
        self.gone = False
        """Whether it is older than the long span: its groups may count nothing any more."""

    def value(self, place: int) -> str:
        """Return what the voucher has in one dimension, empty where it has nothing."""
        group = self.groups[place]
        return "" if group is None else group.value

    def group(self, place: int) -> Group | None:
        """Return the counts of what the voucher has in one dimension as they are now, if any stand."""
        group = self.groups[place]
        return self.crowd.groups[place].get(group.value) if self.gone and group is not None else group


class Crowds:
    """The anomalies of two spans of log time, counted by kind and by what they share."""

    def __init__(self, short_ms: int, long_ms: int) -> None:
        """``short_ms`` is the smaller span."""
        self._spans = (short_ms, long_ms)
        self._short: deque[Entry] = deque()
        self._long: deque[Entry] = deque()
        self._crowds: dict[str, Crowd] = {}
        self._next_ms = -1
        """The log time up to which no anomaly leaves a span, -1 where none is counted."""

    def crowd(self, kind: str) -> Crowd:
        """Return the anomalies of a kind."""
        crowd = self._crowds.get(kind)
        if crowd is None:
            crowd = self._crowds[kind] = Crowd()
        return crowd

    def add(self, at: int, kind: str, shared: Shared) -> Entry:
        """Count one anomaly at a log time, which never falls; the oldest go where there are too many."""
        crowd = self.crowd(kind)
        groups: list[Group | None] = []
        for place, value in enumerate(shared):
            group: Group | None = None
            if value:
                standing = crowd.groups[place]
                group = standing.get(value)
                if group is None:
                    group = standing[value] = Group(value)
                group.short += 1
                group.long += 1
            groups.append(group)
        crowd.short += 1
        crowd.long += 1
        entry = Entry(at, crowd, groups)
        self._short.append(entry)
        self._long.append(entry)
        if len(self._long) > MOST_ENTRIES:
            if len(self._short) > MOST_ENTRIES:
                self._drop_short()
            self._drop_long()
        return entry

    def expire(self, at: int) -> None:
        """Forget what is older than its span at a log time."""
        if at <= self._next_ms:
            return
        short_ms, long_ms = self._spans
        while self._short and self._short[0].at < at - short_ms:
            self._drop_short()
        while self._long and self._long[0].at < at - long_ms:
            self._drop_long()
        # What is added later leaves later.
        until = at + short_ms
        if self._short:
            until = self._short[0].at + short_ms
        if self._long:
            until = min(until, self._long[0].at + long_ms)
        self._next_ms = until

    def _drop_short(self) -> None:
        entry = self._short.popleft()
        entry.crowd.short -= 1
        for group in entry.groups:
            if group is not None:
                group.short -= 1

    def _drop_long(self) -> None:
        entry = self._long.popleft()
        entry.gone = True
        crowd = entry.crowd
        crowd.long -= 1
        for place, group in enumerate(entry.groups):
            if group is not None:
                group.long -= 1
                if not group.long:
                    del crowd.groups[place][group.value]

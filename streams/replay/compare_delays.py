"""How long the second side of a voucher takes, and the pair window that follows from it.

Measured are all pairs that were found, in time or late, so that a window that is too short still
shows what it should be.  A voucher whose other side never came cannot be measured.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from streams.core.voucher import Voucher

ALL_LINKS: Final = "all"
NO_LINK: Final = "none"
OTHER_LINKS: Final = "other"
MAX_LINKS: Final = 50
"""Links measured by name; what comes beyond them is measured together."""
KEPT_DIGITS: Final = 1_000
PER_THOUSAND: Final = 1_000
SECOND_MS: Final = 1_000
ENOUGH_PAIRS: Final = 1_000
"""With fewer pairs the 99.9th percentile is the longest delay there was."""


def rounded_up(delay_ms: int) -> int:
    """Return a delay with its first three digits, the rest rounded up: at most 1 % too long."""
    unit = 1
    while delay_ms > KEPT_DIGITS * unit:
        unit *= 10
    return -(-delay_ms // unit) * unit


def permille(counts: Mapping[int, int], share: int) -> int:
    """Return the smallest value that at least ``share`` thousandths of all values do not exceed; 0 of none."""
    needed = -(-sum(counts.values()) * share // PER_THOUSAND)
    for value in sorted(counts):
        needed -= counts[value]
        if needed <= 0:
            return value
    return 0


class PairDelays:
    """Histograms of log time between the two legs of a voucher, by link and kind, in milliseconds."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], Counter[int]] = {}
        self._links: set[str] = set()

    def add(self, voucher: Voucher) -> None:
        """Measure a voucher that has both legs; its link is the host's, else the terminal's."""
        terminal, host = voucher.terminal, voucher.host
        if terminal is None or host is None:
            return
        key = self._named(host.body.link or terminal.body.link or ""), voucher.kind
        counts = self.counts.get(key)
        if counts is None:
            counts = self.counts[key] = Counter()
        counts[rounded_up(abs(terminal.log_time - host.log_time))] += 1

    def _named(self, link: str) -> str:
        name = link.strip() or NO_LINK
        if name not in self._links:
            if len(self._links) >= MAX_LINKS:
                return OTHER_LINKS
            self._links.add(name)
        return name


@dataclass(frozen=True, slots=True)
class WindowAdvice:
    """What was measured of one kind on one link, in milliseconds, and the window that would fit."""

    link: str
    kind: str
    pairs: int
    median_ms: int
    p99_ms: int
    p99_9_ms: int
    longest_ms: int
    window_ms: int
    """The pair window that was in force."""
    suggested_ms: int
    """The 99.9th percentile in whole seconds, and longer than ``stall_after``, as a worker asks."""

    @property
    def enough(self) -> bool:
        """Whether there were pairs enough for a 99.9th percentile."""
        return self.pairs >= ENOUGH_PAIRS


def advise(delays: Iterable[PairDelays], windows_ms: Mapping[str, int], stall_after_ms: int) -> Iterator[WindowAdvice]:
    """Yield for every kind what was measured on all links, then on each link if there are several."""
    by_kind: dict[str, dict[str, Counter[int]]] = {}
    for measured in delays:
        for (link, kind), counts in measured.counts.items():
            by_kind.setdefault(kind, {}).setdefault(link, Counter()).update(counts)
    for kind in sorted(by_kind, key=list(windows_ms).index):
        links = by_kind[kind]
        together: Counter[int] = Counter()
        for counts in links.values():
            together.update(counts)
        rows = {ALL_LINKS: together} | ({link: links[link] for link in sorted(links)} if len(links) > 1 else {})
        for link, counts in rows.items():
            yield _advice(link, kind, counts, windows_ms[kind], stall_after_ms)


def _advice(link: str, kind: str, counts: Counter[int], window_ms: int, stall_after_ms: int) -> WindowAdvice:
    tail_ms = permille(counts, 999)
    return WindowAdvice(
        link,
        kind,
        pairs=counts.total(),
        median_ms=permille(counts, 500),
        p99_ms=permille(counts, 990),
        p99_9_ms=tail_ms,
        longest_ms=max(counts),
        window_ms=window_ms,
        suggested_ms=max(_whole_seconds(tail_ms), _whole_seconds(stall_after_ms + 1)),
    )


def _whole_seconds(duration_ms: int) -> int:
    return -(-duration_ms // SECOND_MS) * SECOND_MS

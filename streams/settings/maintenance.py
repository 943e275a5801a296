"""Daily cut-over times as the configuration writes them: ``23:30+08:00/30m``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streams.core.diagnosis.calendar import DAY_MINUTES, MINUTE_MS, CutOver
from streams.settings.durations import parse_duration
from streams.settings.kinds import Names, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from streams.settings.links import LinkSettings
    from streams.settings.tree import Leaf

_FORM: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?:Z|([+-])(0\d|1[0-4]):([0-5]\d))/(\S+)")
LIMIT: Final = "times of day with zone and length, of whole minutes up to 12 hours"
CHANGE: Final = "write them as [23:30+08:00/30m], or [] for none"
LONGEST_MINUTES: Final = DAY_MINUTES // 2


@dataclass(frozen=True)
class CutOvers(Names):
    """A list of daily times, which may be empty."""

    limit: str = LIMIT
    change: str = CHANGE

    def convert(self, value: object, leaf: Leaf) -> tuple[str, ...]:
        """Return the times as they were written; each can be read."""
        if value in ([], ""):
            return ()
        written = super().convert(value, leaf)
        for text in written:
            try:
                read_cut_over(text)
            except ValueError:
                raise Refused(LIMIT, CHANGE) from None
        return written


def read_cut_over(text: str, link: str = "") -> CutOver:
    """Return the daily window that a text stands for; raises ValueError for any other text."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError("no time of day with zone and length")
    hour, minute, sign, hours_ahead, minutes_ahead, length = match.groups()
    minutes, rest = divmod(parse_duration(length), MINUTE_MS)
    if rest or not 1 <= minutes <= LONGEST_MINUTES:
        raise ValueError("not a length of whole minutes up to 12 hours")
    ahead = int(hours_ahead or 0) * 60 + int(minutes_ahead or 0)
    return CutOver(int(hour) * 60 + int(minute), minutes, -ahead if sign == "-" else ahead, link)


def cut_overs_of(for_all: Iterable[str], links: Mapping[str, LinkSettings]) -> Iterator[CutOver]:
    """Yield the daily windows of all links, and those that single links have in their place."""
    yield from (read_cut_over(text) for text in for_all)
    for name, link in links.items():
        yield from (read_cut_over(text, name) for text in link.cut_over or ())
        if link.cut_over == ():
            yield CutOver(0, 0, 0, name)  # it stands in place of those of all, and nothing lies in it

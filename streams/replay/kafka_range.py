"""Which part of the log a replay of topics is about: two moments, as people write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from streams.core.fields import parse_time
from streams.errors import UsageError
from streams.settings import format_duration, parse_duration

EARLIEST_MS: Final = 100_000_000_000
"""Smaller numbers are seconds, or no times of this century: epoch milliseconds have passed this in 1973."""
HOW: Final = "write 2026-03-02T15:00:00+08:00, epoch milliseconds, now, or a time before now such as -2h"


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Log times in epoch milliseconds, the first inside and the second outside; ``now_ms`` is the wall clock."""

    from_ms: int
    to_ms: int
    now_ms: int


def moment(text: str, option: str, now_ms: int) -> int:
    """Return the epoch milliseconds of a moment that was written behind ``option``; raises UsageError."""
    written = text.strip()
    if written == "now":
        return now_ms
    if written.startswith("-"):
        try:
            return max(0, now_ms - parse_duration(written[1:]))
        except ValueError:
            raise UsageError(f"{option} is {text}, but {written[1:]} is no duration; {HOW}.") from None
    if written.isascii() and written.isdecimal():
        if int(written) < EARLIEST_MS:
            raise UsageError(f"{option} is {text}, which is too small for epoch milliseconds; {HOW}.")
        found = parse_time(int(written))
    else:
        found = parse_time(written)
    if found is None:
        raise UsageError(f"{option} is {text}, but must be a time with its offset from UTC; {HOW}.")
    return found


def time_range(from_text: str, to_text: str, now_ms: int, idle_lateness_ms: int) -> TimeRange:
    """Return the range of ``--from`` and ``--to``; raises UsageError if there is nothing in it.

    It ends ``idle_lateness`` before now at the latest: what is younger may still be on its way through
    replication, and a replay must not take that for missing.
    """
    from_ms, to_ms = moment(from_text, "--from", now_ms), moment(to_text, "--to", now_ms)
    if from_ms >= to_ms:
        raise UsageError(
            f"--from is {shown(from_ms)}, but must be before --to, which is {shown(to_ms)}; exchange them."
        )
    settled_ms = now_ms - idle_lateness_ms
    if from_ms >= settled_ms:
        raise UsageError(
            f"--from is {shown(from_ms)}, but the last {format_duration(idle_lateness_ms)} (idle_lateness) are not read"
            " because records may still come; choose an earlier time."
        )
    return TimeRange(from_ms, min(to_ms, settled_ms), now_ms)


def shown(at_ms: int) -> str:
    """Return a log time as people read it, in UTC."""
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")

"""Durations as people write them, ``500ms`` ``30s`` ``5m`` ``24h`` ``7d``, held as whole milliseconds."""

from __future__ import annotations

import re
from decimal import Decimal

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?", re.ASCII)
_LONGEST_MS = 3_650 * _UNITS_MS["d"]


def parse_duration(value: object) -> int:
    """Return the milliseconds that a number of seconds or a text such as ``5m`` stands for.

    Raises ValueError for anything else, for a fraction of a millisecond and for more than ten years.
    """
    written = isinstance(value, int | float | str) and not isinstance(value, bool)
    match = _FORM.fullmatch(str(value).strip()) if written else None
    if match is None:
        raise ValueError("not a duration")
    # Exactly: as binary fractions 32.7 seconds are not 32,700 milliseconds.
    amount = Decimal(match[1]) * _UNITS_MS[match[2] or "s"]
    if amount != int(amount) or amount > _LONGEST_MS:
        raise ValueError("not a whole number of milliseconds up to ten years")
    return int(amount)


def format_duration(duration_ms: int) -> str:
    """Return the shortest text that :func:`parse_duration` reads back as this many milliseconds."""
    for unit in ("d", "h", "m", "s"):
        # Whole hours up to two days stay hours, as operators speak of "24h" rather than "1d".
        if unit == "d" and duration_ms <= 2 * _UNITS_MS["d"]:
            continue
        if duration_ms and duration_ms % _UNITS_MS[unit] == 0:
            return f"{duration_ms // _UNITS_MS[unit]}{unit}"
    return f"{duration_ms}ms" if duration_ms else "0s"

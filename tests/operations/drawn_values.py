"""Values as the panels show them: names from labels, numbers with their unit."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SECOND_STEPS: Final = ((3_600.0, "h"), (60.0, "min"), (1.0, "s"))
BYTE_STEPS: Final = ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"))


def named(legend: str, series: Mapping[str, Any]) -> str:
    """Return the legend of a series: its template with the labels filled in, or all its labels."""
    labels: Mapping[str, str] = series["metric"]
    if legend == "__auto":
        return ", ".join(labels.values())
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], ""), legend).strip()


def finite_pairs(series: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Return time and value of every sample that is a number."""
    samples = series["values"] if "values" in series else [series["value"]]
    pairs = [(float(at), float(value)) for at, value in samples]
    return [pair for pair in pairs if math.isfinite(pair[1])]


def shown(value: float, unit: str, digits: int | None = None) -> str:
    """Return a value with its unit, in the way in which a reader would write it down."""
    if unit == "percentunit":
        return f"{100 * value:.{1 if digits is None else digits}f} %"
    if unit == "s":
        return _in_steps(value, SECOND_STEPS, f"{1_000 * value:.0f} ms")
    if unit == "bytes":
        return _in_steps(value, BYTE_STEPS, f"{value:.0f} B")
    if unit == "ops":
        return f"{value:.1f}/s"
    if unit == "cpm":
        return f"{value:.1f}/min"
    if digits is None:
        digits = 2 if value % 1 else 0
    return f"{value:,.{digits}f}"


def _in_steps(value: float, steps: tuple[tuple[float, str], ...], below: str) -> str:
    if value == 0:
        return "0"
    return next((f"{value / size:.1f} {name}" for size, name in steps if abs(value) >= size), below)

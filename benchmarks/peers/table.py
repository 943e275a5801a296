"""The figures of all rounds as medians, as ratios to ours, and as tables to read."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from benchmarks.machine import median
from benchmarks.peers.field import OURS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.peers.pairing import Counts

Figures = dict[str, Any]
SPEEDS: Final = ("events_per_wall_s", "events_per_cpu_s", "late_events_per_cpu_s")
COUNTED: Final = ("pairs", "mismatched", "orphans_terminal", "orphans_host")


def medians(rounds: Sequence[Mapping[str, float]]) -> Figures:
    """Return the median of every figure over the rounds, whole numbers where they were whole."""
    found: Figures = {}
    for name in rounds[0]:
        values = [figures[name] for figures in rounds]
        middle = median(values)
        found[name] = round(middle) if all(isinstance(value, int) for value in values) else round(middle, 2)
    return {**found, "rounds": len(rounds)}


def with_ratios(found: Mapping[str, Figures]) -> dict[str, Figures]:
    """Return the figures with ``ours_is_times`` for each speed: how many times as fast voucherwatch is."""
    ours = found.get(OURS)
    if ours is None or "not_run" in ours:
        return dict(found)
    return {
        name: figures
        if "not_run" in figures
        else {
            **figures,
            "ours_is_times": {speed: round(ours[speed] / figures[speed], 2) for speed in SPEEDS if figures[speed]},
        }
        for name, figures in found.items()
    }


def against(yardstick: Counts, figures: Mapping[str, Any]) -> dict[str, int]:
    """Return by how much each count differs from the yardstick: more than there are, or fewer."""
    return {name: figures.get(name, 0) - wanted for name, wanted in asdict(yardstick).items()}


def table(cores: int, found: Mapping[str, Figures], days: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the speeds and the counts of one number of cores as lines to read."""
    heads = ("events", "per wall s", "x", "per cpu s", "x", "late, cpu s", "x", "peak MiB")
    lines = [f"{'one core' if cores == 1 else f'{cores} cores':26}" + "".join(f"{head:>12}" for head in heads)]
    for name, figures in found.items():
        if "not_run" in figures:
            lines.append(f"  {name:24}  not run: {figures['not_run']}")
            continue
        times = figures.get("ours_is_times", {})
        cells = [f"{figures['handled']:>12,}"]
        for speed in SPEEDS:
            cells += [f"{figures[speed]:>12,}", f"{times.get(speed, ''):>12}"]
        lines.append(f"  {name:24}" + "".join(cells) + f"{figures['peak_mib']:>12,}")
    lines.append(f"{'counts':26}" + "".join(f"{head.replace('_', ' '):>18}" for head in (*COUNTED, "written")))
    for day, counts in days.items():
        lines.append(f"  {'(' + day + ' day)':24}" + "".join(f"{counts[name]:>18,}" for name in COUNTED))
    for name, figures in found.items():
        if "not_run" not in figures:
            lines.append(f"  {name:24}" + "".join(f"{figures.get(name_, '-'):>18}" for name_ in (*COUNTED, "written")))
    ours = found.get(OURS, {})
    if "expected" in ours:
        faults = ", ".join(f"{name} {ours[name]:,}" for name in ("expected", "missed", "false", "otherwise"))
        lines.append(f"  {OURS}, every labelled fault: {faults}")
    return "\n".join(lines)

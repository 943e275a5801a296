"""What another setting would change, and the windows that measured delays suggest: as tables or JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from streams.replay.compare_delays import ALL_LINKS
from streams.settings import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from streams.replay.compare import Comparison
    from streams.replay.compare_delays import WindowAdvice

Row = tuple[object, ...]


def table(heads: Sequence[str], rows: Iterable[Row], left: int = 1) -> Iterator[str]:
    """Yield the lines of a table whose first ``left`` columns are words and the others numbers."""
    cells = [tuple(heads), *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(heads))]
    for row in cells:
        yield "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()


def advice_lines(advice: Sequence[WindowAdvice]) -> Iterator[str]:
    """Yield the table of windows, and what to mind in it."""
    if not advice:
        yield "No pair was found, so no window can be suggested."
        return
    heads = ("kind", "link", "pairs", "median", "p99", "p99.9", "longest", "pair_window", "suggested")
    rows = [
        (
            row.kind,
            row.link,
            f"{row.pairs}{'' if row.enough else ' *'}",
            *(f"{delay / 1000:.1f} s" for delay in (row.median_ms, row.p99_ms, row.p99_9_ms, row.longest_ms)),
            format_duration(row.window_ms),
            format_duration(row.suggested_ms),
        )
        for row in advice
        if row.enough or row.link == ALL_LINKS
    ]
    yield from table(heads, rows, left=2)
    if not all(row.enough for row in advice):
        yield "* fewer than 1,000 pairs: their p99.9 is the longest delay there was; measure a longer time. Links with"
        yield "  fewer are not shown."
    yield "A window is set by kind; it must be longer than stall_after, and so is every suggestion."


def comparison_lines(found: Comparison, settings: Sequence[str]) -> Iterator[str]:
    """Yield what changes, first by kind, then in how anomalies end and when they are seen."""
    yield f"Changed: {', '.join(settings)}"
    yield ""
    heads = ("kind", "base", "changed", "same", "gained", "(resolved)", "lost", "moved in", "moved out")
    rows: list[Row] = [
        (
            kind,
            row.base,
            row.changed,
            row.same,
            row.gained,
            f"({row.gained_resolved})",
            row.lost,
            row.moved_in,
            row.moved_out,
        )
        for kind, row in found.kinds.items()
    ]
    yield from table(heads, rows)
    if not rows:
        yield "No anomaly under either setting."
    for (before, after), count in found.moves.items():
        yield f"{count} vouchers move from {before} to {after}."
    for (before, after), count in found.ends.items():
        yield f"{count} of the same anomalies end as {after} where they ended as {before}."
    yield ""
    delays = (
        ("base", found.base_delay),
        ("changed", found.changed_delay),
        ("of the same: gained", found.earlier),
        ("of the same: lost", found.later),
    )
    of_delays = ("detection delay", "anomalies", "median", "p99")
    yield from table(of_delays, [(name, of.count, _seconds(of.median_ms), _seconds(of.p99_ms)) for name, of in delays])


def advice_json(advice: Iterable[WindowAdvice]) -> list[dict[str, object]]:
    """Return the windows as JSON values, durations in milliseconds."""
    return [{**asdict(row), "enough_pairs": row.enough} for row in advice]


def comparison_json(found: Comparison, settings: Sequence[str]) -> dict[str, object]:
    """Return what changes as a JSON object, durations in milliseconds."""
    return {
        "settings": list(settings),
        "kinds": {kind: asdict(row) for kind, row in found.kinds.items()},
        "moves": [{"from": before, "to": after, "vouchers": count} for (before, after), count in found.moves.items()],
        "ends": [{"from": before, "to": after, "anomalies": count} for (before, after), count in found.ends.items()],
        "detection_delay": {
            "base": asdict(found.base_delay),
            "changed": asdict(found.changed_delay),
            "gained": asdict(found.earlier),
            "lost": asdict(found.later),
        },
    }


def echo(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        typer.echo(line)


def _seconds(delay_ms: int | None) -> str:
    return "-" if delay_ms is None else f"{delay_ms / 1000:.1f} s"

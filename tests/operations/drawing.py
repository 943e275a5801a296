"""Draws a dashboard as SVG from what Prometheus answered to its queries: the same panels in the same places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from dashboards.source.panels import SHARE_FROM
from tests.operations.drawn_values import finite_pairs, named, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Series = Mapping[str, Any]

COLUMN: Final = 60
ROW: Final = 36
WIDTH: Final = 24 * COLUMN
GAP: Final = 4
LINE: Final = 16
AXIS: Final = 52
COLOURS: Final = 8
LONGEST_GAP_STEPS: Final = 1.5
TOP: Final = 28
"""Where the content of a panel begins, below its title."""
STYLE: Final = """
  .page { fill: #f6f8fa } .panel { fill: #ffffff; stroke: #d0d7de } .rule { stroke: #eaeef2 }
  text { font: 12px sans-serif; fill: #1f2328 } .title { font-weight: bold } .small { font-size: 11px; fill: #57606a }
  .figure { font-size: 26px } .end { text-anchor: end } .middle { text-anchor: middle }
  .green { fill: #1a7f37 } .orange { fill: #bc4c00 } .red { fill: #cf222e } .blue { fill: #0969da }
  .c0 { stroke: #0969da; fill: #0969da } .c1 { stroke: #bc4c00; fill: #bc4c00 } .c2 { stroke: #1a7f37; fill: #1a7f37 }
  .c3 { stroke: #8250df; fill: #8250df } .c4 { stroke: #cf222e; fill: #cf222e } .c5 { stroke: #9a6700; fill: #9a6700 }
  .c6 { stroke: #1b7c83; fill: #1b7c83 } .c7 { stroke: #bf3989; fill: #bf3989 }
  path { fill: none; stroke-width: 1.5 } path.area { stroke: none; fill-opacity: 0.35 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #010409 } .panel { fill: #0d1117; stroke: #30363d } .rule { stroke: #21262d }
    text { fill: #e6edf3 } .small { fill: #9da7b3 }
  }
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the page in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Answered:
    """What one query of a panel was answered, with the template of its legend."""

    legend: str
    series: Sequence[Series]


def picture(dashboard: Mapping[str, Any], answers: Mapping[int, Sequence[Answered]], footnote: str) -> str:
    """Return the SVG of a dashboard; ``answers`` are by panel number, folded rows are left out."""
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    height = ROW * max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in panels) + 2 * TOP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}"/>',
        _text("title", 10, 18, dashboard["title"]),
    ]
    for panel in panels:
        place = panel["gridPos"]
        box = Box(
            place["x"] * COLUMN + GAP / 2, place["y"] * ROW + TOP, place["w"] * COLUMN - GAP, place["h"] * ROW - GAP
        )
        parts += _panel(panel, answers.get(panel["id"], ()), box)
    parts.append(f'<text class="small" x="10" y="{height - 9}">{escape(footnote)}</text></svg>')
    return "\n".join(parts) + "\n"


def title_width(panel: Mapping[str, Any]) -> float:
    """Return the pixels that the title of a panel may take."""
    return float(panel["gridPos"]["w"] * COLUMN - GAP - 24)


def _panel(panel: Mapping[str, Any], answers: Sequence[Answered], box: Box) -> Iterator[str]:
    yield f'<g transform="translate({box.x:g} {box.y:g})">'
    yield f'<rect class="panel" width="{box.width:g}" height="{box.height:g}" rx="3"/>'
    yield _text("title", 8, 18, cut(panel["title"], title_width(panel)))
    draw = {"stat": _figure, "timeseries": _lines, "table": _table}[panel["type"]]
    yield from draw(panel, answers, box)
    yield "</g>"


def _figure(panel: Mapping[str, Any], answers: Sequence[Answered], box: Box) -> Iterator[str]:
    """Yield the newest value of each series, coloured as its thresholds say."""
    defaults = panel["fieldConfig"]["defaults"]
    values = [(named(one.legend, series), finite_pairs(series)) for one in answers for series in one.series]
    newest = [(name, pairs[-1][1]) for name, pairs in values if pairs]
    if not newest:
        yield _text("figure", 8, 70, defaults["noValue"])
        return
    words = {key: said["text"] for one in defaults.get("mappings", ()) for key, said in one["options"].items()}
    width = (box.width - 16) / len(newest)
    for number, (name, value) in enumerate(newest):
        steps = [step for step in defaults["thresholds"]["steps"] if step["value"] is None or value >= step["value"]]
        text = words.get(f"{value:g}") or shown(value, defaults["unit"], defaults.get("decimals"))
        size = min(26.0, 1.7 * width / max(len(text), 1))
        x = 8 + number * width
        yield _text(steps[-1]["color"], x, 75, text, f"font-size:{size:.0f}px")
        yield _text("small", x, 100, cut(name, width - 6))


def _lines(panel: Mapping[str, Any], answers: Sequence[Answered], box: Box) -> Iterator[str]:
    """Yield the axes, a line or an area for each series, and the legend with newest and highest values."""
    defaults = panel["fieldConfig"]["defaults"]
    words = _display_names(panel)
    found = [(named(one.legend, series), finite_pairs(series)) for one in answers for series in one.series]
    found = [(words.get(name, name), pairs) for name, pairs in found]
    drawn = sorted(((name, pairs) for name, pairs in found if pairs), key=lambda one: -max(v for _, v in one[1]))
    plot = Box(AXIS, TOP, box.width * 0.62 - AXIS, box.height - TOP - 24)
    stacked = defaults.get("custom", {}).get("stacking", {}).get("mode") == "normal"
    layers = _stacked(drawn) if stacked else drawn
    values = [value for _, pairs in layers for _, value in pairs]
    high = defaults.get("max") or max(values, default=0) * 1.05 or 1.0
    low = defaults.get("min", min((SHARE_FROM, *values)))
    times = [at for _, pairs in drawn for at, _ in pairs]
    first, last = min(times, default=0.0), max(times, default=1.0)
    yield from _axes(plot, (low, high), defaults["unit"], last - first)
    below: dict[float, float] = {}
    for number, (_, pairs) in enumerate(layers):
        points = [_point(plot, at, value, (first, last), (low, high)) for at, value in pairs]
        if stacked:
            ground = [_point(plot, at, below.get(at, low), (first, last), (low, high)) for at, _ in reversed(pairs)]
            yield f'<path class="area c{number % COLOURS}" d="M{" ".join(points + ground)}Z"/>'
            below = dict(pairs)
        yield f'<path class="c{number % COLOURS}" style="fill:none" d="{_in_pieces(pairs, points)}"/>'
    yield from _legend(drawn, Box(box.width * 0.64, TOP, box.width * 0.36, plot.height), defaults["unit"])


def _in_pieces(pairs: Sequence[tuple[float, float]], points: Sequence[str]) -> str:
    """Return the path of a line that breaks off where values are missing."""
    times = [at for at, _ in pairs]
    step = min((later - at for at, later in pairwise(times)), default=0.0)
    path = [f"M{points[0]}"]
    for (at, later), point in zip(pairwise(times), points[1:], strict=True):
        path.append(f"L{point}" if later - at < LONGEST_GAP_STEPS * step else f"M{point}")
    return "".join(path)


def _stacked(drawn: Sequence[tuple[str, list[tuple[float, float]]]]) -> list[tuple[str, list[tuple[float, float]]]]:
    """Return the series each on top of those before it."""
    sums: dict[float, float] = {}
    layers = []
    for name, pairs in drawn:
        for at, value in pairs:
            sums[at] = sums.get(at, 0.0) + value
        layers.append((name, [(at, sums[at]) for at, _ in pairs]))
    return layers


def _axes(plot: Box, values: tuple[float, float], unit: str, seconds: float) -> Iterator[str]:
    for part in range(5):
        y = plot.y + plot.height * (1 - part / 4)
        yield f'<line class="rule" x1="{plot.x:g}" x2="{plot.x + plot.width:g}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _text("small end", plot.x - 5, y + 4, shown(values[0] + (values[1] - values[0]) * part / 4, unit))
    for part in range(5):
        x = plot.x + plot.width * part / 4
        yield _text("small middle", x, plot.y + plot.height + 15, f"{seconds * part / 4:.0f} s")


def _point(plot: Box, at: float, value: float, times: tuple[float, float], values: tuple[float, float]) -> str:
    x = plot.x + plot.width * (at - times[0]) / ((times[1] - times[0]) or 1.0)
    part = (value - values[0]) / ((values[1] - values[0]) or 1.0)
    return f"{x:.1f} {plot.y + plot.height * (1 - min(part, 1.0)):.1f}"


def _legend(drawn: Sequence[tuple[str, list[tuple[float, float]]]], place: Box, unit: str) -> Iterator[str]:
    room = int(place.height // LINE)
    yield _text("small end", place.x + place.width - 66, place.y, "last")
    yield _text("small end", place.x + place.width - 10, place.y, "max")
    for number, (name, pairs) in enumerate(drawn[:room]):
        y = place.y + (number + 1) * LINE
        yield f'<rect class="c{number % COLOURS}" x="{place.x:g}" y="{y - 6:g}" width="10" height="3"/>'
        yield _text("small", place.x + 15, y, cut(name, place.width - 140))
        for value, end in ((pairs[-1][1], 66), (max(v for _, v in pairs), 10)):
            yield _text("small end", place.x + place.width - end, y, shown(value, unit))
    if len(drawn) > room:
        y = place.y + (room + 1) * LINE
        yield _text("small", place.x + 15, y, f"and {len(drawn) - room} more")


def _table(panel: Mapping[str, Any], answers: Sequence[Answered], box: Box) -> Iterator[str]:
    """Yield one row for each set of labels, and under each query's column name its value."""
    organize = next(one["options"] for one in panel["transformations"] if one["id"] == "organize")
    names: dict[str, str] = {name: organize["renameByName"][name] for name in _in_order(organize["indexByName"])}
    words = _mapped(panel, names)
    labels = [name for name in names if not name.startswith("Value")]
    columns = [said for name, said in names.items() if name.startswith("Value")]
    rows: dict[tuple[str, ...], list[str]] = {}
    unit = panel["fieldConfig"]["defaults"]["unit"]
    for number, one in enumerate(answers):
        for series in one.series:
            key = tuple(words.get(said := series["metric"].get(label, ""), said) for label in labels)
            cells = rows.setdefault(key, [""] * len(columns))
            cells[number] = shown(float(series["value"][1]), unit)
    width = (box.width - 16) / (len(labels) + len(columns) + 1)
    said = [[names[label] for label in labels] + columns, *([*key, *cells] for key, cells in rows.items())]
    for line, cells in enumerate(said[: int((box.height - TOP) // LINE) - 1]):
        y = TOP + (line + 1) * LINE
        for number, cell in enumerate(cells):
            # The first column holds the longest words and is twice as wide.
            x = 8 + (number + (1 if number else 0)) * width
            text = cut(cell, width * (1 if number else 2) - 4)
            yield _text("title" if not line else "small", x, y, text)


def _in_order(places: Mapping[str, int]) -> list[str]:
    return sorted(places, key=lambda name: places[name])


def _display_names(panel: Mapping[str, Any]) -> dict[str, str]:
    """Return name -> the name by which an override shows it."""
    return {
        one["matcher"]["options"]: said["value"]
        for one in panel["fieldConfig"]["overrides"]
        for said in one["properties"]
        if said["id"] == "displayName"
    }


def _mapped(panel: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, str]:
    """Return value -> the words by which a column shows it."""
    return {
        value: said["text"]
        for one in panel["fieldConfig"]["overrides"]
        if one["matcher"]["options"] in columns.values()
        for shown_as in one["properties"]
        if shown_as["id"] == "mappings"
        for mapping in shown_as["value"]
        for value, said in mapping["options"].items()
    }


def _text(look: str, x: float, y: float, said: str, style: str = "") -> str:
    styled = f' style="{style}"' if style else ""
    return f'<text class="{look}" x="{x:.1f}" y="{y:.1f}"{styled}>{escape(said)}</text>'


def cut(text: str, width: float) -> str:
    """Return the text, shortened where it needs more than ``width`` pixels; Chinese letters are twice as wide."""
    used = 0.0
    kept: list[str] = []
    for letter in text:
        used += 11.5 if re.match(r"[\u2e80-\uffef]", letter) else 6.2
        if used > width:
            return "".join(kept).rstrip(" /") + "…"
        kept.append(letter)
    return text

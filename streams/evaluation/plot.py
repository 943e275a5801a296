"""The picture of an evaluation: the confusion matrix and the reliability of confidences, as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from streams.core.diagnosis.model import CAUSES

if TYPE_CHECKING:
    from streams.evaluation.measures import Measures

CELL: Final = 34
LEFT: Final = 150
TOP: Final = 150
GAP: Final = 90
SIDE: Final = 13 * CELL
INK: Final = "#1b3a57"
RIGHT_INK: Final = "#2a7f62"
PALE: Final = "#d8dee6"
HALF: Final = 0.5
LEAST_SHOWN: Final = 0.005


def picture(measures: Measures, title: str) -> str:
    """Return the SVG text of an evaluation; rows are what was true, columns what was said."""
    width, height = LEFT + SIDE + GAP + SIDE + 60, TOP + SIDE + 70
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
            f'font-size="11" fill="{INK}">'
        ),
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="20" y="28" font-size="15">{escape(title)}</text>',
        (
            f'<text x="20" y="48">top-1 {measures.top1:.1%}, top-3 {measures.top3:.1%}, unknown first '
            f"{measures.unknown_first:.1%}, expected calibration error {measures.calibration_error:.3f}, "
            f"{measures.samples} anomalies</text>"
        ),
        *_confusion(measures),
        *_reliability(measures),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _confusion(measures: Measures) -> list[str]:
    counts = {score.cause: score.count for score in measures.causes}
    parts = []
    for row, truth in enumerate(CAUSES):
        y = TOP + row * CELL
        parts.append(f'<text x="{LEFT - 6}" y="{y + 21}" text-anchor="end">{truth} ({counts.get(truth, 0)})</text>')
        x = LEFT + row * CELL + 20
        parts.append(f'<text transform="translate({x},{TOP - 8}) rotate(-45)">{truth}</text>')
        for column, said in enumerate(CAUSES):
            share = measures.confusion.get((truth, said), 0) / counts[truth] if counts.get(truth) else 0.0
            ink = RIGHT_INK if truth == said else INK
            place = f'x="{LEFT + column * CELL}" y="{y}" width="{CELL}" height="{CELL}"'
            parts.append(f'<rect {place} fill="{ink}" fill-opacity="{share:.3f}" stroke="{PALE}"/>')
            if share >= LEAST_SHOWN:
                colour = "white" if share > HALF else INK
                parts.append(
                    f'<text x="{LEFT + column * CELL + CELL / 2}" y="{y + 21}" text-anchor="middle" '
                    f'fill="{colour}">{share:.0%}</text>'
                )
    return parts


def _reliability(measures: Measures) -> list[str]:
    left, bottom = LEFT + SIDE + GAP, TOP + SIDE
    parts = [
        f'<rect x="{left}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="{PALE}"/>',
        f'<line x1="{left}" y1="{bottom}" x2="{left + SIDE}" y2="{TOP}" stroke="{PALE}" stroke-dasharray="4"/>',
        f'<text x="{left + SIDE / 2}" y="{bottom + 40}" text-anchor="middle">confidence said</text>',
        f'<text x="{left - 40}" y="{TOP - 10}">share that was right</text>',
    ]
    for tenth in range(0, 11, 2):
        x, y = left + SIDE * tenth / 10, bottom - SIDE * tenth / 10
        parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{tenth / 10:.1f}</text>')
        parts.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{tenth / 10:.1f}</text>')
    most = max((one.count for one in measures.bins), default=1)
    for one in measures.bins:
        x, y = left + SIDE * one.confidence, bottom - SIDE * one.right
        radius = 4 + 12 * (one.count / most) ** HALF
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{RIGHT_INK}" fill-opacity="0.7"/>')
        parts.append(f'<text x="{x:.1f}" y="{y - radius - 3:.1f}" text-anchor="middle">{one.count}</text>')
    return parts

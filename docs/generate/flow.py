"""Draws ``docs/images/flow.svg``: two feeds in, what disagrees out; readable on light and dark pages."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

WIDTH: Final = 880
HEIGHT: Final = 372
MEANING: Final = (
    "Terminals and host write to two Kafka topics; voucherwatch merges, pairs and judges them"
    " and writes anomalies, dead letters and metrics."
)
MARKER: Final = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"'
STYLE: Final = """
  .page { fill: #ffffff; stroke: #d0d7de }
  .box { fill: #f6f8fa; stroke: #57606a }
  .topic { fill: #ddf4ff; stroke: #0969da }
  .worker { fill: #fff8e5; stroke: #9a6700 }
  .step { fill: #ffffff; stroke: #9a6700 }
  text { font: 13px sans-serif; fill: #1f2328; text-anchor: middle }
  .head { font-weight: bold }
  .small { font-size: 11px; fill: #57606a }
  .line { stroke: #57606a; stroke-width: 1.5; fill: none; marker-end: url(#tip) }
  .tip { fill: #57606a }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #30363d }
    .box { fill: #161b22; stroke: #8b949e }
    .topic { fill: #0c2d6b; stroke: #58a6ff }
    .worker { fill: #2b2205; stroke: #d29922 }
    .step { fill: #0d1117; stroke: #d29922 }
    text { fill: #e6edf3 }
    .small { fill: #9da7b3 }
    .line { stroke: #9da7b3 }
    .tip { fill: #9da7b3 }
  }
"""

BOXES: Final = (
    ("box", 16, 78, 120, 56, "card terminals", "终端 (POS)"),
    ("box", 16, 238, 120, 56, "acquiring host", "主机"),
    ("topic", 172, 78, 136, 56, "terminal-events", "Kafka topic"),
    ("topic", 172, 238, 136, 56, "host-events", "Kafka topic"),
    ("topic", 608, 56, 156, 56, "voucher-anomalies", "what disagrees"),
    ("topic", 608, 158, 156, 56, "voucher-deadletter", "what cannot be read"),
    ("box", 608, 260, 156, 56, "/metrics", "/healthz  /readyz"),
)
"""Class, x, y, width, height, name, second line."""

STEPS: Final = (
    ("read and mask", "bytes to events"),
    ("merge by log time", "one order"),
    ("pair by number", "within windows"),
    ("judge", "verdict table"),
)

ARROWS: Final = (
    "M136 106 H170",
    "M136 266 H170",
    "M308 106 H350",
    "M308 266 H350",
    "M576 84 H606",
    "M576 186 H606",
    "M576 288 H606",
)


def picture() -> str:
    """Return the drawing as SVG text."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{MEANING}">',
        f"<style>{STYLE}</style>",
        f'<defs><marker id="tip" {MARKER}><path class="tip" d="M0 0 L8 4 L0 8 z"/></marker></defs>',
        f'<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8"/>',
        *[_box(*box) for box in BOXES],
        _box("worker", 352, 30, 224, 306, "", ""),
        _text(464, 52, "voucherwatch worker", "head"),
        *[_box("step", 376, 70 + 58 * row, 176, 44, *step) for row, step in enumerate(STEPS)],
        _text(464, 319, "one lane a partition number", "small"),
        *[f'<path class="line" d="{path}"/>' for path in ARROWS],
        *[_text(828, y, word, "small") for y, word in ((88, "alerts, tools"), (190, "producers"), (292, "Prometheus"))],
        *[f'<path class="line" d="M764 {y} H784"/>' for y in (84, 186, 288)],
        _text(440, 358, "what disagrees is published; what agrees is counted", "small"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(kind: str, x: int, y: int, width: int, height: int, name: str, second: str) -> str:
    middle = x + width // 2
    words = [_text(middle, y + height // 2 - 3, name, "head"), _text(middle, y + height // 2 + 14, second, "small")]
    shape = f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'
    return "\n".join([shape, *words]) if name else shape


def _text(x: int, y: int, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(words)}</text>'

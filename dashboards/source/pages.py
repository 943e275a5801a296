"""Which dashboards there are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dashboards.source import anomalies, overview, pipeline
from dashboards.source.frame import rendered

FOLDER: Final = Path(__file__).resolve().parents[1]
PAGES: Final = {"overview": overview, "anomalies": anomalies, "pipeline": pipeline}
"""File name without ending -> the module that builds it."""


def pages() -> dict[Path, str]:
    """Return path and text of every dashboard file."""
    return {FOLDER / f"{name}.json": rendered(module.built()) for name, module in PAGES.items()}

"""Judges for the whole worker whether a source has fallen silent: one alert, not one for each lane."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def stalled_sources(lanes: Sequence[tuple[bool, bool]]) -> tuple[bool, bool]:
    """Tell of terminals and host whether more than half the lanes say that this source has stalled."""
    terminal, host = (sum(lane[source] for lane in lanes) * 2 > len(lanes) for source in (0, 1))
    return terminal, host

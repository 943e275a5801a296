"""The heartbeats of one terminal: how often they come, and what it says there of itself."""

from __future__ import annotations

from typing import Final

from mypy_extensions import mypyc_attr

MOST_BEATS: Final = 50_000
"""Terminals of one generation, of which two are kept: those that have been silent for longest are forgotten."""
MOST_TEXTS: Final = 4_096
"""Versions, models and network types that are kept once for all terminals; with one more all are forgotten."""


@mypyc_attr(acyclic=True)
class Beats:
    """The heartbeats of one terminal, in milliseconds of log time, and what it says there of itself."""

    def __init__(self, at: int) -> None:
        self.last = at
        self.before = at
        """The one before the last."""
        self.usual = 0
        """The usual interval."""
        self.version = self.model = self.network = ""

    def beat(self, at: int) -> None:
        """Take note of one more."""
        gap = at - self.last
        if self.usual == 0:
            self.usual = gap
        elif gap <= 3 * self.usual:
            self.usual += (gap - self.usual) // 4
        self.before, self.last = self.last, at


class Fleet:
    """The heartbeats of all terminals of a lane."""

    def __init__(self) -> None:
        self._young: dict[str, Beats] = {}
        self._old: dict[str, Beats] = {}
        self._texts: dict[str, str] = {}
        """What terminals say of themselves: the same texts are kept once."""

    def __len__(self) -> int:
        """Return how many terminals are known."""
        return len(self._young) + len(self._old)

    def of(self, terminal: str) -> Beats | None:
        """Return the heartbeats of a terminal, ``None`` where none is remembered."""
        known = self._young.get(terminal)
        return known if known is not None else self._old.get(terminal)

    def beat(self, terminal: str, at: int) -> Beats:
        """Take note of a heartbeat at a log time, and return those of its terminal."""
        known = self._young.get(terminal)
        if known is None:
            known = self._old.pop(terminal, None) or Beats(at)
            self._young[terminal] = known
            if len(self._young) > MOST_BEATS:
                self._young, self._old = {}, self._young
        known.beat(at)  # which changes nothing of the first
        return known

    def describe(self, known: Beats, version: str, model: str, network: str) -> None:
        """Keep what a heartbeat says of software version, model and network type."""
        if version != known.version:
            known.version = self._once(version)
        if model != known.model:
            known.model = self._once(model)
        if network != known.network:
            known.network = self._once(network)

    def _once(self, text: str) -> str:
        known = self._texts.get(text)
        if known is None:
            if len(self._texts) >= MOST_TEXTS:
                self._texts.clear()
            known = self._texts[text] = text
        return known

"""The heartbeats of one terminal: how often they come, and what it says there of itself."""

from __future__ import annotations

import sys

from mypy_extensions import mypyc_attr


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

    def describe(self, version: str, model: str, network: str) -> None:
        """Keep what a heartbeat says of software version, model and network type; the same texts are kept once."""
        if version != self.version:
            self.version = sys.intern(version)
        if model != self.model:
            self.model = sys.intern(model)
        if network != self.network:
            self.network = sys.intern(network)

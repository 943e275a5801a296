"""Which of two sides to read next, so that few records wait for the other one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from streams.core.wire import HOST, TERMINAL

if TYPE_CHECKING:
    from collections.abc import Sequence


class Side(Protocol):
    """One source of a replay as it is read."""

    @property
    def done(self) -> bool:
        """Tell whether nothing more comes of it."""

    @property
    def reached_ms(self) -> int:
        """Return the log time of its last record, -1 before the first."""


def behind(sides: Sequence[Side]) -> int:
    """Return the source that has not come as far as the other one; one that is done is never behind."""
    terminal, host = sides
    if terminal.done or host.done:
        return HOST if terminal.done else TERMINAL
    return TERMINAL if terminal.reached_ms <= host.reached_ms else HOST

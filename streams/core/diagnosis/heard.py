"""The notes that a lane takes of single events: one of the sample, an unknown answer, a heartbeat, a silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy_extensions import mypyc_attr

from streams.core.diagnosis.notes import Note

if TYPE_CHECKING:
    from streams.core.diagnosis.crowds import Shared
    from streams.core.diagnosis.pulse import Pulse
    from streams.core.wire import Body


@mypyc_attr(acyclic=True)
class Sample(Note):
    """An event of the sample."""

    def __init__(self, pulse: Pulse, source: int, at: int, shared: Shared, written: int | None, trip: int) -> None:
        self._pulse = pulse
        self._source = source
        self._at = at
        self._shared = shared
        self._written = written
        self._trip = trip

    def take(self) -> None:
        """Count it."""
        self._pulse.take_sample(self._source, self._at, self._shared, self._written, self._trip)


@mypyc_attr(acyclic=True)
class Trouble(Note):
    """An answer of a link whose outcome is not known."""

    def __init__(self, pulse: Pulse, at: int, link: str) -> None:
        self._pulse = pulse
        self._at = at
        self._link = link

    def take(self) -> None:
        """Count it."""
        self._pulse.trouble(self._link, self._at)


@mypyc_attr(acyclic=True)
class Beat(Note):
    """A heartbeat."""

    def __init__(self, pulse: Pulse, at: int, terminal: str, body: Body) -> None:
        self._pulse = pulse
        self._at = at
        self._terminal = terminal
        self._body = body

    def take(self) -> None:
        """Count it."""
        self._pulse.beat(self._terminal, self._at, self._body)


@mypyc_attr(acyclic=True)
class Silence(Note):
    """A silence that is over."""

    def __init__(self, pulse: Pulse, silence: tuple[int, int, int, int]) -> None:
        self._pulse = pulse
        self._silence = silence

    def take(self) -> None:
        """Keep it."""
        self._pulse.silences.append(self._silence)

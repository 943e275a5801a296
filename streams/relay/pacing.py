"""When a robot may be sent the next message, alone or as a digest: pure, on a clock of milliseconds.

| state | next step |
|---|---|
| nothing waits | idle |
| a failure or the vendor's pause is not over | wait until then |
| no place left in this minute | wait until the oldest attempt is a minute old |
| one place left and several wait | a digest of all that wait |
| otherwise | the oldest message alone |

Every attempt takes a place, since vendors count refused messages, too.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

WINDOW_MS: Final = 60_000
FIRST_PAUSE_MS: Final = 1_000
LONGEST_PAUSE_MS: Final = 60_000
"""Back-off after what a repeat may mend: 1 s, 2 s, 4 s ... a minute."""
MENDING_PAUSE_MS: Final = 60_000
"""Between attempts while a person has to mend the robot."""


class Do(Enum):
    """What comes next."""

    IDLE = auto()
    WAIT = auto()
    SEND_ONE = auto()
    SEND_DIGEST = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next; ``at_ms`` is when to look again, for ``WAIT`` alone."""

    do: Do
    at_ms: int = 0


class Pace:
    """The pace of one robot."""

    def __init__(self, per_minute: int, attempts_ms: Iterable[int] = ()) -> None:
        """Take the robot's limit and the times of attempts before a restart, oldest first."""
        self._per_minute = per_minute
        self._attempts_ms: deque[int] = deque(attempts_ms, maxlen=per_minute)
        self._failures = 0
        self._not_before_ms = 0

    def step(self, now_ms: int, waiting: int) -> Step:
        """Return what comes next with so many messages waiting."""
        if waiting == 0:
            return Step(Do.IDLE)
        if self._attempts_ms and self._attempts_ms[-1] > now_ms:
            # The wall clock was set back: what was noted lies in the future, and is taken as of now.
            self._attempts_ms = deque([now_ms] * len(self._attempts_ms), maxlen=self._per_minute)
            self._not_before_ms = min(self._not_before_ms, now_ms + WINDOW_MS)
        while self._attempts_ms and self._attempts_ms[0] + WINDOW_MS <= now_ms:
            self._attempts_ms.popleft()
        if now_ms < self._not_before_ms:
            return Step(Do.WAIT, self._not_before_ms)
        free = self._per_minute - len(self._attempts_ms)
        if free == 0:
            return Step(Do.WAIT, self._attempts_ms[0] + WINDOW_MS)
        return Step(Do.SEND_DIGEST if free == 1 and waiting > 1 else Do.SEND_ONE)

    def attempted(self, now_ms: int) -> None:
        """Take a place in this minute."""
        self._attempts_ms.append(now_ms)

    def succeeded(self) -> None:
        """Forget earlier failures."""
        self._failures = 0
        self._not_before_ms = 0

    def failed(self, now_ms: int, hold_ms: int = 0) -> None:
        """Pause for ``hold_ms``, or for longer after each failure in a row where it is 0."""
        pause_ms = hold_ms or min(FIRST_PAUSE_MS << min(self._failures, 16), LONGEST_PAUSE_MS)
        self._failures += 1
        self._not_before_ms = now_ms + pause_ms

"""What a replay reads: files, or a range of the topics; and how far it is, on standard error."""

# ruff: noqa: PLC0415  heavy libraries are imported by the command that needs them

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from streams.core.policy import Policy
    from streams.replay.compare_delays import PairDelays
    from streams.replay.run import ReplayResult
    from streams.settings import Settings

SECONDS_ON_A_TERMINAL: Final = 0.5
SECONDS_ELSEWHERE: Final = 10.0

Judged = tuple["ReplayResult", "list[PairDelays]"]
"""What one policy found, and how long pairs took, as far as that was asked for."""


class Log(Protocol):
    """Records that can be judged as often as one likes."""

    def judge(self, policies: Sequence[Policy], deadletter: Path | None, *, measure: bool) -> list[Judged]:
        """Judge all records under each policy; ``measure`` asks for the delays of pairs."""


@dataclass(frozen=True, slots=True)
class Files:
    """JSON Lines files of both sources."""

    terminal: list[Path]
    host: list[Path]
    flush: bool

    def judge(self, policies: Sequence[Policy], deadletter: Path | None, *, measure: bool) -> list[Judged]:
        """Replay the files once a policy."""
        if not measure:
            from streams.replay.run import replay_files

            return [
                (replay_files(self.terminal, self.host, p, flush=self.flush, deadletter=deadletter), [])
                for p in policies
            ]
        from streams.replay.compare import measured_files

        return [
            measured_files(self.terminal, self.host, policy, flush=self.flush, deadletter=deadletter)
            for policy in policies
        ]


@dataclass(frozen=True, slots=True)
class Topics:
    """Both input topics between two moments."""

    settings: Settings
    from_text: str
    to_text: str
    flush: bool

    def judge(self, policies: Sequence[Policy], deadletter: Path | None, *, measure: bool) -> list[Judged]:
        """Read the range once and judge it under every policy; delays are measured anyway."""
        del measure
        from streams.replay.kafka import Progress, replay_range
        from streams.replay.kafka_range import time_range
        from streams.replay.kafka_reader import TopicReader

        lateness_ms = self.settings.idle_lateness_ms
        span = time_range(self.from_text, self.to_text, int(time.time() * 1_000), lateness_ms)
        steps = Steps()
        try:
            with TopicReader(self.settings) as reader:
                progress = Progress(steps.say, steps)
                found = replay_range(reader, policies, span, progress, flush=self.flush, deadletter=deadletter)
        finally:
            steps.end()
        return [(each.result, each.delays) for each in found]


class Steps:
    """Shows how many records were read: one line that is written over on a terminal, else one now and then."""

    def __init__(self) -> None:
        self._over = sys.stderr.isatty()
        self._next = time.monotonic() + (0.0 if self._over else SECONDS_ELSEWHERE)
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        """Show progress if the last time is long enough ago; ``total`` is 0 where it is not known."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (SECONDS_ON_A_TERMINAL if self._over else SECONDS_ELSEWHERE)
        known = f" of {total:,} records read, {100 * done // total} %" if total else " records read"
        self._write(f"{done:,}{known}")

    def say(self, sentence: str) -> None:
        """Write a sentence that stays."""
        self.end()
        sys.stderr.write(f"{sentence}\n")

    def end(self) -> None:
        """Leave the line of progress."""
        if self._over and self._shown:
            sys.stderr.write("\r\x1b[K")
            self._shown = False

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text}" if self._over else f"{text}\n")
        sys.stderr.flush()
        self._shown = True

"""One peer, in one process or two, watched from outside until it has handled every record and all is quiet."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from benchmarks.machine import cpu_seconds, on_cores, peak_mib
from streams.embedded.leash import leashed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.peers.progress import Task

ROOT: Final = Path(__file__).resolve().parents[2]
LOOK_EVERY_S: Final = 0.05
BUSY_SHARE: Final = 0.5
QUIET_S: Final = 4.0
"""So long the counts must stand still after the last record; some write their last orphans a little later."""
LAST_WORDS: Final = 3_000


class PeerFailedError(RuntimeError):
    """A peer ended by itself or did not finish in time; the text quotes the end of its log."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was known at one moment: both clocks in seconds, records handled."""

    at_s: float
    cpu_s: float
    handled: int
    counts: tuple[int, ...] = ()
    """Everything else that was counted by then."""
    read: int = 0
    """Records read, where that is told apart from those handled."""


class PeerProcess:
    """A program that prints its progress as lines of JSON; it dies with the process that started it."""

    def __init__(self, command: Sequence[str], task: Task, environ: Mapping[str, str], cores: set[int]) -> None:
        """Start it on some cores; what it says besides goes to ``log.txt`` in its folder."""
        self.folder = Path(task.folder)
        self.folder.mkdir()
        self.log = self.folder / "log.txt"
        self.said: dict[str, int] = {}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VOUCHERWATCH_")}
        with self.log.open("wb") as log, on_cores(cores):
            self.process = subprocess.Popen(  # noqa: S603  a peer's own program
                leashed([*command, json.dumps(asdict(task))]),
                cwd=self.folder,
                env={**inherited, "PYTHONPATH": str(ROOT), **environ},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None  # noqa: S101  it was asked for above
        with self.log.open("ab") as log, self.process.stdout as lines:
            for line in lines:
                try:
                    self.said = json.loads(line)
                except json.JSONDecodeError:
                    log.write(line)
                    log.flush()

    def kill(self) -> None:
        """Leave nothing running."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@dataclass(slots=True)
class Run:
    """All processes of one peer; to be used in ``with``."""

    processes: list[PeerProcess] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    peak: dict[int, float] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End every process."""
        for process in self.processes:
            process.kill()

    def watch(
        self, records: int, limit_s: float, quiet_s: float = QUIET_S, *, settling: bool = False
    ) -> dict[str, Any]:
        """Look until so many records are handled and the counts stand still; return speeds, memory and counts.

        ``settling`` is said of a peer whose records handled are only read: it is done when its counts are final.

        Raises:
            PeerFailedError: A process ended, or the time was over.
        """
        deadline = time.monotonic() + limit_s
        while not self.looks or self.looks[-1].handled < records:
            self._look(deadline)
        before, still_since = self.counts(), time.monotonic()
        while time.monotonic() - still_since < quiet_s:
            self._look(deadline)
            if self.counts() != before or (settling and self._is_busy()):
                before, still_since = self.counts(), time.monotonic()
        return {**speeds(self.looks, settling=settling), "peak_mib": round(sum(self.peak.values())), **self.counts()}

    def _is_busy(self) -> bool:
        """Tell whether the processes worked for more than half of the time between the last two looks."""
        if len(self.looks) < 2:  # noqa: PLR2004  as said
            return True
        before, now = self.looks[-2:]
        return now.cpu_s - before.cpu_s > BUSY_SHARE * (now.at_s - before.at_s)

    def counts(self) -> dict[str, int]:
        """Return the sums of what all processes said last."""
        said = [process.said for process in self.processes]
        return {name: sum(one.get(name, 0) for one in said) for name in {name: 0 for one in said for name in one}}

    def _look(self, deadline: float) -> None:
        time.sleep(LOOK_EVERY_S)
        for process in self.processes:
            if (code := process.process.poll()) is not None:
                raise PeerFailedError(f"ended with {code}: {process.log.read_text()[-LAST_WORDS:]}")
            if time.monotonic() > deadline:
                said = f"{process.said} {process.log.read_text()[-LAST_WORDS:]}"
                raise PeerFailedError(f"did not finish in time: {said}")
        pids = [process.process.pid for process in self.processes]
        counts = self.counts()
        now, cpu_s = time.monotonic(), sum(map(cpu_seconds, pids))
        self.looks.append(Look(now, cpu_s, counts.get("handled", 0), tuple(counts.values()), counts.get("read", 0)))
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):  # the next look says how it ended
            self.peak |= {pid: peak_mib(pid) for pid in pids}


def speeds(looks: Sequence[Look], *, settling: bool = False) -> dict[str, float]:
    """Return the speed from the first look that showed anything handled or read to the first that showed all.

    What was handled before the first is left out on both sides of the division: some show their first records only
    when a whole batch is through.  ``late_events_per_cpu_s`` is the speed of the second half, when compilers have
    warmed up.
    """
    first = next(look for look in looks if look.handled or look.read)
    end = looks[-1]
    last = next(look for look in looks if (look.counts == end.counts if settling else look.handled == end.handled))
    half = next(look for look in looks if 2 * look.handled >= last.handled)
    wall, cpu, events = last.at_s - first.at_s, last.cpu_s - first.cpu_s, last.handled - first.handled
    late = (last.handled - half.handled) / (last.cpu_s - half.cpu_s) if last.cpu_s > half.cpu_s else 0.0
    return {
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "events_per_wall_s": round(events / wall) if wall else 0,
        "events_per_cpu_s": round(events / cpu) if cpu else 0,
        "late_events_per_cpu_s": round(late),
    }

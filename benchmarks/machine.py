"""What the measurements need of the machine: cores of one's own, memory and processor time of a process."""

from __future__ import annotations

import math
import os
import statistics
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MIB: Final = 1024 * 1024
KIB_PER_MIB: Final = 1024
_STARTED_ON: Final = frozenset(os.sched_getaffinity(0))
"""The cores that are ours, asked for once: a program that keeps off the measured one would not see it any more."""
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_USER_TICKS, _SYSTEM_TICKS = 11, 12
"""Places in ``/proc/PID/stat`` after the program's name, counted from 0."""


def measured_core() -> int:
    """Return the core for what is measured, the last of those that we were started on."""
    return max(_STARTED_ON)


def other_cores() -> set[int]:
    """Return the cores for everything else; the same one where there is no other."""
    return set(_STARTED_ON - {measured_core()}) or {measured_core()}


@contextmanager
def on_cores(cores: set[int]) -> Iterator[None]:
    """Let this thread, and with it every program that it starts meanwhile, run on these cores alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def resident_mib(pid: int) -> float | None:
    """Return the memory that a process holds at this moment in MiB, None if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES / MIB
    except (OSError, IndexError):
        return None


def peak_mib(pid: int | str = "self") -> float:
    """Return the most memory that a process has held in MiB; ``getrusage`` would count its starter's as well.

    Raises ``ProcessLookupError`` for one that has ended.
    """
    status = Path(f"/proc/{pid}/status").read_text()
    if "VmHWM:" not in status:
        raise ProcessLookupError(pid)
    return int(status.split("VmHWM:")[1].split()[0]) / KIB_PER_MIB


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used, all threads together, in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / _TICKS_PER_S


def cpu_seconds_by_thread(pid: int) -> dict[int, float]:
    """Return the processor time of every thread of a process, to the nanosecond; the main thread is ``pid``."""
    found: dict[int, float] = {}
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it has just ended
            found[int(thread.name)] = int((thread / "schedstat").read_text().split()[0]) / 1e9
    return found


def waited_seconds(pid: int) -> float:
    """Return how long the main thread of a process was ready to run while its core ran something else."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def available_bytes() -> int:
    """Return how much memory programs can still take without swapping, as the kernel estimates it."""
    line = Path("/proc/meminfo").read_text().split("MemAvailable:")[1]
    return int(line.split()[0]) * KIB_PER_MIB


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent of all values do not exceed; there must be one."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def median(values: Sequence[float]) -> float:
    """Return the median of one figure over all rounds."""
    return statistics.median(values)

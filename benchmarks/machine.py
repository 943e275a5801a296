"""What the measurements need of the machine: cores of one's own, memory and processor time of a process."""

from __future__ import annotations

import os
import statistics
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MIB: Final = 1024 * 1024
KIB_PER_MIB: Final = 1024
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_USER_TICKS, _SYSTEM_TICKS = 11, 12
"""Places in ``/proc/PID/stat`` after the program's name, counted from 0."""


def measured_core() -> int:
    """Return the core for what is measured, the last of those that we may use."""
    return max(os.sched_getaffinity(0))


def other_cores() -> set[int]:
    """Return the cores for everything else; the same one where there is no other."""
    return (os.sched_getaffinity(0) - {measured_core()}) or {measured_core()}


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
    """Return the most memory that a process has held in MiB; ``getrusage`` would count its starter's as well."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / KIB_PER_MIB


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used, all threads together, in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / _TICKS_PER_S


def median(values: Sequence[float]) -> float:
    """Return the median of one figure over all rounds."""
    return statistics.median(values)

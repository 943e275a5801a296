"""Starts a program that cannot outlive the process that asked for it.

Run as ``python leash.py PARENT_PID PROGRAM [ARGUMENT...]``: asks the kernel to kill this process as
soon as its parent is gone, then becomes the program.  The request survives ``exec``, so the program
inherits it, and a parent that is killed outright (``kill -9``) still leaves nothing running.  A
program of its own instead of a hook between ``fork`` and ``exec``, because such a hook may deadlock
in a process that has threads.

The kernel counts the *thread* that started the program as its parent: start from the main thread or
from one that lives as long.  Where the kernel knows no such request (anything but Linux), the
program runs without a leash and its starter has to stop it.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
"""The option of ``prctl(2)`` that names the signal for a parent's death."""


def leashed(command: Sequence[str]) -> list[str]:
    """Return the command line that runs ``command`` on a leash held by the calling process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main(arguments: Sequence[str]) -> None:
    """Tie this process to the parent with the number ``arguments[0]`` and become ``arguments[1:]``."""
    parent_pid, *command = arguments
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent_pid):  # it died before the kernel was asked
            return
    os.execvp(command[0], command)  # noqa: S606 - no shell wanted: the arguments are passed on as they are


if __name__ == "__main__":
    main(sys.argv[1:])

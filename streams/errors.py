"""The errors that a person can mend, each with the exit code of the command line.

An error's text is one or two sentences that say what is wrong, where, the value, the limit and what
to change; the command line prints it as it stands, without a stack trace.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class ExitCode(IntEnum):
    """What the ``voucherwatch`` process ends with."""

    DONE = 0
    """The work is done; the end of ``--duration`` counts as done."""
    ANOMALIES = 1
    """Anomalies were found, and ``--fail-on`` asked for them."""
    USAGE = 2
    """The command line or the configuration is wrong."""
    UNREACHABLE = 3
    """A broker or a file cannot be reached."""
    INTERRUPTED = 4
    """Ctrl-C, or a request to stop before the work was done."""
    INTERNAL = 5
    """A fault of voucherwatch itself; the traceback is on standard error."""
    LIVENESS = 6
    """The worker saw that it no longer reads although records wait, and stopped to be restarted."""
    FINDINGS = 7
    """A ``check`` or ``doctor`` command found something to change."""


class VoucherwatchError(Exception):
    """Base of all errors with a sentence for the reader and an exit code for the shell."""

    exit_code: int = ExitCode.INTERNAL


class UsageError(VoucherwatchError):
    """The command line asks for something that does not fit together."""

    exit_code = ExitCode.USAGE


class ConfigurationError(UsageError):
    """The configuration has faults; ``faults`` holds one sentence for each, and all of them."""

    def __init__(self, faults: Sequence[str] | str) -> None:
        """Take one sentence, or one for each fault in the order in which they are to be read."""
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("\n".join(self.faults))


class UnreachableError(VoucherwatchError):
    """A broker does not answer, or a file cannot be read or written."""

    exit_code = ExitCode.UNREACHABLE


class LivenessError(VoucherwatchError):
    """The worker no longer makes progress although records wait; a restart replays safely."""

    exit_code = ExitCode.LIVENESS

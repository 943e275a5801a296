"""The command line: commands become plain sentences and exit codes.

What a person can mend is one sentence on standard error and its own exit code; what only a
programmer can mend is a traceback and exit code 5.
"""

# ruff: noqa: PLC0415  a fault while loading the commands is reported like any other

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

from streams.cli.output import abandon_output
from streams.errors import ExitCode, VoucherwatchError

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (without the program's name) and return its exit code."""
    try:
        from streams.cli.commands import app

        app(args=None if arguments is None else list(arguments), prog_name="voucherwatch")
    except SystemExit as end:
        return _flushed(end.code if isinstance(end.code, int) else ExitCode.DONE)
    except VoucherwatchError as error:
        sys.stderr.write(f"{error}\n")
        return _flushed(error.exit_code)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception:  # noqa: BLE001  the outermost frame: whatever it is, the shell gets its exit code
        traceback.print_exc()
        return ExitCode.INTERNAL
    return _flushed(ExitCode.DONE)


def _flushed(code: int) -> int:
    """Write out what is buffered while a closed pipe can still be told from a fault, and return the code."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_output()
    return code

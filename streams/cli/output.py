"""Standard output, whose reader may leave before the end (``| head``): it has what it wanted."""

from __future__ import annotations

import json
import os
import sys


def abandon_output() -> None:
    """Give up standard output; whatever is still written goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def write_out(content: bytes) -> None:
    """Write bytes to standard output now; without a reader they go nowhere, and the command goes on."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        abandon_output()


def print_json(value: object) -> None:
    """Print one JSON value, readable and in the characters that it is written in."""
    write_out((json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode())

"""The help of every command, as users see it; ``python -m tests.unit.cli.help_pages`` writes it again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

GOLDEN = Path(__file__).with_name("help.txt")
COMMANDS = (
    (),
    ("demo",),
    ("worker",),
    ("relay",),
    ("relay", "test"),
    ("replay",),
    ("simulate",),
    ("topics",),
    ("topics", "create"),
    ("topics", "check"),
    ("calendar",),
    ("calendar", "add"),
    ("calendar", "list"),
    ("calendar", "remove"),
    ("calendar", "import"),
    ("doctor",),
    ("config",),
    ("config", "check"),
    ("config", "show"),
    ("explain",),
)


def rendered() -> str:
    """Return the help of all commands at a width of 100 columns."""
    program = (
        "import sys; from streams.cli import run\n"
        f"for command in {COMMANDS!r}:\n"
        "    print('$ voucherwatch', *command, '--help', flush=True); run([*command, '--help']); print()\n"
    )
    environ = {**os.environ, "COLUMNS": "100", "TERMINAL_WIDTH": "100"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=environ)
    return done.stdout.decode()


if __name__ == "__main__":
    GOLDEN.write_text(rendered(), encoding="utf-8")

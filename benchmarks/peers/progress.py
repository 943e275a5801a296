"""What a peer written in Python says of itself while it runs; the runner reads it line by line.

Only the standard library is used: peers run in environments of their own.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass
from typing import Final

LINE_EVERY_S: Final = 0.1


@dataclass(slots=True)
class Progress:
    """Records handled so far and what they came to."""

    read: int = 0
    """Records read so far, where a peer reads and parses far ahead of what it handles; the clocks start with these."""
    handled: int = 0
    pairs: int = 0
    mismatched: int = 0
    orphans_terminal: int = 0
    orphans_host: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """What the runner asks of a peer, as one JSON argument."""

    servers: str
    terminal: str
    host: str
    orphans: str
    """Topic for orphans."""
    group: str
    folder: str
    """For state."""
    threads: int
    window_ms: int


def asked() -> Task:
    """Return the task of this process."""
    return Task(**json.loads(sys.argv[1]))


def keep_telling(progress: Progress) -> None:
    """Print the progress ten times a second from a thread of its own.

    Written to the descriptor itself, since Faust turns what is printed into log lines.
    """
    out = os.dup(1)

    def tell() -> None:
        while True:
            os.write(out, json.dumps(asdict(progress)).encode() + b"\n")
            time.sleep(LINE_EVERY_S)

    threading.Thread(target=tell, daemon=True).start()

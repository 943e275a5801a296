"""The demo's own processes: started on a leash, stopped for certain."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from streams.embedded.leash import leashed
from streams.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

STOP_SECONDS: Final = 10.0
QUOTED: Final = 400
"""Characters of a child's last words in an error."""


class Child:
    """One ``voucherwatch`` command in a process of its own.

    It dies with this process, however that ends, and Ctrl-C reaches this process alone, which then
    stops its children in order.
    """

    def __init__(self, name: str, arguments: Sequence[str], log: Path) -> None:
        """Start the command; what it says goes to the file ``log``."""
        self.name = name
        self._log = log
        environ = {key: value for key, value in os.environ.items() if not key.startswith("VOUCHERWATCH_")}
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603  our own program and our own arguments
                leashed([sys.executable, "-m", "streams", *arguments]),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environ,
                start_new_session=True,
            )

    @property
    def exit_code(self) -> int | None:
        """The exit code, None while it runs."""
        return self._process.poll()

    def check(self) -> None:
        """Raise UnreachableError with its last words if it has ended with a fault."""
        code = self.exit_code
        if code:
            raise UnreachableError(f"The demo's {self.name} ended with exit code {code}: {self.last_words()}")

    def last_words(self) -> str:
        """Return the end of what it said, on one line."""
        return " ".join(self._log.read_text(errors="replace").split())[-QUOTED:] or "it said nothing."

    def stop(self) -> None:
        """Ask it to leave in order, and end it if it does not; a second call does nothing."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()

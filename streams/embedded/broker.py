"""One embedded broker for the demo, behind a context manager.

noida-db stands behind it, and only this file knows.  What it does not keep apart from a real broker,
a fleet that is watched in earnest would miss: records acknowledged shortly before a kill are lost,
a fetch answers with a whole partition whatever limit it names, and records older than a topic's
``retention.ms`` go at once, so demo topics are created with -1.
"""

from __future__ import annotations

import atexit
import re
import shutil
import socket
import subprocess
import tempfile
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Self

from streams.embedded.leash import leashed
from streams.errors import UnreachableError

if TYPE_CHECKING:
    from types import TracebackType

HOST = "127.0.0.1"
START_LIMIT_SECONDS = 15.0
"""It answers within 0.3 s on an idle machine; the rest is for a busy one."""
STOP_LIMIT_SECONDS = 5.0
POLL_SECONDS = 0.02
QUOTE_LIMIT = 300
"""How much of the broker's last words an error quotes, in characters."""

_ANNOUNCEMENT = re.compile(rf"^\s*kafka\s+{re.escape(HOST)}:(\d+)\s*$", re.MULTILINE)


def broker_program() -> Path:
    """Return the broker's program file.

    Raises ``UnreachableError`` if this platform's wheel brought none.
    """
    try:
        program = Path(str(files("noida_db"))) / "noida-db"
    except ModuleNotFoundError:
        program = None
    if program is None or not program.is_file():
        raise UnreachableError(
            "The embedded broker has no program for this platform. "
            "Name a Kafka cluster instead: voucherwatch demo --bootstrap-servers HOST:PORT",
        )
    program.chmod(0o755)
    return program


def put_down(process: subprocess.Popen[bytes], patience_s: float) -> None:
    """Stop a program in order, and for certain where it takes longer than ``patience_s`` seconds."""
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class EmbeddedBroker:
    """A broker on a free port of this machine's loopback address, for as long as the ``with`` block lasts.

    ``data_dir`` keeps its records between runs; without one they go to a temporary directory that is
    removed at the end.  ``port`` 0 lets the kernel choose.  Starting raises ``UnreachableError`` with
    the broker's own last words if it does not answer within ``START_LIMIT_SECONDS``.
    """

    def __init__(self, data_dir: Path | None = None, port: int = 0) -> None:
        """Note the wishes; nothing is started before ``start`` or the ``with`` block."""
        self._data_dir = data_dir
        self._wanted_port = port
        self._work_dir: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None

    @property
    def bootstrap_servers(self) -> str:
        """The address for clients, ``host:port``; ``RuntimeError`` while the broker is not running."""
        if self._port is None:
            raise RuntimeError("the embedded broker is not running")
        return f"{HOST}:{self._port}"

    @property
    def pid(self) -> int | None:
        """The process number of the running broker, None while there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the broker and return once it accepts connections."""
        program = broker_program()
        atexit.register(self.stop)
        self._work_dir = Path(tempfile.mkdtemp(prefix="voucherwatch-broker-"))
        try:
            self._process = self._launch(program, self._work_dir)
            self._port = self._wait_for_announcement()
            self._wait_for_connection()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the broker for certain and remove its temporary directory; a second call does nothing."""
        process, self._process, self._port = self._process, None, None
        if process is not None:
            put_down(process, STOP_LIMIT_SECONDS)
        if self._work_dir is not None:
            shutil.rmtree(self._work_dir, ignore_errors=True)
            self._work_dir = None
        atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        """Start the broker."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the broker, whatever ended the block."""
        self.stop()

    def _launch(self, program: Path, work_dir: Path) -> subprocess.Popen[bytes]:
        data_dir = self._data_dir or work_dir / "records"
        wishes = ["--only", "kafka", "--host", HOST, "--kafka-port", str(self._wanted_port)]
        with (work_dir / "broker.log").open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - the program is the wheel's own, the arguments are ours
                leashed([str(program), "start", *wishes, "--data-dir", str(data_dir)]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the demo, which still needs a broker to leave in order
            )

    def _wait_for_announcement(self) -> int:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while (announced := _ANNOUNCEMENT.search(self._said())) is None:
            self._check_progress(deadline)
        return int(announced[1])

    def _wait_for_connection(self) -> None:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while True:
            try:
                with socket.create_connection((HOST, self._port), timeout=1.0):
                    return
            except OSError:
                self._check_progress(deadline)

    def _check_progress(self, deadline: float) -> None:
        """Sleep for one poll; raise if the process is gone or the time is up."""
        process = self._process
        if process is None or process.poll() is not None:
            raise UnreachableError(f"The embedded broker ended as it started: {self._last_words()}")
        if time.monotonic() > deadline:
            raise UnreachableError(
                f"The embedded broker did not answer within {START_LIMIT_SECONDS:g} s: {self._last_words()}",
            )
        time.sleep(POLL_SECONDS)

    def _said(self) -> str:
        if self._work_dir is None:
            return ""
        return (self._work_dir / "broker.log").read_text(errors="replace")

    def _last_words(self) -> str:
        return " ".join(self._said().split())[-QUOTE_LIMIT:] or "it said nothing."

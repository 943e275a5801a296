"""A real Alertmanager for the tests, with a shipped configuration."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

from streams.embedded.broker import put_down
from streams.embedded.leash import leashed
from tests.integration.worker_process import free_port, until
from tests.operations.programs import home_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tests.operations.programs import Programs

PATIENCE_SECONDS: Final = 60.0
"""How long a test waits before it gives up; it goes on at once when what it waits for is there."""
PAUSE_SECONDS: Final = 0.05


def wait_until(what: str, done: Callable[[], bool]) -> None:
    """Return as soon as ``done`` is true; fail with ``what`` after a long time."""
    until(done, PATIENCE_SECONDS, look_every=PAUSE_SECONDS, what=what)


class Notifier:
    """One Alertmanager without peers, from ``with`` to its end."""

    def __init__(self, programs: Programs, configuration: Path, folder: Path, listens: str = "") -> None:
        """Take the configuration that it is to run on, a folder for what it keeps, and perhaps where it listens."""
        self._listens = listens
        self._home = home_of(programs.alertmanager)
        self._command = [
            str(programs.alertmanager),
            f"--config.file={configuration}",
            f"--storage.path={folder / 'alertmanager'}",
            "--cluster.listen-address=",
        ]
        self._log = folder / "alertmanager.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def __enter__(self) -> Self:
        """Start it and wait until it answers."""
        listens = self._listens or f"127.0.0.1:{free_port()}"
        self.address = f"http://{listens}"
        with self._log.open("wb") as log:
            command = leashed([*self._command, f"--web.listen-address={listens}"])
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._home)
        try:
            wait_until(f"Alertmanager did not start: {self._log}", self._ready)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        assert self._process is not None
        put_down(self._process, PATIENCE_SECONDS)

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        try:
            return bool(self.get("/api/v2/status")["versionInfo"])
        except (urllib.error.URLError, ConnectionError):
            return False

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return the answer to a request, decoded."""
        return json.loads(self.page(path))

    def page(self, path: str) -> str:
        """Return the answer to a request as it is."""
        with urllib.request.urlopen(self.address + path, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - loopback
            return str(answer.read().decode())

    def post(self, alerts: Iterable[Mapping[str, str]], *, over: bool = False) -> None:
        """Let alerts with these labels fire from now on, or be over.

        An alert that started longer ago than its group waits is told at once, perhaps before the inhibitor heard of it.
        """
        now = datetime.now(tz=UTC)
        starts, ends = (
            (now - timedelta(minutes=1), now - timedelta(seconds=1)) if over else (now, now + timedelta(hours=1))
        )
        body = [
            {
                "labels": {name: value for name, value in labels.items() if value},
                "startsAt": starts.isoformat(),
                "endsAt": ends.isoformat(),
                "annotations": {"summary": "A summary"},
            }
            for labels in alerts
        ]
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            f"{self.address}/api/v2/alerts",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - as above
            assert answer.status == 200

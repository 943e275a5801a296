"""A real Alertmanager that posts to a relay."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from typing import TYPE_CHECKING, Any, Self

import yaml

from streams.embedded.leash import leashed
from tests.integration.relay_process import PATIENCE_SECONDS, TOKEN
from tests.integration.worker_process import free_port, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operations.programs import Programs


class Peer:
    """One Alertmanager without a cluster, with groups that are told at once; a context manager."""

    def __init__(self, programs: Programs, folder: Path, name: str, receiver: str) -> None:
        """Write the configuration; ``receiver`` is the webhook's address."""
        self._program = str(programs.alertmanager)
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        http = {"authorization": {"type": "Bearer", "credentials": TOKEN}}
        route = {
            "receiver": "relay",
            "group_by": ["alertname", "kind"],
            "group_wait": "100ms",
            "group_interval": "1s",
            "repeat_interval": "4h",
        }
        webhook = {"url": receiver, "send_resolved": True, "http_config": http}
        receivers = [{"name": "relay", "webhook_configs": [webhook]}]
        self._config = folder / f"{name}.yml"
        self._config.write_text(yaml.safe_dump({"route": route, "receivers": receivers}))
        self._folder = folder / name
        self.log = folder / f"{name}.log"

    def __enter__(self) -> Self:
        """Start and wait until it is ready."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                leashed(
                    [
                        self._program,
                        f"--config.file={self._config}",
                        f"--storage.path={self._folder}",
                        f"--web.listen-address=127.0.0.1:{self.port}",
                        "--cluster.listen-address=",
                    ]
                ),
                stdout=log,
                stderr=log,
            )
        try:
            until(self._ready, PATIENCE_SECONDS, look_every=0.05)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._process.kill()
        self._process.wait()

    def _ready(self) -> bool:
        try:
            return bool(self._read("/-/ready"))
        except OSError:
            return False

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that it holds."""
        found: list[dict[str, Any]] = json.loads(self._read("/api/v2/alerts"))
        return found

    def _read(self, page: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{page}", timeout=5) as answer:
            content: bytes = answer.read()
        return content

"""One ``voucherwatch relay`` as a program of its own, and its answers as Alertmanager and an operator see them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml

from streams.embedded.leash import leashed
from tests.integration.worker_process import free_port, until

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "bearer-" + "0123456789abcdef"
PATIENCE_SECONDS = 30.0


def configuration(folder: Path, settings: Mapping[str, Any], **beside: object) -> Path:
    """Write a configuration with a ``relay:`` section and return its path."""
    path = folder / "relay.yaml"
    relay = {"state": str(folder / "relay.sqlite3"), **settings}
    path.write_text(yaml.safe_dump({"relay": relay, **beside}, allow_unicode=True), encoding="utf-8")
    return path


class RelayProcess:
    """A relay whose configuration, state and log lie in ``folder``; a context manager."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], **beside: object) -> None:
        """Write the configuration and start; ``beside`` are settings of other sections."""
        said = {"port": free_port(), "token": TOKEN, **settings}
        self.port = int(said["port"])
        self._config = configuration(folder, said, **beside)
        self.log = folder / "relay.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                leashed([sys.executable, "-m", "streams", "relay", "--config", str(self._config)]),
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), "NO_PROXY": ""},
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        """Wait until it answers; raises ``RuntimeError`` with its log if it ends instead."""

        def ready() -> bool:
            if (code := self.process.poll()) is not None:
                raise RuntimeError(f"the relay ended with {code}: {self.log.read_text()[-2_000:]}")
            return self.get("/readyz")[0] == 200

        try:
            until(ready, PATIENCE_SECONDS, look_every=0.05)
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing running."""
        self.kill()

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        """Stop it as an operator does and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def get(self, page: str) -> tuple[int, str]:
        """Return status and body of a page; the status is 0 while nobody answers."""
        return self._ask(urllib.request.Request(f"http://127.0.0.1:{self.port}{page}"))

    def post(
        self, body: bytes, path: str = "/alertmanager", headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Post a notification, by default with the token, and return status and decoded answer."""
        said = {"Authorization": f"Bearer {TOKEN}"} if headers is None else dict(headers)
        url = f"http://127.0.0.1:{self.port}{path}"
        status, text = self._ask(urllib.request.Request(url, body, {"Content-Type": "application/json"} | said))
        return status, json.loads(text) if text.startswith("{") else text

    @staticmethod
    def _ask(request: urllib.request.Request) -> tuple[int, str]:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def count(self, receiver: str, result: str) -> int:
        """Return how many notifications of a robot had a result."""
        name = f'voucherwatch_relay_notifications_total{{receiver="{receiver}",result="{result}"}} '
        page = self.get("/metrics")[1]
        return round(float(page.partition(name)[2].partition("\n")[0] or -1))

    def lines(self) -> list[dict[str, Any]]:
        """Return the log so far, one object a line."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

"""One ``voucherwatch worker`` as a program of its own, and its pages as an operator sees them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from streams.embedded.leash import leashed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
STOP_LIMIT_SECONDS = 30.0
_SAMPLE = re.compile(r"^(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$", re.MULTILINE)


def free_port() -> int:
    """Return a loopback port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], object], seconds: float, *, look_every: float = 0.2, what: str = "") -> None:
    """Wait until the condition holds; raises ``TimeoutError``, with what is amiss, if it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain for {seconds:g} s{what and f': {what}'}")
        time.sleep(look_every)


class WorkerProcess:
    """A worker that reads its configuration from a file in ``folder``; it dies with the process that started it."""

    def __init__(
        self, folder: Path, settings: Mapping[str, Any], name: str = "worker", program: Sequence[str] = ()
    ) -> None:
        """Write the configuration, ``web_port`` added, and start; the log goes to ``name.log`` in ``folder``.

        ``program`` is Python's arguments for another program than the worker's own command; it finds the
        configuration after them, and after that a path of its own, ``name.json`` in ``folder``.
        """
        self.port = free_port()
        self.config = folder / f"{name}.yaml"
        self.config.write_text(yaml.safe_dump({**settings, "web_port": self.port}), encoding="utf-8")
        self.log = folder / f"{name}.log"
        self.notes = folder / f"{name}.json"
        usual = ("-m", "streams", "worker", "--config", str(self.config))
        arguments = (*program, str(self.config), str(self.notes)) if program else usual
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                leashed([sys.executable, *arguments]),
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )

    def get(self, page: str) -> tuple[int, str]:
        """Return status and body of a page; the status is 0 while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{page}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def samples(self, *names: str) -> list[tuple[str, float]]:
        """Return labels and value of every sample of some metrics, named without prefix; none while nobody answers.

        Raises ``RuntimeError`` with the end of the log once the worker has ended.
        """
        if (code := self.process.poll()) is not None:
            raise RuntimeError(f"the worker ended with {code}: {self.log.read_text()[-2_000:]}")
        return [
            (match["labels"] or "", float(match["value"]))
            for match in _SAMPLE.finditer(self.get("/metrics")[1])
            if match["name"].removeprefix("voucherwatch_") in names
        ]

    def handled(self) -> int:
        """Return how many records were decoded or rejected so far, replayed ones left out."""
        return sum(int(count) for _, count in self.samples("events_total", "events_rejected_total"))

    def pending(self) -> int:
        """Return how many legs wait for their other side."""
        return sum(int(count) for _, count in self.samples("pending_vouchers"))

    def closed(self) -> dict[str, int]:
        """Return how many vouchers were closed with each verdict; a verdict that none had is missing."""
        counted: dict[str, int] = {}
        for labels, count in self.samples("vouchers_closed_total"):
            verdict = labels.partition('verdict="')[2].partition('"')[0]
            if count:
                counted[verdict] = counted.get(verdict, 0) + int(count)
        return counted

    def lanes(self) -> int:
        """Return how many lanes it has rebuilt and reads, -1 while it is not ready."""
        status, body = self.get("/readyz")
        return int(json.loads(body)["lanes"]) if status == 200 else -1

    def stop(self) -> int:
        """Stop it as an operator does and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_LIMIT_SECONDS)

    def kill(self) -> None:
        """Leave nothing running, whatever happened."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

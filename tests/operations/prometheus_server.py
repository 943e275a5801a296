"""A real Prometheus on a loopback port, for as long as a test needs it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any, Final, Self

import yaml

from streams.embedded.broker import put_down
from streams.embedded.leash import leashed
from tests.integration.worker_process import free_port, until
from tests.operations.programs import programs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

START_LIMIT_SECONDS: Final = 30.0
STOP_LIMIT_SECONDS: Final = 20.0


class PrometheusServer:
    """Scrapes ``targets`` (job -> addresses) and evaluates ``rules`` every ``interval``; ``folder`` is its own."""

    def __init__(
        self,
        folder: Path,
        targets: Mapping[str, Sequence[str]],
        rules: Sequence[Path] = (),
        interval: str = "1s",
        notifier: str = "",
    ) -> None:
        """Write the configuration and find the program; raises ``ProgramsNotAvailableError``."""
        self._folder = folder
        self._binary = str(programs().prometheus)
        self.address = f"127.0.0.1:{free_port()}"
        self._process: subprocess.Popen[bytes] | None = None
        self._jobs = len(targets)
        times = {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval}
        peers = [{"static_configs": [{"targets": [notifier]}]}] if notifier else []
        self._configuration = {
            "global": {**times, "external_labels": {"cluster": "test"}},
            "alerting": {"alertmanagers": peers},
            "rule_files": [str(path) for path in rules],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": list(addresses)}]}
                for job, addresses in targets.items()
            ],
        }
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        """Start and return once it judges what it has scraped; raises ``TimeoutError`` with the end of its log.

        It first scrapes five to ten seconds after its start. A rule that waits as long for a target that is absent
        would fire until then, so the rules come with a second configuration.
        """
        self._configure({**self._configuration, "rule_files": []})
        command = [
            self._binary,
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'records'}",
            f"--web.listen-address={self.address}",
        ]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(leashed(command), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            until(self._ready, START_LIMIT_SECONDS, what="not ready")
            until(self._has_scraped, START_LIMIT_SECONDS, what="nothing scraped")
            self._configure(self._configuration)
            self._process.send_signal(signal.SIGHUP)
            until(self._judges, START_LIMIT_SECONDS, what="no rules")
        except OSError as error:
            self._stop()
            raise TimeoutError(f"Prometheus: {error}: {self.log.read_text()[-2_000:]}") from error
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._stop()

    @property
    def log(self) -> Path:
        """What it has to say."""
        return self._folder / "prometheus.log"

    def now(self, expr: str, at_s: float) -> list[dict[str, Any]]:
        """Return the series of an instant query at a time in epoch seconds."""
        return self._series("query", query=expr, time=at_s)

    def over_time(self, expr: str, start_s: float, end_s: float, step_s: float) -> list[dict[str, Any]]:
        """Return the series of a range query."""
        return self._series("query_range", query=expr, start=start_s, end=end_s, step=step_s)

    def label_values(self, label: str, selector: str, start_s: float, end_s: float) -> list[str]:
        """Return the values that a label has in the series of a selector."""
        found = self._get(f"label/{label}/values", {"match[]": selector, "start": start_s, "end": end_s})
        return [str(value) for value in found]

    def _series(self, path: str, **parameters: object) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get(path, parameters)["result"]
        return found

    def _get(self, path: str, parameters: Mapping[str, object]) -> Any:  # noqa: ANN401  JSON
        """Return what the API answers; raises ``ValueError`` with its complaint."""
        address = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(f"{parameters}: {error.read().decode()}") from error

    def _ready(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise TimeoutError(f"Prometheus ended with {self._process.returncode}")
        try:
            with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _configure(self, configuration: Mapping[str, object]) -> None:
        (self._folder / "prometheus.yml").write_text(yaml.safe_dump(configuration), encoding="utf-8")

    def _has_scraped(self) -> bool:
        """Tell whether every job has been scraped, with whatever success."""
        return len(self.now("count by (job) (up)", time.time())) == self._jobs

    def _judges(self) -> bool:
        return bool(self._get("rules", {})["groups"]) == bool(self._configuration["rule_files"])

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            put_down(process, STOP_LIMIT_SECONDS)

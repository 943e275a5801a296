"""Every alert reaches whom it is for, once for one fault, and not where another one explains it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from docs.generate.alerts import alert_rules
from streams.shipped import shipped
from tests.operations.alertmanager import Notifier, wait_until
from tests.operations.routing import BY_MAIL, INHIBITED, ROUTES, STANDARD, labels_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.operations.programs import Programs

FILES = (STANDARD, BY_MAIL)
FOLDER = shipped("config/alertmanager")
MEANT = {
    (STANDARD, "empty-receiver"): "the watchdog has nobody outside to hear it until the installation names one",
}
"""Findings of amlint that are on purpose -> why."""


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_taken(name: str, programs: Programs) -> None:
    """The tool of the same release checks it, templates included."""
    done = subprocess.run(
        [str(programs.amtool), "check-config", str(FOLDER / name)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", FILES)
def test_amlint_finds_nothing_that_is_not_meant(name: str) -> None:
    """No route that is never reached, no inhibition without ``equal`` or that silences itself, and the like."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("amlint")), "check", "--format", "json", str(FOLDER / name)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    found = {finding["code"] for finding in findings(done.stdout)}
    assert {code for code in found if (name, code) not in MEANT} == set()
    assert {code for meant, code in MEANT if meant == name} - found == set(), "no longer found: take it out"


def findings(said: str) -> list[dict[str, Any]]:
    """Return what amlint found."""
    told = json.loads(said)
    return list(told if isinstance(told, list) else told["findings"])


@pytest.mark.parametrize("column", [0, 1], ids=FILES)
@pytest.mark.parametrize("row", ROUTES, ids=lambda row: f"{row[0]['alertname']} {row[0]['severity']}")
def test_an_alert_reaches_whom_it_is_for(row: tuple[dict[str, str], str, str], column: int, programs: Programs) -> None:
    """The table of receivers holds, as amtool walks the routes."""
    labels, *columns = row
    receivers = str(columns[column]).split()
    done = subprocess.run(
        [
            str(programs.amtool),
            "config",
            "routes",
            "test",
            f"--config.file={FOLDER / FILES[column]}",
            f"--verify.receivers={','.join(receivers)}",
            *[f"{name}={value}" for name, value in labels.items() if value],
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_table_of_routes_knows_each_team_and_severity() -> None:
    """No combination that a rule has is left out of the table."""
    told = {(labels.get("team"), labels["severity"]) for labels, _, _ in ROUTES}
    assert {(rule.labels["team"], rule.severity) for rule in alert_rules()} - told == set()


@pytest.mark.parametrize("name", FILES)
def test_every_inhibition_names_labels_that_must_be_equal(name: str) -> None:
    """Without them one site's fault would silence another one's, and both files say the same."""
    inhibitions = [yaml.safe_load((FOLDER / file).read_text())["inhibit_rules"] for file in (name, STANDARD)]
    assert all({"cluster", "job"} <= set(rule["equal"]) for rule in inhibitions[0])
    assert inhibitions[0] == inhibitions[1]


def test_inhibited_alerts_are_silent(programs: Programs, tmp_path: Path) -> None:
    """A running Alertmanager silences what the table says and nothing else; each row is a cluster of its own."""
    with Notifier(programs, FOLDER / STANDARD, tmp_path) as running:
        for number, (source, target, _) in enumerate(INHIBITED):
            running.post([labels | {"cluster": f"row-{number}"} for labels in (source, target)])

        def silent() -> dict[tuple[int, str, str], bool]:
            return {
                (
                    int(alert["labels"]["cluster"].removeprefix("row-")),
                    alert["labels"]["alertname"],
                    alert["labels"]["severity"],
                ): bool(alert["status"]["inhibitedBy"])
                for alert in running.get("/api/v2/alerts")
            }

        expected = {}
        for number, (source, target, silenced) in enumerate(INHIBITED):
            expected[number, source["alertname"], source["severity"]] = False
            expected[number, target["alertname"], target["severity"]] = silenced
        # The inhibitor hears of an alert a moment after it was taken.
        wait_until("some rows never were as told", lambda: sum(silent().values()) >= sum(expected.values()))
        assert silent() == expected


class Robot(HTTPServer):
    """Stands in the relay's place and keeps what Alertmanager posts."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def told(self, status: str) -> list[list[str]]:
        """Return the alert names of each notification with this status."""
        return [
            sorted(alert["labels"]["alertname"] for alert in body["alerts"])
            for _, body in self.heard
            if body["status"] == status
        ]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Keep the authorisation and the body."""
        assert isinstance(self.server, Robot)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((self.headers.get("Authorization", ""), body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def robot() -> Iterator[Robot]:
    """A listener in the relay's place."""
    with Robot() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def hurried(robot: Robot, folder: Path) -> Path:
    """Return the standard file with short waits, the listener's address and a token."""
    (folder / "token").write_text("night-shift")
    text = (FOLDER / STANDARD).read_text()
    for old, new in (
        ("http://relay:8080/alertmanager", f"http://127.0.0.1:{robot.server_port}/alertmanager"),
        ("/run/secrets/relay_token", str(folder / "token")),
        ("group_wait: 30s", "group_wait: 2s"),
        ("group_interval: 5m", "group_interval: 500ms"),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "alertmanager.yml").write_text(text)
    return folder / "alertmanager.yml"


def test_one_fault_is_one_message_and_one_recovery(programs: Programs, robot: Robot, tmp_path: Path) -> None:
    """Two lags are one message with the token; what a stall silences is told neither when it fires nor when it ends."""
    stall = labels_of("SourceStalled", "critical", source="host")
    orphans = labels_of("OrphanTerminal", "critical")
    lags = [labels_of("Lagging", "warning", source=source) for source in ("terminal", "host")]
    with Notifier(programs, hurried(robot, tmp_path), tmp_path) as running:
        running.post([stall, orphans, *lags])
        wait_until("the stall was not told", lambda: ["VoucherwatchSourceStalled"] in robot.told("firing"))
        wait_until("the lags were not told as one", lambda: ["VoucherwatchLagging"] * 2 in robot.told("firing"))
        running.post([orphans], over=True)
        wait_until("the orphans did not end", lambda: not _standing(running, "VoucherwatchOrphanTerminal"))
        running.post([stall, *lags], over=True)
        wait_until("no recovery", lambda: len(robot.told("resolved")) >= 2)
    assert sorted(robot.told("firing")) == [["VoucherwatchLagging"] * 2, ["VoucherwatchSourceStalled"]]
    assert sorted(robot.told("resolved")) == [["VoucherwatchLagging"] * 2, ["VoucherwatchSourceStalled"]]
    assert {token for token, _ in robot.heard} == {"Bearer night-shift"}


def _standing(running: Notifier, name: str) -> bool:
    return any(alert["labels"]["alertname"] == name for alert in running.get("/api/v2/alerts"))

"""The proof that a Grafana has dashboards and data, against a server that answers as Grafana documents it."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboards.source import proof
from dashboards.source.listing import read_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD: Final = secrets.token_hex(8)
LOGIN: Final = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
COMMITTED: Final = {one["uid"]: one for one in read_all().values()}


class Answers(BaseHTTPRequestHandler):
    """Answers health, search, dashboards, label values and queries; ``without`` holds PromQL that has no data."""

    without: str = "nothing"
    forgotten: str = ""
    asked: list[str]

    def do_GET(self) -> None:
        """Answer a page."""
        parts = urlsplit(self.path)
        if parts.path == "/api/health":
            self._say({"database": "ok", "version": "13.2.1"})
        elif parts.path == "/api/search":
            self._say([{"uid": uid, "type": "dash-db"} for uid in COMMITTED if uid != self.forgotten])
        elif parts.path.startswith("/api/dashboards/uid/"):
            self._say({"meta": {"provisioned": True}, "dashboard": COMMITTED[parts.path.rpartition("/")[2]]})
        elif parts.path.startswith("/api/datasources/uid/prometheus/resources/api/v1/label/"):
            [selector] = parse_qs(parts.query)["match[]"]
            self._say({"status": "success", "data": [] if self.without in selector else ["some"]})
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Answer a query with frames as the Prometheus data source makes them: a column of times, one of values."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        [query] = body["queries"]
        assert query["datasource"] == {"type": "prometheus", "uid": "prometheus"}
        type(self).asked.append(query["expr"])
        frame = {"schema": {"fields": [{"name": "Time"}, {"name": "Value"}]}, "data": {"values": [[1], [0.0]]}}
        if self.without in query["expr"]:
            frame["data"] = {"values": [[1], [None]]}
        self._say({"results": {"A": {"status": 200, "frames": [frame]}}})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _say(self, answer: Any) -> None:  # noqa: ANN401  JSON
        if self.headers["Authorization"] != LOGIN:
            self.send_error(401)
            return
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def answers() -> Iterator[tuple[type[Answers], str]]:
    """A running server's class, to be told what is missing, and its address."""
    handler = type("OfThisTest", (Answers,), {"asked": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def prove(address: str, folder: Path, password: str = PASSWORD) -> int:
    """Run the proof as the script does, without waiting."""
    (folder / "password").write_text(f"{password}\n", encoding="utf-8")
    return proof.main(["--grafana", address, "--password-file", str(folder / "password")])


def test_all_is_well(answers: tuple[type[Answers], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every query is asked with its variables and macros replaced, and the sentence says how many there were."""
    assert prove(answers[1], tmp_path) == 0
    said = capsys.readouterr().out
    assert said.startswith("3 dashboards, ")
    assert said.endswith(" queries, all with data\n")
    assert len(answers[0].asked) > 60
    assert not [expr for expr in answers[0].asked if "$" in expr]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"without": "consumer_lag_seconds"}, "query A has no data"),
        ({"without": 'build_info{job=~".+"}'}, "variable instance has no data"),
        ({"forgotten": "voucherwatch-pipeline"}, "Grafana has no dashboard voucherwatch-pipeline"),
    ],
)
def test_what_is_missing_is_named(
    answers: tuple[type[Answers], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    sentence: str,
) -> None:
    """A query whose values are all null, a variable without values, a dashboard that was not read."""
    for name, value in change.items():
        setattr(answers[0], name, value)
    assert prove(answers[1], tmp_path) == 1
    assert sentence in capsys.readouterr().err


def test_a_wrong_password_and_nobody_there_are_no_success(
    answers: tuple[type[Answers], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are said in a sentence."""
    assert prove(answers[1], tmp_path, PASSWORD[::-1] + "x") == 1
    assert "Grafana does not answer yet: HTTP Error 401" in capsys.readouterr().err
    assert prove("http://127.0.0.1:9", tmp_path) == 1
    assert "Grafana does not answer yet" in capsys.readouterr().err

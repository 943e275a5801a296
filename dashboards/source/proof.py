"""Proves on a running Grafana that it has the dashboards and that every query of them returns data.

Needs nothing but Python: it is for machines that run the containers, not the project's tests.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashboards.source.listing import Listed, listed, read_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SOURCE: Final = "prometheus"
"""The uid of the data source in config/grafana/provisioning."""
SHOWN_MINUTES: Final = 15
LOOK_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 30.0


class Grafana:
    """The HTTP API of one Grafana."""

    def __init__(self, address: str, user: str, password: str) -> None:
        """Take its address and a login that may read."""
        self._address = address.rstrip("/")
        self._login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def get(self, path: str) -> Any:  # noqa: ANN401  JSON
        """Return what a page says; raises ``OSError``, of which an HTTP error is one."""
        return self._ask(urllib.request.Request(self._address + path))  # noqa: S310  as given

    def post(self, path: str, body: object) -> Any:  # noqa: ANN401  JSON
        """Return the answer to a JSON body; raises ``OSError``."""
        request = urllib.request.Request(self._address + path, json.dumps(body).encode())  # noqa: S310  as given
        request.add_header("Content-Type", "application/json")
        return self._ask(request)

    def _ask(self, request: urllib.request.Request) -> Any:  # noqa: ANN401  JSON
        request.add_header("Authorization", self._login)
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310  as given
            return json.load(answer)


def has_data(grafana: Grafana, one: Listed) -> bool:
    """Tell whether a query has at least one value in the last minutes."""
    if one.label:
        asked = urllib.parse.urlencode({"match[]": one.expr})
        path = f"/api/datasources/uid/{SOURCE}/resources/api/v1/label/{one.label}/values?{asked}"
        return bool(grafana.get(path)["data"])
    query = {
        "refId": "A",
        "datasource": {"type": "prometheus", "uid": SOURCE},
        "expr": one.expr,
        "instant": one.instant,
        "range": not one.instant,
        "intervalMs": 15_000,
        "maxDataPoints": 200,
    }
    body = {"queries": [query], "from": f"now-{SHOWN_MINUTES}m", "to": "now"}
    frames = grafana.post("/api/ds/query", body)["results"]["A"].get("frames", [])
    # The first column of a frame is the time.
    return any(value is not None for frame in frames for column in frame["data"]["values"][1:] for value in column)


def missing(grafana: Grafana) -> Iterator[str]:
    """Yield in a sentence each what is not as it should be; nothing when all is well."""
    try:
        if grafana.get("/api/health")["database"] != "ok":
            yield "Grafana says that its database is not well"
        found = {one["uid"] for one in grafana.get("/api/search?type=dash-db&tag=voucherwatch")}
    except (OSError, ValueError) as error:
        yield f"Grafana does not answer yet: {error}"
        return
    for committed in read_all().values():
        uid = committed["uid"]
        if uid not in found:
            yield f"Grafana has no dashboard {uid}"
            continue
        # What Grafana serves, not what lies here: so the file was read and kept as it is.
        served = grafana.get(f"/api/dashboards/uid/{uid}")["dashboard"]
        for one in listed(served, rate_interval="1m", shown=f"{SHOWN_MINUTES}m"):
            try:
                if not has_data(grafana, one):
                    yield f"{uid}: {one.place} has no data"
            except (OSError, ValueError, KeyError) as error:
                yield f"{uid}: {one.place} cannot be asked: {error}"


def main(arguments: Sequence[str]) -> int:
    """Ask until nothing is missing or the time is over; return the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m dashboards.source.proof", description=__doc__)
    parser.add_argument("--grafana", default="http://127.0.0.1:3000", help="its address")
    parser.add_argument("--user", default="admin")
    parser.add_argument("--password-file", type=Path, required=True)
    parser.add_argument("--within", type=float, default=0.0, help="seconds to wait for data to come")
    told = parser.parse_args(arguments)
    grafana = Grafana(told.grafana, told.user, told.password_file.read_text(encoding="utf-8").strip())
    deadline = time.monotonic() + told.within
    while (lacking := list(missing(grafana))) and time.monotonic() < deadline:
        sys.stderr.write(f"not yet: {lacking[0]}" + (f", and {len(lacking) - 1} more" if lacking[1:] else "") + "\n")
        time.sleep(min(LOOK_SECONDS, max(0.0, deadline - time.monotonic())))
    if lacking:
        sys.stderr.writelines(f"{sentence}\n" for sentence in lacking)
        return 1
    count = sum(len(listed(one, rate_interval="1m", shown="15m")) for one in read_all().values())
    sys.stdout.write(f"{len(read_all())} dashboards, {count} queries, all with data\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

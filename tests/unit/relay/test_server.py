"""The webhook answers 200 for what is on the disk alone, and a retry after a failure reaches each robot once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from streams.relay.courier import Courier
from streams.relay.metrics import Reading, RelayMetrics
from streams.relay.proof import Gate
from streams.relay.server import Webhook, application
from streams.relay.store import Store
from streams.settings.robots import Robot
from streams.testing import ManualClock
from tests.unit.relay.payloads import body

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

ROBOTS = ("a", "b")


async def nobody(*_request: object) -> Any:  # noqa: ANN401  never called
    """Stand where a vendor would."""
    raise AssertionError("a courier that does not run sends nothing")


class Door:
    """A web application on a store, without couriers at work."""

    def __init__(self, path: Path) -> None:
        self.clock = ManualClock()
        self.store = Store(path)
        self.metrics = RelayMetrics(CollectorRegistry(), ROBOTS, lambda: Reading({}, {}))
        self.couriers = {
            name: Courier(
                Robot(name, "wecom", "https://robot"),
                self.store,
                self.metrics,
                post=nobody,
                now_ms=self.clock,
                keep_for_ms=1,
            )
            for name in ROBOTS
        }

    def _application(self) -> web.Application:
        webhook = Webhook(
            Gate(),
            self.store,
            self.metrics,
            self.couriers,
            now_ms=self.clock,
            repeat_window_ms=600_000,
            queue_limit=10,
        )
        return application(webhook, self.metrics, lambda: {"ready": self.store.writable()})

    def ask(self, *requests: tuple[str, str, bytes]) -> list[int]:
        """Make requests (method, path, body) in a row and return their statuses."""

        async def ask() -> list[int]:
            async with TestClient(TestServer(self._application())) as client:
                headers = {"Content-Type": "application/json"}
                answers = [
                    await client.request(verb, path, data=sent, headers=headers) for verb, path, sent in requests
                ]
                return [answer.status for answer in answers]

        return asyncio.run(ask())


def test_a_disk_that_fails_is_no_delivery(tmp_path: Path) -> None:
    """503 and nothing kept for anybody; the retry is taken for all, and nobody gets it twice."""
    door = Door(tmp_path / "s.sqlite3")
    trigger = "BEFORE INSERT ON waiting WHEN NEW.robot = 'b' BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    door.store._db.execute(f"CREATE TRIGGER full {trigger}")
    post = ("POST", "/alertmanager", body())
    assert door.ask(post) == [503]
    assert [door.store.count(name) for name in ROBOTS] == [0, 0]
    assert not any(courier.wake.is_set() for courier in door.couriers.values())
    door.store._db.execute("DROP TRIGGER full")
    assert door.ask(post, post) == [200, 200]
    assert [door.store.count(name) for name in ROBOTS] == [1, 1]
    assert all(courier.wake.is_set() for courier in door.couriers.values())
    page = door.metrics.page("")[0].decode()
    assert 'webhooks_total{result="not_kept"} 1.0' in page
    assert 'notifications_total{receiver="a",result="repeated"} 1.0' in page


def test_a_full_queue_is_no_reason_to_refuse(tmp_path: Path) -> None:
    """One robot that takes nothing must not stop the others: its oldest message is dropped and counted."""
    door = Door(tmp_path / "s.sqlite3")
    posts = [("POST", "/alertmanager/a", body(groupKey=f"g{number}")) for number in range(12)]
    assert door.ask(*posts, ("POST", "/alertmanager/b", body())) == [200] * 13
    assert [door.store.count(name) for name in ROBOTS] == [10, 1]
    assert 'notifications_total{receiver="a",result="dropped"} 2.0' in door.metrics.page("")[0].decode()


def test_not_ready_while_the_disk_takes_nothing(tmp_path: Path) -> None:
    """Alive all the same: a restart would not mend the disk."""
    door = Door(tmp_path / "s.sqlite3")
    assert door.ask(("GET", "/readyz", b""), ("GET", "/alertmanager", b"")) == [200, 405]
    door.store.close()
    assert door.ask(("GET", "/readyz", b""), ("GET", "/healthz", b"")) == [503, 200]


def test_a_closed_store_is_a_failure_of_the_disk(tmp_path: Path) -> None:
    """Any error of the store is 503, so that Alertmanager keeps the notification."""
    door = Door(tmp_path / "s.sqlite3")
    door.store.close()
    assert door.ask(("POST", "/alertmanager", body())) == [503]

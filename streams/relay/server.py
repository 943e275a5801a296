"""The relay's web port: the webhook that Alertmanager posts to, and the pages about the relay itself.

| answer | when | what Alertmanager does |
|---|---|---|
| 200 | every robot's message is on the disk, or was before | counts the notification as delivered |
| 400, 404, 413, 415 | the request is wrong | logs it, tries again at the next group interval |
| 401 | no proof | the same |
| 503 | the disk does not take it | tries the whole again; who has it already is known and gets it once |
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

import msgspec
import structlog
from aiohttp import web

from streams.relay.notification import UnreadableError, read_notification
from streams.relay.store import Taken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streams.relay.courier import Courier
    from streams.relay.metrics import RelayMetrics
    from streams.relay.proof import Gate
    from streams.relay.store import Store

LARGEST_BODY: Final = 8 * 1_024 * 1_024

_log = structlog.stdlib.get_logger("voucherwatch.relay")


class Webhook:
    """Takes notifications and answers for them."""

    def __init__(
        self,
        gate: Gate,
        store: Store,
        metrics: RelayMetrics,
        couriers: Mapping[str, Courier],
        *,
        now_ms: Callable[[], int],
        repeat_window_ms: int,
        queue_limit: int,
    ) -> None:
        """Take the parts; ``couriers`` by receiver, ``now_ms`` in epoch milliseconds."""
        self._gate = gate
        self._store = store
        self._metrics = metrics
        self._couriers = couriers
        self._now_ms = now_ms
        self._repeat_window_ms = repeat_window_ms
        self._queue_limit = queue_limit

    async def post(self, request: web.Request) -> web.Response:
        """Answer one request to /alertmanager or /alertmanager/RECEIVER."""
        body = await request.read()
        if not self._gate.admits(request.headers, body, self._now_ms()):
            return self._refuse(
                "unauthorised", 401, "send the bearer token, or a signature not older than five minutes"
            )
        receiver = request.match_info.get("receiver", "")
        if (receiver and receiver not in self._couriers) or not self._couriers:
            # Without any robot, too: what nobody is told must not count as delivered.
            return self._refuse("unknown_receiver", 404, "no such receiver; relay.receivers names them")
        if request.content_type != "application/json":
            # What a web page can make a browser send to this machine is not of this type.
            return self._refuse("unreadable", 415, "send application/json")
        try:
            notification = read_notification(body)
        except UnreadableError as error:
            return self._refuse("unreadable", 400, str(error))
        robots = [receiver] if receiver else list(self._couriers)
        return self._take(robots, notification.identity(), notification.kept())

    def _take(self, robots: Sequence[str], identity: str, kept: bytes) -> web.Response:
        """Write the notification down for each robot, then answer, then wake the couriers."""
        try:
            result, dropped = self._store.take(
                robots, identity, kept, self._now_ms(), self._repeat_window_ms, self._queue_limit
            )
        except sqlite3.Error as error:
            _log.error("notification_not_kept", error=str(error))
            return self._refuse("not_kept", 503, "the notification could not be written to disk; send it again")
        self._metrics.count_webhook("taken")
        for robot, taken in result.items():
            if taken is Taken.REPEATED:
                self._metrics.count(robot, "repeated")
            self._couriers[robot].wake.set()
        for robot, count in dropped.items():
            self._metrics.count(robot, "dropped", count)
            _log.error("queue_full", receiver=robot, dropped=count)
        return _json({"receivers": result}, 200)

    def _refuse(self, result: str, status: int, text: str) -> web.Response:
        self._metrics.count_webhook(result)
        _log.warning("webhook_refused", status=status, reason=result)
        return _json({"error": text}, status)


def application(
    webhook: Webhook, metrics: RelayMetrics, readiness: Callable[[], Mapping[str, object]]
) -> web.Application:
    """Return the web application; ``readiness`` tells ``ready`` and whatever explains it."""

    async def metrics_page(request: web.Request) -> web.Response:
        body, content_type = metrics.page(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def alive(_request: web.Request) -> web.Response:
        return _json({"alive": True}, 200)

    async def ready(_request: web.Request) -> web.Response:
        answer = readiness()
        return _json(answer, 200 if answer["ready"] else 503)

    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_post("/alertmanager", webhook.post)
    app.router.add_post("/alertmanager/{receiver}", webhook.post)
    app.router.add_get("/metrics", metrics_page)
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    return app


def _json(answer: Mapping[str, object], status: int) -> web.Response:
    return web.Response(body=msgspec.json.encode(answer), status=status, content_type="application/json")

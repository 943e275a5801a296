"""Puts the relay together, runs it until it is told to stop, and stops it in order."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from streams.errors import UnreachableError, UsageError
from streams.relay.answers import Answer, Meaning
from streams.relay.courier import LANGUAGES, Courier, attempt, hidden
from streams.relay.direct import DirectBook
from streams.relay.direct_feed import DirectFeed
from streams.relay.metrics import Reading, RelayMetrics
from streams.relay.proof import Gate
from streams.relay.rendering import Circumstances, render_test
from streams.relay.server import Webhook, application
from streams.relay.store import Store
from streams.relay.way_out import WayOut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiokafka import AIOKafkaConsumer

    from streams.settings import Settings

STATE: Final = Path("voucherwatch-relay.sqlite3")
"""Where messages wait if the settings name no file."""
STOP_SECONDS: Final = 8.0
"""For the attempts that are under way and what can be sent at once; a container is killed after ten."""

_log = structlog.stdlib.get_logger("voucherwatch.relay")


def wall_clock_ms() -> int:
    """Return the time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def run_relay(
    settings: Settings,
    connect: Callable[[], AIOKafkaConsumer],
    duration: float | None = None,
    *,
    kinds: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """Run until SIGTERM, SIGINT or the end of ``duration`` seconds; raises what made it fail.

    ``connect`` builds a Kafka consumer without a group; ``kinds`` has the kinds of anomalies in English and Chinese.
    """
    asyncio.run(_run(settings, connect, duration, kinds or {}))


async def _run(
    settings: Settings,
    connect: Callable[[], AIOKafkaConsumer],
    duration: float | None,
    kinds: Mapping[str, tuple[str, str]],
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if duration is not None:
        loop.call_later(duration, stop.set)
    store = Store(settings.relay_state or STATE)
    try:
        out = _way_out(settings)
        try:
            await _Relay(settings, store, out, connect, kinds).serve(stop)
        finally:
            await out.close()
    finally:
        store.close()
    _log.info("relay_stopped")


def _way_out(settings: Settings) -> WayOut:
    return WayOut(
        settings.relay_send_timeout_ms,
        proxy=settings.relay_proxy,
        cafile=settings.relay_cafile,
        prometheus=settings.relay_prometheus,
    )


class _Relay:
    """The parts of a running relay."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        out: WayOut,
        connect: Callable[[], AIOKafkaConsumer],
        kinds: Mapping[str, tuple[str, str]],
    ) -> None:
        self._settings = settings
        self._store = store
        names = list(settings.relay_receivers)
        if not names:
            # It starts all the same, so that a stack can be tried before there is a robot; notifications are refused.
            _log.warning("no_receivers", change="name a robot under relay.receivers; docs/relay.md says how")
        elif gone := store.forget_others(names):
            _log.warning("receivers_removed", messages=gone)
        documents, _ = store.direct()
        self._book = DirectBook(
            settings.relay_direct_thresholds,
            settings.relay_direct_per_minute,
            settings.relay_direct_hold_ms,
            kinds,
            documents,
        )
        self._metrics = RelayMetrics(CollectorRegistry(), names, self._read)
        self._couriers = {
            name: Courier(
                robot,
                store,
                self._metrics,
                post=out.post,
                now_ms=wall_clock_ms,
                keep_for_ms=settings.relay_keep_for_ms,
                zone_minutes=settings.relay_zone,
                values=out.values,
            )
            for name, robot in settings.relay_receivers.items()
        }
        self._feed = DirectFeed(
            settings.topic_anomalies,
            connect,
            self._book,
            store,
            self._metrics,
            peers=settings.relay_alertmanagers,
            post=out.post_alerts,
            now_ms=wall_clock_ms,
        )
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def _read(self) -> Reading:
        now_ms, names = wall_clock_ms(), list(self._settings.relay_receivers)
        oldest = {name: self._store.oldest_ms(name) for name in names}
        ages = {name: 0.0 if since is None else max(0, now_ms - since) / 1_000 for name, since in oldest.items()}
        return Reading({name: self._store.count(name) for name in names}, ages, len(self._book))

    def _ready(self) -> dict[str, object]:
        """Tell whether what comes would be written down and taken on."""
        working = [name for name in self._couriers if name in self._tasks and not self._tasks[name].done()]
        writable = self._store.writable()
        return {"ready": writable and len(working) == len(self._couriers), "state": writable, "receivers": working}

    async def serve(self, stop: asyncio.Event) -> None:
        """Answer and send until ``stop``; raises what ended a part of it."""
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            port = await self._listen(runner)
            self._tasks = {
                name: asyncio.create_task(courier.run(), name=name) for name, courier in self._couriers.items()
            }
            beside: list[asyncio.Task[object]] = [asyncio.create_task(stop.wait())]
            if self._settings.relay_direct_thresholds:
                beside.append(asyncio.create_task(self._feed.run()))
            _log.info("relay_started", host=self._settings.relay_host, port=port, receivers=list(self._couriers))
            ended, _ = await asyncio.wait({*self._tasks.values(), *beside}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # First nobody can give us more, then what we have goes out.
            await runner.cleanup()
        _log.info("relay_stopping")
        for courier in self._couriers.values():
            courier.stop()
        _, late = await asyncio.wait(self._tasks.values(), timeout=STOP_SECONDS) if self._tasks else (set(), set())
        for task in (*late, *beside):
            task.cancel()
        await asyncio.gather(*late, *beside, return_exceptions=True)
        for task in ended:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def _application(self) -> web.Application:
        settings = self._settings
        webhook = Webhook(
            Gate(settings.relay_token, settings.relay_signing_key),
            self._store,
            self._metrics,
            self._couriers,
            now_ms=wall_clock_ms,
            repeat_window_ms=settings.relay_repeat_window_ms,
            queue_limit=settings.relay_queue_limit,
        )
        return application(webhook, self._metrics, self._ready)

    async def _listen(self, runner: web.AppRunner) -> int:
        host, port = self._settings.relay_host, self._settings.relay_port
        try:
            await web.TCPSite(runner, host.strip("[]"), port).start()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise UnreachableError(f"Cannot listen on relay.host {host}, relay.port {port}: {reason}.") from error
        return int(runner.addresses[0][1])


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a test message."""

    receiver: str
    vendor: str
    taken: bool
    refused: bool
    """Whether the vendor said no; if it neither took nor refused the message, it was not reached."""
    code: str
    text: str


def send_test(settings: Settings, receiver: str) -> Tried:
    """Send one test message past queue and limit, and return the vendor's answer."""
    robot = settings.relay_receivers.get(receiver)
    if robot is None:
        known = ", ".join(settings.relay_receivers) or "none"
        raise UsageError(f"--receiver is {receiver}, but relay.receivers names {known}; choose one of them.")

    async def send() -> Answer:
        out = _way_out(settings)
        try:
            now_ms = wall_clock_ms()
            around = Circumstances(now_ms, settings.relay_zone, LANGUAGES[robot.language], robot.keyword or "")
            return await attempt(robot, render_test(around), out.post, now_ms)
        finally:
            await out.close()

    answer = asyncio.run(send())
    taken = answer.meaning is Meaning.TAKEN
    return Tried(receiver, robot.vendor, taken, answer.refused, answer.code, hidden(answer.text, robot))

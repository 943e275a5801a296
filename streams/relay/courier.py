"""One courier a robot: takes what waits, at the robot's pace, until the vendor has said that it is taken.

Couriers share nothing but the store: a robot that refuses or does not answer holds up nobody else.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from streams.relay.answers import Answer, Meaning
from streams.relay.notification import Notification
from streams.relay.pacing import MENDING_PAUSE_MS, WINDOW_MS, Do, Pace
from streams.relay.rendering import Circumstances, render, render_digest
from streams.relay.vendors import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.relay.message import Message
    from streams.relay.metrics import RelayMetrics
    from streams.relay.store import Store, Waiting
    from streams.settings.robots import Robot

MOST_IN_DIGEST: Final = 200
"""Messages that one digest takes along; the rest goes with the next."""
MOST_ATTEMPTS_UNKNOWN: Final = 5
"""Attempts at a message that is refused with a code nobody listed."""
STORE_PAUSE_MS: Final = 5_000
LANGUAGES: Final[Mapping[str, tuple[str, ...]]] = {"zh": ("zh",), "en": ("en",), "both": ("zh", "en")}

Post = Callable[[str, bytes], Awaitable[tuple[int, bytes] | Answer]]
"""Sends one request (address, body) and returns status and body of the answer, or what went wrong on the way."""

_log = structlog.stdlib.get_logger("voucherwatch.relay")


class Courier:
    """Brings the messages of one robot to it."""

    def __init__(
        self,
        robot: Robot,
        store: Store,
        metrics: RelayMetrics,
        *,
        post: Post,
        now_ms: Callable[[], int],
        keep_for_ms: int,
        zone_minutes: int = 0,
        values: Callable[[Notification], Awaitable[Mapping[str, str]]] | None = None,
    ) -> None:
        """Take the robot and its ways: ``post`` to the vendor, ``now_ms`` in epoch milliseconds."""
        self.robot = robot
        self.vendor = BY_NAME[robot.vendor]
        self._store = store
        self._metrics = metrics
        self._post = post
        self._now_ms = now_ms
        self._keep_for_ms = keep_for_ms
        self._zone_minutes = zone_minutes
        self._values = values
        self._pace = Pace(robot.per_minute, store.attempts_ms(robot.name, now_ms() - WINDOW_MS))
        self._alone_up_to = 0
        self._stopping = asyncio.Event()
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Work until told to stop; then send what the robot takes at once, and end."""
        while not self._stopping.is_set():
            try:
                pause_ms = await self.step()
            except sqlite3.Error as error:
                # The disk is full or gone: nothing can be sent without writing it down, nothing is lost meanwhile.
                _log.error("store_failed", receiver=self.robot.name, error=str(error))
                pause_ms = STORE_PAUSE_MS
            if pause_ms == 0:
                continue
            if self._stopping.is_set():
                break
            self.wake.clear()
            # Whatever came between the look and here set the event before it was cleared: look once more.
            if pause_ms is None and self._store.count(self.robot.name):
                continue
            try:
                await asyncio.wait_for(self.wake.wait(), None if pause_ms is None else pause_ms / 1_000)
            except TimeoutError:
                continue
        await self._flush()

    def stop(self) -> None:
        """Let ``run`` end after the attempt that is under way."""
        self._stopping.set()
        self.wake.set()

    async def step(self) -> int | None:
        """Do what comes next; return 0 to go on at once, a pause in milliseconds, or None while nothing waits."""
        now_ms, name = self._now_ms(), self.robot.name
        if gone := self._store.expire(name, now_ms - self._keep_for_ms):
            self._metrics.count(name, "dropped", gone)
            _log.error("messages_expired", receiver=name, count=gone)
        step = self._pace.step(now_ms, self._store.count(name))
        if step.do is Do.IDLE:
            return None
        if step.do is Do.WAIT:
            return max(1, step.at_ms - now_ms)
        batch = self._store.waiting(name, MOST_IN_DIGEST if step.do is Do.SEND_DIGEST else 1)
        await self._send(batch[:1] if batch[0].id <= self._alone_up_to else batch)
        return 0

    async def _flush(self) -> None:
        """Send what the robot takes now, without waiting for a pause to end; the rest stays on disk."""
        try:
            while await self.step() == 0:
                pass
        except sqlite3.Error as error:
            _log.error("store_failed", receiver=self.robot.name, error=str(error))

    async def _send(self, batch: Sequence[Waiting]) -> None:
        """Make one attempt with a message, or with a digest of several."""
        ids = [one.id for one in batch]
        lost = self._store.lost(self.robot.name)
        try:
            message = await self._message(batch, lost)
        except Exception:  # noqa: BLE001  whatever it is, see below
            # One notification that cannot be put into words must not silence the robot.
            _log.exception("message_not_rendered", receiver=self.robot.name)
            self._give_up(batch, ids)
            return
        now_ms = self._now_ms()
        self._store.begin_attempt(self.robot.name, ids, now_ms, WINDOW_MS)
        self._pace.attempted(now_ms)
        answer = await attempt(self.robot, message, self._post, now_ms)
        self._conclude(batch, ids, answer, lost)

    async def _message(self, batch: Sequence[Waiting], lost: int) -> Message:
        notifications = [msgspec.json.decode(one.body, type=Notification) for one in batch]
        values = await self._values(notifications[0]) if self._values is not None and len(batch) == 1 else None
        around = Circumstances(
            self._now_ms(),
            self._zone_minutes,
            LANGUAGES[self.robot.language],
            self.robot.keyword or "",
            lost,
            any(one.maybe_sent for one in batch),
            values,
        )
        if len(batch) == 1:
            return render(notifications[0], around)
        return render_digest(notifications, around, self.robot.per_minute)

    def _conclude(self, batch: Sequence[Waiting], ids: Sequence[int], answer: Answer, lost: int) -> None:
        """Do what an answer means: remove, keep, pause."""
        name, now_ms = self.robot.name, self._now_ms()
        if answer.meaning is Meaning.TAKEN:
            self._store.done(name, ids, delivered=True, lost=lost)
            self._pace.succeeded()
            self._metrics.count(name, "sent" if len(batch) == 1 else "digest", len(batch))
            for one in batch:
                self._metrics.observe(name, max(0, now_ms - one.taken_ms) / 1_000)
            _log.info("message_sent", receiver=name, notifications=len(batch))
            return
        self._metrics.count(name, "refused" if answer.refused else "failed")
        tired = answer.meaning is Meaning.UNKNOWN and batch[0].attempts + 1 >= MOST_ATTEMPTS_UNKNOWN
        hopeless = answer.meaning is Meaning.MESSAGE or tired
        _log.warning(
            "message_refused" if answer.refused else "message_failed",
            receiver=name,
            vendor=self.robot.vendor,
            code=answer.code,
            text=hidden(answer.text, self.robot),
            notifications=len(batch),
            dropped=hopeless and len(batch) == 1,
        )
        self._store.keep(ids, maybe_sent=answer.maybe_sent)
        if hopeless:
            self._give_up(batch, ids)
            return
        hold_ms = answer.hold_ms or (MENDING_PAUSE_MS if answer.meaning is Meaning.ROBOT else 0)
        self._pace.failed(now_ms, hold_ms)

    def _give_up(self, batch: Sequence[Waiting], ids: Sequence[int]) -> None:
        """Drop a message that will never be taken; what a digest held is tried one by one first."""
        self._pace.succeeded()
        if len(batch) > 1:
            self._alone_up_to = ids[-1]
            return
        self._store.done(self.robot.name, ids, delivered=False)
        self._metrics.count(self.robot.name, "dropped")


async def attempt(robot: Robot, message: Message, post: Post, now_ms: int) -> Answer:
    """Send one message and return what came of it."""
    vendor = BY_NAME[robot.vendor]
    outgoing = vendor.request(robot, message, now_ms)
    answer = await post(outgoing.url, outgoing.body)
    return answer if isinstance(answer, Answer) else vendor.judge(*answer)


def hidden(text: str, robot: Robot) -> str:
    """Return a vendor's words without the robot's address, key or secret, should they quote them."""
    secrets = [robot.url, robot.url.rpartition("=")[2], robot.url.rpartition("/")[2], robot.secret or ""]
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 8:  # noqa: PLR2004  shorter ones would hide words
            text = text.replace(secret, "***")
    return text

"""The control topic: what operators tell the workers, read by every worker from its beginning.

One record is a JSON object with a ``type``.  ``acknowledge`` names an anomaly (``id``), who takes care
of it (``by``) and since when (``at``, epoch milliseconds; without it the record's timestamp).
``maintenance`` names a window (``id``), its ``from`` and ``until`` (RFC 3339 with offset, or epoch
milliseconds), the ``link`` or ``institution`` that is meant, and a ``reason``; a record with the same key
takes its place, one without a value ends it.  Other types are left to later releases.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from aiokafka.errors import KafkaError

from streams.core.diagnosis.calendar import MOST_WINDOWS, Window
from streams.core.diagnosis.control_record import UnreadableError, keep_window, type_of, window_key, window_value
from streams.core.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

    Acknowledge = Callable[[str, str, int], None]
    Windows = Callable[[tuple[Window, ...]], None]

READ_SECONDS = 1.0
RETRY_SECONDS = 5.0
LATER_SECONDS = 60.0
"""Until a window that could not be passed on is tried again."""
LONGEST_NAME = 200
"""Characters of ``by``."""

_log = structlog.stdlib.get_logger("voucherwatch.control")


class _Acknowledge(msgspec.Struct):
    type: str
    id: str
    by: str
    at: int | None = None


class ControlTopic:
    """Follows the topic; what is unreadable is logged and left out."""

    def __init__(
        self, topic: str, connect: Callable[[], AIOKafkaConsumer], produce: Callable[[], AIOKafkaProducer]
    ) -> None:
        """Take the topic's name and how to build a plain consumer and a plain producer."""
        self._topic = topic
        self._connect = connect
        self._produce = produce
        self._windows: dict[bytes, Window] = {}
        self._to_pass_on: dict[str, Window] = {}

    async def follow(self, acknowledge: Acknowledge, windows: Windows) -> None:
        """Tell every acknowledgement (anomaly id, by, at in epoch ms), old ones first, until cancelled.

        ``windows`` is told all maintenance windows that stand there, once the end was reached and after
        every change.  A missing topic and brokers that do not answer are waited for.  After that it begins
        anew, so acknowledgements are told again.
        """
        passing_on = asyncio.ensure_future(self._pass_on())
        try:
            while True:
                try:
                    await self._read(acknowledge, windows)
                except (KafkaError, OSError, TimeoutError) as error:
                    _log.warning("control_topic_unread", topic=self._topic, error=repr(error))
                await asyncio.sleep(RETRY_SECONDS)
        finally:
            passing_on.cancel()

    def pass_on(self, window: Window) -> None:
        """Write down the window that a notice told one lane of, so that all lanes learn of it.

        A topic that is missing or may not be written to stops nobody: it is logged, and tried again later.
        """
        if len(self._to_pass_on) < MOST_WINDOWS and window not in self._windows.values():
            self._to_pass_on[window.id] = window

    async def _pass_on(self) -> None:
        while True:
            await asyncio.sleep(READ_SECONDS if self._to_pass_on else RETRY_SECONDS)
            if not self._to_pass_on:
                continue
            waiting = dict(self._to_pass_on)
            try:
                await self._write(waiting.values())
            except (KafkaError, OSError, TimeoutError) as error:
                _log.warning("notice_not_passed_on", topic=self._topic, windows=len(waiting), error=repr(error))
                await asyncio.sleep(LATER_SECONDS)
                continue
            for name, window in waiting.items():
                if self._to_pass_on.get(name) == window:
                    del self._to_pass_on[name]

    async def _write(self, windows: Iterable[Window]) -> None:
        producer = self._produce()
        await producer.start()
        try:
            for window in windows:
                await producer.send_and_wait(self._topic, window_value(window), window_key(window.id))
        finally:
            await producer.stop()

    async def _read(self, acknowledge: Acknowledge, windows: Windows) -> None:
        consumer = self._connect()
        # Without a group that means every partition, from its beginning; a topic that comes later is found.
        consumer.subscribe([self._topic])
        await consumer.start()
        self._windows = {}
        told: tuple[Window, ...] | None = None
        try:
            while True:
                for records in (await consumer.getmany(timeout_ms=int(READ_SECONDS * 1_000))).values():
                    for record in records:
                        self._take(record, acknowledge)
                # Half a list would take back what still stands further on.
                if await self._at_end(consumer):
                    standing = self._standing()
                    if standing != told:
                        told = standing
                        windows(standing)
        finally:
            await consumer.stop()

    @staticmethod
    async def _at_end(consumer: AIOKafkaConsumer) -> bool:
        partitions = consumer.assignment()
        for partition in partitions:
            end = consumer.highwater(partition)
            if end is None or await consumer.position(partition) < end:
                return False
        return bool(partitions)

    def _standing(self) -> tuple[Window, ...]:
        """Return the windows in an order of their own; beyond the most that are kept those go that end first."""
        if len(self._windows) > 2 * MOST_WINDOWS:
            kept = sorted(self._windows.items(), key=lambda item: (item[1].until_ms, item[0]))[-MOST_WINDOWS:]
            self._windows = dict(kept)
        return tuple(sorted(self._windows.values(), key=lambda window: (window.until_ms, window.id)))

    def _take(self, record: Any, acknowledge: Acknowledge) -> None:  # noqa: ANN401  aiokafka is untyped
        try:
            if keep_window(self._windows, record.key, record.value):
                return
            told = _acknowledgement(record.value)
        except UnreadableError as error:
            _log.warning(
                "control_record_unreadable", partition=record.partition, offset=record.offset, error=str(error)
            )
            return
        if told is not None:
            acknowledge(told.id, told.by, record.timestamp if told.at is None else told.at)


def _acknowledgement(value: bytes) -> _Acknowledge | None:
    """Return an acknowledgement, ``None`` for a record of another type; raises UnreadableError for a bad one."""
    if type_of(value)[0] != "acknowledge":
        return None
    try:
        told = msgspec.json.decode(value, type=_Acknowledge)
    except msgspec.MsgspecError as error:
        raise UnreadableError(type(error).__name__) from None
    told.by = mask_text(told.by.strip())[0]
    if not told.by or len(told.by) > LONGEST_NAME:
        raise UnreadableError(f"by has {len(told.by)} characters, 1 to {LONGEST_NAME} are needed")
    return told

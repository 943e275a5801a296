"""The control topic: what operators tell the workers, read by every worker from its beginning.

One record is a JSON object with a ``type``.  ``acknowledge`` names an anomaly (``id``), who takes care
of it (``by``) and since when (``at``, epoch milliseconds; without it the record's timestamp).  Other types
are left to later releases.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from aiokafka.errors import KafkaError

from streams.core.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiokafka import AIOKafkaConsumer

READ_SECONDS = 1.0
RETRY_SECONDS = 5.0
LONGEST_NAME = 200
"""Characters of ``by``."""

_log = structlog.stdlib.get_logger("voucherwatch.control")


class _Acknowledge(msgspec.Struct):
    type: str
    id: str
    by: str
    at: int | None = None


class _Typed(msgspec.Struct):
    type: str


class ControlTopic:
    """Follows the topic; what is unreadable is logged and left out."""

    def __init__(self, topic: str, connect: Callable[[], AIOKafkaConsumer]) -> None:
        """Take the topic's name and how to build a plain consumer."""
        self._topic = topic
        self._connect = connect

    async def follow(self, acknowledge: Callable[[str, str, int], None]) -> None:
        """Tell every acknowledgement (anomaly id, by, at in epoch ms), old ones first, until cancelled.

        A missing topic and brokers that do not answer are waited for.  After that it begins anew, so
        acknowledgements are told again.
        """
        while True:
            try:
                await self._read(acknowledge)
            except (KafkaError, OSError, TimeoutError) as error:
                _log.warning("control_topic_unread", topic=self._topic, error=repr(error))
            await asyncio.sleep(RETRY_SECONDS)

    async def _read(self, acknowledge: Callable[[str, str, int], None]) -> None:
        consumer = self._connect()
        # Without a group that means every partition, from its beginning; a topic that comes later is found.
        consumer.subscribe([self._topic])
        await consumer.start()
        try:
            while True:
                for records in (await consumer.getmany(timeout_ms=int(READ_SECONDS * 1_000))).values():
                    for record in records:
                        self._take(record, acknowledge)
        finally:
            await consumer.stop()

    def _take(self, record: Any, acknowledge: Callable[[str, str, int], None]) -> None:  # noqa: ANN401  aiokafka is untyped
        if record.value is None:
            return
        try:
            if msgspec.json.decode(record.value, type=_Typed).type != "acknowledge":
                return
            told = msgspec.json.decode(record.value, type=_Acknowledge)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # bytes that are no UTF-8 are a ValueError
            _log.warning(
                "control_record_unreadable",
                partition=record.partition,
                offset=record.offset,
                error=type(error).__name__,
            )
            return
        by = mask_text(told.by.strip())[0]
        if not by or len(by) > LONGEST_NAME:
            reason = f"by has {len(by)} characters, 1 to {LONGEST_NAME} are needed"
            _log.warning("control_record_unreadable", partition=record.partition, offset=record.offset, error=reason)
            return
        acknowledge(told.id, by, record.timestamp if told.at is None else told.at)

"""Reads the anomaly topic and posts single high-value anomalies to every Alertmanager peer."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Final

import msgspec
import structlog
from aiokafka.errors import KafkaError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from aiokafka import AIOKafkaConsumer

    from streams.relay.direct import DirectBook
    from streams.relay.metrics import RelayMetrics
    from streams.relay.store import Store

READ_MS: Final = 1_000
RETRY_SECONDS: Final = 5.0

_log = structlog.stdlib.get_logger("voucherwatch.relay")


class DirectFeed:
    """Follows the topic from where it stood before a restart; at the very first start from its end."""

    def __init__(
        self,
        topic: str,
        connect: Callable[[], AIOKafkaConsumer],
        book: DirectBook,
        store: Store,
        metrics: RelayMetrics,
        *,
        peers: Sequence[str],
        post: Callable[[str, bytes], Awaitable[bool]],
        now_ms: Callable[[], int],
    ) -> None:
        """Take the topic, how to build a consumer without a group, and how to post to one peer."""
        self._topic = topic
        self._connect = connect
        self._book = book
        self._store = store
        self._metrics = metrics
        self._peers = peers
        self._post = post
        self._now_ms = now_ms

    async def run(self) -> None:
        """Follow the topic until cancelled; brokers that do not answer and a missing topic are waited for."""
        while True:
            try:
                await self._follow()
            except (KafkaError, sqlite3.Error, OSError, TimeoutError) as error:
                _log.warning("anomaly_topic_unread", topic=self._topic, error=repr(error))
            # What is open stays open while the topic cannot be read.
            await self._post_due()
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        consumer = self._connect()
        # Without a group that means every partition, those that come later included.
        consumer.subscribe([self._topic])
        await consumer.start()
        try:
            positions = await self._begin(consumer)
            while positions:
                batches = await consumer.getmany(timeout_ms=READ_MS)
                for place, records in batches.items():
                    for record in records:
                        self._take(record.value)
                        positions[place.topic, place.partition] = record.offset + 1
                changed = await self._post_due()
                if batches or changed:
                    self._store.save_direct(self._book.documents(), positions)
        finally:
            await consumer.stop()

    async def _begin(self, consumer: AIOKafkaConsumer) -> dict[tuple[str, int], int]:
        """Go to where each partition stood; one that was not there before is read from its beginning."""
        places = sorted(consumer.assignment())
        if not places:
            _log.warning("anomaly_topic_missing", topic=self._topic)
            return {}
        _, known = self._store.direct()
        first = not any(topic == self._topic for topic, _ in known)
        edges = await (consumer.end_offsets(places) if first else consumer.beginning_offsets(places))
        positions: dict[tuple[str, int], int] = {}
        for place in places:
            at = known.get((place.topic, place.partition), edges[place])
            # Not seek_to_end: what was fetched before it still arrives after it.
            consumer.seek(place, at)
            positions[place.topic, place.partition] = at
        self._store.save_direct(self._book.documents(), positions)
        _log.info("anomaly_topic_followed", topic=self._topic, partitions=len(positions))
        return positions

    def _take(self, value: bytes | None) -> None:
        if value is None:
            return
        result = self._book.take(value, self._now_ms())
        if result:
            self._metrics.count_direct(result)

    async def _post_due(self) -> bool:
        """Post what is due to every peer; return whether there was anything."""
        due: Mapping[str, object] = self._book.due(self._now_ms())
        if not due:
            return False
        body = msgspec.json.encode(list(due.values()))
        taken = await asyncio.gather(*(self._post(peer, body) for peer in self._peers))
        failed = taken.count(False)
        if failed:
            self._metrics.count_direct("failed", failed)
            _log.warning("alertmanager_refused", peers=failed, alerts=len(due))
        self._book.concluded(due, self._now_ms(), taken=not failed)
        return True

"""The maintenance calendar for commands: the windows of the control topic, read once and written to."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from streams.core.diagnosis.control_record import UnreadableError, keep_window, window_key, window_value
from streams.errors import UnreachableError
from streams.settings import kafka_python_options, quiet_client

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.core.diagnosis.calendar import Window
    from streams.settings import Settings

POLL_MS: Final = 500


def read_calendar(settings: Settings) -> dict[bytes, Window]:
    """Return the windows that stand in the control topic, by their keys; what is unreadable is left out.

    Raises:
        UnreachableError: No broker answers in time, or there is no such topic.
    """
    with _asking(settings):
        consumer: Any = KafkaConsumer(
            **kafka_python_options(settings),
            client_id="voucherwatch-calendar",
            group_id=None,
            enable_auto_commit=False,
            allow_auto_create_topics=False,
            auto_offset_reset="earliest",
        )
        try:
            return _read(consumer, settings)
        finally:
            consumer.close(autocommit=False)


def _read(consumer: Any, settings: Settings) -> dict[bytes, Window]:  # noqa: ANN401  kafka-python is untyped
    topic = settings.topic_control
    partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
    if not partitions:
        raise UnreachableError(
            f"There is no topic {topic} at {_brokers(settings)}; create it with 'voucherwatch topics create'."
        )
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(partitions)
    found: dict[bytes, Window] = {}
    limit = time.monotonic() + settings.broker_timeout_ms / 1_000
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for records in consumer.poll(timeout_ms=POLL_MS).values():
            limit = time.monotonic() + settings.broker_timeout_ms / 1_000
            for record in records:
                with suppress(UnreadableError):
                    keep_window(found, record.key, record.value)
        if time.monotonic() > limit:
            raise UnreachableError(f"{_brokers(settings)} gives no records of topic {topic}; try again later.")
    return found


def write_calendar(settings: Settings, add: Iterable[Window] = (), remove: Iterable[bytes] = ()) -> None:
    """Write windows into the control topic, and end those of some keys; returns when the brokers have it.

    Raises:
        UnreachableError: No broker answers, or it refuses.
    """
    with _asking(settings):
        producer: Any = KafkaProducer(
            **kafka_python_options(settings),
            client_id="voucherwatch-calendar",
            acks="all",
            max_block_ms=settings.broker_timeout_ms,
            allow_auto_create_topics=False,
        )
        try:
            waiting = [
                producer.send(settings.topic_control, window_value(window), window_key(window.id)) for window in add
            ]
            waiting += [producer.send(settings.topic_control, None, key) for key in remove]
            for future in waiting:
                future.get(timeout=settings.broker_timeout_ms / 1_000)
        finally:
            producer.close(timeout=settings.broker_timeout_ms / 1_000)


@contextmanager
def _asking(settings: Settings) -> Iterator[None]:
    """Turn the client's errors into our own, and keep its log lines away: the error says all."""
    try:
        with quiet_client():
            yield
    except KafkaError as error:
        raise UnreachableError(
            f"{_brokers(settings)} does not answer for topic {settings.topic_control}: {error}; check"
            " bootstrap_servers, the rights of this client and the topic."
        ) from error


def _brokers(settings: Settings) -> str:
    return ", ".join(settings.bootstrap_servers)

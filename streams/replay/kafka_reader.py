"""Reads two input topics between two moments, and leaves nothing behind: no group, no commit, no record."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import BrokerResponseError, KafkaError, OffsetOutOfRangeError

from streams.core.wire import HOST, TERMINAL
from streams.errors import UnreachableError, UsageError
from streams.settings import kafka_python_options, quiet_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.wire import RawRecord
    from streams.settings import Settings

RECORDS_A_POLL: Final = 2_000
PARTITION_FETCH_BYTES: Final = 8 * 1024 * 1024
"""One partition of each topic is read at a time, so a fetch may be large."""
POLL_MS: Final = 500


@dataclass(frozen=True, slots=True)
class PartSpan:
    """Where to read one partition."""

    first: int
    """The first offset to read, some time before the range."""
    expected_end: int
    """About where the range ends, to show progress by."""
    end: int
    """The end of the partition when the replay began."""
    kept_from_ms: int | None = None
    """Timestamp of the oldest record there is, where older ones were deleted; ``None`` if none were."""


LaneSpan = tuple[PartSpan, PartSpan]
"""Terminal and host partition of one number."""


class RangeReader(Protocol):
    """What a replay needs of the topics; both have the same number of partitions."""

    topics: tuple[str, str]

    def spans(self, start_ms: int, to_ms: int) -> list[LaneSpan]:
        """Return for every lane where to read, from the first record at or after ``start_ms``."""

    def read(self, source: int, partition: int, span: PartSpan, to_ms: int) -> Iterator[list[RawRecord]]:
        """Yield the records of one partition up to, not including, the first with a timestamp of ``to_ms`` or more."""


class TopicReader:
    """Reads the input topics of the settings with a consumer for each; to be used in ``with``."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings; ``with`` connects."""
        self.topics = (settings.topic_terminal, settings.topic_host)
        self._settings = settings
        self._consumers: list[Any] = []
        self._partitions = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Connect and look at the topics.

        Raises:
            UnreachableError: No broker answers, or it refuses to.
            UsageError: A topic is missing, or they have different numbers of partitions.
        """
        with ExitStack() as stack:
            stack.enter_context(quiet_client())
            with self._asking():
                for _ in self.topics:
                    consumer = KafkaConsumer(
                        **kafka_python_options(self._settings),
                        client_id="voucherwatch-replay",
                        group_id=None,
                        enable_auto_commit=False,
                        allow_auto_create_topics=False,
                        auto_offset_reset="none",
                        max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
                        # In plain Python the checksum of plain batches takes twice as long as all the rest.
                        check_crcs=False,
                    )
                    stack.callback(consumer.close, autocommit=False)
                    self._consumers.append(consumer)
                self._partitions = self._count_partitions()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *fault: object) -> None:
        """Hang up."""
        self._stack.close()

    def _count_partitions(self) -> int:
        consumer = self._consumers[TERMINAL]
        counts = [len(consumer.partitions_for_topic(topic)) for topic in self.topics]
        for topic, count in zip(self.topics, counts, strict=True):
            if not count:
                raise UsageError(
                    f"There is no topic {topic} at {', '.join(self._settings.bootstrap_servers)}; check the setting"
                    " topics and the rights of this client."
                )
        if counts[TERMINAL] != counts[HOST]:
            raise UsageError(
                f"Topic {self.topics[TERMINAL]} has {counts[TERMINAL]} partitions, but {self.topics[HOST]} has"
                f" {counts[HOST]}, so vouchers cannot meet; give both the same number."
            )
        return counts[TERMINAL]

    def spans(self, start_ms: int, to_ms: int) -> list[LaneSpan]:
        """Return where to read every lane; raises UnreachableError without an answer in time."""
        with self._asking():
            parts = [self._spans_of(source, start_ms, to_ms) for source in (TERMINAL, HOST)]
        return list(zip(*parts, strict=True))

    def _spans_of(self, source: int, start_ms: int, to_ms: int) -> list[PartSpan]:
        """Return the spans of one topic.

        A marker of a transaction has a timestamp too, the wall clock's, and may be found where a record was
        asked for.  That makes ``first`` too early at most, and ``expected_end`` no more than an estimate.
        """
        consumer, topic = self._consumers[source], self.topics[source]
        places = [TopicPartition(topic, number) for number in range(self._partitions)]
        begins, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
        oldest, first, after = (
            consumer.offsets_for_times(dict.fromkeys(places, max(0, at_ms))) for at_ms in (0, start_ms, to_ms)
        )
        spans = []
        for place in places:
            kept_from_ms = None
            if begins[place] > 0:
                # Where everything was deleted nothing is known up to the end of the range.
                kept_from_ms = oldest[place].timestamp if oldest.get(place) is not None else to_ms
            start, end = (
                ends[place] if at.get(place) is None else min(at[place].offset, ends[place]) for at in (first, after)
            )
            spans.append(PartSpan(start, end, ends[place], kept_from_ms))
        return spans

    def read(self, source: int, partition: int, span: PartSpan, to_ms: int) -> Iterator[list[RawRecord]]:
        """Yield the records of a span as they are fetched; markers of transactions and gaps have no record.

        Raises:
            UnreachableError: Brokers no longer answer, or records were deleted meanwhile.
        """
        yield from self.read_place(source, TopicPartition(self.topics[source], partition), span, to_ms)

    def read_place(self, source: int, place: Any, span: PartSpan, to_ms: int) -> Iterator[list[RawRecord]]:  # noqa: ANN401  untyped library
        """Yield the records of a span of any partition with the consumer of one source; errors as in ``read``."""
        if span.first >= span.end:
            return
        consumer = self._consumers[source]
        with self._asking():
            consumer.assign([place])
            consumer.seek(place, span.first)
        position, patience_s = span.first, self._settings.broker_timeout_ms / 1_000
        since = time.monotonic()
        while position < span.end:
            with self._asking():
                fetched = consumer.poll(timeout_ms=POLL_MS, max_records=RECORDS_A_POLL).get(place, [])
                reached = consumer.position(place)
            records = [(r.offset, r.timestamp, r.key, r.value) for r in fetched if r.offset < span.end]
            behind = next((number for number, record in enumerate(records) if record[1] >= to_ms), None)
            if records[:behind]:
                yield records[:behind]
            if behind is not None:
                return
            if reached > position:
                position, since = reached, time.monotonic()
            elif time.monotonic() - since > patience_s:
                raise UnreachableError(
                    f"{place.topic}-{place.partition} gave nothing at offset {position} for {patience_s:g} s, though it"
                    f" goes on to {span.end}; check the broker that leads it."
                )

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn every failure of the brokers into one sentence."""
        servers = ", ".join(self._settings.bootstrap_servers)
        try:
            yield
        except OffsetOutOfRangeError as error:
            gone = ", ".join(f"{place.topic}-{place.partition} at {offset}" for place, offset in error.args[0].items())
            raise UnreachableError(
                f"Records of {gone} were deleted before they could be read; choose a later --from."
            ) from error
        except BrokerResponseError as error:
            raise UnreachableError(
                f"The brokers {servers} refused a question with {type(error).__name__}; check the rights of"
                f" {self._settings.sasl_username or 'this client'} on {' and '.join(self.topics)}."
            ) from error
        except (KafkaError, OSError) as error:
            raise UnreachableError(
                f"No answer from the brokers {servers} within {self._settings.broker_timeout_ms / 1000:g} s"
                f" ({type(error).__name__}); check the address, the network and security_protocol."
            ) from error

"""What a fetch holds of an input, as the four values that a lane needs instead of an object a record.

aiokafka makes a ``ConsumerRecord`` of eleven values for each record, which costs a fifth of a worker's
time.  Here the results of input topics are told to hand out plain tuples; all others stay aiokafka's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiokafka.consumer.fetcher import FetchResult, PartitionRecords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.wire import RawRecord


class RawPartitionRecords(PartitionRecords):  # type: ignore[misc]  # aiokafka is untyped
    """The records of one partition's part of a fetch: offset, timestamp in epoch ms, key, value."""

    def __iter__(self) -> Iterator[RawRecord]:
        """Return the one iterator, which remembers where the last fetch stopped."""
        records: Iterator[RawRecord] = self._records_iterator
        return records

    def _consumer_record(self, tp: object, record: Any) -> RawRecord:  # noqa: ANN401  aiokafka is untyped
        del tp
        return record.offset, record.timestamp, record.key, record.value


class FetchResults(dict[Any, Any]):
    """The prefetched results of aiokafka's fetcher by partition, those of the inputs raw."""

    def __init__(self, raw_topics: frozenset[str]) -> None:
        super().__init__()
        self._raw_topics = raw_topics

    def __setitem__(self, partition: Any, result: Any) -> None:  # noqa: ANN401  as above
        """Keep one partition's result, a ``FetchResult`` or a ``FetchError``."""
        if partition.topic in self._raw_topics and isinstance(result, FetchResult):
            # Nothing was unpacked yet: the iterator asks for ``_consumer_record`` record by record.
            result._partition_records.__class__ = RawPartitionRecords  # noqa: SLF001  no public way
        super().__setitem__(partition, result)

"""What a fetch holds of an input, as the four values that a lane needs instead of an object a record.

aiokafka makes a ``ConsumerRecord`` of eleven values for each record and asks three questions about it,
which costs a fifth of a worker's time.  Here the results of input topics are told to hand out whole
batches of plain tuples; all others stay aiokafka's.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from aiokafka.consumer.fetcher import FetchResult, PartitionRecords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.wire import RawRecord


class _Whole:
    """All records of one batch, standing for one record in aiokafka's eyes."""

    __slots__ = ("offset", "records")

    def __init__(self, records: list[RawRecord]) -> None:
        self.offset = records[-1][0]
        self.records = records


class _Batch:
    """A record batch whose records come all at once."""

    __slots__ = ("_batch",)

    def __init__(self, batch: Any) -> None:  # noqa: ANN401  aiokafka is untyped
        self._batch = batch

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  as above
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[_Whole]:
        records = [(record.offset, record.timestamp, record.key, record.value) for record in self._batch]
        if records:
            yield _Whole(records)

    def __next__(self) -> Any:  # noqa: ANN401  as above
        """Return the one record of a control batch, as it is."""
        return next(self._batch)


class _Batches:
    """The batches of a fetch."""

    __slots__ = ("_batches",)

    def __init__(self, batches: Any) -> None:  # noqa: ANN401  as above
        self._batches = batches

    def has_next(self) -> bool:
        """Tell whether there is one more."""
        more: bool = self._batches.has_next()
        return more

    def next_batch(self) -> _Batch:
        """Return the next one."""
        return _Batch(self._batches.next_batch())


class RawPartitionRecords(PartitionRecords):  # type: ignore[misc]  # aiokafka is untyped
    """The records of one partition's part of a fetch, each (offset, timestamp in epoch ms, key, value), in lists."""

    def __iter__(self) -> Iterator[list[RawRecord]]:
        """Return the one iterator, which remembers where the last fetch stopped."""
        lists: Iterator[list[RawRecord]] = self._records_iterator
        return lists

    def _consumer_record(self, tp: object, record: _Whole) -> list[RawRecord]:
        del tp
        records, wanted = record.records, self.next_fetch_offset
        # A fetch begins with the batch that holds the offset asked for, which need not be its first.
        return records if records[0][0] >= wanted else [record for record in records if record[0] >= wanted]


def _all_of(result: FetchResult, max_records: int | None = None) -> list[RawRecord]:
    """Return all records of a result that may still be returned; a worker asks for no part of one."""
    if max_records is not None:
        message = f"the records of an input come whole, not {max_records} at a time"
        raise ValueError(message)
    found: list[list[RawRecord]] = FetchResult.getall(result)
    return found[0] if len(found) == 1 else [record for batch in found for record in batch]


class FetchResults(dict[Any, Any]):
    """The prefetched results of aiokafka's fetcher by partition, those of the inputs raw."""

    def __init__(self, raw_topics: frozenset[str]) -> None:
        super().__init__()
        self._raw_topics = raw_topics

    def __setitem__(self, partition: Any, result: Any) -> None:  # noqa: ANN401  as above
        """Keep one partition's result, a ``FetchResult`` or a ``FetchError``."""
        if partition.topic in self._raw_topics and isinstance(result, FetchResult):
            # Nothing was unpacked yet: the iterator asks for ``_consumer_record`` batch by batch.
            records = result._partition_records  # noqa: SLF001  no public way
            records.__class__ = RawPartitionRecords
            records._records = _Batches(records._records)  # noqa: SLF001  as above
            result.getall = partial(_all_of, result)
        super().__setitem__(partition, result)

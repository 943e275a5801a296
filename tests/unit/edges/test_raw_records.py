"""Records of an input come as plain tuples, in the order and with the positions that aiokafka gives them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, FetchError, FetchResult, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord, TopicPartition

from streams.edges.batch_driver.raw_records import FetchResults

INPUT, OTHER = TopicPartition("in", 0), TopicPartition("other", 0)
RECORDS = [(7, 1_000, b"T1", b"one"), (8, 1_005, None, b"two"), (9, 1_004, b"T2", None)]


def result(partition: TopicPartition, batches: int = 1) -> tuple[FetchResult, Any]:
    """Return fetched batches whose first record, at offset 6, was read before, and the partition's state."""
    builder = DefaultRecordBatchBuilder(2, 1, 0, -1, -1, -1, 100_000)
    for offset, timestamp, key, value in [(6, 999, b"T0", b"old"), *RECORDS]:
        builder.append(offset - 6, timestamp, key, value, [("h", b"1")])
    one, whole = bytes(builder.build()), b""
    for number in range(batches):
        # The broker writes the base offset, which no checksum covers.
        whole += (6 + 4 * number).to_bytes(8, "big") + one[8:]
    state = SimpleNamespace(paused=False, position=7)
    state.consumed_to = lambda position: setattr(state, "position", position)
    assignment = SimpleNamespace(active=True, state_value=lambda _: state)
    records = PartitionRecords(
        partition, MemoryRecords(whole), [], 7, None, None, check_crcs=True, isolation_level=READ_UNCOMMITTED
    )
    return FetchResult(partition, assignment=assignment, partition_records=records, backoff=0), state


def test_an_input_hands_out_tuples() -> None:
    """Offset, timestamp, key and value; what was read before is left out, and the position goes on."""
    results = FetchResults(frozenset({"in"}))
    results[INPUT], state = result(INPUT)
    assert results[INPUT].getall() == RECORDS
    assert state.position == 10
    assert not results[INPUT].has_more()


def test_a_fetch_takes_all_or_says_so() -> None:
    """Batches come whole; who asks for a part hears of it and has lost nothing."""
    results = FetchResults(frozenset({"in"}))
    results[INPUT], state = result(INPUT)
    with pytest.raises(ValueError, match="come whole, not 2 at a time"):
        results[INPUT].getall(2)
    assert (state.position, results[INPUT].has_more()) == (7, True)
    assert results[INPUT].getall() == RECORDS


def test_batches_follow_each_other() -> None:
    """What a fetch holds of several batches is one list."""
    results = FetchResults(frozenset({"in"}))
    results[INPUT], state = result(INPUT, batches=3)
    found = results[INPUT].getall()
    assert [record[0] for record in found] == list(range(7, 18))
    assert [record[3] for record in found[3:7]] == [b"old", b"one", b"two", None]
    assert state.position == 18


def test_everything_else_stays_as_it_is() -> None:
    """Other topics keep aiokafka's records, and errors stay errors."""
    results = FetchResults(frozenset({"in"}))
    results[OTHER], _ = result(OTHER)
    found = results[OTHER].getall()
    assert all(type(record) is ConsumerRecord for record in found)
    assert [(record.offset, record.value) for record in found] == [(offset, value) for offset, _, _, value in RECORDS]
    results[INPUT] = error = FetchError(error=OSError(), backoff=0)
    assert results[INPUT] is error

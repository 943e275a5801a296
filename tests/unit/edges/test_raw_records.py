"""Records of an input come as plain tuples, in the order and with the positions that aiokafka gives them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from aiokafka.consumer.fetcher import READ_UNCOMMITTED, FetchError, FetchResult, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord, TopicPartition

from streams.edges.batch_driver.raw_records import FetchResults

INPUT, OTHER = TopicPartition("in", 0), TopicPartition("other", 0)
RECORDS = [(7, 1_000, b"T1", b"one"), (8, 1_005, None, b"two"), (9, 1_004, b"T2", None)]


def result(partition: TopicPartition) -> tuple[FetchResult, Any]:
    """Return one fetched batch whose first record, at offset 6, was read before, and the partition's state."""
    builder = DefaultRecordBatchBuilder(2, 1, 0, -1, -1, -1, 100_000)
    for offset, timestamp, key, value in [(6, 999, b"T0", b"old"), *RECORDS]:
        builder.append(offset - 6, timestamp, key, value, [("h", b"1")])
    bytes_ = bytearray(builder.build())
    bytes_[:8] = (6).to_bytes(8, "big")  # the broker writes the base offset, which no checksum covers
    state = SimpleNamespace(paused=False, position=7)
    state.consumed_to = lambda position: setattr(state, "position", position)
    assignment = SimpleNamespace(active=True, state_value=lambda _: state)
    records = PartitionRecords(
        partition, MemoryRecords(bytes(bytes_)), [], 7, None, None, check_crcs=True, isolation_level=READ_UNCOMMITTED
    )
    return FetchResult(partition, assignment=assignment, partition_records=records, backoff=0), state


def test_an_input_hands_out_tuples() -> None:
    """Offset, timestamp, key and value; what was read before is left out, and the position goes on."""
    results = FetchResults(frozenset({"in"}))
    results[INPUT], state = result(INPUT)
    assert results[INPUT].getall() == RECORDS
    assert state.position == 10
    assert not results[INPUT].has_more()


def test_a_fetch_may_take_a_part() -> None:
    """The next one goes on where the last one stopped."""
    results = FetchResults(frozenset({"in"}))
    results[INPUT], state = result(INPUT)
    assert results[INPUT].getall(2) == RECORDS[:2]
    assert (state.position, results[INPUT].has_more()) == (9, True)
    assert results[INPUT].getall(2) == RECORDS[2:]


def test_everything_else_stays_as_it_is() -> None:
    """Other topics keep aiokafka's records, and errors stay errors."""
    results = FetchResults(frozenset({"in"}))
    results[OTHER], _ = result(OTHER)
    found = results[OTHER].getall()
    assert all(type(record) is ConsumerRecord for record in found)
    assert [(record.offset, record.value) for record in found] == [(offset, value) for offset, _, _, value in RECORDS]
    results[INPUT] = error = FetchError(error=OSError(), backoff=0)
    assert results[INPUT] is error

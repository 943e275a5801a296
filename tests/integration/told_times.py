"""Topics whose log time the test tells, so that minutes of the contract's own windows pass at once.

The inputs take producers' timestamps.  A test gives each record the time at which a broker would
have stamped it, always rising within a partition, as in a log with LogAppendTime.  All of it lies in
the past: the idle rule, whose lateness is ``LATENESS_MS``, follows the wall clock that far behind, so
silence passes at the worker's own pace, and nothing that is written later than that looks late.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kafka import KafkaAdminClient, KafkaProducer

from streams.core.partitioner import partition_of
from tests.integration.short_windows import SALE, Topics

if TYPE_CHECKING:
    from collections.abc import Iterable

LATENESS_MS = 1_200_000
"""Twenty minutes: room for a silence, a backlog and every window after it before the present."""
PARTITIONS = 4


def wall_ms() -> int:
    """Return epoch milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Stamped:
    """One record with the partition and the log time that it gets."""

    at_ms: int
    partition: int
    value: dict[str, Any]


def sale(at_ms: int, terminal: str, number: int, *, partition: int | None = None) -> Stamped:
    """Return an approved sale, in the partition that murmur2 gives its terminal unless it says otherwise."""
    where = partition_of(terminal.encode(), PARTITIONS) if partition is None else partition
    value = {"terminal_id": terminal, "voucher_number": str(number), "event_id": f"{terminal}-{number}"}
    return Stamped(at_ms, where, SALE | value)


def heartbeats(at_ms: int) -> list[Stamped]:
    """Return one heartbeat for each partition: it moves log time on and is no voucher."""
    terminals = {partition_of(name.encode(), PARTITIONS): name for name in (f"B{number}" for number in range(100))}
    common = {"kind": "status", "event_time": at_ms, "merchant_id": "M1"}
    return [
        Stamped(at_ms, number, common | {"terminal_id": name, "event_id": f"{name}-{at_ms}"})
        for number, name in terminals.items()
    ]


class ToldTopics(Topics):
    """The topics of one test with ``PARTITIONS`` partitions, and the contract's windows in the settings."""

    partitions = PARTITIONS

    def __init__(self, servers: str, group: str) -> None:
        """Create them."""
        super().__init__(servers, group, {"allow_create_time": True, "idle_lateness": f"{LATENESS_MS}ms"})

    def _create(self) -> None:
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        wish = {
            "num_partitions": PARTITIONS,
            "replication_factor": 1,
            "configs": {"message.timestamp.type": "CreateTime", "retention.ms": "-1"},
        }
        admin.create_topics({self.names[name]: wish for name in ("terminal", "host")}, wait_for_metadata=True)
        admin.close()
        super()._create()

    def write(self, topic: str, records: Iterable[Stamped]) -> None:
        """Write records in the order of their times, as a log holds them."""
        producer = KafkaProducer(bootstrap_servers=self.servers)
        sent = [
            producer.send(
                self.names[topic],
                json.dumps(record.value).encode(),
                record.value["terminal_id"].encode(),
                partition=record.partition,
                timestamp_ms=record.at_ms,
            )
            for record in sorted(records, key=lambda record: record.at_ms)
        ]
        for future in sent:
            future.get(timeout=30)
        producer.close()

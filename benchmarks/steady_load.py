"""Plays a simulated day to two topics at the speed of the clock, in batches, as a network's gateways would send it.

The day is made before it is played: a simulation that runs beside the broker on one core holds the broker up,
which would count as the worker's latency.  aiokafka's batches are built in C; a record at a time through a Python
producer would take the whole core as well.
"""

from __future__ import annotations

import asyncio
import gc
import time
from array import array
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from aiokafka import AIOKafkaProducer

from benchmarks.machine import percentile
from streams.core.partitioner import partition_of
from streams.simulator.feed import Simulation

if TYPE_CHECKING:
    from streams.simulator.params import SimulationParams

TICK_S: Final = 0.01
"""Between two sendings: the ``linger.ms`` of a producer that cares for latency."""
BATCH_BYTES: Final = 512 * 1024
REQUEST_BYTES: Final = 4 * 1024 * 1024


@dataclass(slots=True)
class Sent:
    """What was sent: records, how late they left, and what they must lead to."""

    records: int
    began_ms: int
    """Epoch milliseconds at which the first record was due."""
    seconds: float
    """How long the timeline is."""
    late_ms: list[int] = field(default_factory=list)
    """Of every tick, how long its oldest record had been due."""
    truth: list[dict[str, Any]] = field(default_factory=list)
    """Lines of truth, ``at`` counted in milliseconds from the timeline's beginning."""

    def figures(self) -> dict[str, float]:
        """Return what must be known of the load before its latencies are believed."""
        return {
            "records": self.records,
            "sent_per_s": round(self.records / self.seconds),
            "sent_late_p99_ms": percentile(self.late_ms, 99),
        }


class SteadyLoad:
    """One timeline, made and ready to be played: some 450 bytes of memory a record."""

    def __init__(self, params: SimulationParams, topics: tuple[str, str], partitions: int) -> None:
        """Make the timeline for the terminal and the host topic; faults that go on after its end are cut there."""
        simulation = Simulation(replace(params, kafka=True))
        numbers: dict[bytes, int] = {}
        self._places = [(topic, number) for topic in topics for number in range(partitions)]
        self._due_ms, self._place_of = array("q"), array("h")
        self._keys: list[bytes] = []
        self._values: list[bytes] = []
        for at_ms, source, key, value in simulation.records():
            if at_ms >= params.end_ms:
                break
            number = numbers.get(key)
            if number is None:
                number = numbers[key] = partition_of(key, partitions)
            self._due_ms.append(at_ms - params.start_ms)
            self._place_of.append(number + (partitions if source == "host" else 0))
            self._keys.append(key)
            self._values.append(value)
        truth = [{**line, "at": line["at"] - params.start_ms} for line in simulation.truth()]
        self._sent = Sent(len(self._values), 0, params.duration_s, truth=truth)

    async def play(self, servers: str) -> Sent:
        """Send each record when it is due and wait until the broker has all."""
        producer = AIOKafkaProducer(
            bootstrap_servers=servers, max_batch_size=BATCH_BYTES, max_request_size=REQUEST_BYTES, acks="all"
        )
        await producer.start()
        gc.freeze()  # the collector need not walk the timeline
        try:
            self._sent.began_ms = time.time_ns() // 1_000_000
            under_way: list[asyncio.Future[Any]] = []
            first = 0
            while first < len(self._values):
                began = time.monotonic()
                under_way = [future for future in under_way if not future.done() or future.result() is None]
                first, futures = await self._send_due(producer, first)
                under_way += futures
                await asyncio.sleep(max(0.0, TICK_S - (time.monotonic() - began)))
            await asyncio.gather(*under_way)
        finally:
            gc.unfreeze()
            await producer.stop()
        return self._sent

    async def _send_due(self, producer: AIOKafkaProducer, first: int) -> tuple[int, list[asyncio.Future[Any]]]:
        """Send what is due from the record ``first`` on; return the first that is left, and the acknowledgements."""
        now_ms = time.time_ns() // 1_000_000 - self._sent.began_ms
        due, places = self._due_ms, self._place_of
        if due[first] > now_ms:
            return first, []
        self._sent.late_ms.append(now_ms - due[first])
        batches: dict[int, Any] = {}
        while first < len(due) and due[first] <= now_ms:
            batch = batches.get(places[first])
            if batch is None:
                batch = batches[places[first]] = producer.create_batch()
            if batch.append(timestamp=None, key=self._keys[first], value=self._values[first]) is None:
                break  # full: the rest is the next tick's
            first += 1
        return first, [
            await producer.send_batch(batch, self._places[place][0], partition=self._places[place][1])
            for place, batch in batches.items()
        ]

"""The metrics page does not grow with the fleet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry

from streams.core.lane import HOST, TERMINAL, Lane
from streams.core.partitioner import partition_of
from streams.core.policy import LinkPolicy, Policy
from streams.edges.metrics import LaneReading, Metrics, WorkerReading
from streams.settings.diagnosis import shipped_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.core.lane import LaneOutput, RawRecord

TERMINALS: Final = 100_000
SLICE: Final = 5_000
MOST_SERIES: Final = 2_000
LANES: Final = 8
"""Lanes of one worker: each has series of its own for every source."""
LINKS: Final = tuple(f"link-{number}" for number in range(10))
"""Half of what settings allow; each link has a series for every verdict, and for every kind and severity two."""
CURRENCIES: Final = ("CNY", "HKD", "EUR", "USD", "JPY", "KWD")
START_MS: Final = 1_700_000_000_000


def record(source: int, number: int, currency: str) -> bytes:
    """Return a sale of the terminal ``number``, with a version, region and link of its own making."""
    said = "software_version" if source == TERMINAL else "operator_id"
    return (
        f'{{"event_id":"{source}-{number}","kind":"sale","event_time":{START_MS},"terminal_id":"T{number:07d}",'
        f'"merchant_id":"M{number // 3:07d}","voucher_number":"{number % 999_999 + 1}","amount":{number % 900 + 100},'
        f'"currency":"{currency}","outcome":"approved","link":"link-{number % 25}","region":"r{number % 5_000}",'
        f'"{said}":"6.{number % 3_000}"}}'
    ).encode()


def fleet() -> list[list[int]]:
    """Return the terminals of each lane: a key in another partition would be a fault of its own."""
    lanes: list[list[int]] = [[] for _ in range(LANES)]
    for number in range(TERMINALS):
        lanes[partition_of(f"T{number:07d}".encode(), LANES)].append(number)
    return lanes


def days_work(numbers: Sequence[int]) -> Iterator[tuple[int, list[RawRecord]]]:
    """Yield source and slice after slice of a lane's records; of every fiftieth sale the host knows nothing."""
    offsets = [0, 0]
    for first in range(0, len(numbers), SLICE):
        for source in (TERMINAL, HOST):
            records: list[RawRecord] = []
            for number in numbers[first : first + SLICE]:
                if source == HOST and number % 50 == 0:
                    continue
                value = record(source, number, CURRENCIES[number // 50 % len(CURRENCIES)])
                records.append((offsets[source], START_MS + number, f"T{number:07d}".encode(), value))
                offsets[source] += 1
            yield source, records


def take(metrics: Metrics, output: LaneOutput) -> None:
    """Tell the metrics what the worker's driver tells them."""
    metrics.count(output.tally)
    metrics.observe_pairs(output.pair_delays)
    for change in output.changes:
        if change.revision == 1:
            metrics.count_anomaly(change.record)


def test_a_hundred_thousand_terminals_are_fewer_than_two_thousand_series() -> None:
    """Eight lanes, ten links and two thousand anomalies of senders that write a version and region of their own.

    No terminal, merchant or voucher stands in a label, and what senders choose is held to its first names.
    """
    policy = Policy(links={name: LinkPolicy() for name in LINKS}, diagnosis=shipped_model())
    lanes = [Lane(number, policy, partitions=LANES) for number in range(LANES)]
    registry = CollectorRegistry()
    limits = (policy.max_pending, policy.max_waiting, policy.max_open_anomalies)

    def read() -> WorkerReading:
        shown = [LaneReading(lane.number, lane.gauges(), (True, True), (0, 0)) for lane in lanes]
        return WorkerReading(START_MS + TERMINALS, ("terminal-events", "host-events"), shown, (False, False), limits)

    metrics = Metrics(registry, read, links=LINKS, version="1.2.3")
    for lane, numbers in zip(lanes, fleet(), strict=True):
        for source, records in days_work(numbers):
            take(metrics, lane.feed(source, records))
        take(metrics, lane.flush())
    samples = [sample for family in registry.collect() for sample in family.samples]
    values = {(sample.name, *sample.labels.values()): sample.value for sample in samples}
    assert sum(value for key, value in values.items() if key[0] == "voucherwatch_events_total") == 198_000
    assert sum(value for key, value in values.items() if key[0] == "voucherwatch_anomalies_opened_total") == 2_000
    for counted in ("diagnoses_by_link_total", "diagnoses_by_version_total"):
        assert sum(value for key, value in values.items() if key[0] == f"voucherwatch_{counted}") >= 2_000
    assert len({sample.labels["currency"] for sample in samples if "currency" in sample.labels}) == len(CURRENCIES)
    assert len(samples) == len(values), "no series twice"
    assert len(samples) < MOST_SERIES
    page = json.dumps([sample.labels for sample in samples])
    assert not [name for name in ("T0", "M0") if name in page]

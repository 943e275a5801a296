"""The one class that owns all metrics of a worker, and what it reads from the lanes at a scrape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from streams.core.currency import KNOWN, minor_units
from streams.core.diagnosis.diagnosis import cause_of
from streams.core.diagnosis.model import CAUSES
from streams.core.wire import SOURCES
from streams.edges.metrics.bounded import BoundedNames
from streams.edges.metrics.histogram import BatchHistogram
from streams.edges.metrics.table import COUNTERS, EXTRA_STARTS, GAUGES, HISTOGRAMS, LIMITS, PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric as Family

    from streams.core.lane import LaneGauges

Labels = tuple[str, ...]
Series = dict[Labels, float]
LabelsT = TypeVar("LabelsT", bound=Labels)


@dataclass(frozen=True, slots=True)
class LaneReading:
    """One rebuilt lane at the moment of a scrape; pairs are (terminal, host)."""

    number: int
    gauges: LaneGauges
    caught_up: tuple[bool, bool]
    lag_records: tuple[int | None, int | None]
    """Records behind our position; None while the end is unknown."""
    ledger_bytes: int = 0
    """What the ledger of originals takes on disk."""


@dataclass(frozen=True, slots=True)
class WorkerReading:
    """All lanes of the worker at the moment of a scrape."""

    now_ms: int
    topics: tuple[str, str]
    lanes: Sequence[LaneReading]
    stalled: tuple[bool, bool]
    limits: tuple[int, int, int]
    """What one lane may hold: pending legs, waiting records, open anomalies."""
    unacknowledged: int = 0
    """Outputs that no broker has acknowledged yet."""


class Metrics(Collector):
    """Counts what the worker does and shows it, with what the lanes say at that moment."""

    def __init__(
        self,
        registry: CollectorRegistry,
        read: Callable[[], WorkerReading],
        *,
        links: Sequence[str] = (),
        version: str = "",
    ) -> None:
        """Register with ``registry``; ``read`` is called at each scrape, ``links`` are the configured names."""
        self._registry = registry
        self._read = read
        self._version = version
        self._counters: dict[str, Series] = {
            metric.name: dict.fromkeys((*metric.starts(links), *EXTRA_STARTS.get(metric.name, ())), 0)
            for metric in COUNTERS
        }
        self._gauge_starts: dict[str, Series] = {
            metric.name: dict.fromkeys(metric.starts(links), 0) for metric in GAUGES
        }
        self._histograms = {metric.name: BatchHistogram(bounds, scale) for metric, bounds, scale in HISTOGRAMS}
        self._risk_seen: set[Labels] = set()
        self._versions = BoundedNames()
        self._regions = BoundedNames()
        registry.register(self)

    # Told by the driver

    def count(self, tally: Mapping[tuple[str, Labels], int]) -> None:
        """Add a lane's tally: (counter name, label values) to increments."""
        for (name, labels), increment in tally.items():
            series = self._counters[name]
            series[labels] = series.get(labels, 0) + increment

    def observe_pairs(self, delays_ms: Sequence[int]) -> None:
        """Take the delays between the legs of new pairs."""
        self._histograms["pair_delay_seconds"].observe_sorted(sorted(delays_ms))

    def observe_latency(self, log_times_ms: Sequence[int], now_ms: int) -> None:
        """Take the log times of records handled now."""
        latencies = [now_ms - time if time < now_ms else 0 for time in reversed(log_times_ms)]
        latencies.sort()
        self._histograms["event_latency_seconds"].observe_sorted(latencies)

    def observe_published(self, delay_ms: int) -> None:
        """Take the time from a verdict to its acknowledgement."""
        self._histograms["detection_delay_seconds"].observe(max(0, delay_ms))

    def observe_fetch(self, seconds: float, records: int) -> None:
        """Take one fetch of all partitions."""
        self._histograms["fetch_duration_seconds"].observe(seconds)
        self._histograms["fetch_events"].observe(records)

    def count_anomaly(self, record: Mapping[str, object]) -> None:
        """Count an anomaly, by its first record, where it came from, and why; the terminal's word goes first."""
        legs, voucher = record["legs"], record["voucher"]
        sides = [leg for leg in legs.values() if leg] if isinstance(legs, dict) else []
        numbers = tuple(voucher.values()) if isinstance(voucher, dict) else ()
        for counter, names, field in (
            ("anomalies_by_version_total", self._versions, "software_version"),
            ("anomalies_by_region_total", self._regions, "region"),
        ):
            said = next((leg[field] for leg in sides if leg.get(field)), None)
            name = names.name_of(said, numbers)
            self._count_one(counter, name)
            cause = cause_of(record["diagnosis"])
            if cause in CAUSES and field == "software_version":
                self._count_one("diagnoses_by_version_total", cause, name)

    def _count_one(self, counter: str, *labels: str) -> None:
        series = self._counters[counter]
        series[labels] = series.get(labels, 0) + 1

    def count_commit(self, result: str) -> None:
        """Count one commit, ``ok`` or ``failed``."""
        self._count_one("commits_total", result)

    def count_rebalance(self) -> None:
        """Count one assignment."""
        self._counters["rebalances_total"][()] += 1

    # Shown

    def collect(self) -> Iterator[Family]:
        """Yield all metrics in the order of the table."""
        for metric in COUNTERS:
            counter = CounterMetricFamily(PREFIX + metric.name, metric.meaning, labels=metric.labels)
            _fill(counter, self._counters[metric.name])
            yield counter
        readings = self._gauges(self._read())
        for metric in GAUGES:
            gauge = GaugeMetricFamily(PREFIX + metric.name, metric.meaning, labels=metric.labels)
            _fill(gauge, self._gauge_starts[metric.name] | readings[metric.name])
            yield gauge
        for metric, _, _ in HISTOGRAMS:
            histogram = self._histograms[metric.name]
            family = HistogramMetricFamily(PREFIX + metric.name, metric.meaning)
            family.add_metric([], histogram.buckets(), histogram.sum)
            yield family
        build = InfoMetricFamily(PREFIX + "build", "The release that runs.")
        build.add_metric([], {"version": self._version})
        yield build

    def describe(self) -> Iterable[Family]:
        """Return nothing: the registry need not call the lanes to learn the names."""
        return ()

    def page(self, accept: str) -> tuple[bytes, str]:
        """Return the page and its content type: OpenMetrics when the ``Accept`` header asks for it."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def _gauges(self, reading: WorkerReading) -> dict[str, Series]:
        """Return the gauge values of this moment by metric."""
        found: dict[str, Series] = {metric.name: {} for metric in GAUGES}
        for lane in reading.lanes:
            self._add_lane(found, lane, reading)
        for name in ("amount_at_risk", "largest_amount_at_risk", "amount_unresolved"):
            # Summed as whole minor units, so that no cent is lost to binary fractions before the end.
            found[name] = {labels: _major(amount, labels[0]) for labels, amount in found[name].items()}
        self._risk_seen.update(found["amount_at_risk"])
        for labels in self._risk_seen:
            # What was at risk and is no more must be seen to fall to 0, not to vanish.
            found["amount_at_risk"].setdefault(labels, 0)
            found["largest_amount_at_risk"].setdefault(labels, 0)
        for source, name in enumerate(SOURCES):
            found["source_stalled"][name,] = float(reading.stalled[source])
        found["outputs_unacknowledged"][()] = reading.unacknowledged
        return found

    def _add_lane(self, found: dict[str, Series], lane: LaneReading, reading: WorkerReading) -> None:
        gauges, number = lane.gauges, str(lane.number)
        _add(found["anomalies_open"], gauges.open)
        for name, amounts in (
            ("amount_at_risk", gauges.amount_at_risk),
            ("amount_unresolved", {(currency,): amount for currency, amount in gauges.amount_unresolved.items()}),
        ):
            _add(found[name], {labels: amount for labels, amount in amounts.items() if labels[0] in KNOWN})
        _raise(
            found["largest_amount_at_risk"],
            {labels: amount for labels, amount in gauges.largest_amount.items() if labels[0] in KNOWN},
        )
        used = (sum(gauges.pending), max(gauges.waiting), sum(gauges.open.values()))
        _raise(
            found["limit_used_ratio"],
            {(name,): have / limit for name, have, limit in zip(LIMITS, used, reading.limits, strict=True)},
        )
        span = found["replay_span_seconds"]
        span[()] = max(span.get((), 0), gauges.replay_span_ms / 1_000)
        _add(found["ledger_disk_bytes"], {(): lane.ledger_bytes})
        if gauges.originals_from_ms >= 0:
            covered = max(0, max(mark or 0 for mark in gauges.log_time_ms) - gauges.originals_from_ms) / 1_000
            shortest = found["originals_covered_seconds"]
            shortest[()] = min(shortest.get((), covered), covered)
        for source, name in enumerate(SOURCES):
            _add(found["pending_vouchers"], {(name,): gauges.pending[source]})
            watermark = gauges.watermark_ms[source]
            if watermark is not None:
                found["watermark_lag_seconds"][name, number] = max(0, reading.now_ms - watermark) / 1_000
            found["caught_up"][name, number] = float(lane.caught_up[source])
            lag = lane.lag_records[source]
            if lag is None:
                continue
            found["consumer_lag_records"][reading.topics[source], number] = lag
            log_time = gauges.log_time_ms[source]
            if lag > 0 and log_time is not None:
                behind = found["consumer_lag_seconds"]
                behind[name,] = max(behind.get((name,), 0), (reading.now_ms - log_time) / 1_000)


def _add(series: Series, more: Mapping[LabelsT, float]) -> None:
    for labels, value in more.items():
        series[labels] = series.get(labels, 0) + value


def _raise(series: Series, more: Mapping[LabelsT, float]) -> None:
    for labels, value in more.items():
        series[labels] = max(series.get(labels, 0), value)


def _fill(family: CounterMetricFamily | GaugeMetricFamily, series: Series) -> None:
    for labels, value in series.items():
        family.add_metric(labels, value)


def _major(amount: float, currency: str) -> float:
    return float(amount / 10 ** minor_units(currency))

"""All metrics of the relay in one class and one table; ``receiver`` is one of at most 20 configured names."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric as Family

PREFIX: Final = "voucherwatch_relay_"
RESULTS: Final = ("sent", "digest", "repeated", "dropped", "refused", "failed")
"""What became of a notification for one robot; ``refused`` and ``failed`` count attempts."""
WEBHOOK_RESULTS: Final = ("taken", "unauthorised", "unreadable", "unknown_receiver", "not_kept")
DIRECT_RESULTS: Final = ("posted", "ended", "capped", "failed", "unreadable")
RECEIVER: Final = ("<receivers>",)
"""Stands for the configured robots."""


@dataclass(frozen=True, slots=True)
class RelayMetric:
    """One metric; ``closed`` gives all values of each label, which are shown from the start."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    closed: tuple[tuple[str, ...], ...] = ()


COUNTERS: Final = (
    RelayMetric(
        "notifications_total",
        "Notifications for a robot: sent alone, sent in a digest, known already, dropped; refused and failed attempts.",
        ("receiver", "result"),
        (RECEIVER, RESULTS),
    ),
    RelayMetric("webhooks_total", "Requests to /alertmanager.", ("result",), (WEBHOOK_RESULTS,)),
    RelayMetric(
        "direct_total",
        "Single anomalies for Alertmanager: posted, ended, over the cap, posts that failed, records not read.",
        ("result",),
        (DIRECT_RESULTS,),
    ),
)
GAUGES: Final = (
    RelayMetric("queue", "Messages that wait for a robot.", ("receiver",), (RECEIVER,)),
    RelayMetric("oldest_seconds", "Age of the oldest message that waits, 0 if none does.", ("receiver",), (RECEIVER,)),
    RelayMetric("direct_open", "Single anomalies that Alertmanager is told of."),
)
LATENCY: Final = RelayMetric(
    "delivery_seconds",
    "From taking a notification to the vendor's word that the robot has it.",
    ("receiver",),
    (RECEIVER,),
)
BOUNDS_SECONDS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The queues at the moment of a scrape: receiver -> messages, and age of the oldest in seconds."""

    queue: Mapping[str, int]
    oldest_seconds: Mapping[str, float]
    direct_open: int = 0


class RelayMetrics(Collector):
    """Counts what the relay does and shows it, with what waits at that moment."""

    def __init__(self, registry: CollectorRegistry, receivers: Sequence[str], read: Callable[[], Reading]) -> None:
        """Register with ``registry``; ``read`` is called at each scrape."""
        self._registry = registry
        self._receivers = tuple(receivers)
        self._read = read
        self._counters: dict[str, dict[Labels, int]] = {
            metric.name: dict.fromkeys(self._starts(metric), 0) for metric in COUNTERS
        }
        self._latency = {name: [0] * (len(BOUNDS_SECONDS) + 1) for name in self._receivers}
        self._latency_sum = dict.fromkeys(self._receivers, 0.0)
        registry.register(self)

    def _starts(self, metric: RelayMetric) -> Iterator[Labels]:
        return product(*(self._receivers if known is RECEIVER else known for known in metric.closed))

    def count(self, receiver: str, result: str, count: int = 1) -> None:
        """Count notifications of a robot under one of ``RESULTS``."""
        self._counters["notifications_total"][receiver, result] += count

    def count_webhook(self, result: str) -> None:
        """Count a request under one of ``WEBHOOK_RESULTS``."""
        self._counters["webhooks_total"][result,] += 1

    def count_direct(self, result: str, count: int = 1) -> None:
        """Count single anomalies under one of ``DIRECT_RESULTS``."""
        self._counters["direct_total"][result,] += count

    def observe(self, receiver: str, seconds: float) -> None:
        """Take the time that one notification needed."""
        self._latency[receiver][bisect_left(BOUNDS_SECONDS, seconds)] += 1
        self._latency_sum[receiver] += seconds

    def collect(self) -> Iterator[Family]:
        """Yield all metrics in the order of the table."""
        for metric in COUNTERS:
            counter = CounterMetricFamily(PREFIX + metric.name, metric.meaning, labels=metric.labels)
            for labels, value in self._counters[metric.name].items():
                counter.add_metric(labels, value)
            yield counter
        reading = self._read()
        shown: tuple[dict[Labels, float], ...] = (
            {(name,): float(count) for name, count in reading.queue.items()},
            {(name,): age for name, age in reading.oldest_seconds.items()},
            {(): float(reading.direct_open)},
        )
        for metric, series in zip(GAUGES, shown, strict=True):
            gauge = GaugeMetricFamily(PREFIX + metric.name, metric.meaning, labels=metric.labels)
            for labels, at_the_moment in series.items():
                gauge.add_metric(labels, at_the_moment)
            yield gauge
        histogram = HistogramMetricFamily(PREFIX + LATENCY.name, LATENCY.meaning, labels=LATENCY.labels)
        for name, counts in self._latency.items():
            histogram.add_metric([name], _cumulated(counts), self._latency_sum[name])
        yield histogram

    def describe(self) -> Iterator[Family]:
        """Return nothing: the registry need not read the queues to learn the names."""
        return iter(())

    def page(self, accept: str) -> tuple[bytes, str]:
        """Return the page and its content type: OpenMetrics when the ``Accept`` header asks for it."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


def _cumulated(counts: Sequence[int]) -> list[tuple[str, float]]:
    total, buckets = 0, []
    for bound, count in zip((*map(str, BOUNDS_SECONDS), "+Inf"), counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets

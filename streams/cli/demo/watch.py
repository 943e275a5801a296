"""What the demo shows while it runs: the anomalies of the topic and the counters of the worker."""

# ruff: noqa: PLC0415  heavy libraries are imported by the command that needs them

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from streams.core.currency import minor_units
from streams.settings import kafka_python_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka import KafkaConsumer

    from streams.settings import Settings

PAGE_SECONDS: Final = 2.0


@dataclass(slots=True)
class Sight:
    """The newest record of every anomaly and the worker's counters."""

    anomalies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Anomaly id -> its newest record, in the order of first sight."""
    events: Counter[str] = field(default_factory=Counter)
    """Source -> events read."""
    closed: Counter[str] = field(default_factory=Counter)
    """Verdict -> vouchers."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Reason -> bad records."""
    pending: int = 0

    def by_kind(self) -> dict[str, tuple[int, int]]:
        """Return for each kind how many anomalies are open and how many resolved."""
        found: dict[str, tuple[int, int]] = {}
        for record in self.anomalies.values():
            opened, resolved = found.get(record["kind"], (0, 0))
            is_resolved = record["status"] == "resolved"
            found[record["kind"]] = (opened + (not is_resolved), resolved + is_resolved)
        return dict(sorted(found.items()))

    def at_risk(self, kind: str | None = None) -> dict[str, float]:
        """Return the amount at risk of open anomalies in major units by currency."""
        sums: Counter[str] = Counter()
        for record in self.anomalies.values():
            if record["status"] == "open" and record["amount_at_risk"] and kind in (None, record["kind"]):
                sums[record["currency"]] += record["amount_at_risk"]
        return {currency: amount / 10 ** minor_units(currency) for currency, amount in sorted(sums.items())}

    def newest(self, count: int) -> list[dict[str, Any]]:
        """Return the anomalies opened last, newest first."""
        return sorted(self.anomalies.values(), key=lambda record: int(record["opened_at"]), reverse=True)[:count]

    def take_anomalies(self, values: Iterable[bytes | None]) -> None:
        """Take records of the anomaly topic; an older revision never replaces a newer one."""
        for value in values:
            if value is None:
                continue
            record = json.loads(value)
            known = self.anomalies.get(record["id"])
            if known is None or known["revision"] <= record["revision"]:
                self.anomalies[record["id"]] = record

    def take_metrics(self, page: str) -> None:
        """Take the counters of a metrics page."""
        from prometheus_client.parser import text_string_to_metric_families

        self.events, self.closed, self.rejected, self.pending = Counter(), Counter(), Counter(), 0
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                self._take(sample.name.removeprefix("voucherwatch_"), sample.labels, int(sample.value))

    def _take(self, name: str, labels: Mapping[str, str], value: int) -> None:
        if name == "events_total":
            self.events[labels["source"]] += value
        elif name == "vouchers_closed_total":
            self.closed[labels["verdict"]] += value
        elif name == "events_rejected_total":
            self.rejected[labels["reason"]] += value
        elif name == "pending_vouchers":
            self.pending += value


class Watch:
    """Reads the anomaly topic and the worker's web port."""

    def __init__(self, settings: Settings, partitions: int) -> None:
        """Connect to the topic."""
        from kafka import KafkaConsumer, TopicPartition

        self.sight = Sight()
        self.address = f"http://{settings.web_host}:{settings.web_port}"
        options = kafka_python_options(settings)
        self._consumer: KafkaConsumer = KafkaConsumer(**options, enable_auto_commit=False, auto_offset_reset="earliest")
        self._consumer.assign([TopicPartition(settings.topic_anomalies, number) for number in range(partitions)])

    def look(self) -> None:
        """Take what is new; a worker that does not answer leaves the counters as they are."""
        records: dict[Any, list[Any]] = self._consumer.poll(timeout_ms=100)
        self.sight.take_anomalies(record.value for batch in records.values() for record in batch)
        page = self._page("/metrics")
        if page is not None:
            self.sight.take_metrics(page)

    def is_ready(self) -> bool:
        """Tell whether the worker has its lanes."""
        return self._page("/readyz") is not None

    def close(self) -> None:
        """Hang up."""
        self._consumer.close(autocommit=False)

    def _page(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(f"{self.address}{path}", timeout=PAGE_SECONDS) as answer:  # noqa: S310  the worker's own pages
                body: bytes = answer.read()
        except (urllib.error.URLError, OSError):
            return None
        return body.decode()

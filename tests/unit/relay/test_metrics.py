"""The relay's metrics page, whole and golden; refresh it with ``REFRESH_GOLDEN=1``."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from streams.relay.metrics import COUNTERS, GAUGES, LATENCY, PREFIX, Reading, RelayMetrics

GOLDEN = Path(__file__).with_name("metrics.golden.txt")


def page(accept: str = "") -> tuple[str, str]:
    """Return page and content type of a relay that has seen a bit of everything."""
    reading = Reading({"ops": 3, "risk": 0}, {"ops": 12.5, "risk": 0.0}, 2)
    metrics = RelayMetrics(CollectorRegistry(), ["ops", "risk"], lambda: reading)
    metrics.count("ops", "sent")
    metrics.count("ops", "digest", 81)
    metrics.count_webhook("taken")
    metrics.count_direct("capped")
    for seconds in (0.05, 0.1, 59.0, 9_999.0):
        metrics.observe("ops", seconds)
    body, content_type = metrics.page(accept)
    return body.decode(), content_type


def test_the_page_is_as_it_was() -> None:
    """Names, labels and values that operators build upon change on purpose alone."""
    text, content_type = page()
    if os.environ.get("REFRESH_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()
    assert content_type.startswith("text/plain")


def test_the_table_is_the_page() -> None:
    """Every metric of the table is shown, and no other."""
    shown = {family.name for family in text_string_to_metric_families(page()[0])}
    table = {PREFIX + metric.name.removesuffix("_total") for metric in (*COUNTERS, *GAUGES, LATENCY)}
    assert shown == table


def test_buckets_are_cumulated() -> None:
    """A bound belongs to its own bucket."""
    text, _ = page()
    name = f"{PREFIX}delivery_seconds"
    for bound, count in (("0.1", 2), ("30.0", 2), ("60.0", 3), ("3600.0", 3), ("+Inf", 4)):
        assert f'{name}_bucket{{le="{bound}",receiver="ops"}} {count}.0' in text
    assert f'{name}_count{{receiver="ops"}} 4.0' in text


def test_openmetrics_when_asked_for() -> None:
    """Prometheus asks for it."""
    text, content_type = page("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")

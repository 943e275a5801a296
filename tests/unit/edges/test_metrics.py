"""The metrics page, whole and golden; refresh it with ``REFRESH_GOLDEN=1``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from streams.core.diagnosis.model import CAUSES
from streams.core.lane import LaneGauges
from streams.edges.metrics import LaneReading, Metrics, WorkerReading
from streams.edges.metrics.bounded import MOST_NAMES, BoundedNames

GOLDEN = Path(__file__).with_name("metrics.golden.txt")
NOW_MS = 1_700_000_100_000
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def lane(number: int) -> LaneReading:
    """Return a lane with something in every gauge."""
    gauges = LaneGauges(
        pending=(3, 4),
        waiting=(1, 0),
        watermark_ms=(NOW_MS - 1_500, NOW_MS - 35_000),
        log_time_ms=(NOW_MS - 1_000, NOW_MS - 60_000),
        open={("orphan_terminal", "critical", "north"): 2, ("mismatch", "warning", "other"): 1},
        amount_at_risk={("CNY", "orphan_terminal"): 12_345, ("JPY", "mismatch"): 500, ("???", "mismatch"): 1},
        largest_amount={("CNY", "orphan_terminal"): 10_000 + number, ("???", "mismatch"): 1},
        amount_unresolved={"KWD": 1_001},
        stalled=(False, True),
        silent_since_ms=(-1, NOW_MS - 60_000),
        position=(100, 200),
        replay_span_ms=120_000 + number,
        originals_from_ms=NOW_MS - 7_200_000 * (1 + number),
    )
    return LaneReading(number, gauges, (True, False), (0, 17), 4_096)


def anomaly_record(terminal: object, host: object) -> dict[str, object]:
    """Return what of an anomaly's record the metrics look at."""
    voucher = {"terminal_id": "10000123", "merchant_id": "8104", "voucher_number": "42"}
    diagnosis = {"cause": "outdated_terminal"} if terminal else None
    return {"legs": {"terminal": terminal, "host": host}, "voucher": voucher, "diagnosis": diagnosis}


def busy() -> tuple[Metrics, list[LaneReading]]:
    """Return metrics that have seen a bit of everything."""
    lanes = [lane(0), lane(1)]
    reading = lambda: WorkerReading(NOW_MS, ("terminal-events", "host-events"), lanes, (False, True), (10, 4, 30))  # noqa: E731
    metrics = Metrics(CollectorRegistry(), reading, links=("north", "south"), version="1.2.3")
    metrics.count(
        {
            ("events_total", ("terminal", "sale", "approved")): 7,
            ("events_total", ("host", "status", "")): 2,
            ("events_rejected_total", ("host", "malformed")): 1,
            ("vouchers_closed_total", ("matched", "north")): 5,
            ("anomalies_opened_total", ("orphan_terminal", "critical", "north")): 2,
        }
    )
    metrics.count_anomaly(anomaly_record({"software_version": "3.2.0", "region": "east"}, {"region": "west"}))
    metrics.count_anomaly(anomaly_record(None, {"region": "west"}))
    metrics.observe_pairs([2_500, 100, 700_000, 99])
    metrics.observe_latency([NOW_MS - 300, NOW_MS - 20, NOW_MS + 5], NOW_MS)
    metrics.observe_published(80)
    metrics.observe_fetch(0.02, 3)
    metrics.count_commit("ok")
    metrics.count_commit("failed")
    metrics.count_rebalance()
    return metrics, lanes


def test_the_page_is_the_golden_one() -> None:
    """Names, labels, help texts and values are API: a change shows in the diff of one file."""
    body, content_type = busy()[0].page("text/plain")
    if os.environ.get("REFRESH_GOLDEN"):
        GOLDEN.write_bytes(body)
    assert body.decode() == GOLDEN.read_text(encoding="utf-8")
    assert content_type.startswith("text/plain; version=")


def test_openmetrics_is_served_when_asked_for() -> None:
    """Prometheus asks for it; the page then ends as that format wants."""
    body, content_type = busy()[0].page(OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


def test_every_closed_label_set_is_there_from_the_start() -> None:
    """An alert on the increase of a series that appears with its first value never fires."""
    registry = CollectorRegistry()
    metrics = Metrics(
        registry, lambda: WorkerReading(NOW_MS, ("t", "h"), (), (False, False), (1, 1, 1)), links=("north",)
    )
    families = {family.name: family for family in text_string_to_metric_families(metrics.page("")[0].decode())}
    opened = families["voucherwatch_anomalies_opened"].samples
    assert {sample.labels["link"] for sample in opened} == {"north", "other"}
    assert {sample.value for sample in opened} == {0.0}
    assert len(families["voucherwatch_commits"].samples) == 2
    assert len(families["voucherwatch_events"].samples) == 2 * (9 * 5 + 3)
    assert families["voucherwatch_rebalances"].samples[0].value == 0


def test_series_of_a_revoked_partition_are_gone() -> None:
    """A partition that another worker has must not be shown by two."""
    metrics, lanes = busy()
    assert 'partition="1"' in metrics.page("")[0].decode()
    del lanes[1]
    assert 'partition="1"' not in metrics.page("")[0].decode()


def test_money_that_is_no_longer_at_risk_falls_to_zero() -> None:
    """A series that vanished would keep its last value in a graph."""
    metrics, lanes = busy()
    metrics.page("")
    lanes.clear()
    largest = 'voucherwatch_largest_amount_at_risk{currency="CNY",kind="orphan_terminal"} 0.0'
    assert largest in metrics.page("")[0].decode()
    assert 'voucherwatch_amount_at_risk{currency="CNY",kind="orphan_terminal"} 0.0' in metrics.page("")[0].decode()


def test_causes_by_version_are_as_bounded() -> None:
    """Each cause with the same first versions, by the first diagnosis; without one nothing is counted."""
    metrics, _ = busy()
    for number in range(1_000):
        metrics.count_anomaly(anomaly_record({"software_version": f"5.{number}"}, None))
    metrics.count_anomaly(anomaly_record(None, None))
    lines = [line for line in metrics.page("")[0].decode().splitlines() if "diagnoses_by_version_total{" in line]
    assert 'voucherwatch_diagnoses_by_version_total{cause="outdated_terminal",version="other"} 981.0' in lines
    assert sum(float(line.rsplit(" ", 1)[1]) for line in lines) == 1_001
    assert len(lines) == 2 * len(CAUSES) + MOST_NAMES


def test_versions_beyond_the_first_twenty_are_one() -> None:
    """A sender that invents a version for each record cannot grow the page."""
    metrics, _ = busy()
    for number in range(1_000):
        metrics.count_anomaly(anomaly_record({"software_version": f"5.{number}"}, None))
    lines = [line for line in metrics.page("")[0].decode().splitlines() if "anomalies_by_version_total{" in line]
    assert len(lines) == MOST_NAMES + 2
    assert 'voucherwatch_anomalies_by_version_total{version="other"} 981.0' in lines
    assert 'voucherwatch_anomalies_by_version_total{version="unknown"} 1.0' in lines


@pytest.mark.parametrize("name", ["10000123", "42", "123456789", "a" * 33, "<b>", "***1234", "v1\nv2", 765_432_101])
def test_what_may_name_somebody_is_no_label(name: object) -> None:
    """A number of the voucher, a long number and what is no plain name count as ``other``."""
    assert BoundedNames().name_of(name, ("10000123", "8104", "42")) == "other"


def test_an_admitted_name_that_is_a_voucher_number_elsewhere() -> None:
    """A name stays what it is for the others, and is hidden where it names this voucher."""
    names = BoundedNames()
    assert names.name_of("42") == "42"
    assert names.name_of("42", ("42",)) == "other"
    assert [names.name_of(nothing) for nothing in (None, "")] == ["unknown", "unknown"]


def test_the_largest_amount_and_the_fullest_lane_are_shown() -> None:
    """Over lanes the largest counts, not the sum, and no unknown currency is shown."""
    lines = busy()[0].page("")[0].decode().splitlines()
    assert 'voucherwatch_largest_amount_at_risk{currency="CNY",kind="orphan_terminal"} 100.01' in lines
    assert not [line for line in lines if "???" in line]
    assert 'voucherwatch_limit_used_ratio{limit="max_pending"} 0.7' in lines
    assert 'voucherwatch_limit_used_ratio{limit="max_waiting"} 0.25' in lines
    assert 'voucherwatch_limit_used_ratio{limit="max_open_anomalies"} 0.1' in lines

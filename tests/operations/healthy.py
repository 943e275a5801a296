"""The metrics of an installation with which all is well, at noon and at night."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.anomaly import KINDS
from tests.operations.story import WORKER, count, level, selector

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCES: Final = ("terminal", "host")
PARTITIONS: Final = ("0", "1")


def opened(kind: str, severity: str = "critical", link: str = "north") -> str:
    """Return the counter of opened anomalies."""
    return selector("voucherwatch_anomalies_opened_total", kind=kind, severity=severity, link=link)


def diagnosed(kind: str, cause: str) -> str:
    """Return the counter of diagnoses."""
    return selector("voucherwatch_diagnoses_total", kind=kind, cause=cause)


def standing(kind: str, severity: str = "critical", link: str = "north") -> str:
    """Return the gauge of open anomalies."""
    return selector("voucherwatch_anomalies_open", kind=kind, severity=severity, link=link)


def closed(verdict: str = "matched", link: str = "north") -> str:
    """Return the counter of closed vouchers."""
    return selector("voucherwatch_vouchers_closed_total", verdict=verdict, link=link)


def at_risk(currency: str, kind: str) -> str:
    """Return the gauge of money at risk."""
    return selector("voucherwatch_amount_at_risk", currency=currency, kind=kind)


def healthy(steps: int, vouchers: float = 600, changed: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return all series over so many steps, ``vouchers`` closed in each, those of a story in their place."""
    still, even = level((steps, 0)), level((steps, 1))
    series = {
        'up{instance="relay:8080",job="relay"}': even,
        'up{instance="alertmanager:9093",job="alertmanager"}': even,
        'prometheus_config_last_reload_successful{instance="localhost:9090",job="prometheus"}': even,
        'alertmanager_config_last_reload_successful{instance="alertmanager:9093",job="alertmanager"}': even,
        selector("up"): even,
        selector("process_start_time_seconds"): level((steps, 1_000)),
        selector("voucherwatch_commits_total", result="ok"): count((steps, 60)),
        selector("voucherwatch_commits_total", result="failed"): still,
        selector("voucherwatch_rebalances_total"): even,
        selector("voucherwatch_outputs_unacknowledged"): level((steps, 100)),
        selector("voucherwatch_fetch_events_sum"): count((steps, 2 * vouchers)),
        closed(): count((steps, vouchers)),
        closed(link="other"): still,
    }
    for source in SOURCES:
        series |= _of_source(source, steps, vouchers)
    for kind in KINDS:
        series[selector("voucherwatch_anomalies_held_total", kind=kind)] = still
        series[selector("voucherwatch_anomalies_expired_total", kind=kind)] = still
        series[opened(kind)] = still
        series[standing(kind)] = still
    for limit in ("max_pending", "max_waiting", "max_open_anomalies"):
        series[selector("voucherwatch_limit_used_ratio", limit=limit)] = level((steps, 0.01))
    unknown = set(changed or {}) - set(series)
    return series | {name: (changed or {})[name] for name in (*series, *sorted(unknown)) if name in (changed or {})}


def _of_source(source: str, steps: int, vouchers: float) -> dict[str, str]:
    still, even = level((steps, 0)), level((steps, 1))
    series = {
        selector("voucherwatch_events_total", source=source, kind="sale", outcome="approved"): count((steps, vouchers)),
        selector("voucherwatch_events_rejected_total", source=source, reason="malformed"): still,
        selector("voucherwatch_card_in_clear_total", source=source, field="card"): still,
        selector("voucherwatch_response_codes_unmapped_total", source=source): still,
        selector("voucherwatch_event_ids_reused_total", source=source): still,
        selector("voucherwatch_behind_watermark_total", source=source): still,
        selector("voucherwatch_pending_vouchers", source=source): level((steps, 20)),
        selector("voucherwatch_consumer_lag_seconds", source=source): still,
        selector("voucherwatch_source_stalled", source=source): still,
    }
    for partition in PARTITIONS:
        series[selector("voucherwatch_caught_up", source=source, partition=partition)] = even
        series[selector("voucherwatch_watermark_lag_seconds", source=source, partition=partition)] = level((steps, 1.5))
    return series


def without_scrapes(series: Mapping[str, str], first: int, steps: int) -> dict[str, str]:
    """Return the series with no answer of the worker for so many steps: ``up`` is 0, everything else is stale."""
    mine = f'instance="{WORKER["instance"]}"'
    found = {}
    for name, values in series.items():
        points = values.split()
        gone = ["0"] * steps if name == selector("up") else ["stale", *["_"] * (steps - 1)]
        found[name] = " ".join((*points[:first], *gone, *points[first + steps :])) if mine in name else values
    return found

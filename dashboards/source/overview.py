"""The first page of the night: is money flowing as it should, and do we see all of it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.source.frame import OUR_ALERTS, framed
from dashboards.source.panels import GREEN, ORANGE, RED, Query, figure, lines, rows
from dashboards.source.queries import (
    highest,
    in_range,
    match_rate,
    objective,
    or_zero,
    quantile,
    rate,
    share_of_limit,
    total,
)
from dashboards.source.words import overview as words

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard
    from grafana_foundation_sdk.builders.stat import Panel as Figure
    from grafana_foundation_sdk.builders.table import Panel as Table
    from grafana_foundation_sdk.builders.timeseries import Panel as Lines

ANOMALIES: Final = "voucherwatch-anomalies"
PIPELINE: Final = "voucherwatch-pipeline"
UID: Final = "voucherwatch-overview"
NO_TRAFFIC: Final = "no traffic / 无流量"


def built() -> Dashboard:
    """Return the dashboard."""
    page = framed(UID, words.PAGE)
    for panel in (*_figures(), *_flow(), *_trouble(), _alerts()):
        page = page.with_panel(panel)
    return page


def _figures() -> tuple[Figure, ...]:
    return (*_money_figures(), *_sight_figures())


def _money_figures() -> tuple[Figure, ...]:
    return (
        figure(
            words.MONEY_AT_RISK,
            Query(or_zero(total("amount_at_risk", by=("currency",)), "currency"), "{{currency}}"),
            now=True,
            leads_to=ANOMALIES,
            steps=((None, GREEN), (0.01, ORANGE)),
            span=8,
        ),
        figure(
            words.OPEN_CRITICAL_ANOMALIES,
            Query(total("anomalies_open", 'severity="critical"'), "critical / 严重"),
            leads_to=ANOMALIES,
            steps=((None, GREEN), (1, ORANGE), (20, RED)),
            digits=0,
        ),
        figure(
            words.MATCH_RATE,
            Query(match_rate(), "match rate / 匹配率"),
            leads_to=ANOMALIES,
            steps=((None, RED), (0.99, ORANGE), (0.999, GREEN)),
            digits=2,
            nothing=NO_TRAFFIC,
        ),
        figure(
            words.OPENED_IN_THIS_TIME,
            Query(in_range("anomalies_opened_total"), "opened / 新增"),
            leads_to=ANOMALIES,
            digits=0,
        ),
        figure(
            words.RESOLVED_IN_THIS_TIME,
            Query(in_range("anomalies_resolved_total"), "resolved / 已解决"),
            leads_to=ANOMALIES,
            steps=((None, GREEN),),
            digits=0,
        ),
    )


def _sight_figures() -> tuple[Figure, ...]:
    silent = ((None, GREEN), (1, RED))
    return (
        figure(
            words.SOURCES_THAT_ARE_SILENT,
            Query(highest("source_stalled", by=("source",)), "{{source}}"),
            leads_to=PIPELINE,
            steps=silent,
            words={"0": "heard / 正常", "1": "SILENT / 断流"},
            span=8,
        ),
        figure(
            words.JUDGING_IS_BEHIND_BY,
            Query(or_zero(highest("watermark_lag_seconds")), "oldest lane / 最旧通道"),
            leads_to=PIPELINE,
            steps=((None, GREEN), (120, ORANGE), (600, RED)),
        ),
        figure(
            words.READING_IS_BEHIND_BY,
            Query(highest("consumer_lag_seconds"), "oldest record / 最旧记录"),
            leads_to=PIPELINE,
            steps=((None, GREEN), (60, ORANGE), (300, RED)),
        ),
        figure(
            words.BAD_RECORDS_IN_THIS_TIME,
            Query(in_range("events_rejected_total"), "dead letters / 死信"),
            leads_to=PIPELINE,
            steps=((None, GREEN), (1, ORANGE)),
            digits=0,
        ),
        figure(
            words.WORKERS,
            Query(f"count by (version) ({_build()})", "{{version}}"),
            steps=((None, RED), (1, GREEN)),
        ),
    )


def _build() -> str:
    return 'voucherwatch_build_info{job=~"$job", instance=~"$instance"}'


def _flow() -> tuple[Lines, ...]:
    return (
        lines(
            words.EVENTS_EACH_SECOND_BY_SOURCE,
            Query(rate("events_total", by=("source",)), "{{source}}"),
        ),
        lines(
            words.VOUCHERS_CLOSED_EACH_SECOND_BY_VERDICT,
            Query(rate("vouchers_closed_total", by=("verdict",)), "{{verdict}}"),
            stacked=True,
        ),
        lines(
            words.MATCH_RATE_BY_LINK,
            Query(match_rate(by=("link",)), "{{link}}"),
            Query(objective(), "objective / 目标"),
            highest=1,
            lowest=None,
        ),
        lines(
            words.DELAY_BETWEEN_THE_TWO_SIDES,
            Query(quantile(0.5, "pair_delay_seconds"), "50 %"),
            Query(quantile(0.95, "pair_delay_seconds"), "95 %"),
            Query(quantile(0.99, "pair_delay_seconds"), "99 %"),
        ),
    )


def _trouble() -> tuple[Lines, ...]:
    return (
        lines(
            words.MONEY_AT_RISK_BY_CURRENCY,
            Query(or_zero(total("amount_at_risk", by=("currency",)), "currency"), "{{currency}}"),
        ),
        lines(
            words.MONEY_AGAINST_ITS_LIMIT,
            Query(or_zero(share_of_limit(), "currency"), "{{currency}}"),
        ),
        lines(
            words.OPEN_ANOMALIES_BY_SEVERITY,
            Query(total("anomalies_open", by=("severity",)), "{{severity}}"),
            stacked=True,
        ),
    )


def _alerts() -> Table:
    return rows(
        words.FIRING_ALERTS,
        "alertname",
        ("alert", "告警"),
        Query(f"max by (alertname, severity) ({OUR_ALERTS})", "firing / 触发"),
        more_labels={"severity": ("severity", "严重程度")},
        link="${runbooks}/alerts.md",
    )

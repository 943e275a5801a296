"""The page to work from: what is wrong, how much, since when, where?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.source.frame import choice, framed, row
from dashboards.source.panels import GREEN, ORANGE, RED, RUNBOOK, Query, figure, lines, rows
from dashboards.source.queries import each_minute, highest, in_range, or_zero, quantile, series, total
from dashboards.source.words import anomalies as words

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard, Row
    from grafana_foundation_sdk.builders.stat import Panel as Figure
    from grafana_foundation_sdk.builders.table import Panel as Table
    from grafana_foundation_sdk.builders.timeseries import Panel as Lines

    from dashboards.source.words import About, Said

UID: Final = "voucherwatch-anomalies"
KIND: Final = 'kind=~"$kind"'
CAUSE: Final = ("cause", "原因")
CHOSEN: Final = (KIND, 'severity=~"$severity"', 'link=~"$link"')


def built() -> Dashboard:
    """Return the dashboard."""
    choices = [
        choice("kind", ("Kind", "类型"), "anomalies_open"),
        choice("severity", ("Severity", "严重程度"), "anomalies_open"),
        choice("link", ("Link", "链路"), "anomalies_open"),
    ]
    page = framed(UID, words.PAGE, choices)
    for panel in (*_figures(), *_tables(), *_over_time()):
        page = page.with_panel(panel)
    return page.with_row(_why()).with_row(_where()).with_row(_set_aside()).with_row(_ends())


def _figures() -> tuple[Figure, ...]:
    return (
        figure(
            words.MONEY_AT_RISK,
            Query(or_zero(total("amount_at_risk", KIND, by=("currency",)), "currency"), "{{currency}}"),
            now=True,
            steps=((None, GREEN), (0.01, ORANGE)),
            span=8,
        ),
        figure(
            words.OPEN,
            Query(total("anomalies_open", *CHOSEN), "open / 未解决"),
            steps=((None, GREEN), (1, ORANGE), (100, RED)),
            digits=0,
        ),
        figure(
            words.OPENED_IN_THIS_TIME,
            Query(in_range("anomalies_opened_total", *CHOSEN), "opened / 新增"),
            digits=0,
        ),
        figure(
            words.RESOLVED_IN_THIS_TIME,
            Query(in_range("anomalies_resolved_total", KIND), "resolved / 已解决"),
            steps=((None, GREEN),),
            digits=0,
        ),
        figure(
            words.MONEY_THAT_NOTHING_RESOLVED,
            Query(or_zero(total("amount_unresolved", by=("currency",)), "currency"), "{{currency}}"),
            now=True,
            steps=((None, GREEN), (0.01, ORANGE)),
        ),
    )


def _tables() -> tuple[Table, ...]:
    return (
        rows(
            words.BY_KIND,
            "kind",
            ("kind", "类型"),
            Query(total("anomalies_open", *CHOSEN, by=("kind",)), "open / 未解决"),
            Query(
                total("anomalies_open", KIND, 'severity="critical"', 'link=~"$link"', by=("kind",)), "critical / 严重"
            ),
            Query(f"round({in_range('anomalies_opened_total', *CHOSEN, by=('kind',))})", "opened / 新增"),
            Query(f"round({in_range('anomalies_resolved_total', KIND, by=('kind',))})", "resolved / 已解决"),
            Query(f"round({in_range('anomalies_expired_total', KIND, by=('kind',))})", "expired / 到期"),
            link=RUNBOOK,
            span=14,
            height=11,
        ),
        rows(
            words.MONEY_AT_RISK_BY_KIND_AND_CURRENCY,
            "kind",
            ("kind", "类型"),
            Query(
                or_zero(f"sort_desc({total('amount_at_risk', KIND, by=('kind', 'currency'))})", "kind"),
                "at risk / 风险金额",
            ),
            more_labels={"currency": ("currency", "币种")},
            link=RUNBOOK,
            span=10,
            height=11,
        ),
    )


def _over_time() -> tuple[Lines, ...]:
    return (
        lines(
            words.OPEN_BY_KIND,
            Query(total("anomalies_open", *CHOSEN, by=("kind",)), "{{kind}}"),
            stacked=True,
        ),
        lines(
            words.OPENED_EACH_MINUTE_BY_KIND,
            Query(each_minute("anomalies_opened_total", *CHOSEN, by=("kind",)), "{{kind}}"),
            stacked=True,
        ),
        lines(
            words.OPENED_EACH_MINUTE_BY_SEVERITY,
            Query(each_minute("anomalies_opened_total", *CHOSEN, by=("severity",)), "{{severity}}"),
        ),
        lines(
            words.OPENED_EACH_MINUTE_BY_LINK,
            Query(each_minute("anomalies_opened_total", *CHOSEN, by=("link",)), "{{link}}"),
        ),
    )


def _why() -> Row:
    def pairs(about: About, name: str, label: str, said: Said) -> Table:
        counted = f"sort_desc(topk(20, round({in_range(name, by=('cause', label))})))"
        return rows(about, "cause", CAUSE, Query(counted, "diagnoses / 诊断"), more_labels={label: said})

    often = f"sort_desc(round({in_range('diagnoses_total', KIND, by=('cause',))}))"
    return row(
        ("Why: the likeliest causes", "最可能原因"),
        lines(
            words.CAUSES_EACH_MINUTE,
            Query(each_minute("diagnoses_total", KIND, by=("cause",)), "{{cause}}"),
            stacked=True,
        ),
        rows(words.CAUSES_IN_THIS_TIME, "cause", CAUSE, Query(often, "diagnoses / 诊断")),
        pairs(words.CAUSES_BY_LINK, "diagnoses_by_link_total", "link", ("link", "链路")),
        pairs(words.CAUSES_BY_VERSION, "diagnoses_by_version_total", "version", ("version", "软件版本")),
    )


def _where() -> Row:
    def table(about: About, name: str, label: str) -> Table:
        counted = f"sort_desc(round({in_range(name, by=(label,))}))"
        return rows(about, label, (about.title_en, about.title_zh), Query(counted, "anomalies / 异常"))

    return row(
        ("Where they come from", "来源分布"),
        table(words.SOFTWARE_VERSION, "anomalies_by_version_total", "version"),
        table(words.REGION, "anomalies_by_region_total", "region"),
    )


def _set_aside() -> Row:
    return row(
        ("Set aside: inside maintenance", "维护窗口内"),
        lines(
            words.INSIDE_MAINTENANCE,
            Query(each_minute("anomalies_in_maintenance_total", KIND, by=("kind",)), "{{kind}}"),
            stacked=True,
        ),
        lines(
            words.NOTICES_UNREADABLE,
            Query(each_minute("notices_unreadable_total", by=("source",)), "{{source}}"),
        ),
    )


def _ends() -> Row:
    return row(
        ("How they end, and how fast we are", "解决方式与发现速度"),
        lines(
            words.RESOLVED_EACH_MINUTE_BY_RESOLUTION,
            Query(each_minute("anomalies_resolved_total", KIND, by=("resolution",)), "{{resolution}}"),
        ),
        lines(
            words.LARGEST_OPEN_AMOUNT,
            Query(
                or_zero(highest("largest_amount_at_risk", KIND, by=("kind", "currency")), "kind"),
                "{{kind}} {{currency}}",
            ),
        ),
        lines(
            words.EXPIRED_AND_HELD_EACH_MINUTE,
            Query(each_minute("anomalies_expired_total", KIND), "expired / 到期"),
            Query(each_minute("anomalies_held_total", KIND), "held / 暂缓"),
        ),
        lines(
            words.FROM_VERDICT_TO_PUBLISHED_RECORD,
            Query(quantile(0.5, "detection_delay_seconds"), "50 %"),
            Query(quantile(0.99, "detection_delay_seconds"), "99 %"),
        ),
        lines(
            words.MONEY_AT_RISK_BY_KIND,
            Query(
                or_zero(f"sum by (kind, currency) ({series('amount_at_risk', KIND)})", "kind"), "{{kind}} {{currency}}"
            ),
        ),
    )

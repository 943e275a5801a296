"""Panels in one house style: a unit and a description on each, legends as tables on the right, zero shown as 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.builders import common, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import DashboardLink, ThresholdsConfig
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.source.words import KINDS, About, Said, title
from streams.settings.diagnosis import DIAGNOSIS_FILE
from streams.settings.documents import read_document
from streams.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DATASOURCE: Final = looks.DataSourceRef(type_val="prometheus", uid="${datasource}")
RUNBOOK_TITLE: Final = "Runbook / 处理手册"
RUNBOOK: Final = "${runbooks}/anomalies/${__value.raw}.md"
KEPT: Final = "${__url_time_range}&${datasource:queryparam}&${job:queryparam}&${instance:queryparam}"
"""What goes along to another dashboard: the time range and the choices made here."""
GREEN, ORANGE, RED, BLUE = "green", "orange", "red", "blue"
SHARE_FROM: Final = 0.99
STAT_HEIGHT, LINES_HEIGHT = 4, 8

Steps = tuple[tuple[float | None, str], ...]
"""Colours by the value from which they hold; the first one has no value."""
CALM: Final[Steps] = ((None, BLUE),)


@dataclass(frozen=True, slots=True)
class Query:
    """One query; ``legend`` is a template over labels, or the name of a table's column."""

    expr: str
    legend: str = ""
    unit: str = ""
    """Of a column, where it is not its table's."""


def figure(
    about: About,
    *queries: Query,
    steps: Steps = CALM,
    span: int = 4,
    digits: int | None = None,
    words: Mapping[str, str] | None = None,
    nothing: str = "0",
    leads_to: str = "",
    now: bool = False,
) -> stat.Panel:
    """Return the newest values in large figures; with ``now`` only those, without a line behind them.

    ``words`` replaces values, ``nothing`` stands where there is none, ``leads_to`` is the dashboard behind a click.
    """
    panel = (
        stat.Panel()
        .title(about.title)
        .description(about.text)
        .unit(about.unit)
        .datasource(DATASOURCE)
        .targets([_over_time(query, number, now=now) for number, query in enumerate(queries)])
        .span(span)
        .height(STAT_HEIGHT)
        .no_value(nothing)
        .thresholds(_thresholds(steps))
        .color_mode(looks.BigValueColorMode.VALUE)
        .graph_mode(looks.BigValueGraphMode.NONE if now else looks.BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )
    if digits is not None:
        panel = panel.decimals(digits)
    if leads_to:
        link = DashboardLink("More / 详情").type(DashboardLinkType.LINK).url(f"/d/{leads_to}?{KEPT}")
        panel = panel.data_links([link])
    return panel.mappings([_words(words)]) if words else panel


def lines(
    about: About,
    *queries: Query,
    span: int = 12,
    stacked: bool = False,
    highest: float | None = None,
    lowest: float | None = 0,
    digits: int | None = None,
) -> timeseries.Panel:
    """Return values over time, with a legend of their newest and highest values.

    The axis begins at ``lowest``; without one it begins where the values do, for shares that are nearly whole.
    """
    legend = (
        common.VizLegendOptions()
        .display_mode(looks.LegendDisplayMode.TABLE)
        .placement(looks.LegendPlacement.RIGHT)
        .show_legend(show_legend=True)
        .calcs(["lastNotNull", "max"])
    )
    tooltip = common.VizTooltipOptions().mode(looks.TooltipDisplayMode.MULTI).sort(looks.SortOrder.DESCENDING)
    panel = (
        timeseries.Panel()
        .title(about.title)
        .description(about.text)
        .unit(about.unit)
        .datasource(DATASOURCE)
        .targets([_over_time(query, number) for number, query in enumerate(queries)])
        .span(span)
        .height(LINES_HEIGHT)
        .no_value("0")
        .legend(legend)
        .tooltip(tooltip)
        .show_points(looks.VisibilityMode.NEVER)
        .line_width(1)
        .fill_opacity(30 if stacked else 10)
    )
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL))
    if highest is not None:
        panel = panel.max(highest)
    panel = panel.axis_soft_min(SHARE_FROM) if lowest is None else panel.min(lowest)
    for label, spoken in SPOKEN.items():
        if any(query.legend == f"{{{{{label}}}}}" for query in queries):
            for name, words in spoken().items():
                panel = panel.override_by_name(name, [DynamicConfigValue(id_val="displayName", value=words)])
    return panel if digits is None else panel.decimals(digits)


def rows(
    about: About,
    label: str,
    label_name: Said,
    *queries: Query,
    more_labels: Mapping[str, Said] | None = None,
    link: str = "",
    span: int = 12,
    height: int = LINES_HEIGHT,
) -> table.Panel:
    """Return a table with one row for each value of ``label`` and one column for each query.

    ``link`` is where the cells of ``label`` lead; kinds and causes are shown with their Chinese name.
    """
    renamed = {label: title(label_name), **{name: title(said) for name, said in (more_labels or {}).items()}}
    # With one query Grafana calls its column Value, with several Value #A and so on.
    columns = ["Value"] if len(queries) == 1 else [f"Value #{chr(ord('A') + n)}" for n in range(len(queries))]
    renamed |= {column: query.legend for column, query in zip(columns, queries, strict=True)}
    order = {name: place for place, name in enumerate(renamed)}
    organize = {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": renamed}
    panel = (
        table.Panel()
        .title(about.title)
        .description(about.text)
        .unit(about.unit)
        .datasource(DATASOURCE)
        .targets([_now(query, number) for number, query in enumerate(queries)])
        .with_transformation(DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(DataTransformerConfig(id_val="organize", options=organize))
        .span(span)
        .height(height)
        .no_value("0")
    )
    shown = [DynamicConfigValue(id_val="mappings", value=[_words(SPOKEN[label]())])] if label in SPOKEN else []
    if link:
        leads = {"title": RUNBOOK_TITLE, "url": link, "targetBlank": True}
        shown.append(DynamicConfigValue(id_val="links", value=[leads]))
    panel = panel.override_by_name(renamed[label], shown) if shown else panel
    for query in queries:
        if query.unit:
            panel = panel.override_by_name(query.legend, [DynamicConfigValue(id_val="unit", value=query.unit)])
    return panel


def kinds_in_words() -> dict[str, str]:
    """Return how a kind is shown: its Chinese name beside the one that records, alerts and pages have."""
    return {kind: f"{kind} {chinese}" for kind, chinese in KINDS.items()}


def causes_in_words() -> dict[str, str]:
    """Return how a cause is shown: its Chinese name beside the one that records and metrics have."""
    named = read_document(shipped(DIAGNOSIS_FILE))["causes"]
    return {cause: f"{cause} {row['zh']}" for cause, row in named.items()}


SPOKEN: Final = {"kind": kinds_in_words, "cause": causes_in_words}
"""Labels whose values are shown in words."""


def _over_time(query: Query, number: int, *, now: bool = False) -> prometheus.Dataquery:
    target = _target(query, number).legend_format(query.legend or "__auto")
    return target.instant() if now else target.range()


def _now(query: Query, number: int) -> prometheus.Dataquery:
    return _target(query, number).instant().format(PromQueryFormat.TABLE)


def _target(query: Query, number: int) -> prometheus.Dataquery:
    return prometheus.Dataquery().ref_id(chr(ord("A") + number)).expr(query.expr).datasource(DATASOURCE)


def _words(words: Mapping[str, str]) -> ValueMap:
    return ValueMap(options={value: ValueMappingResult(text=word) for value, word in words.items()})


def _thresholds(steps: Sequence[tuple[float | None, str]]) -> ThresholdsConfig:
    found = [Threshold(value=value, color=colour) for value, colour in steps]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)

"""What all dashboards have alike: variables, links, annotations, and the JSON that Grafana reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.builders import dashboard, prometheus
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableHide,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.source.panels import DATASOURCE
from dashboards.source.queries import series
from dashboards.source.words import About, Said, title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grafana_foundation_sdk.builders.dashboard import Dashboard, QueryVariable
    from grafana_foundation_sdk.builders.stat import Panel as Figure
    from grafana_foundation_sdk.builders.table import Panel as Table
    from grafana_foundation_sdk.builders.timeseries import Panel as Lines

    AnyPanel = Figure | Lines | Table

TAG: Final = "voucherwatch"
OUR_ALERTS: Final = 'ALERTS{alertstate="firing", alertname=~"Voucherwatch.+"}'
RUNBOOKS: Final = "http://127.0.0.1:6068"
"""Where docker-compose.yml serves the folder docs; everybody else sets the variable."""


def framed(uid: str, about: About, variables: Sequence[QueryVariable] = ()) -> Dashboard:
    """Return a dashboard without panels: its question, its variables, its links and its annotations."""
    built = (
        dashboard.Dashboard(f"Voucherwatch {about.title}")
        .uid(uid)
        .description(about.text)
        .tags([TAG])
        .timezone("utc")
        .readonly()
        .refresh("30s")
        .time("now-3h", "now")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink("Voucherwatch")
            .type(DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .keep_time(keep_time=True)
            .include_vars(include_vars=True)
        )
    )
    source = dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
    built = built.with_variable(source)
    for variable in (*_places(), *variables, _runbooks()):
        built = built.with_variable(variable)
    for annotation in _annotations():
        built = built.annotation(annotation)
    return built


def choice(name: str, label: Said, metric: str, *matchers: str) -> QueryVariable:
    """Return a variable that offers the values of a metric's label, several at once or all."""
    return _chooser(name, title(label), f"label_values({series(metric, *matchers)}, {name})")


def row(name: Said, *panels: AnyPanel) -> dashboard.Row:
    """Return a folded row with panels that are for a closer look."""
    built = dashboard.Row(title(name))
    for panel in panels:
        built = built.with_panel(panel)
    return built


def rendered(built: Dashboard) -> str:
    """Return the classic JSON: panels numbered in their order, the id left to Grafana."""
    plain = json.loads(json.dumps(built.build(), cls=JSONEncoder), object_hook=_in_the_open)
    plain["id"] = None
    number = 0
    for panel in plain["panels"]:
        for one in (panel, *panel.get("panels", ())):
            number += 1
            one["id"] = number
    return json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _in_the_open(found: dict[str, object]) -> dict[str, object]:
    """Drop the library's default of hiding links and annotations in a menu."""
    if found.get("placement") == "inControlsMenu":
        del found["placement"]
    return found


def _places() -> tuple[QueryVariable, QueryVariable]:
    return (
        _chooser("job", "Job", "label_values(voucherwatch_build_info, job)"),
        _chooser("instance", "Instance", 'label_values(voucherwatch_build_info{job=~"$job"}, instance)'),
    )


def _chooser(name: str, label: str, query: str) -> QueryVariable:
    everything = VariableOption(selected=True, text=["All"], value=["$__all"])
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".+")
        .current(everything)
    )


def _runbooks() -> dashboard.TextBoxVariable:
    return (
        dashboard.TextBoxVariable("runbooks")
        .label("Runbooks / 处理手册")
        .description("Where the pages of the folder docs are served.\n\n文档目录 docs 的网址。")
        .default_value(RUNBOOKS)
        .current(VariableOption(selected=True, text=RUNBOOKS, value=RUNBOOKS))
        .hide(VariableHide.DONT_HIDE)
    )


def _annotations() -> tuple[dashboard.AnnotationQuery, ...]:
    running = series("build_info")
    release = f"max by (version) ({running}) unless max by (version) ({running} offset 5m)"
    return (
        _annotation("Release changed / 版本变更", release, "{{version}}", "blue"),
        _annotation("Firing alerts / 告警", OUR_ALERTS, "{{alertname}} {{kind}} {{severity}}", "red"),
    )


def _annotation(name: str, expr: str, said: str, colour: str) -> dashboard.AnnotationQuery:
    target = prometheus.Dataquery().ref_id("A").expr(expr).datasource(DATASOURCE).range()
    return (
        dashboard.AnnotationQuery()
        .name(name)
        .datasource(DATASOURCE)
        .enable(enable=True)
        .hide(hide=False)
        .icon_color(colour)
        .expr(expr)
        .title_format(said)
        .target(target)
    )

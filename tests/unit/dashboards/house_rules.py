"""What every dashboard has to keep to, each rule as a function that names what breaks it.

They hold what Grafana's own dashboard-linter asks for, and the house style beyond it.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import promql_parser as promql

from dashboards.source.listing import panels
from tests.unit.dashboards.promql import selectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Dashboard = Mapping[str, Any]

MOST_PANELS: Final = 25
GRID_WIDTH: Final = 24
UNITS: Final = {"none", "short", "locale", "percentunit", "s", "ops", "cpm", "bytes"}
"""Those in use; every one is in Grafana's list of units."""
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
LETTERS: Final = re.compile(r"[A-Za-z]{2}")
RATE_SECONDS: Final = 61.0
RANGE_SECONDS: Final = 3_601.0
"""What stands for the two macros while a query is judged: durations that nobody would write."""
GROWTH: Final = ("rate", "increase")


def two_languages(dashboard: Dashboard) -> Iterator[str]:
    """Titles and descriptions, the page's own included, are in English and Chinese."""
    for one in (dashboard, *dashboard["panels"], *panels(dashboard)):
        texts = [one["title"]] + ([one["description"]] if one.get("type") != "row" else [])
        yield from (text for text in texts if not (CHINESE.search(text) and LETTERS.search(text)))


def units(dashboard: Dashboard) -> Iterator[str]:
    """Every panel has a unit, and shows something where there is nothing."""
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        if defaults.get("unit") not in UNITS or not defaults.get("noValue"):
            yield panel["title"]


def legends(dashboard: Dashboard) -> Iterator[str]:
    """Lines have their legend as a table on the right."""
    for panel in panels(dashboard):
        if panel["type"] == "timeseries":
            legend = panel["options"]["legend"]
            if (legend["displayMode"], legend["placement"], legend["showLegend"]) != ("table", "right", True):
                yield panel["title"]


def targets(dashboard: Dashboard) -> Iterator[str]:
    """Every panel asks something, under letters of its own."""
    for panel in panels(dashboard):
        letters = [target["refId"] for target in panel.get("targets", ())]
        if not letters or len(set(letters)) != len(letters) or not all(t["expr"] for t in panel["targets"]):
            yield panel["title"]


def sources(dashboard: Dashboard) -> Iterator[str]:
    """Panels, queries, variables and annotations leave the data source to its variable; imports need no input."""
    first = dashboard["templating"]["list"][0]
    if (first["type"], first["name"], first["label"], first["query"]) != (
        "datasource",
        "datasource",
        "Data source",
        "prometheus",
    ):
        yield "the first variable is not the data source"
    todo: list[Any] = [dashboard]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo += node
        elif isinstance(node, dict):
            todo += node.values()
            if node.get("datasource", SOURCE) != SOURCE:
                yield str(node["datasource"])
            if "__inputs" in node:
                yield "__inputs"
    for one in (*panels(dashboard), *dashboard["annotations"]["list"]):
        if "datasource" not in one:
            yield str(one.get("title", one.get("name")))


def variables(dashboard: Dashboard) -> Iterator[str]:
    """Variables with queries offer several values or all, and ask again when the time range changes."""
    found = {one["name"]: one for one in dashboard["templating"]["list"] if one["type"] == "query"}
    yield from {"job", "instance"} - found.keys()
    for name, one in found.items():
        wanted = {"multi": True, "includeAll": True, "allValue": ".+", "refresh": 2, "datasource": SOURCE}
        if {key: one.get(key) for key in wanted} != wanted or not one["label"]:
            yield name
    if found["job"]["label"] != "Job" or found["instance"]["label"] != "Instance":
        yield "the labels of job and instance"


def page(dashboard: Dashboard) -> Iterator[str]:
    """The page itself: classic JSON without id, a uid of ours, UTC, read only, links that keep time and choices."""
    wanted = {"id": None, "timezone": "utc", "editable": False, "tags": ["voucherwatch"]}
    yield from (key for key, value in wanted.items() if dashboard[key] != value)
    if not re.fullmatch(r"voucherwatch-[a-z]{3,20}", dashboard["uid"]) or {"apiVersion", "spec"} & dashboard.keys():
        yield "uid or kind"
    link = dashboard["links"][0]
    if (link["type"], link["tags"], link["keepTime"], link["includeVars"]) != (
        "dashboards",
        ["voucherwatch"],
        True,
        True,
    ):
        yield "link"
    if len(dashboard["annotations"]["list"]) < 2:
        yield "annotations"


def places(dashboard: Dashboard) -> Iterator[str]:
    """At most 25 panels, numbered once each, side by side without overlap and inside the page."""
    shown = list(panels(dashboard))
    if len(shown) > MOST_PANELS:
        yield f"{len(shown)} panels"
    numbers = [one["id"] for one in (*shown, *(p for p in dashboard["panels"] if p["type"] == "row"))]
    if len(set(numbers)) != len(numbers):
        yield "two panels have one number"
    yield from (one["title"] for one in shown if one["gridPos"]["x"] + one["gridPos"]["w"] > GRID_WIDTH)
    for group in (dashboard["panels"], *(one.get("panels", ()) for one in dashboard["panels"])):
        for one, other in combinations(group, 2):
            if _overlap(one["gridPos"], other["gridPos"]):
                yield f"{one['title']} lies on {other['title']}"


def workers(dashboard: Dashboard) -> Iterator[str]:
    """Every selector but those of alerts and of the rules' own figures asks for the chosen jobs and instances."""
    for expr in _queries(dashboard):
        for selector, _ in selectors(expr):
            said = {(matcher.name, str(matcher.op), matcher.value) for matcher in selector.matchers.matchers}
            wanted = {(name, "MatchOp.Re", f"VARIABLE_{name}") for name in ("job", "instance")}
            if selector.name != "ALERTS" and ":" not in str(selector.name) and not wanted <= said:
                yield expr


def growth(dashboard: Dashboard) -> Iterator[str]:
    """A counter is asked for its growth: its rate over ``$__rate_interval``, its increase over ``$__range``."""
    for expr in _queries(dashboard):
        for selector, around in selectors(expr):
            calls = [one.func.name for one in around if isinstance(one, promql.Call) and one.func.name in GROWTH]
            ranges = [one.range.total_seconds() for one in around if isinstance(one, promql.MatrixSelector)]
            counts = str(selector.name).endswith(("_total", "_bucket", "_sum", "_count"))
            wanted = {"rate": [RATE_SECONDS], "increase": [RANGE_SECONDS]}.get(calls[-1] if calls else "", [])
            if counts != bool(calls) or ranges != wanted:
                yield expr


ALL: Final[tuple[Callable[[Dashboard], Iterator[str]], ...]] = (
    two_languages,
    units,
    legends,
    targets,
    sources,
    variables,
    page,
    places,
    workers,
    growth,
)


def _queries(dashboard: Dashboard) -> Iterator[str]:
    """Yield every query with markers for its variables, so that PromQL's parser takes it."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            marked = target["expr"].replace("$__rate_interval", f"{RATE_SECONDS:g}s")
            marked = marked.replace("$__range", f"{RANGE_SECONDS:g}s")
            yield re.sub(r"\$(\w+)", r"VARIABLE_\1", marked)


def _overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )

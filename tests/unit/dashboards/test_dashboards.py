"""The dashboards keep to the house rules, and ask for nothing that the worker does not have."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from dashboards.source.listing import Listed, listed, panels, read_all
from dashboards.source.pages import FOLDER, pages
from dashboards.source.queries import match_rate, series, total
from dashboards.source.words import KINDS as CHINESE_KINDS
from streams.core.anomaly import KINDS
from streams.edges.metrics import Metrics, WorkerReading
from streams.edges.metrics.table import COUNTERS, GAUGES, HISTOGRAMS, PREFIX
from tests.contracts.repository import ROOT
from tests.unit.dashboards import house_rules
from tests.unit.dashboards.promql import labels_asked, selectors
from tests.unit.edges.test_metrics import busy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DASHBOARDS = read_all()
NOT_SHOWN: dict[str, str] = {}
"""Metrics of the worker that no dashboard shows -> why."""
OF_PROMETHEUS = {"ALERTS": {"alertname", "alertstate", "severity", "kind", "link"}}
"""Series that Prometheus makes itself, with the labels that the alert rules give them."""
OF_THE_CLIENT: dict[str, set[str]] = {"process_resident_memory_bytes": set()}
"""Series that Prometheus' own client adds for the process."""
ADDED_BY_SCRAPING = {"job", "instance"}


def queries() -> list[Listed]:
    """Return every query of every dashboard."""
    return [one for found in DASHBOARDS.values() for one in listed(found, rate_interval="1m", shown="1h")]


def recorded() -> dict[str, set[str]]:
    """Return every series that the alert rules record, with the labels that they say."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "config" / "prometheus" / "rules").rglob("*.yml"):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                if "record" in rule:
                    found.setdefault(rule["record"], set()).update(rule.get("labels", {}))
    return found


def on_the_page() -> dict[str, set[str]]:
    """Return series name -> labels of everything that a busy worker serves."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(busy()[0].page("text/plain")[0].decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_the_files_are_fresh() -> None:
    """``python -m dashboards.source`` would change nothing, and no other file lies beside them."""
    wanted = pages()
    assert {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")} == wanted


@pytest.mark.parametrize("rule", house_rules.ALL, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", DASHBOARDS)
def test_the_house_rules_are_kept(name: str, rule: Callable[[dict[str, Any]], Iterator[str]]) -> None:
    """Each rule, for each dashboard."""
    assert list(rule(DASHBOARDS[name])) == []


def first(dashboard: dict[str, Any], kind: str = "timeseries") -> Any:  # noqa: ANN401  JSON
    """Return the first panel of a type."""
    return next(panel for panel in panels(dashboard) if panel["type"] == kind)


def ask(dashboard: dict[str, Any], old: str, new: str) -> None:
    """Change the first query in which ``old`` stands."""
    target = next(one for panel in panels(dashboard) for one in panel["targets"] if old in one["expr"])
    target["expr"] = target["expr"].replace(old, new)


BREACHES: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "title in one language": ("two_languages", lambda d: first(d).update(title="Open")),
    "no Chinese description": ("two_languages", lambda d: first(d, "stat").update(description="What is open.")),
    "no unit": ("units", lambda d: first(d)["fieldConfig"]["defaults"].pop("unit")),
    "nothing shown for nothing": ("units", lambda d: first(d)["fieldConfig"]["defaults"].pop("noValue")),
    "legend below": ("legends", lambda d: first(d)["options"]["legend"].update(placement="bottom")),
    "no query": ("targets", lambda d: first(d).update(targets=[])),
    "fixed source": ("sources", lambda d: first(d)["targets"][0]["datasource"].update(uid="prometheus")),
    "source of a variable": ("sources", lambda d: d["templating"]["list"][1]["datasource"].update(uid="x")),
    "source of an annotation": ("sources", lambda d: d["annotations"]["list"][0].pop("datasource")),
    "inputs": ("sources", lambda d: d.update(__inputs=[])),
    "one value at a time": ("variables", lambda d: d["templating"]["list"][1].update(multi=False)),
    "asked once": ("variables", lambda d: d["templating"]["list"][2].update(refresh=1)),
    "no instance": ("variables", lambda d: d["templating"]["list"][2].update(name="host")),
    "a number of its own": ("page", lambda d: d.update(id=7)),
    "the browser's time": ("page", lambda d: d.update(timezone="browser")),
    "links that forget": ("page", lambda d: d["links"][0].update(keepTime=False)),
    "too many panels": ("places", lambda d: d["panels"].extend(deepcopy(d["panels"]) * 3)),
    "one on the other": ("places", lambda d: first(d)["gridPos"].update(first(d, "stat")["gridPos"])),
    "every job": ("workers", lambda d: ask(d, 'job=~"$job", ', "")),
    "every instance": ("workers", lambda d: ask(d, 'instance=~"$instance"', 'instance="$instance"')),
    "fixed interval": ("growth", lambda d: ask(d, "$__rate_interval", "5m")),
    "bare counter": ("growth", lambda d: first(d)["targets"][0].update(expr="sum (voucherwatch_commits_total)")),
    "growth of a gauge": ("growth", lambda d: ask(d, "_total{", "{")),
}
"""What somebody might do -> the rule that names it, and how it is done."""


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_named(breach: str) -> None:
    """Each rule can fail, and the committed dashboard is no exception by chance."""
    rule, break_it = BREACHES[breach]
    broken = deepcopy(DASHBOARDS["overview"])
    break_it(broken)
    try:
        found = list(getattr(house_rules, rule)(broken))
    except KeyError as error:
        found = [str(error)]
    assert found


def test_every_rule_has_a_breach() -> None:
    """No rule is there that was never seen to fail."""
    assert {rule for rule, _ in BREACHES.values()} == {rule.__name__ for rule in house_rules.ALL}


def test_uids_and_titles_differ() -> None:
    """Grafana lets the last file of a uid win without a word."""
    for key in ("uid", "title"):
        assert len({one[key] for one in DASHBOARDS.values()}) == len(DASHBOARDS)


def test_every_query_asks_for_what_the_worker_serves() -> None:
    """Metric names and labels are those of the page; Prometheus would answer a wrong one with nothing."""
    known = on_the_page() | recorded() | OF_PROMETHEUS | OF_THE_CLIENT
    wrong = [
        (one.place, metric, label)
        for one in queries()
        for metric, label in labels_asked(one.expr)
        if label not in known.get(metric, set()) | (ADDED_BY_SCRAPING if metric in known else set())
    ]
    assert wrong == []
    variables = [one for one in queries() if one.label]
    for one in variables:
        [(selector, _)] = selectors(one.expr)
        assert one.label in known[str(selector.name)] | ADDED_BY_SCRAPING, one


def test_every_metric_of_the_worker_is_shown() -> None:
    """What nobody looks at need not be measured, or the table says why."""
    asked = {str(selector.name) for one in queries() for selector, _ in selectors(one.expr)}
    served = {f"{PREFIX}{metric.name}" for metric in (*COUNTERS, *GAUGES)}
    served |= {f"{PREFIX}{metric.name}_bucket" for metric, _, _ in HISTOGRAMS} | {f"{PREFIX}build_info"}
    assert served - asked == NOT_SHOWN.keys()


def test_an_unknown_metric_or_label_ends_the_generator() -> None:
    """A typing error does not even become a dashboard."""
    with pytest.raises(KeyError, match="anomaly_open"):
        series("anomaly_open")
    with pytest.raises(ValueError, match=r"has the labels \('source',\), but is asked for kind"):
        series("pending_vouchers", 'kind="sale"')
    with pytest.raises(ValueError, match="has no label"):
        total("pending_vouchers", by=("kind",))


def test_an_unknown_macro_is_named() -> None:
    """A macro that nothing replaces would reach Prometheus as text."""
    broken = deepcopy(DASHBOARDS["overview"])
    ask(broken, "$__rate_interval", "$__interval_ms")
    with pytest.raises(ValueError, match=r"\$__interval_ms in .* is neither a variable"):
        listed(broken, rate_interval="1m", shown="1h")


def test_tables_lead_to_runbooks() -> None:
    """Every cell with a kind leads to a page that exists, and every kind has a Chinese name."""
    links = re.findall(r'"url": "(\$\{runbooks\}/[^"]+)"', "".join(pages().values()))
    fixed = {link.removeprefix("${runbooks}/") for link in links} - {"anomalies/${__value.raw}.md"}
    assert len(set(links)) == len(fixed) + 1, "some cells hold a kind"
    assert [name for name in fixed if not (ROOT / "docs" / name).is_file()] == []
    for kind in KINDS:
        assert (ROOT / "docs" / "anomalies" / f"{kind}.md").is_file()
        assert CHINESE_KINDS[kind]


def test_the_match_rate_is_that_of_the_alert_rules() -> None:
    """Who is called because of a figure finds the same figure on the page."""
    text = (ROOT / "config" / "prometheus" / "rules" / "objective.yml").read_text(encoding="utf-8")
    rules = {
        rule["record"]: rule["expr"]
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    for name, by in (("job", ""), ("job_link", "link")):
        recorded_as = rules[f"{name}:voucherwatch_unmatched_per_closed:ratio_rate5m"]
        drawn = match_rate((by,) if by else ())
        for part in re.findall(r'(\w+(?:!~|!=)"[^"]*")', recorded_as):
            assert part in drawn
        assert sorted(re.findall(r"voucherwatch_\w+", recorded_as)) == sorted(re.findall(r"voucherwatch_\w+", drawn))


def test_a_quiet_worker_shows_zeros() -> None:
    """Without a single record every metric with a closed label set has its series, so that panels show 0."""
    registry = CollectorRegistry()
    Metrics(registry, lambda: WorkerReading(0, ("t", "h"), (), (False, False), (1, 1, 1)))
    names = {sample.name for family in registry.collect() for sample in family.samples}
    without = {f"{PREFIX}{metric.name}" for metric in GAUGES if metric.closed is None}
    asked = {str(selector.name) for one in queries() for selector, _ in selectors(one.expr)}
    others = OF_PROMETHEUS | OF_THE_CLIENT | recorded()
    assert asked - names - others.keys() == without
    unguarded = [
        one.place
        for one in queries()
        if not one.label and any(name in one.expr for name in without) and "vector(0)" not in one.expr
    ]
    assert unguarded == []

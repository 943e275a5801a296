"""What every rule has to say and may not say, and that all it reads exists."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.error
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, Final

import pytest

from docs.generate import next_steps
from docs.generate.alerts import NOTES, RULES, AlertRule, alert_rules, recording_rules, rule_files
from streams.core.anomaly import KINDS
from streams.edges.metrics.table import COUNTERS, GAUGES, HISTOGRAMS, PREFIX
from streams.relay import metrics as relay
from streams.settings.diagnosis import ACTIONS_FILE
from streams.settings.documents import read_document
from streams.shipped import shipped
from tests.contracts.repository import ROOT
from tests.integration.worker_process import free_port
from tests.operations.alertmanager import Notifier, wait_until
from tests.operations.stories_of_kinds import camel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operations.programs import Programs

ALERTS: Final = alert_rules()
EACH: Final = pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: f"{rule.name} {rule.severity}")
SEVERITIES: Final = {"critical", "warning", "info"}
TEAMS: Final = {"payments", "platform", "security"}
WORDS: Final = ("summary", "description", "action")
NO_WAIT: Final = {
    "VoucherwatchWatchdog": "it is there always",
    "VoucherwatchRestarting": "three starts in half an hour have waited long enough",
    "VoucherwatchRelayNotificationsDropped": "what is dropped does not come back",
}
"""Alerts that fire at once -> why."""
DASHBOARDS: Final = "http://127.0.0.1:3000/d/"
RUNBOOKS: Final = "http://127.0.0.1:6068/"
"""Where the compose file serves the pages of docs."""
MONEY_KINDS: Final = tuple(kind for kind in KINDS if kind not in ("source_stalled", "partitioning_fault"))
NOT_READ: Final = {
    "events_redelivered_total": "harmless: dropped, as it should be",
    "messages_skipped_total": "most raw messages are no event; `voucherwatch doctor` tells swapped feeds",
    "outcome_overridden_total": "a producer's habit, not a fault; operations.md says how to read it",
    "terminal_outcome_defaulted_total": "a setting's work, usual for terminals that print no code",
    "status_updates_total": "normal",
    "updates_ignored_total": "normal",
    "anomalies_resolved_total": "good news; the match rate tells when too much of it is needed",
    "anomalies_by_version_total": "what senders write, drawn on a dashboard: where to look, not when to ring",
    "anomalies_by_region_total": "as by version",
    "diagnoses_by_link_total": "why and where, drawn on a dashboard; diagnoses_total tells the cause in the alerts",
    "diagnoses_by_version_total": "as by link",
    "anomalies_in_maintenance_total": "announced; counted in all others, too, and drawn on a dashboard",
    "notices_unreadable_total": "hides nothing: what such a notice meant to announce rings as usual",
    "amount_unresolved": "forgotten at a restart; anomalies_expired_total is not",
    "originals_covered_seconds": "grows after a first start by itself; until then less is judged, and so it says",
    "ledger_disk_bytes": "a full disk is the machine's own alert, and ends the worker with 5",
    "replay_span_seconds": "a restart's cost, drawn on a dashboard; a lane that does not move tells itself",
    "consumer_lag_records": "lag is judged in seconds",
    "fetch_duration_seconds": "how a worker spends its time, for whoever tunes it",
}
"""Metrics of the worker that no rule reads -> why."""
RELAY: Final = {
    "voucherwatch_relay_notifications_total": ("receiver", "result"),
    "voucherwatch_relay_oldest_seconds": ("receiver",),
}
"""Metrics of the relay that the rules read."""
OUTSIDE: Final = re.compile(r"up|process_start_time_seconds|(?:prometheus|alertmanager)_\w+")
NAME: Final = re.compile(
    rf"(?<![\w:.\"=])((?:\w+:)+\w+(?::\w+)*|{PREFIX}\w+|(?:prometheus|alertmanager|process)_\w+|up)\b"
)
SELECTED: Final = re.compile(rf"({PREFIX}\w+)\{{([^}}]*)\}}")


def worker_metrics() -> dict[str, tuple[str, ...]]:
    """Return name and labels of every series that a worker shows."""
    found = {PREFIX + metric.name: metric.labels for metric in (*COUNTERS, *GAUGES)}
    for metric, _, _ in HISTOGRAMS:
        found |= {f"{PREFIX}{metric.name}_{part}": () for part in ("sum", "count")}
        found[f"{PREFIX}{metric.name}_bucket"] = ("le",)
    return found | {f"{PREFIX}build_info": ("version",)}


def queries(rule: AlertRule) -> str:
    """Return all that a rule asks Prometheus: its expression and the queries in its texts."""
    asked = [text for words in rule.annotations.values() for text in re.findall(r"query \((.*?)\) ?[|}]", words)]
    asked += re.findall(r'query "([^"]+)"', " ".join(rule.annotations.values()))
    return "\n".join([rule.expr, *asked, rule.annotations.get("value_query", "")]).replace('\\"', '"')


def names_read() -> set[str]:
    """Return every metric that an alert or a recording rule reads."""
    texts = [*map(queries, ALERTS), *recording_rules().values()]
    return {name for text in texts for name in NAME.findall(re.sub(r'"[^"]*:[^"]*"', "", text))} | {
        name for text in texts for name in NAME.findall(text)
    }


@EACH
def test_a_rule_says_all_that_is_asked_at_night(rule: AlertRule) -> None:
    """Severity, team, what happened, what to do and where to look, in two languages."""
    assert rule.severity in SEVERITIES
    assert rule.labels["team"] in TEAMS
    for name in WORDS:
        assert rule.annotations[name], name
        assert re.search(r"[\u4e00-\u9fff]", rule.annotations[f"{name}_zh"]), name
    chinese = {name.removesuffix("_zh") for name in rule.annotations if name.endswith("_zh")}
    assert chinese == set(rule.annotations) - {f"{name}_zh" for name in chinese} - {
        "runbook_url",
        "dashboard_url",
        "value_query",
    }


@EACH
def test_a_summary_holds_no_value(rule: AlertRule) -> None:
    """It is the same each time, so that people know it again; labels hold none either, or each value were an alert."""
    for name in ("summary", "summary_zh"):
        assert "{{" not in rule.annotations[name]
        assert not rule.annotations[name].endswith((".", "。"))
    assert not [value for value in rule.labels.values() if "{{" in value]
    assert set(rule.labels) <= {"severity", "team", "kind"}


@EACH
def test_a_rule_waits_and_goes_on_for_a_while(rule: AlertRule) -> None:
    """One bad scrape rings at nobody's bed, and an alert that comes and goes is one alert."""
    if rule.name in NO_WAIT:
        return
    assert rule.lasts != "0s"
    assert rule.keeps in {"2m", "5m", "10m", "15m"}


def test_the_exceptions_are_still_needed() -> None:
    """Nothing stands in the table of those that do not wait that waits."""
    assert {rule.name for rule in ALERTS if rule.lasts == "0s"} == set(NO_WAIT)


@EACH
def test_a_rule_gives_its_reasons(rule: AlertRule) -> None:
    """When it fires, why there, and which knob moves it stand above it as sentences."""
    assert set(rule.notes) == set(NOTES)
    assert all(text.endswith(".") for text in rule.notes.values()), rule.notes


@EACH
def test_a_rule_leads_to_its_page_and_its_dashboard(rule: AlertRule) -> None:
    """A kind leads to its runbook, everything else to its section of the page of alerts."""
    address = rule.annotations["runbook_url"].removeprefix(RUNBOOKS)
    if rule.file.parent.name == "kinds":
        assert address == f"anomalies/{rule.file.stem}.md"
        assert (ROOT / "docs" / address).is_file()
    else:
        assert address == f"alerts.md#{rule.name.lower()}"
    board = rule.annotations["dashboard_url"].removeprefix(DASHBOARDS)
    assert re.fullmatch(r"voucherwatch-(overview|anomalies|pipeline)(\?var-kind=\w+)?", board)
    drawn = [json.loads(file.read_text())["uid"] for file in shipped("dashboards").glob("*.json")]
    assert not drawn or board.split("?")[0] in drawn


def test_every_kind_has_its_alert() -> None:
    """Kind, file, alert and label bear one name."""
    kinds = {file.stem for file in (RULES / "kinds").glob("*.yml")}
    assert kinds == set(KINDS)
    for rule in ALERTS:
        if rule.file.parent.name == "kinds":
            assert rule.name == f"Voucherwatch{camel(rule.file.stem)}"
            assert rule.labels.get("kind") == rule.file.stem or f'kind="{rule.file.stem}"' in rule.expr


@pytest.mark.parametrize("kind", MONEY_KINDS)
def test_an_alert_about_vouchers_tells_money_and_reach(kind: str) -> None:
    """How much by currency, how many are open, which links, which share of all vouchers, in both languages."""
    rules = [rule for rule in ALERTS if rule.file.stem == kind]
    for rule in rules:
        for suffix in ("", "_zh"):
            assert "job_currency_kind:voucherwatch_amount_at_risk:sum" in rule.annotations[f"money{suffix}"]
            assert "job_kind:voucherwatch_anomalies_open:sum" in rule.annotations[f"money{suffix}"]
            assert "job_kind_link:voucherwatch_anomalies_opened:increase10m" in rule.annotations[f"reach{suffix}"]
            assert "anomalies_opened_per_closed:ratio10m" in rule.annotations[f"reach{suffix}"]
            assert next_steps.SERIES in rule.annotations[f"cause{suffix}"]


@pytest.mark.parametrize("kind", KINDS)
def test_next_steps_come_from_the_one_source(kind: str) -> None:
    """What an alert says to do, and what each cause asks for, is what the records of its vouchers say, of many."""
    steps = read_document(shipped(ACTIONS_FILE))
    for rule in (rule for rule in ALERTS if rule.file.stem == kind):
        for language, suffix in (("en", ""), ("zh", "_zh")):
            for row in steps["kinds"][kind]:
                said = row.get("many", row)[language]
                assert said in rule.annotations[f"action{suffix}"] or "{" in said
            if kind in MONEY_KINDS:
                for rows in steps["causes"].values():
                    assert all(row.get("many", row)[language] in rule.annotations[f"cause{suffix}"] for row in rows)
    path = RULES / "kinds" / f"{kind}.yml"
    assert next_steps.filled(path.read_text(), kind) == path.read_text(), "python -m docs.generate writes it anew"


def test_a_name_has_one_rule_a_severity_and_one_text() -> None:
    """Two rules of one name differ in urgency alone: whoever is paged reads what the warning said."""
    assert max(Counter((rule.name, rule.severity) for rule in ALERTS).values()) == 1
    texts: dict[str, dict[str, str]] = {}
    for rule in ALERTS:
        assert texts.setdefault(rule.name, rule.annotations) == rule.annotations


def test_recorded_series_are_named_by_level_metric_and_operation() -> None:
    """The level is the labels that are left, as a reader of a dashboard has to know them."""
    for name, expr in recording_rules().items():
        level, metric, operation = name.split(":")
        assert metric
        assert operation
        by = re.match(r"\w+ by \(([\w, ]+)\)", expr)
        assert by is None or level == "_".join(by[1].split(", ")), name


def test_everything_that_a_rule_reads_exists() -> None:
    """Each metric is one of the worker's, of the relay's or recorded, or one of Prometheus' and Alertmanager's own."""
    known = set(worker_metrics()) | set(RELAY) | set(recording_rules())
    unknown = {name for name in names_read() if name not in known and not OUTSIDE.fullmatch(name)}
    assert unknown == set()
    assert {"voucherwatch_commits_total", "job_kind:voucherwatch_anomalies_open:sum", "up"} <= names_read()


def test_a_name_that_is_no_metric_is_found() -> None:
    """The search finds names in any place of an expression, and no label or text."""
    text = 'sum by (job) (rate(voucherwatch_x_total{job="up"}[5m])) / job:voucherwatch_y:sum or up * 0'
    assert NAME.findall(text) == ["voucherwatch_x_total", "job:voucherwatch_y:sum", "up"]


def test_every_label_that_a_rule_selects_by_exists() -> None:
    """A matcher on a label that a metric does not have selects nothing, or everything."""
    labels = worker_metrics() | RELAY
    texts = [*map(queries, ALERTS), *recording_rules().values()]
    for name, matchers in (found for text in texts for found in SELECTED.findall(text)):
        if name in labels:
            named = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers))
            assert named <= {*labels[name], "job", "instance"}, name


def test_everything_that_a_worker_measures_is_read_or_left_out_on_purpose() -> None:
    """The other way round: nothing is measured that neither rings nor has a reason not to."""
    read = {re.sub(r"_(bucket|sum|count)$", "", name) for name in names_read()}
    measured = {PREFIX + metric.name for metric in (*COUNTERS, *GAUGES, *(row[0] for row in HISTOGRAMS))}
    assert measured - read - {PREFIX + name for name in NOT_READ} == set()
    assert {PREFIX + name for name in NOT_READ} & read == set(), "is read now: take it out"


def test_the_relay_has_what_the_rules_read() -> None:
    """Its own table says so."""
    shown = {relay.PREFIX + metric.name: metric.labels for metric in (*relay.COUNTERS, *relay.GAUGES)}
    assert {name: shown.get(name) for name in RELAY} == RELAY
    results = set(re.findall(r'result=~?"([\w|]+)"', (RULES / "notifications.yml").read_text()))
    assert {result for said in results for result in said.split("|")} <= set(relay.RESULTS)


def test_both_programs_have_what_the_rules_read(programs: Programs, tmp_path: Path) -> None:
    """Both are started on the shipped files; their own pages show every metric of theirs that a rule reads."""
    alertmanager = shipped("config/alertmanager/alertmanager.yml")
    with Notifier(programs, alertmanager, tmp_path) as running:
        shown = running.page("/metrics")
    address = f"127.0.0.1:{free_port()}"
    command = [
        str(programs.prometheus),
        f"--config.file={RULES.parent / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'series'}",
        f"--web.listen-address={address}",
    ]
    with (tmp_path / "prometheus.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_until("Prometheus did not start", lambda: bool(_fetched(f"http://{address}/-/ready")))
            groups = json.loads(_fetched(f"http://{address}/api/v1/rules"))["data"]["groups"]
            shown += _fetched(f"http://{address}/metrics")
        finally:
            process.terminate()
    files = {file for file in rule_files() for group in groups if group["file"].endswith(str(file.relative_to(RULES)))}
    assert files == set(rule_files()), "every rule file is read through the shipped configuration"
    own = {name for name in names_read() if name.startswith(("prometheus_", "alertmanager_"))}
    assert own
    assert {name for name in own if f"# TYPE {name} " not in shown} == set()


def _fetched(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - our own loopback address
            return str(answer.read().decode())
    except (urllib.error.URLError, ConnectionError):
        return ""

"""The page of all alerts, from the rule files themselves: the comments above a rule say when, why and which knob."""

# ruff: noqa: E501, RUF001  a line of the page is a line here; Chinese text has full-width punctuation

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

RULES: Final = Path(__file__).resolve().parents[2] / "config" / "prometheus" / "rules"
NOTES: Final = ("Fires when", "Why", "Knob")
_ALERT: Final = re.compile(r"((?:^ +# [^\n]*\n)*)^ +- alert: (\w+)$", re.MULTILINE)
_NOTE: Final = re.compile(rf"^({'|'.join(NOTES)}): (.*?)(?=^(?:{'|'.join(NOTES)}): |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One alert rule: what the file says of it, and the comments above it by their first words."""

    name: str
    file: Path
    expr: str
    lasts: str
    keeps: str
    labels: dict[str, str]
    annotations: dict[str, str]
    notes: dict[str, str]

    @property
    def severity(self) -> str:
        """The label ``severity``."""
        return self.labels["severity"]


@cache
def rule_files() -> list[Path]:
    """Return every rule file in the order in which the page tells of them: the kinds first."""
    return [*sorted((RULES / "kinds").glob("*.yml")), *sorted(RULES.glob("*.yml"))]


def alert_rules() -> list[AlertRule]:
    """Return every alert rule of the shipped files."""
    return [rule for file in rule_files() for rule in _alerts_of(file)]


def recording_rules() -> dict[str, str]:
    """Return name and expression of every recording rule; of those that differ in labels alone, the last."""
    return {
        rule["record"]: rule["expr"]
        for file in rule_files()
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
        if "record" in rule
    }


def page() -> str:
    """Return the whole page."""
    rules = alert_rules()
    names = list(dict.fromkeys(rule.name for rule in rules))
    rows = [_row([rule for rule in rules if rule.name == name]) for name in names]
    sections = [_section([rule for rule in rules if rule.name == name]) for name in names]
    return "\n".join([HEAD, *rows, "", "## One by one / 逐条说明", "", *sections, LIMITS_HEAD, *_limits(), ""])


def _alerts_of(file: Path) -> list[AlertRule]:
    text = file.read_text()
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"] if "alert" in rule]
    comments = [_notes(match[1]) for match in _ALERT.finditer(text)]
    return [_read(file, rule, notes) for rule, notes in zip(rules, comments, strict=True)]


def _read(file: Path, rule: dict[str, Any], notes: dict[str, str]) -> AlertRule:
    return AlertRule(
        name=rule["alert"],
        file=file,
        expr=rule["expr"].strip(),
        lasts=rule.get("for", "0s"),
        keeps=rule.get("keep_firing_for", "0s"),
        labels=rule["labels"],
        annotations=rule["annotations"],
        notes=notes,
    )


def _notes(comment: str) -> dict[str, str]:
    lines = "\n".join(line.strip().removeprefix("#")[1:] for line in comment.splitlines())
    return {name: " ".join(text.split()) for name, text in _NOTE.findall(lines)}


def _row(levels: list[AlertRule]) -> str:
    first = levels[0]
    severities = ", ".join(rule.severity for rule in levels)
    return f"| [{first.name}](#{first.name.lower()}) | {severities} | {first.labels['team']} | {_summary(first)} |"


def _summary(rule: AlertRule) -> str:
    return f"{rule.annotations['summary']}<br>{rule.annotations['summary_zh']}"


def _section(levels: list[AlertRule]) -> str:
    first = levels[0]
    lines = [f"### {first.name}", "", f"**{first.annotations['summary']}. {first.annotations['summary_zh']}。**", ""]
    if kind := _kind(first):
        lines += [f"Runbook / 处置手册: [{kind}](anomalies/{kind}.md).", ""]
    for rule in levels:
        lines += [
            f"- **{rule.severity}** (`for: {rule.lasts}`, `keep_firing_for: {rule.keeps}`): {rule.notes['Fires when']}",
            f"  *Why:* {rule.notes['Why']}",
            f"  *Knob:* {rule.notes['Knob']}",
        ]
    lines += ["", f"{first.annotations['action']}", "", f"{first.annotations['action_zh']}", ""]
    lines += [f"Rule: `{first.file.relative_to(RULES.parents[2])}`", ""]
    return "\n".join(lines)


def _kind(rule: AlertRule) -> str:
    return rule.file.stem if rule.file.parent.name == "kinds" else ""


def _limits() -> list[str]:
    """Return a table row for each currency."""
    found: dict[str, dict[str, str]] = {}
    objective = ""
    for group in yaml.safe_load((RULES / "limits.yml").read_text())["groups"]:
        for rule in group["rules"]:
            value = rule["expr"].removeprefix("vector(").removesuffix(")")
            if "labels" not in rule:
                objective = value
                continue
            level = rule["labels"].get("severity", "single")
            found.setdefault(rule["labels"]["currency"], {})[level] = f"{int(value):,}"
    rows = [
        f"| {currency} | {row['warning']} | {row['critical']} | {row['single']} |" for currency, row in found.items()
    ]
    head = ["| currency | sum, warning | sum, critical | single amount |", "|---|---|---|---|"]
    return [*head, *rows, "", f"Match-rate objective / 匹配率目标: {objective} (`voucherwatch:match_objective:ratio`)."]


HEAD: Final = """# Alerts

This page is made from the rule files by `python -m docs.generate`; the comments above each rule are where it is changed.
How each alert reads, in both languages and with figures in it: [texts.golden.yml](../tests/operations/texts.golden.yml).
本页由规则文件生成；每条告警的中英文全文见上述文件。

## What you get, and when / 会收到什么

- **One message for one fault.** Alerts of one name and kind make one message, however many vouchers, links or lanes they
  show at. It says what happened, how much money by currency, since when, the likely reach (links, share of all vouchers),
  the likeliest cause and what to do. *Since* is when the alert began to fire: its own wait and a scrape after the fault.
  一个故障一条消息：发生了什么、金额、开始时间、影响范围、最可能原因、怎么处理。
- **The likeliest cause** of a kind is the one that was said most in the last 10 minutes, how often, and what it asks for.
  These sentences and the steps of each kind come from `config/actions.yaml`, as those in the records do;
  `python -m docs.generate` writes them into the rules. 原因与处理步骤均取自 `config/actions.yaml`，与异常记录同源。
- **critical** is for now, **warning** for this shift, **info** for the day. The severity of an anomaly ranks one voucher and
  rings nobody by itself. 严重：立即处理；警告：本班处理；提示：当日处理。
- **A recovery** comes 2 to 15 minutes after the last sign of it (`keep_firing_for`): nothing new of this kind is opened. What
  stands open stays open until it is resolved or expires. 恢复通知表示不再新增，已有的未解决异常仍需处理。
- **Silence by another alert.** While nothing is judged (`VoucherwatchDown`, `VoucherwatchAbsent`,
  `VoucherwatchReadsNothing`) the alerts of the team `payments` are silent; a dead host feed silences
  `VoucherwatchOrphanTerminal`, a dead terminal feed `VoucherwatchOrphanHost`; a kind that pages silences the match rate; critical
  silences the warning of the same thing. Never across `cluster` or `job`. What ends while it is silenced sends no recovery.
  管道停止时不发送异常告警；断流时不发送由其引起的单边告警。
- **Single vouchers.** Metrics know sums, counts and the largest single amount of each kind and currency, never a voucher. So
  `VoucherwatchLargeAmount` can say that there is a large one and of which kind; which one it is stands in the topic
  `voucher-anomalies`. A second large one of the same kind and currency does not ring again while the first stands.
  指标不含凭证号；大额单笔请到主题中查看。

## From the fault to the message / 从故障到通知

As shipped, a row of orphans is told 2 to 2.5 minutes after the first lost record: its window (60 s) must pass before a
record is missing, then come at most one scrape and one evaluation (15 s each), `for` (30 s), and Alertmanager's `group_wait`
(30 s). 按默认配置，从第一笔丢失到群里收到消息约 2 至 2.5 分钟。

`make test ARGS="-s tests/operations/test_fault_to_chat.py"` prints what the whole way takes, with a real Kafka, worker, Prometheus,
Alertmanager and relay. There every wait of the rules and routes is a thirtieth, the window 3 s, scrapes 1 s apart:
7 to 8 s from the first lost record to the last of three groups, on a loaded machine of two cores.

## Before you use them / 使用之前

1. The rules know the jobs `voucherwatch`, `relay`, `alertmanager` and `prometheus` by name: `config/prometheus/prometheus.yml`.
2. Links lead to `http://127.0.0.1:3000` (Grafana) and `http://127.0.0.1:6068` (these pages). Put your two addresses in their
   place in all files under `config/prometheus/rules`.
3. Set the [limits](#limits) for your money, and name a service outside for the receiver `watchdog`.
4. Without the relay: `config/alertmanager/alertmanager.mail.yml` shows mail and a plain webhook. Texts for both languages
   are in `config/alertmanager/templates/voucherwatch.tmpl`.
5. Prometheus 2.42 and Alertmanager 0.25 or newer; `promtool check config` and `amtool check-config` before each reload.

Changed a threshold? `make test ARGS=tests/operations` says which stories no longer hold; `python -m tests.operations.texts` writes the
texts anew.

## All alerts / 全部告警

| alert | severity | team | in a sentence |
|---|---|---|---|"""
LIMITS_HEAD: Final = """## Limits

What an installation sets for itself, in major units: `config/prometheus/rules/limits.yml`.
各安装自行设定，单位为主货币单位。
"""

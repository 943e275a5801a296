"""The page of all alerts, from the rule files themselves: the comments above a rule say when, why and which knob."""

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
    return "\n".join([HEAD, *rows, "", *sections, LIMITS_HEAD, *_limits(), ""])


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


HEAD: Final = ""
LIMITS_HEAD: Final = ""

"""Stories for promtool: what the metrics do over minutes, and exactly which alerts fire at which time.

Each expectation is the whole set of alerts that fire, so that a story about one fault also says that nothing
else rings.  Only the watchdog, which rings always, is left out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import yaml

from docs.generate.alerts import RULES, rule_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WORKER: Final = {"job": "voucherwatch", "instance": "worker:6066"}
ALWAYS: Final = "VoucherwatchWatchdog"
FIRING: Final = f'count by (alertname, severity) (ALERTS{{alertstate="firing",alertname!="{ALWAYS}"}})'

Firing = dict[tuple[str, str], int]
"""(alert name without its prefix, severity) -> how many of it."""
Samples = dict[str, float]
"""Labels as promtool writes them -> value."""
AlertText = dict[str, dict[str, str]]
"""``labels`` without the name, and ``annotations``, of one alert."""
Texts = dict[str, list[AlertText]]
"""Alert name -> its alerts."""


@dataclass(frozen=True, slots=True)
class Story:
    """One test of promtool's."""

    name: str
    series: Mapping[str, str]
    """Selector -> values in promtool's notation, one a ``step``."""
    firing: Mapping[str, Firing] = field(default_factory=dict)
    """Time since the beginning -> all that fires then."""
    values: Mapping[str, Mapping[str, Samples]] = field(default_factory=dict)
    """Time -> query -> all its samples then, to six places and without the metric's name."""
    step: str = "1m"
    evaluation: str = "1m"
    files: tuple[str, ...] = ()
    """Names of the rule files to load, all if empty: a story of weeks needs few."""


def selector(metric: str, **labels: str) -> str:
    """Return a series of the one worker, labels in order, so that a story can replace a line of the healthy ones."""
    said = {**WORKER, **labels}
    return metric + "{" + ",".join(f'{name}="{value}"' for name, value in sorted(said.items()) if value) + "}"


def level(*parts: tuple[int, float | None]) -> str:
    """Return a gauge's values: for so many steps this value, None being no sample at all."""
    return " ".join("_" if value is None else f"{value:.12g}" for steps, value in parts for _ in range(steps))


def count(*parts: tuple[int, float]) -> str:
    """Return a counter's values: for so many steps so much more in each, from 0."""
    total, values = 0.0, []
    for steps, increment in parts:
        for _ in range(steps):
            values.append(f"{total:.12g}")
            total += increment
    return " ".join(values)


def fires(name: str, severity: str, instances: int = 1) -> Firing:
    """Return the expectation that this alert fires, so many times."""
    return {(name, severity): instances}


def promtool_file(story: Story, folder: Path, texts: Mapping[tuple[str, str], list[AlertText]] | None = None) -> Path:
    """Write the story as a file for ``promtool test rules`` and return its path.

    ``texts`` says how alerts read at a time: (time, alert name) -> all alerts of that name.
    """
    files = [path for path in rule_files() if not story.files or path.name in story.files]
    expectations = [
        *({"eval_time": time, "expr": FIRING, "exp_samples": _alerts(firing)} for time, firing in story.firing.items()),
        *(
            {"eval_time": time, "expr": f"round({query}, 0.000001)", "exp_samples": _samples(samples)}
            for time, queries in story.values.items()
            for query, samples in queries.items()
        ),
    ]
    document: dict[str, Any] = {
        "rule_files": [str(path) for path in files],
        "evaluation_interval": story.evaluation,
        # Groups read what others record; promtool evaluates them in this order.
        "group_eval_order": _order(tuple(files)),
        "tests": [
            {
                "name": story.name,
                "interval": story.step,
                "input_series": [{"series": series, "values": values} for series, values in story.series.items()],
                "promql_expr_test": expectations,
                "alert_rule_test": [
                    {"eval_time": time, "alertname": name, "exp_alerts": [_text(alert) for alert in alerts]}
                    for (time, name), alerts in (texts or {}).items()
                ],
            }
        ],
    }
    path = folder / "story.yml"
    path.write_text(json.dumps(document, ensure_ascii=False))  # JSON is YAML, and written in no time
    return path


@cache
def _order(files: tuple[Path, ...]) -> list[str]:
    """Return the names of the groups, those that record first."""
    first = [RULES / "limits.yml", RULES / "recording.yml"]
    ordered = [*(path for path in first if path in files), *(path for path in files if path not in first)]
    return [group["name"] for path in ordered for group in yaml.safe_load(path.read_text())["groups"]]


def _alerts(firing: Firing) -> list[dict[str, Any]]:
    return [
        {"labels": f'{{alertname="Voucherwatch{name}",severity="{severity}"}}', "value": instances}
        for (name, severity), instances in firing.items()
    ]


def _samples(samples: Mapping[str, float]) -> list[dict[str, Any]]:
    return [{"labels": labels, "value": round(value, 6)} for labels, value in samples.items()]


def _text(alert: AlertText) -> dict[str, dict[str, str]]:
    return {"exp_labels": alert["labels"], "exp_annotations": alert["annotations"]}

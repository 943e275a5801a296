"""Notifications as Alertmanager 0.25 posts them, for the tests of the relay."""

# ruff: noqa: ANN401  a payload is JSON, and its changes are, too

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

START_MS = 1_772_464_201_000
"""2 March 2026, 23:10:01 in China."""
MINUTE_MS = 60_000

ANNOTATIONS = {
    "summary": "Many vouchers without a record of the host",
    "summary_zh": "大量凭证主机无记录",
    "description": "12 in 5 minutes on link north.",
    "description_zh": "线路 north 五分钟内 12 笔。",
    "money": "CNY 1,536.00",
    "reach": "about 40 shops",
    "reach_zh": "约 40 家商户",
    "action": "Ask the host's operators.",
    "action_zh": "联系主机值班。",
    "value": "12",
    "runbook_url": "https://docs.example.com/orphan_terminal.md",
    "dashboard_url": "https://grafana.example.com/d/vw",
}


def rfc3339(at_ms: int) -> str:
    """Return a time as Go writes it, with nine digits."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{at_ms % 1_000:03d}000000Z"


def alert(name: str = "OrphansMany", ended_ms: int | None = None, **changes: Any) -> dict[str, Any]:
    """Return one alert; it fires, or ended at a time."""
    labels = {"alertname": name, "severity": "critical", "kind": "orphan_terminal", "link": "north"}
    return {
        "status": "firing" if ended_ms is None else "resolved",
        "labels": labels | changes.pop("labels", {}),
        "annotations": dict(changes.pop("annotations", ANNOTATIONS)),
        "startsAt": rfc3339(changes.pop("starts_ms", START_MS)),
        "endsAt": "0001-01-01T00:00:00Z" if ended_ms is None else rfc3339(ended_ms),
        "generatorURL": "http://prometheus:9090/graph",
        "fingerprint": changes.pop("fingerprint", f"fp-{name}"),
    }


def notification(*alerts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return one notification of version 4."""
    told = list(alerts) or [alert()]
    firing = any(one["status"] == "firing" for one in told)
    return {
        "version": "4",
        "groupKey": '{}:{alertname="OrphansMany"}',
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": "groups",
        "groupLabels": {"alertname": "OrphansMany"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": told,
    } | changes


def body(*alerts: dict[str, Any], **changes: Any) -> bytes:
    """Return the request's body for a notification."""
    return json.dumps(notification(*alerts, **changes), ensure_ascii=False).encode()


def record(number: int, status: str, amount: int, **changes: Any) -> bytes:
    """Return a record of the anomaly topic, ``a1`` for number 1."""
    return json.dumps(
        {
            "id": f"a{number}",
            "revision": 1,
            "kind": "mismatch",
            "severity": "critical",
            "status": status,
            "voucher": {"terminal_id": "10000017", "voucher_number": "000042"},
            "amount_at_risk": amount,
            "currency": "CNY",
            "opened_at": START_MS,
            "resolved_at": None,
        }
        | changes
    ).encode()

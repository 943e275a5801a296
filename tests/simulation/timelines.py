"""Histories written by hand: one line a record, in the words of the contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.simulation.oracle import Outcome, judge
from tests.simulation.oracle_policy import OraclePolicy

if TYPE_CHECKING:
    from tests.simulation.oracle import Record

START_MS = 1_700_000_000_000


def records(text: str) -> tuple[list[Record], list[Record]]:
    """Read lines like ``12.5 host sale 42 51 amount=700 original={"rrn":"R1"}``: seconds, source, kind, number, code.

    Terminal ``T1``, amount 1000 CNY; the code ``-`` gives none; ids count up from ``e1``.
    """
    logs: tuple[list[Record], list[Record]] = ([], [])
    for count, line in enumerate(text.strip().splitlines(), 1):
        seconds, source, kind, number, code, *extra = line.split()
        stamp = START_MS + round(float(seconds) * 1000)
        fields: dict[str, Any] = {
            "event_id": f"e{count}",
            "kind": kind,
            "event_time": stamp,
            "terminal_id": "T1",
            "merchant_id": "M1",
            "voucher_number": number,
            "amount": 1000,
            "currency": "CNY",
            "response_code": code,
        }
        if code == "-":
            del fields["response_code"]
        for item in extra:
            name, _, value = item.partition("=")
            fields[name] = json.loads(value) if value[0] in "{[0123456789tfn" and name not in _TEXTS else value
        log = logs[("terminal", "host").index(source)]
        log.append((len(log), stamp, json.dumps(fields).encode()))
    return logs


_TEXTS = ("rrn", "auth_code", "batch_number", "card", "currency", "event_id", "merchant_id", "terminal_id")


def told(text: str, policy: OraclePolicy | None = None, *, flush: bool = True) -> Outcome:
    """Judge a timeline."""
    return judge(*records(text), policy or OraclePolicy(), flush=flush)


def said(text: str, policy: OraclePolicy | None = None) -> list[str]:
    """Judge a timeline and say each anomaly in one line.

    The line is: kind, severity, amount, second of opening, then ``resolution@second`` or the status if not open.
    """
    return [_sentence(anomaly) for anomaly in told(text, policy).anomalies]


def _sentence(anomaly: dict[str, Any]) -> str:
    words = [anomaly["kind"], anomaly["severity"], str(anomaly["amount_at_risk"]), _second(anomaly["opened_at"])]
    if anomaly["status"] == "resolved":
        words.append(f"{anomaly['resolution']}@{_second(anomaly['resolved_at'])}")
    elif anomaly["status"] != "open":
        words.append(anomaly["status"])
    return " ".join(words)


def _second(stamp: int) -> str:
    return f"{(stamp - START_MS) / 1000:g}"

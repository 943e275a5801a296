"""What Alertmanager posts is read, named and bounded before it is kept."""

# ruff: noqa: ANN401  changes of a payload are JSON

from __future__ import annotations

import json
from typing import Any

import pytest

from streams.relay.notification import LONGEST_TEXT, MOST_ALERTS, UnreadableError, read_notification
from tests.unit.relay.payloads import MINUTE_MS, START_MS, alert, body, notification


def identity(*alerts: dict[str, Any], **changes: Any) -> str:
    """Return the name of a notification."""
    return read_notification(body(*alerts, **changes)).identity()


def test_times_of_go_are_read() -> None:
    """Nine digits of a second and the year 1 are times; the kept form reads back as the same."""
    read = read_notification(body(alert(ended_ms=START_MS + 123)))
    assert (read.alerts[0].starts_ms, read.alerts[0].ends_ms) == (START_MS, START_MS + 123)
    again = read_notification(read.kept())
    assert again.alerts == read.alerts
    assert again.identity() == read.identity()


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b'{"version": "4"}',
        body(version="3"),
        body() + b"x",
        json.dumps(notification() | {"alerts": []}).encode(),
        body(alert() | {"startsAt": "yesterday"}),
    ],
)
def test_anything_else_is_refused(wrong: bytes) -> None:
    """No body of another form gets in, and the reason does not quote it."""
    with pytest.raises(UnreadableError) as raised:
        read_notification(wrong)
    assert "yesterday" not in str(raised.value)


def test_a_retry_has_the_same_name() -> None:
    """Neither the order of the alerts nor a text changes it."""
    one, two = alert("A"), alert("B")
    first = identity(one, two)
    assert first == identity(two, one)
    assert first == identity(one | {"annotations": {"summary": "13 now"}}, two)


def test_what_is_another_notification_has_another_name() -> None:
    """A recovery, a new start, one more alert and another group are to be told."""
    names = [
        identity(alert()),
        identity(alert(ended_ms=START_MS + MINUTE_MS)),
        identity(alert(ended_ms=START_MS + 2 * MINUTE_MS)),
        identity(alert(starts_ms=START_MS + MINUTE_MS)),
        identity(alert(), alert("B")),
        identity(alert(), groupKey="{}:{}"),
        identity(alert(), truncatedAlerts=1),
        identity(alert(fingerprint="")),
        identity(alert(fingerprint="", labels={"link": "south"})),
    ]
    assert len(set(names)) == len(names)


def test_what_is_kept_is_bounded_and_the_most_urgent() -> None:
    """Of many alerts those that fire and are critical stay; the others are counted, long texts are cut."""
    minor = [alert(f"I{number}", labels={"severity": "info"}) for number in range(MOST_ALERTS)]
    over = [alert(f"R{number}", ended_ms=START_MS + 1) for number in range(10)]
    worst = alert("WORST", annotations={"summary": "x" * 100_000})
    kept = read_notification(read_notification(body(*over, *minor, worst, truncatedAlerts=7)).kept())
    assert kept.alerts[0].labels["alertname"] == "WORST"
    assert len(kept.alerts[0].annotations["summary"]) == LONGEST_TEXT
    assert len(kept.alerts) == MOST_ALERTS
    assert kept.truncated_alerts == 7 + 11
    assert kept.firing == kept.alerts


def test_a_card_number_is_neither_kept_nor_told() -> None:
    """Whoever wrote it into a rule: disk and group see a masked one."""
    body_digits = "62220212345678"
    card = next(body_digits + f"{end:02d}" for end in range(100) if luhn(body_digits + f"{end:02d}"))
    kept = read_notification(body(alert(annotations={"description": f"card {card} twice"}))).kept()
    assert card not in kept.decode()


def luhn(digits: str) -> bool:
    """Tell whether the check digit is right."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def test_a_warning_that_became_a_page_is_one_alert() -> None:
    """Of those that differ in nothing but severity the one that goes on is kept, then the more urgent."""
    warning, page = alert(labels={"severity": "warning"}, fingerprint="w"), alert(fingerprint="p")
    both = read_notification(read_notification(body(warning, page)).kept())
    assert [(one.severity, one.resolved) for one in both.alerts] == [("critical", False)]
    over = alert(ended_ms=START_MS + MINUTE_MS, fingerprint="p")
    less = read_notification(read_notification(body(over, warning, alert("Other"))).kept())
    assert sorted((one.labels["alertname"], one.severity, one.resolved) for one in less.alerts) == [
        ("OrphansMany", "warning", False),
        ("Other", "critical", False),
    ]
    assert less.truncated_alerts == 0

"""A notification in words: what happened, how much money, since when, likely reach, what to do, where to look.

The words come from annotations: ``summary``, ``description``, ``money``, ``reach``, ``cause``, ``action``,
each with ``_zh`` behind it for Chinese, and ``value``, ``runbook_url``, ``dashboard_url``.  What is missing in one
language is shown in the other; what is missing in both is left out.
"""

# ruff: noqa: RUF001  signs of Chinese text and of arithmetic

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streams.relay.message import Message, cut, link, plain
from streams.relay.notification import urgency
from streams.relay.wording import WORDS, duration_text, time_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.relay.notification import Alert, Notification

MOST_IN_FULL: Final = 5
"""Alerts told line by line; the others are counted."""
MOST_IN_DIGEST: Final = 40
"""Notifications that a digest names; the others are counted."""
LONGEST_TITLE_BYTES: Final = 400
TONES: Final = ("critical", "warning", "info")
SPOKEN: Final = {
    "summary": ("summary", "summary_zh"),
    "description": ("description", "description_zh"),
    "money": ("money", "money_zh"),
    "reach": ("reach", "reach_zh"),
    "cause": ("cause", "cause_zh"),
    "action": ("action", "action_zh"),
    "value": ("value",),
}
"""Fact -> the annotations that tell it, English first."""
_REACH: Final = ("link", "kind", "region", "software", "currency", "source", "topic", "instance", "job")
"""Labels that tell the reach where no annotation does."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a message says beside the notification; times in epoch milliseconds."""

    now_ms: int
    zone_minutes: int
    languages: tuple[str, ...] = ("zh",)
    keyword: str = ""
    """A word that the robot asks for in each message."""
    lost: int = 0
    """Messages to this robot that were dropped since the last one."""
    maybe_again: bool = False
    """Whether an earlier attempt may have arrived."""
    values: Mapping[str, str] | None = None
    """Fingerprint of a resolved alert -> its value now, where Prometheus told it."""


def render(notification: Notification, around: Circumstances) -> Message:
    """Return the message for one notification."""
    lines: list[str] = []
    for language in around.languages:
        lines += _notes(around, language)
        lines += _told(notification, around, language)
    titles = [_title(notification, language) for language in around.languages]
    return _message(titles, lines, _links(notification.alerts, around.languages), _tone(notification), around)


def render_digest(notifications: Sequence[Notification], around: Circumstances, limit: int) -> Message:
    """Return one message for many notifications, the most urgent first; ``limit`` is what a minute takes."""
    order = sorted(notifications, key=lambda one: (one.resolved, urgency(one.severity)))
    firing = sum(not one.resolved for one in order)
    lines: list[str] = []
    titles = []
    for language in around.languages:
        words = WORDS[language]
        counts = words["counts"].format(firing=firing, resolved=len(order) - firing)
        titles.append(f"[{words['digest']}] {counts}")
        lines += [*_notes(around, language), words["merged"].format(count=len(order), limit=limit)]
        lines += [f"- {_title(one, language)}{_when(one, around, language)}" for one in order[:MOST_IN_DIGEST]]
        if len(order) > MOST_IN_DIGEST:
            lines.append(words["more"].format(count=len(order) - MOST_IN_DIGEST))
    links = _links([one.alerts[0] for one in order[:1]], around.languages)
    return _message(titles, lines, links, _tone(order[0]), around)


def render_test(around: Circumstances) -> Message:
    """Return the message of ``voucherwatch relay test``."""
    titles = [f"[{WORDS[language]['test']}] voucherwatch" for language in around.languages]
    lines = [WORDS[language]["test_text"] for language in around.languages]
    lines.append(time_text(around.now_ms, around.zone_minutes))
    return _message(titles, lines, (), "info", around)


def _message(
    titles: Sequence[str], lines: Sequence[str], links: Sequence[str], tone: str, around: Circumstances
) -> Message:
    """Put the robot's keyword in front, where no cut takes it away."""
    title = " / ".join(titles)
    if around.keyword and around.keyword not in title:
        title = f"{around.keyword} {title}"
    return Message(cut(title, LONGEST_TITLE_BYTES), tuple(lines), tuple(links), tone, WORDS[around.languages[0]]["cut"])


def _tone(notification: Notification) -> str:
    if notification.resolved:
        return "resolved"
    return notification.severity if notification.severity in TONES else "warning"


def _title(notification: Notification, language: str) -> str:
    """Return state, severity and summary of the most urgent alert, with the number of alerts."""
    words = WORDS[language]
    first = (notification.firing or notification.alerts)[0]
    state = words["resolved" if notification.resolved else "firing"]
    severity = "" if notification.resolved else words.get(notification.severity, plain(notification.severity))
    many = len(notification.alerts) + notification.truncated_alerts
    head = " ".join(part for part in (state, severity) if part)
    return f"[{head}] {_summary(first, language)}{f' ×{many}' if many > 1 else ''}"


def _summary(alert: Alert, language: str) -> str:
    return _said(alert, "summary", language) or plain(alert.labels.get("alertname", "?"))


def _said(alert: Alert, name: str, language: str) -> str:
    """Return an annotation in a language, else in the other one."""
    order = reversed(SPOKEN[name]) if language == "zh" else SPOKEN[name]
    return next((plain(alert.annotations[key]) for key in order if alert.annotations.get(key)), "")


def _notes(around: Circumstances, language: str) -> list[str]:
    """Return what the reader has to know about the message itself."""
    words = WORDS[language]
    notes = [words["lost"].format(count=around.lost)] if around.lost else []
    return [*notes, words["maybe_again"]] if around.maybe_again else notes


def _told(notification: Notification, around: Circumstances, language: str) -> list[str]:
    """Return the lines about the alerts; what all of them share is told once, at the end."""
    words = WORDS[language]
    alerts = [*notification.firing, *(alert for alert in notification.alerts if alert.resolved)]
    shared = {name: text for name in ("money", "reach", "do") if (text := _shared(alerts, name, language))}
    lines: list[str] = []
    if not notification.resolved and len(notification.firing) < len(alerts):
        firing = len(notification.firing)
        lines.append(words["counts"].format(firing=firing, resolved=len(alerts) - firing))
    for number, alert in enumerate(alerts[:MOST_IN_FULL], 1):
        facts = [(name, text) for name, text in _facts(alert, around, language) if name not in shared]
        if len(alerts) == 1:
            lines += [f"**{words[name]}**{words['colon']}{text}" for name, text in facts]
        else:
            told = words["separator"].join(_in_a_row(words, name, text) for name, text in facts)
            lines.append(f"{number}. [{words['resolved' if alert.resolved else 'firing']}] {told}")
    left = len(alerts) - MOST_IN_FULL + notification.truncated_alerts
    if left > 0:
        lines.append(words["more"].format(count=left))
    return lines + [f"**{words[name]}**{words['colon']}{text}" for name, text in shared.items()]


def _shared(alerts: Sequence[Alert], name: str, language: str) -> str:
    """Return a fact that several alerts share, empty if they do not; what is over is asked for nothing."""
    asked = [alert for alert in alerts if not (name == "do" and alert.resolved)]
    said = {_field(alert, name, language) for alert in asked}
    return said.pop() if len(alerts) > 1 and len(said) == 1 else ""


def _in_a_row(words: Mapping[str, str], name: str, text: str) -> str:
    """Return a fact as one of several on a line."""
    text = text.rstrip("。.")
    return text if name in ("what", "was") else f"{words[name]} {text}"


def _facts(alert: Alert, around: Circumstances, language: str) -> list[tuple[str, str]]:
    """Return word and text of each fact about one alert, in the order in which it is read."""
    # The description of what is over was true while it fired, and is called so.
    facts = [("was" if alert.resolved else "what", _field(alert, "what", language))]
    facts += [("money", _field(alert, "money", language))]
    facts += _times(alert, around, language)
    facts += [("reach", _field(alert, "reach", language))]
    if not alert.resolved:
        facts += [("value", _said(alert, "value", language)), ("cause", _said(alert, "cause", language))]
        facts += [("do", _field(alert, "do", language))]
    return [(name, text) for name, text in facts if text]


def _field(alert: Alert, name: str, language: str) -> str:
    """Return one fact; labels tell the reach where no annotation does, and what is over asks for nothing."""
    if name == "what":
        return _said(alert, "description", language) or _summary(alert, language)
    if name == "do":
        return "" if alert.resolved else _said(alert, "action", language)
    if name == "reach" and not _said(alert, "reach", language):
        return ", ".join(f"{label}={plain(alert.labels[label])}" for label in _REACH if alert.labels.get(label))
    return _said(alert, name, language)


def _times(alert: Alert, around: Circumstances, language: str) -> list[tuple[str, str]]:
    """Return since when it fires; for a recovery also the end, the duration and the value."""
    since = time_text(alert.starts_ms, around.zone_minutes)
    if not alert.resolved:
        lasts = duration_text(around.now_ms - alert.starts_ms, language)
        return [("since", WORDS[language]["so_far"].format(time=since, duration=lasts))]
    now = (around.values or {}).get(alert.fingerprint, "")
    value = ("value_now", plain(now)) if now else ("value_then", _said(alert, "value", language))
    ended = time_text(alert.ends_ms, around.zone_minutes)
    return [
        value,
        ("lasted", duration_text(alert.ends_ms - alert.starts_ms, language)),
        ("since", since),
        ("ended", ended),
    ]


def _when(notification: Notification, around: Circumstances, language: str) -> str:
    first = (notification.firing or notification.alerts)[0]
    return f" · {WORDS[language]['since']} {time_text(first.starts_ms, around.zone_minutes)}"


def _links(alerts: Sequence[Alert], languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the links of the alerts, each address once."""
    words = WORDS[languages[0]]
    found: dict[str, str] = {}
    for alert in alerts:
        for name, word in (("runbook_url", words["runbook"]), ("dashboard_url", words["dashboard"])):
            address = alert.annotations.get(name, "")
            if address and len(found) < MOST_IN_FULL:
                found.setdefault(address, link(word, address))
    return tuple(found.values())

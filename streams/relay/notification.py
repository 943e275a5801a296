"""What Alertmanager posts to a webhook (payload version 4), decoded, named and cut to a size that can be kept."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  msgspec reads the annotations
from hashlib import blake2b
from typing import Final

import msgspec

from streams.core.masking import mask_text

VERSION: Final = "4"
MOST_ALERTS: Final = 50
"""Alerts of one notification that are kept; the others are counted."""
LONGEST_TEXT: Final = 2_000
"""Characters kept of one label or annotation: twice what any robot would show."""
MOST_TEXTS: Final = 64
"""Labels, and annotations, kept of one alert."""

SEVERITIES: Final = ("critical", "warning", "info")
"""Most urgent first; anything else stands behind them."""


class UnreadableError(ValueError):
    """The body is no notification; the text says what is wrong without quoting it."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert; times are as Alertmanager sent them, ``ends_at`` is in the year 1 while it fires."""

    status: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    starts_at: datetime = msgspec.field(name="startsAt")
    ends_at: datetime = msgspec.field(name="endsAt")
    fingerprint: str = ""

    @property
    def resolved(self) -> bool:
        """Whether this one is over."""
        return self.status == "resolved"

    @property
    def starts_ms(self) -> int:
        """When it began, epoch milliseconds."""
        return _epoch_ms(self.starts_at)

    @property
    def ends_ms(self) -> int:
        """When it ended, epoch milliseconds; of no meaning while it fires."""
        return _epoch_ms(self.ends_at)

    @property
    def severity(self) -> str:
        """The label ``severity``, or empty."""
        return self.labels.get("severity", "")


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """One group of alerts as Alertmanager notifies it."""

    version: str
    group_key: str = msgspec.field(name="groupKey")
    status: str
    truncated_alerts: int = msgspec.field(name="truncatedAlerts", default=0)
    alerts: list[Alert]

    @property
    def firing(self) -> list[Alert]:
        """The alerts that go on."""
        return [alert for alert in self.alerts if not alert.resolved]

    @property
    def resolved(self) -> bool:
        """Whether all of it is over."""
        return not self.firing

    @property
    def severity(self) -> str:
        """The most urgent severity among the alerts that fire, else among all."""
        return min((alert.severity for alert in self.firing or self.alerts), key=urgency, default="")

    def identity(self) -> str:
        """Return a text that is the same for a retry of this notification and another one for any other.

        Alertmanager gives no id.  A retry has the same group and the same alerts with the same states and
        times; texts may differ, as a changed annotation does not notify again either.
        """
        said = sorted(
            (
                alert.fingerprint or msgspec.json.encode(sorted(alert.labels.items())).decode(),
                alert.status,
                alert.starts_at.isoformat(),
                alert.ends_at.isoformat() if alert.resolved else "",
            )
            for alert in self.alerts
        )
        return blake2b(msgspec.json.encode([self.group_key, self.truncated_alerts, said]), digest_size=16).hexdigest()

    def kept(self) -> bytes:
        """Return what is kept until it is sent: the most urgent alerts with texts of a bounded length, as JSON.

        A warning that became a page is one alert: of those that differ in nothing but severity one is kept.
        """
        urgent = sorted(self.alerts, key=lambda alert: (alert.resolved, urgency(alert.severity), alert.starts_at))
        most_urgent: dict[tuple[tuple[str, str], ...], Alert] = {}
        for alert in urgent:
            most_urgent.setdefault(_but_severity(alert), alert)
        order = list(most_urgent.values())
        few = [
            msgspec.structs.replace(alert, labels=_short(alert.labels), annotations=_short(alert.annotations))
            for alert in order[:MOST_ALERTS]
        ]
        left = self.truncated_alerts + len(order) - len(few)
        return msgspec.json.encode(msgspec.structs.replace(self, alerts=few, truncated_alerts=left))


def _but_severity(alert: Alert) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, text) for name, text in alert.labels.items() if name != "severity"))


def read_notification(body: bytes) -> Notification:
    """Return the notification in a request's body; raises UnreadableError for anything else."""
    try:
        read = msgspec.json.decode(body, type=Notification)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # bytes that are no UTF-8 are a ValueError
        raise UnreadableError(f"this is no notification of Alertmanager's: {type(error).__name__}") from None
    if read.version != VERSION:
        raise UnreadableError(f"the payload's version is not {VERSION}")
    if not read.alerts:
        raise UnreadableError("the notification holds no alert")
    return read


def urgency(severity: str) -> int:
    """Return 0 for the most urgent severity and more for those after it."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _short(texts: dict[str, str]) -> dict[str, str]:
    """Return the first texts, each cut, card numbers masked: a rule must not bring one into a group or onto a disk."""
    kept = list(texts.items())[:MOST_TEXTS]
    return {name[:LONGEST_TEXT]: mask_text(text)[0][:LONGEST_TEXT] for name, text in kept}


def _epoch_ms(time: datetime) -> int:
    return round(time.timestamp() * 1_000)

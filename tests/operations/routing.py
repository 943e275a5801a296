"""Who hears of which alert, and what silences what: tables that the shipped Alertmanager files are held to."""

from __future__ import annotations

from typing import Final

from docs.generate.alerts import AlertRule, alert_rules

Labels = dict[str, str]

STANDARD: Final = "alertmanager.yml"
BY_MAIL: Final = "alertmanager.mail.yml"


def labels_of(name: str, severity: str, **more: str) -> Labels:
    """Return the labels with which an alert of ours reaches Alertmanager."""
    rule = next(rule for rule in alert_rules() if (rule.name, rule.severity) == (f"Voucherwatch{name}", severity))
    return {"alertname": rule.name, "cluster": "local", "job": "voucherwatch", **_kind(rule), **rule.labels, **more}


def _kind(rule: AlertRule) -> Labels:
    """Return the label of a kind, which the expression brings and the file's name tells."""
    return {"kind": rule.file.stem} if rule.file.parent.name == "kinds" else {}


ROUTES: Final[list[tuple[Labels, str, str]]] = [
    (labels_of("OrphanTerminal", "critical"), "chat", "chat mail-payments"),
    (labels_of("OrphanTerminal", "warning"), "chat", "mail-payments"),
    (labels_of("AmountAtRisk", "critical", currency="CNY"), "chat", "chat mail-payments"),
    (labels_of("MatchRate", "warning"), "chat", "mail-payments"),
    (labels_of("AnomaliesExpired", "info"), "chat", "mail-payments"),
    (labels_of("SourceStalled", "critical", source="host"), "chat", "chat mail-platform"),
    (labels_of("WorkerDown", "warning", instance="worker:6066"), "chat", "mail-platform"),
    (labels_of("CardInClear", "warning", source="terminal"), "chat", "mail-security"),
    (labels_of("RelayDown", "critical", job="relay"), "chat", "chat mail-platform"),
    (labels_of("NotificationsFailing", "warning", job="alertmanager"), "chat", "mail-platform"),
    (labels_of("Watchdog", "info", job=""), "watchdog", "watchdog"),
    ({"alertname": "SomebodyElses", "severity": "warning"}, "chat", "mail-platform"),
]
"""Labels -> receivers of the standard file, and of the one with mail."""

INHIBITED: Final[list[tuple[Labels, Labels, bool]]] = [
    # Nothing is judged.
    (labels_of("Down", "critical"), labels_of("OrphanTerminal", "critical"), True),
    (labels_of("Down", "critical"), labels_of("LargeAmount", "warning", currency="CNY"), True),
    (labels_of("Down", "critical"), labels_of("MatchRate", "critical"), True),
    (labels_of("Absent", "critical"), labels_of("Mismatch", "warning"), True),
    (labels_of("ReadsNothing", "critical"), labels_of("Unreversed", "critical"), True),
    (labels_of("Down", "critical"), labels_of("OrphanTerminal", "critical", job="other-site"), False),
    (labels_of("Down", "critical"), labels_of("CardInClear", "warning", source="host"), False),
    (labels_of("WorkerDown", "warning"), labels_of("OrphanTerminal", "critical"), False),
    # The whole explains its parts, and not the other way round.
    (labels_of("Down", "critical"), labels_of("WorkerDown", "warning", instance="worker:6066"), True),
    (labels_of("Down", "critical"), labels_of("ReadsNothing", "critical"), True),
    (labels_of("ReadsNothing", "critical"), labels_of("WatermarkStuck", "critical"), True),
    (labels_of("ReadsNothing", "critical"), labels_of("SourceStalled", "critical", source="host"), True),
    (labels_of("ReadsNothing", "critical"), labels_of("WorkerDown", "warning"), False),
    (labels_of("Down", "critical"), labels_of("RelayDown", "critical", job="relay"), False),
    # A dead feed.
    (labels_of("SourceStalled", "critical", source="host"), labels_of("OrphanTerminal", "critical"), True),
    (labels_of("SourceStalled", "critical", source="host"), labels_of("OrphanTerminal", "warning"), True),
    (labels_of("SourceStalled", "critical", source="terminal"), labels_of("OrphanHost", "critical"), True),
    (labels_of("SourceStalled", "critical", source="terminal"), labels_of("OrphanTerminal", "critical"), False),
    (labels_of("SourceStalled", "critical", source="host"), labels_of("OrphanHost", "critical"), False),
    (labels_of("SourceStalled", "critical", source="host"), labels_of("OutcomeConflict", "critical"), False),
    (labels_of("SourceStalled", "critical", source="host"), labels_of("HeldVerdicts", "warning"), False),
    (
        labels_of("SourceStalled", "critical", source="host"),
        labels_of("LargeAmount", "warning", kind="orphan_terminal", currency="CNY"),
        False,
    ),
    # A kind that pages, and the rate that it spoils.
    (labels_of("Mismatch", "critical"), labels_of("MatchRate", "critical"), True),
    (labels_of("Mismatch", "warning"), labels_of("MatchRate", "critical"), False),
    (labels_of("PartitioningFault", "critical"), labels_of("MatchRate", "critical"), False),
    (labels_of("AmountAtRisk", "critical", currency="CNY"), labels_of("MatchRate", "warning"), False),
    # A page, and its warning.
    (labels_of("Mismatch", "critical"), labels_of("Mismatch", "warning"), True),
    (labels_of("Mismatch", "critical"), labels_of("OutcomeConflict", "warning"), False),
    (labels_of("Lagging", "critical", source="host"), labels_of("Lagging", "warning", source="host"), True),
    (labels_of("Lagging", "critical", source="host"), labels_of("Lagging", "warning", source="terminal"), False),
    (
        labels_of("AmountAtRisk", "critical", currency="CNY"),
        labels_of("AmountAtRisk", "warning", currency="USD"),
        False,
    ),
]
"""An alert that fires, another one of the same cluster, and whether the first silences the second."""

"""Stories about the way of an alert to somebody's screen."""

from __future__ import annotations

from typing import Final

from tests.operations.healthy import healthy
from tests.operations.stories_of_kinds import QUIET
from tests.operations.story import Story, count, fires, level

RELAY_UP: Final = 'up{instance="relay:8080",job="relay"}'
ALERTMANAGER_UP: Final = 'up{instance="alertmanager:9093",job="alertmanager"}'
ROBOT: Final = 'instance="relay:8080",job="relay",receiver="night-shift"'

STORIES: Final = [
    Story(
        "relay and Alertmanager do not answer for five minutes",
        healthy(40, changed={name: level((10, 1), (5, 0), (25, 1)) for name in (RELAY_UP, ALERTMANAGER_UP)}),
        firing={
            "11m": QUIET,
            "12m": fires("RelayDown", "critical") | fires("AlertmanagerDown", "critical"),
            "25m": QUIET,
        },
    ),
    Story(
        "relay and Alertmanager are no targets",
        {name: values for name, values in healthy(20).items() if name not in {RELAY_UP, ALERTMANAGER_UP}},
        firing={"1m": QUIET, "2m": fires("RelayDown", "critical") | fires("AlertmanagerDown", "critical")},
    ),
    Story(
        "a robot refuses three times, then its messages wait, then they are dropped",
        healthy(
            80,
            changed={
                f'voucherwatch_relay_notifications_total{{{ROBOT},result="refused"}}': count((10, 0), (2, 1), (68, 0)),
                f'voucherwatch_relay_notifications_total{{{ROBOT},result="failed"}}': count((10, 0), (1, 1), (69, 0)),
                f'voucherwatch_relay_notifications_total{{{ROBOT},result="dropped"}}': count((40, 0), (1, 1), (39, 0)),
                f"voucherwatch_relay_oldest_seconds{{{ROBOT}}}": level((25, 300), (20, 301), (35, 0)),
            },
        ),
        firing={
            "11m": QUIET,
            "14m": fires("RelayNotificationsFailing", "warning"),
            "25m": fires("RelayNotificationsFailing", "warning"),
            "30m": fires("RelayNotificationsLate", "warning"),
            "41m": fires("RelayNotificationsLate", "warning") | fires("RelayNotificationsDropped", "critical"),
            "70m": QUIET,
        },
    ),
    Story(
        "a robot refuses twice and takes the message then",
        healthy(
            40,
            changed={
                f'voucherwatch_relay_notifications_total{{{ROBOT},result="refused"}}': count((10, 0), (2, 1), (28, 0)),
                f'voucherwatch_relay_notifications_total{{{ROBOT},result="sent"}}': count((40, 5)),
            },
        ),
        firing={"15m": QUIET},
    ),
    Story(
        "Alertmanager gives one notification up",
        healthy(
            40,
            changed={
                'alertmanager_notifications_failed_total{instance="alertmanager:9093",job="alertmanager",'
                'integration="webhook"}': count((10, 0), (1, 1), (29, 0))
            },
        ),
        firing={"11m": QUIET, "12m": fires("NotificationsFailing", "warning"), "30m": QUIET},
    ),
    Story(
        "Prometheus drops one alert and fails at one rule",
        healthy(
            40,
            changed={
                'prometheus_notifications_dropped_total{instance="localhost:9090",job="prometheus"}': count(
                    (10, 0), (1, 1), (29, 0)
                ),
                'prometheus_rule_evaluation_failures_total{instance="localhost:9090",job="prometheus",'
                'rule_group="rules/money.yml;voucherwatch-money"}': count((10, 0), (1, 1), (29, 0)),
            },
        ),
        firing={
            "11m": QUIET,
            "12m": fires("NotificationsDropped", "critical") | fires("RulesFailing", "warning"),
            "30m": QUIET,
        },
    ),
    Story(
        "a changed configuration was not taken by either",
        healthy(
            40,
            changed={
                'prometheus_config_last_reload_successful{instance="localhost:9090",job="prometheus"}': level(
                    (10, 1), (10, 0), (20, 1)
                ),
                'alertmanager_config_last_reload_successful{instance="alertmanager:9093",job="alertmanager"}': level(
                    (10, 1), (10, 0), (20, 1)
                ),
            },
        ),
        firing={"14m": QUIET, "15m": {("ConfigNotLoaded", "warning"): 2}, "30m": QUIET},
    ),
]

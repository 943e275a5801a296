"""From a host that loses records to the chat group: Kafka, worker, Prometheus, Alertmanager, relay, all of them real.

The shipped rules and routes run with every duration a thirtieth of itself.
"""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from tests.integration.relay_process import TOKEN, RelayProcess
from tests.integration.relay_robots import Robots
from tests.integration.short_windows import WINDOWS, Topics
from tests.integration.worker_process import WorkerProcess, free_port, until
from tests.operations.alertmanager import Notifier
from tests.operations.prometheus_server import PrometheusServer
from tests.operations.shortened import shortened_routes, shortened_rules
from tests.operations.steady_shop import AMOUNT, SteadyShop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.kafka_broker import KafkaBroker
    from tests.operations.programs import Programs

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]

PATIENCE_SECONDS: Final = 60.0
CALM_SECONDS: Final = 12.0
LOST: Final = 40
RECOVERY_SECONDS: Final = 20.0
"""How long an alert goes on after its cause, ``keep_firing_for`` shortened."""
VENDORS: Final = ("wecom", "dingtalk", "feishu")
ALERT: Final = ("[ALERT critical]", "[告警 严重]")
RECOVERY: Final = ("[RESOLVED]", "[已恢复]")
ORPHANS: Final = ("Terminals have slips that the host does not know", "终端有凭证，主机无记录")
DOWN: Final = ("No worker answers", "没有工作进程应答")


class Night:
    """Everything that an installation has, on loopback ports, from the broker to the chat groups."""

    def __init__(self, kafka: KafkaBroker, programs: Programs, folder: Path, stack: ExitStack) -> None:
        """Start all of it; ``stack`` stops it."""
        self.topics = Topics(kafka.bootstrap_servers, f"night-{time.time_ns():x}", {**WINDOWS, "links": {"north": {}}})
        self.worker = WorkerProcess(folder, self.topics.settings)
        stack.callback(self.worker.kill)
        self.robots = stack.enter_context(Robots())
        token = folder / "token"
        token.write_text(TOKEN)
        relay_folder = folder / "relay"
        relay_folder.mkdir()
        relay_port, notifier = free_port(), f"127.0.0.1:{free_port()}"
        # What is no target would be missed by the rules that watch the way of the alerts themselves.
        targets = {"voucherwatch": self.worker.port, "relay": relay_port}
        self.prometheus = PrometheusServer(
            folder / "prometheus",
            {job: [f"127.0.0.1:{port}"] for job, port in targets.items()} | {"alertmanager": [notifier]},
            shortened_rules(folder / "rules"),
            notifier=notifier,
        )
        told_by = f"http://{self.prometheus.address}"
        settings = {"receivers": self.robots.receivers(), "prometheus": told_by, "port": relay_port}
        self.relay = stack.enter_context(RelayProcess(relay_folder, settings))
        routes = folder / "alertmanager.yml"
        routes.write_text(yaml.safe_dump(shortened_routes(f"127.0.0.1:{self.relay.port}", token), allow_unicode=True))
        self.alertmanager = stack.enter_context(Notifier(programs, routes, folder, notifier))
        until(lambda: self.worker.lanes() == 1, PATIENCE_SECONDS)
        stack.enter_context(self.prometheus)

    def inhibited(self) -> set[str]:
        """Return the names of the alerts that another one silences."""
        alerts = self.alertmanager.get("/api/v2/alerts")
        return {alert["labels"]["alertname"] for alert in alerts if alert["status"]["inhibitedBy"]}

    def all_told(self, *texts: tuple[str, str], times: int = 1) -> bool:
        """Tell whether each group has so many messages that hold all texts, in the language of the group."""
        return all(len(found) >= times for found in self.told_any(*texts).values())

    def told_any(self, *texts: tuple[str, str]) -> dict[str, list[str]]:
        """Return for each vendor the messages that hold every text in English or Chinese."""
        return {
            vendor: [message for message in messages if all(any(one in message for one in text) for text in texts)]
            for vendor, messages in self.robots.messages.items()
        }

    def told(self, text: str) -> dict[str, list[str]]:
        """Return for each vendor the messages that hold a text."""
        return {
            vendor: [message for message in messages if text in message]
            for vendor, messages in self.robots.messages.items()
        }


@pytest.fixture
def night(kafka: KafkaBroker, programs: Programs, tmp_path: Path) -> Iterator[Night]:
    """A whole installation."""
    with ExitStack() as stack:
        yield Night(kafka, programs, tmp_path, stack)


def test_a_fault_reaches_the_groups_once_and_so_does_its_end(night: Night) -> None:
    """One message with money, reach and what to do, one of the recovery; a dead worker silences what it judged."""
    with SteadyShop(night.topics, "north") as shop:
        time.sleep(CALM_SECONDS)
        assert night.told("") == {vendor: [] for vendor in VENDORS}, "a calm hour is quiet"
        began = shop.lose(LOST)
        until(lambda: night.all_told(ALERT, ORPHANS), PATIENCE_SECONDS)
        sys.stderr.write(f"from the first lost record to the last of three groups: {time.time() - began:.1f} s\n")
        until(lambda: night.all_told(RECOVERY, ORPHANS), PATIENCE_SECONDS)
        for messages in night.told("").values():
            assert len(messages) == 2, messages
            _tells_what_to_do(messages[0])
            assert any(word in messages[1] for word in ("**Value now**", "**当前值**")), messages[1]
            assert any(word in messages[1] for word in ("**Lasted**", "**持续时间**")), messages[1]
        shop.lose(LOST)
        until(lambda: night.all_told(ALERT, ORPHANS, times=2), PATIENCE_SECONDS)
    night.worker.kill()
    until(lambda: night.all_told(ALERT, DOWN), PATIENCE_SECONDS)
    assert "VoucherwatchOrphanTerminal" in night.inhibited()
    # What is inhibited is not said to be over either: nobody knows.
    time.sleep(RECOVERY_SECONDS + PATIENCE_SECONDS / 10)
    assert {vendor: len(found) for vendor, found in night.told_any(RECOVERY).items()} == dict.fromkeys(VENDORS, 1)


def _tells_what_to_do(message: str) -> None:
    """What happened, how much money, since when, the likely reach, what to do and where to look."""
    assert f"{LOST * AMOUNT / 100:.2f} CNY" in message
    assert "north 4" in message, "the link and some forty vouchers"
    assert "orphan_terminal.md" in message
    assert "d/voucherwatch-anomalies" in message
    assert ("Do not swipe a card again" in message) or ("不要重新刷卡" in message)

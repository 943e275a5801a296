"""A real Alertmanager that posts to a relay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from tests.integration.relay_process import TOKEN
from tests.operations.alertmanager import Notifier

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operations.programs import Programs


def peer(programs: Programs, folder: Path, receiver: str) -> Notifier:
    """Return an Alertmanager with groups that are told at once; ``receiver`` is the webhook's address."""
    http = {"authorization": {"type": "Bearer", "credentials": TOKEN}}
    route = {
        "receiver": "relay",
        "group_by": ["alertname", "kind"],
        "group_wait": "100ms",
        "group_interval": "1s",
        "repeat_interval": "4h",
    }
    webhook = {"url": receiver, "send_resolved": True, "http_config": http}
    receivers = [{"name": "relay", "webhook_configs": [webhook]}]
    folder.mkdir()
    configuration = folder / "alertmanager.yml"
    configuration.write_text(yaml.safe_dump({"route": route, "receivers": receivers}))
    return Notifier(programs, configuration, folder)

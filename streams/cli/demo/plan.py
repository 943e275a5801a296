"""What one demo is told, and the configuration it gives to its worker."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path

SHORTEST_SECONDS: Final = 30.0
"""A worker needs some ten seconds until it reads, and the slowest usual fault some ten to end."""
DRAIN_SECONDS: Final = 4.0
"""Between the last simulated record and the end: the idle rule and a last look at the topics."""
PARTITIONS: Final = 4
USUAL_PORT: Final = 6066

WINDOWS: Final[dict[str, Any]] = {
    "pair_window": {"default": "3s", "reversal": "4s", "refund": "4s"},
    "in_progress_window": "4s",
    "reversal_window": "12s",
    "redelivery_horizon": "10s",
    "idle_lateness": "1s",
    "stall_after": "2s",
}
"""Seconds where a day has minutes, so that every window closes while somebody looks on."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One demo."""

    duration_s: float
    seed: int
    terminals: int
    rate: float
    """Events a second, both sources together."""
    scenario: str
    brokers: str
    """A cluster to run on; empty for the embedded broker."""
    run: str = field(default_factory=lambda: secrets.token_hex(3))
    """Part of the names on a shared cluster, where ``terminal-events`` may hold real traffic."""

    def topics(self) -> dict[str, str]:
        """Return the topic of every role."""
        usual = {
            "terminal": "terminal-events",
            "host": "host-events",
            "anomalies": "voucher-anomalies",
            "deadletter": "voucher-deadletter",
            "control": "voucher-control",
        }
        return {role: f"voucherwatch-demo-{self.run}-{name}" for role, name in usual.items()} if self.brokers else usual


def write_settings(plan: Plan, brokers: str, folder: Path) -> tuple[Path, Settings]:
    """Write the demo's configuration and return its path and what it says."""
    path = folder / "voucherwatch.yaml"
    document = {
        "bootstrap_servers": brokers,
        "topics": plan.topics(),
        "group_id": f"voucherwatch-demo-{plan.run}",
        "web_port": free_port(USUAL_PORT),
        "broker_timeout": "5s",
        "outage_allowance": "1h",
        **WINDOWS,
    }
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    # The caller's own settings are for his own cluster, not for this one.
    return path, load_settings(path, (), {})


def free_port(wanted: int) -> int:
    """Return the wanted port of this machine's loopback address, or any other if it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            # As aiohttp binds: a port that only remembers an earlier run counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return wanted

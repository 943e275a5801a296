"""The settings of the relay, which takes Alertmanager's notifications to chat robots."""

# ruff: noqa: RUF009  setting and optional return dataclass fields, which is what a default has to be

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.settings.declaring import optional, setting
from streams.settings.dialect_names import Zone
from streams.settings.kinds import Duration, File, Names, Text, Whole
from streams.settings.robots import Robots, Thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from streams.settings.robots import Robot

_KEY = Text(
    pattern=r"[\x21-\x7e]{16,512}",
    limit="16 to 512 ASCII characters without blanks",
    change="make one with: openssl rand -hex 32",
    secret=True,
)
_ADDRESS = r"https?://[^\s/?#@]+(/[^\s?#]*)?"
_WEB_ADDRESS = Text(
    pattern=_ADDRESS,
    limit="an http:// or https:// address without user, query and fragment",
    change="write it as http://host:port",
)
_PEERS = Names(
    pattern=_ADDRESS,
    limit="http:// or https:// addresses",
    change="write each peer as http://host:port",
    may_be_empty=True,
)


@dataclass(frozen=True)
class RelaySettings:
    """What ``voucherwatch relay`` is told; the worker reads none of it."""

    relay_host: str = setting(
        Text(), "127.0.0.1", "Address on which the relay listens; beyond this machine only with a token or key.",
        "Relay", "relay.host",
    )  # fmt: skip
    relay_port: int = setting(
        Whole(0, 65_535), 8080, "Port of /alertmanager, /metrics, /healthz and /readyz; 0 takes a free one.",
        "Relay", "relay.port",
    )  # fmt: skip
    relay_token: str | None = optional(_KEY, "Bearer token that Alertmanager has to send.", "Relay", "relay.token")
    relay_signing_key: str | None = optional(
        _KEY, "Key of the signature that other senders may give instead of the token.", "Relay", "relay.signing_key"
    )
    relay_receivers: Mapping[str, Robot] = setting(
        Robots(), {}, "Group robots by name; each is a receiver of its own.", "Relay", "relay.receivers"
    )
    relay_state: Path | None = optional(
        File(),
        "File in which messages wait until a robot has taken them; on a disk that survives a restart. Without one it is"
        " voucherwatch-relay.sqlite3 in the working folder.",
        "Relay",
        "relay.state",
    )
    relay_zone: int = setting(Zone(), 480, "Zone of the times in messages.", "Relay", "relay.zone")
    relay_repeat_window_ms: int = setting(
        Duration("1s", "1d"),
        "10m",
        "The same notification again within this time is a retry and is not sent again; longer than Alertmanager's"
        " group_interval, shorter than its repeat_interval.",
        "Relay",
        "relay.repeat_window",
    )
    relay_keep_for_ms: int = setting(
        Duration("1m", "7d"), "6h", "How long a message that no robot takes is kept and tried.", "Relay",
        "relay.keep_for",
    )  # fmt: skip
    relay_queue_limit: int = setting(
        Whole(10, 100_000), 1_000, "Messages that wait for one robot; beyond it the oldest is dropped.", "Relay",
        "relay.queue_limit",
    )  # fmt: skip
    relay_send_timeout_ms: int = setting(
        Duration("1s", "2m"), "10s", "How long one answer of a vendor is waited for.", "Relay", "relay.send_timeout"
    )
    relay_proxy: str | None = optional(
        Text(secret=True), "Proxy for the robots, as http://user:password@host:port.", "Relay", "relay.proxy"
    )
    relay_cafile: Path | None = optional(
        File(), "Certificates (PEM) that the vendors' certificates are checked against.", "Relay", "relay.cafile"
    )
    relay_prometheus: str | None = optional(
        _WEB_ADDRESS,
        "Prometheus that is asked for the current value in a recovery message.",
        "Relay",
        "relay.prometheus",
    )
    relay_direct_thresholds: Mapping[str, int] = setting(
        Thresholds(),
        {},
        "Single anomalies from this amount on are posted to Alertmanager at once; none by default.",
        "Relay",
        "relay.direct_thresholds",
    )
    relay_alertmanagers: tuple[str, ...] = setting(
        _PEERS, (), "Every Alertmanager peer that gets such anomalies.", "Relay", "relay.alertmanagers"
    )
    relay_direct_per_minute: int = setting(
        Whole(1, 60), 5, "Anomalies posted in a minute at most; more are only counted.", "Relay",
        "relay.direct_per_minute",
    )  # fmt: skip
    relay_direct_hold_ms: int = setting(
        Duration("1m", "1h"), "5m", "How far ahead each post of an open anomaly moves its end.", "Relay",
        "relay.direct_hold",
    )  # fmt: skip

"""Every setting, declared once: its kind, default, meaning and limits.

The attribute name is the key of the file; a duration's attribute has ``_ms`` behind it, since it is
held in milliseconds.  ``docs/configuration.md`` is generated from here.
"""

# ruff: noqa: RUF009  setting and optional return dataclass fields, which is what a default has to be

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from streams.core.dialects.dialect import RawFeed
from streams.core.policy import (
    COMPARABLE_FIELDS,
    DEFAULT_PAIR_WINDOW_MS,
    PAIR_WINDOW_EXCEPTIONS_MS,
    TRANSACTION_KINDS,
    LinkPolicy,
    Policy,
    default_pair_windows,
)
from streams.core.wire import SOURCES
from streams.settings.codes import ResponseCode, shipped_codes
from streams.settings.declaring import Setting, optional, setting
from streams.settings.diagnosis import shipped_model
from streams.settings.dialect_names import JSON, DialectName, Zone
from streams.settings.dialects import load_dialect
from streams.settings.kinds import Choice, Duration, File, Flag, Names, Text, Whole, WindowPerKind
from streams.settings.links import FieldMap, Links, LinkSettings
from streams.settings.maintenance import CutOvers, cut_overs_of
from streams.settings.relay import RelaySettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_TOPIC = Text(
    pattern=r"[A-Za-z0-9._-]{1,249}",
    limit="a Kafka topic name: 1 to 249 of letters, digits, dot, underscore and hyphen",
    change="write the topic's name",
)
_INSTANCE = Text(
    pattern=r"[A-Za-z0-9._-]{1,249}",
    limit="a name that Kafka takes: 1 to 249 of letters, digits, dot, underscore and hyphen",
    change="write a name without other signs",
)
_ADDRESSES = Names(
    pattern=r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):\d{1,5}",
    limit="addresses of the form host:port",
    change="write them as host:port, host:port",
)
TLS_PROTOCOLS = ("SSL", "SASL_SSL")
SASL_PROTOCOLS = ("SASL_PLAINTEXT", "SASL_SSL")


@dataclass(frozen=True)
class Settings(RelaySettings):
    """The whole configuration, checked; ``codes`` is the response-code table that it names."""

    bootstrap_servers: tuple[str, ...] = setting(
        _ADDRESSES, ("127.0.0.1:9092",), "Kafka brokers that are asked first.", "Kafka"
    )
    topic_terminal: str = setting(
        _TOPIC, "terminal-events", "Input: what the terminals printed and sent.", "Kafka", "topics.terminal"
    )
    topic_host: str = setting(_TOPIC, "host-events", "Input: what the host recorded.", "Kafka", "topics.host")
    topic_anomalies: str = setting(
        _TOPIC, "voucher-anomalies", "Output: one record for each revision of an anomaly.", "Kafka", "topics.anomalies"
    )
    topic_deadletter: str = setting(
        _TOPIC,
        "voucher-deadletter",
        "Output: records that could not be read, card numbers masked.",
        "Kafka",
        "topics.deadletter",
    )
    topic_control: str = setting(
        _TOPIC, "voucher-control", "Input: acknowledgements and maintenance windows.", "Kafka", "topics.control"
    )
    group_id: str = setting(
        Text(), "voucherwatch", "Consumer group; workers with the same name share the lanes.", "Kafka"
    )
    group_instance_id: str | None = optional(
        _INSTANCE,
        "Fixed name of this worker, so that a quick restart moves no lanes; each worker needs its own.",
        "Kafka",
    )
    session_timeout_ms: int = setting(
        Duration("1s", "30m"), "60s", "A worker that is silent for this long loses its lanes.", "Kafka"
    )
    broker_timeout_ms: int = setting(
        Duration("1s", "10m"), "15s", "How long a command waits for a broker before it gives up.", "Kafka"
    )
    security_protocol: str = setting(
        Choice(("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")),
        "PLAINTEXT",
        "How connections to Kafka are protected; passwords in clear need SASL_PLAINTEXT by name.",
        "Security",
    )
    sasl_mechanism: str = setting(
        Choice(("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")), "SCRAM-SHA-512", "How the password is proved.", "Security"
    )
    sasl_username: str | None = optional(Text(), "User name at the broker.", "Security")
    sasl_password: str | None = optional(Text(secret=True), "Password at the broker.", "Security")
    ssl_cafile: Path | None = optional(
        File(), "Certificates (PEM) that the brokers' certificates are checked against.", "Security"
    )
    ssl_certfile: Path | None = optional(File(), "This client's certificate (PEM).", "Security")
    ssl_keyfile: Path | None = optional(File(), "The key of this client's certificate (PEM).", "Security")
    ssl_key_password: str | None = optional(Text(secret=True), "Password of that key.", "Security")
    pair_window_ms: Mapping[str, int] = setting(
        WindowPerKind(TRANSACTION_KINDS, PAIR_WINDOW_EXCEPTIONS_MS, DEFAULT_PAIR_WINDOW_MS),
        default_pair_windows(),
        "How long one side of a voucher waits for the other. One duration, or `default`, stands for all kinds"
        " but reversal and refund, which have defaults of their own.",
        "Windows",
    )
    in_progress_window_ms: int = setting(
        Duration(),
        "180s",
        "How long an answer 'in progress' (09) waits for the final one; then it counts as unknown.",
        "Windows",
    )
    reversal_window_ms: int = setting(
        Duration(), "10m", "How long a voucher that needs a reversal waits for it after its later side.", "Windows"
    )
    redelivery_horizon_ms: int = setting(
        Duration(), "5m", "How long the same event is recognised as delivered again.", "Windows"
    )
    resolve_horizon_ms: int = setting(
        Duration(), "24h", "How long an open anomaly can be resolved by what comes late; then it expires.", "Windows"
    )
    originals_horizon_ms: int = setting(
        Duration(),
        "24h",
        "How far back originals of voids, refunds and completions are needed; inputs must be kept longer.",
        "Windows",
    )
    originals_min_cover_ms: int = setting(
        Duration("0s"),
        "2h",
        "How long originals must have been gathered before one is said not to exist; in a replay of files 0.",
        "Windows",
    )
    outage_allowance_ms: int = setting(
        Duration(),
        "24h",
        "How long the workers may be down without losing events; part of the retention that the inputs need.",
        "Windows",
    )
    idle_lateness_ms: int = setting(
        Duration(), "35s", "How late a record may appear on an input that seems idle.", "Blind spots"
    )
    stall_after_ms: int = setting(
        Duration(), "30s", "A source that is silent for this long, while the other speaks, has stalled.", "Blind spots"
    )
    stall_min_events: int = setting(
        Whole(1, 1_000_000),
        5,
        "How many events the other source must give before a silence counts as a stall.",
        "Blind spots",
    )
    hold_limit_ms: int = setting(
        Duration(), "30m", "How long verdicts about a stalled source are held at most.", "Blind spots"
    )
    future_skew_ms: int = setting(
        Duration(),
        "60s",
        "How far ahead of the wall clock a record may be where producers set timestamps.",
        "Blind spots",
    )
    allow_create_time: bool = setting(
        Flag(),
        default=False,
        meaning="Accept inputs whose timestamps the producers set; anomalies may then differ from run to run.",
        section="Blind spots",
    )
    terminal_default_outcome: str = setting(
        Choice(("approved", "declined", "rejected", "unknown")),
        "approved",
        "Outcome of a terminal event with neither outcome nor response code.",
        "Judgement",
    )
    both_unknown: str = setting(
        Choice(("matched", "wait")),
        "matched",
        "Two unknown outcomes with the same response code are matched, or wait for a reversal.",
        "Judgement",
    )
    lane_key: str = setting(
        Choice(("terminal_id", "merchant_id")),
        "terminal_id",
        "What the records of both inputs are keyed by; by merchant, a refund finds its original at another till.",
        "Judgement",
    )
    completion_max_percent: int = setting(
        Whole(100, 1_000),
        115,
        "How much of the pre-authorised amount a completion may take, in percent.",
        "Judgement",
    )
    batch_in_key: bool = setting(
        Flag(),
        default=False,
        meaning="Vouchers pair only within one batch; an event without a batch number is then a bad record.",
        section="Judgement",
    )
    compare_fields: tuple[str, ...] = setting(
        Names(options=COMPARABLE_FIELDS),
        COMPARABLE_FIELDS,
        "Fields that two approved sides must agree in.",
        "Judgement",
    )
    links: Mapping[str, LinkSettings] = setting(
        Links(),
        {},
        "Host links by name: told apart in metrics, each with settings of its own where it differs.",
        "Judgement",
    )
    cut_over: tuple[str, ...] = setting(
        CutOvers(),
        (),
        "When hosts change their business day, every day: anomalies then are marked as inside maintenance.",
        "Judgement",
    )
    field_map: Mapping[str, Mapping[str, str]] = setting(
        FieldMap(),
        {},
        "For a source with other JSON names: their name and the field of the event it stands for.",
        "Judgement",
    )
    response_codes: Path | None = optional(
        File(), "CSV table of response codes; without it the shipped table is used.", "Judgement"
    )
    diagnosis: bool = setting(
        Flag(),
        default=True,
        meaning="Say the likeliest cause of each anomaly, with its evidence and what to do next.",
        section="Judgement",
    )
    dialect_terminal: str = setting(
        DialectName(), JSON, "How the terminal topic is written: JSON, or raw ISO 8583.", "Dialects", "dialect.terminal"
    )
    dialect_host: str = setting(
        DialectName(), JSON, "How the host topic is written: JSON, or raw ISO 8583.", "Dialects", "dialect.host"
    )
    dialect_terminal_link: str | None = optional(
        Text(), "Link of the terminal topic's raw messages, which name none.", "Dialects", "dialect.terminal_link"
    )
    dialect_host_link: str | None = optional(
        Text(), "Link of the host topic's raw messages, which name none.", "Dialects", "dialect.host_link"
    )
    dialect_zone: int = setting(
        Zone(), 480, "Zone of local times in raw messages, which bear none (fields 12, 13).", "Dialects", "dialect.zone"
    )
    commit_interval_ms: int = setting(
        Duration("100ms", "1m"),
        "1s",
        "How often the position is committed; a crash repeats at most this much.",
        "Worker",
    )
    liveness_after_ms: int = setting(
        Duration("5s", "1h"),
        "60s",
        "A worker that reads nothing for this long although records wait ends with exit code 6.",
        "Worker",
    )
    ledger_dir: Path | None = optional(
        File(),
        "Folder for the ledger of originals, kept across restarts. Without it the ledger is in memory, and every start"
        " reads `originals_horizon` again.",
        "Worker",
    )
    ledger_memory_mib: int = setting(
        Whole(16, 65_536), 256, "MiB of memory for the ledgers on disk, of all lanes of a worker together.", "Worker"
    )
    max_pending: int = setting(
        Whole(1_000, 100_000_000), 10_000_000, "Vouchers of one lane that wait for their other side.", "Worker"
    )
    max_waiting: int = setting(
        Whole(1_000, 100_000_000), 200_000, "Records of one lane that wait for the other source.", "Worker"
    )
    max_evidence_bytes: int = setting(
        Whole(0, 65_536), 4_096, "Bytes of unknown extra fields kept with an event.", "Worker"
    )
    max_open_anomalies: int = setting(
        Whole(100, 10_000_000), 200_000, "Open anomalies of one lane that can still be resolved.", "Worker"
    )
    web_host: str = setting(
        Text(), "127.0.0.1", "Address on which /metrics, /healthz and /readyz are served.", "Worker"
    )
    web_port: int = setting(Whole(1, 65_535), 6066, "Port of these pages.", "Worker")
    log_level: str = setting(
        Choice(("debug", "info", "warning", "error")), "info", "The least severe event that is logged.", "Worker"
    )
    log_format: str = setting(
        Choice(("auto", "json", "console")),
        "auto",
        "JSON lines or plain text; auto is text on a terminal, else JSON.",
        "Worker",
    )
    codes: Mapping[str, ResponseCode] = field(default_factory=shipped_codes, repr=False)
    """The rows of the response-code table by code; read from the file that ``response_codes`` names."""
    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Dotted key -> the place where its value was written; keys at their default are missing."""

    def policy(self, *, diagnosing: bool = True) -> Policy:
        """Return the part that decides verdicts, as the core takes it.

        ``diagnosing=False`` leaves the model of diagnosis out, whose files are read here: for those who judge nothing.
        """
        return Policy(
            **{name: getattr(self, name) for name in _SHARED},
            default_link=LinkPolicy(self.batch_in_key, self.compare_fields),
            links={name: self.link_policy(name) for name in self.links},
            response_codes={code: row.outcome for code, row in self.codes.items()},
            field_maps=self.field_map,
            raw_feeds=self._raw_feeds(),
            diagnosis=shipped_model() if diagnosing and self.diagnosis else None,
            cut_overs=tuple(cut_overs_of(self.cut_over, self.links)),
            by_merchant=self.lane_key == "merchant_id",
        )

    def _raw_feeds(self) -> Mapping[str, RawFeed]:
        """Return how raw messages are read, for each source that sends any."""
        said = ((name, load_dialect(link.dialect)) for name, link in self.links.items() if link.dialect)
        by_link = {name: dialect for name, dialect in said if dialect is not None}
        found = {}
        for source in SOURCES:
            dialect = load_dialect(getattr(self, f"dialect_{source}"))
            link = getattr(self, f"dialect_{source}_link") or ""
            if dialect is not None or by_link:
                found[source] = RawFeed(dialect, link, by_link, self.dialect_zone)
        return found

    def link_policy(self, name: str) -> LinkPolicy:
        """Return how vouchers of one named link are keyed and compared."""
        said = self.links[name]
        return LinkPolicy(
            self.batch_in_key if said.batch_in_key is None else said.batch_in_key,
            self.compare_fields if said.compare_fields is None else said.compare_fields,
            said.institution or "",
        )


_SHARED = tuple(
    item.name
    for item in dataclasses.fields(Policy)
    if item.name
    not in (
        "default_link",
        "links",
        "response_codes",
        "field_maps",
        "raw_feeds",
        "diagnosis",
        "cut_overs",
        "by_merchant",
    )
)
"""Settings and policy spell these alike and mean the same."""


def declared() -> Iterator[Setting]:
    """Yield every setting in the order of the file: the worker's, then the relay's."""
    relays = {item.name for item in dataclasses.fields(RelaySettings)}
    for item in sorted(dataclasses.fields(Settings), key=lambda item: item.name in relays):
        said = item.metadata.get("setting")
        if isinstance(said, Setting):
            yield dataclasses.replace(said, key=said.key or item.name.removesuffix("_ms"), attribute=item.name)

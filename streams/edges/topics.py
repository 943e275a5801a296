"""Creates and checks the topics: what the contract's table asks of each, and what the brokers say."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from streams.errors import UnreachableError
from streams.settings import format_duration, kafka_python_options, quiet_client

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from streams.settings import Settings

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
ANOMALIES_KEPT_MS: Final = 7 * DAY_MS
DEAD_LETTERS_KEPT_MS: Final = 14 * DAY_MS


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and how it is; ``change`` is empty where nothing needs to be changed."""

    about: str
    """What was looked at, for example ``topic terminal-events``."""
    says: str
    """How it is, with the value and, if it is wrong, the limit."""
    change: str = ""
    fatal: bool = False
    """Whether a worker must not start with it."""

    @property
    def sentence(self) -> str:
        """The whole as one sentence."""
        return f"{self.about}: {self.says}; {self.change}." if self.change else f"{self.about}: {self.says}."


@dataclass(frozen=True, slots=True)
class TopicState:
    """What the brokers say of one topic; ``settings`` are its effective settings as text."""

    partitions: int
    settings: Mapping[str, str]


def needed_retention_ms(settings: Settings) -> int:
    """Return how long the inputs must be kept: originals_horizon + 2 L + outage allowance, in whole hours."""
    needed_ms = (
        settings.originals_horizon_ms + 2 * settings.policy(diagnosing=False).memory_ms + settings.outage_allowance_ms
    )
    return -(-needed_ms // HOUR_MS) * HOUR_MS


def wanted_settings(settings: Settings) -> dict[str, dict[str, str]]:
    """Return the settings with which each topic is created, in the order of the contract's table."""
    retention_ms = str(needed_retention_ms(settings))
    source = {
        "message.timestamp.type": "LogAppendTime",
        "cleanup.policy": "delete",
        "retention.ms": retention_ms,
    }
    return {
        settings.topic_terminal: source,
        settings.topic_host: source,
        settings.topic_anomalies: {"cleanup.policy": "compact,delete", "retention.ms": str(ANOMALIES_KEPT_MS)},
        settings.topic_deadletter: {"cleanup.policy": "delete", "retention.ms": str(DEAD_LETTERS_KEPT_MS)},
        settings.topic_control: {"cleanup.policy": "compact"},
    }


def create_topics(settings: Settings, partitions: int, replication: int) -> list[str]:
    """Create the topics that are missing and return their names; raises UnreachableError without a broker.

    Inputs, anomalies and dead letters get ``partitions`` partitions; the control topic has one.
    """
    created = []
    with _admin(settings) as admin:
        present = {topic["name"] for topic in admin.describe_topics() if not topic.get("error_code")}
        for name, config in wanted_settings(settings).items():
            if name in present:
                continue
            count = 1 if name == settings.topic_control else partitions
            wish = {name: {"num_partitions": count, "replication_factor": replication, "configs": config}}
            try:
                admin.create_topics(wish, wait_for_metadata=True)
            except TopicAlreadyExistsError:
                # Somebody else was faster, which is as good.
                continue
            created.append(name)
    return created


def topic_ids(settings: Settings) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return both inputs with the ids that the brokers gave them; raises UnreachableError without a broker.

    A topic that was deleted and made anew has another id.  Brokers before 2.8 give none: the id is empty.
    """
    names = (settings.topic_terminal, settings.topic_host)
    with _admin(settings) as admin:
        found = {topic["name"]: str(topic.get("topic_id") or "") for topic in admin.describe_topics(list(names))}
    return (names[0], found.get(names[0], "")), (names[1], found.get(names[1], ""))


def check_topics(settings: Settings) -> list[Finding]:
    """Return what was found of every topic, in the contract's order; raises UnreachableError without a broker."""
    with _admin(settings) as admin:
        states = _read(admin, list(wanted_settings(settings)))
    return judge_topics(settings, states)


def judge_topics(settings: Settings, states: Mapping[str, TopicState]) -> list[Finding]:
    """Return what the contract's table says to the state of the topics; a missing topic is missing in ``states``."""
    findings: list[Finding] = []
    for name in wanted_settings(settings):
        state = states.get(name)
        if state is None:
            findings.append(
                Finding(
                    f"topic {name}",
                    "does not exist",
                    "create it with 'voucherwatch topics create'",
                    fatal=name != settings.topic_control,
                )
            )
            continue
        wrong = [*_judge_partitions(settings, name, states), *_judge_settings(settings, name, state)]
        findings += wrong or [Finding(f"topic {name}", f"{state.partitions} partitions, settings as needed")]
    return findings


def _judge_partitions(settings: Settings, name: str, states: Mapping[str, TopicState]) -> Iterator[Finding]:
    """Yield a finding for a topic that has not the terminal topic's number of partitions."""
    first = states.get(settings.topic_terminal)
    if first is None or name not in (settings.topic_host, settings.topic_anomalies):
        return
    count = states[name].partitions
    if count != first.partitions:
        yield Finding(
            f"topic {name}",
            f"it has {count} partitions, but {settings.topic_terminal} has {first.partitions}",
            "give both the same number; see 'Changing partition counts' in docs/operations.md",
            fatal=True,
        )


def _judge_settings(settings: Settings, name: str, state: TopicState) -> Iterator[Finding]:
    """Yield a finding for each setting of one topic that loses or blurs records."""
    about = f"topic {name}"
    policy = set(state.settings.get("cleanup.policy", "delete").split(","))
    if name in (settings.topic_terminal, settings.topic_host):
        yield from _judge_input(settings, about, state, policy)
    elif name == settings.topic_anomalies:
        if "compact" not in policy:
            yield Finding(about, "cleanup.policy lacks compact", "set cleanup.policy=compact,delete")
        yield from _judge_retention(about, state, policy, max(ANOMALIES_KEPT_MS, settings.resolve_horizon_ms))
    elif name == settings.topic_deadletter:
        if "compact" in policy:
            yield Finding(
                about,
                "cleanup.policy is compact, so of each terminal only the last bad record stays",
                "set cleanup.policy=delete",
            )
    elif policy != {"compact"}:
        yield Finding(about, f"cleanup.policy is {','.join(sorted(policy))}", "set cleanup.policy=compact")


def _judge_input(settings: Settings, about: str, state: TopicState, policy: set[str]) -> Iterator[Finding]:
    stamp = state.settings.get("message.timestamp.type", "CreateTime")
    if stamp != "LogAppendTime" and not settings.allow_create_time:
        yield Finding(
            about,
            f"message.timestamp.type is {stamp}, so clocks of producers would decide deadlines",
            "set message.timestamp.type=LogAppendTime, or allow_create_time: true to accept it",
            fatal=True,
        )
    if "compact" in policy:
        yield Finding(
            about,
            "cleanup.policy is compact, which drops events of a terminal",
            "set cleanup.policy=delete",
            fatal=True,
        )
    yield from _judge_retention(about, state, policy, needed_retention_ms(settings))


def _judge_retention(about: str, state: TopicState, policy: set[str], needed_ms: int) -> Iterator[Finding]:
    """Yield a finding if records can be deleted before they may be needed."""
    if "delete" not in policy:
        return
    kept_ms = int(state.settings.get("retention.ms", "-1"))
    if 0 <= kept_ms < needed_ms:
        yield Finding(
            about,
            f"retention.ms keeps records for {format_duration(kept_ms)}, {format_duration(needed_ms)} are needed",
            f"set retention.ms={needed_ms} or more",
        )


def _read(admin: Any, names: list[str]) -> dict[str, TopicState]:  # noqa: ANN401  kafka-python is untyped
    """Return the state of the topics that exist."""
    partitions = {
        topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics() if not topic.get("error_code")
    }
    present = [name for name in names if name in partitions]
    if not present:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in present]
    described = admin.describe_configs(resources, config_filter="all")["topic"]
    return {
        name: TopicState(
            partitions[name],
            {key: str(entry["value"]) for key, entry in described[name].items() if entry["value"] is not None},
        )
        for name in present
    }


@contextmanager
def _admin(settings: Settings) -> Iterator[Any]:
    """Open an admin client; every failure of the brokers becomes one sentence, so the library need not log it."""
    try:
        with quiet_client(), closing(KafkaAdminClient(**kafka_python_options(settings))) as admin:
            yield admin
    except (KafkaError, OSError) as error:
        raise UnreachableError(
            f"No answer from the brokers {', '.join(settings.bootstrap_servers)} within"
            f" {settings.broker_timeout_ms / 1000:g} s ({type(error).__name__}); check the address, the network and"
            " security_protocol."
        ) from error

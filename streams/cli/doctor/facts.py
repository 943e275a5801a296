"""What doctor reads from the cluster: plain values, so that the judging needs no broker."""

# ruff: noqa: PLC0415  heavy libraries are imported by the command that needs them

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from streams.errors import UnreachableError
from streams.settings import kafka_python_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka import KafkaConsumer
    from kafka.admin import KafkaAdminClient

    from streams.settings import Settings


RETRY_SECONDS: Final = 0.3


@dataclass(frozen=True, slots=True)
class Sampled:
    """One record of an input: partition, offset, broker timestamp in epoch milliseconds, key, value."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Facts:
    """The state of cluster, inputs and group at one moment; sources are ``terminal`` and ``host``."""

    now_ms: int
    """This machine's clock."""
    brokers: int
    """Brokers that hold a part of any topic."""
    partitions: Mapping[str, int]
    """Source -> number of partitions; a missing topic is missing here."""
    leaderless: tuple[str, ...] = ()
    """Partitions of our topics that no broker leads, as ``topic-number``."""
    thin: tuple[str, ...] = ()
    """Partitions of our topics with fewer copies in step than there should be."""
    samples: Mapping[str, tuple[Sampled, ...]] = field(default_factory=dict)
    group_state: str = ""
    group_members: int = 0
    ends: Mapping[str, Mapping[int, tuple[int, int]]] = field(default_factory=dict)
    """Source -> partition -> first offset and end offset."""
    commits: Mapping[tuple[str, int], tuple[int, str]] = field(default_factory=dict)
    """(Source, partition) -> committed offset and metadata."""


def read_facts(settings: Settings, sample: int, now_ms: int) -> Facts:
    """Read everything; ``sample`` is the number of newest records of each input to look at.

    Raises UnreachableError if no broker answers within ``broker_timeout``.
    """
    from kafka import KafkaConsumer
    from kafka.admin import KafkaAdminClient
    from kafka.errors import BrokerResponseError, KafkaError

    options = kafka_python_options(settings)
    try:
        admin = KafkaAdminClient(**options)
        try:
            consumer = KafkaConsumer(**options, enable_auto_commit=False)
            try:
                return _read(settings, admin, consumer, sample, now_ms)
            finally:
                consumer.close(autocommit=False)
        finally:
            admin.close()
    except BrokerResponseError as error:
        raise UnreachableError(
            f"The brokers {', '.join(settings.bootstrap_servers)} refused a question with {type(error).__name__};"
            f" check the rights of {settings.sasl_username or 'this client'} on topics and group."
        ) from error
    except (KafkaError, OSError) as error:
        raise UnreachableError(
            f"No answer from the brokers {', '.join(settings.bootstrap_servers)} within"
            f" {settings.broker_timeout_ms / 1000:g} s ({type(error).__name__}); check the address, the network and"
            " security_protocol."
        ) from error


def _read(settings: Settings, admin: KafkaAdminClient, consumer: KafkaConsumer, sample: int, now_ms: int) -> Facts:
    """Read brokers, partitions, samples and the group with two open clients."""
    inputs = {"terminal": settings.topic_terminal, "host": settings.topic_host}
    found = {topic["name"]: topic for topic in admin.describe_topics() if not topic.get("error_code")}
    partitions = {source: len(found[name]["partitions"]) for source, name in inputs.items() if name in found}
    ends = {source: _ends(consumer, inputs[source], count) for source, count in partitions.items()}
    samples = {
        source: _newest(consumer, inputs[source], ends[source], max(1, sample // max(1, count)))
        for source, count in partitions.items()
    }
    state, members = _group(admin, settings)
    commits = _committed(admin, settings, inputs)
    # The client's own describe_cluster raises KeyError at brokers that know only its oldest version.
    brokers = {node for topic in found.values() for part in topic["partitions"] for node in part["replica_nodes"]}
    ours = [(name, part) for name in _ours(settings) if name in found for part in found[name]["partitions"]]
    return Facts(
        now_ms,
        len(brokers),
        partitions,
        tuple(f"{name}-{part['partition_index']}" for name, part in ours if part["leader_id"] < 0),
        tuple(f"{name}-{p['partition_index']}" for name, p in ours if len(p["isr_nodes"]) < len(p["replica_nodes"])),
        samples,
        state,
        members,
        ends,
        commits,
    )


def _ours(settings: Settings) -> tuple[str, ...]:
    """Return the names of all topics of the product."""
    return (
        settings.topic_terminal,
        settings.topic_host,
        settings.topic_anomalies,
        settings.topic_deadletter,
        settings.topic_control,
    )


def _ends(consumer: KafkaConsumer, topic: str, count: int) -> dict[int, tuple[int, int]]:
    """Return the first and the end offset of every partition."""
    from kafka import TopicPartition

    places = [TopicPartition(topic, number) for number in range(count)]
    first, end = consumer.beginning_offsets(places), consumer.end_offsets(places)
    return {place.partition: (first[place], end[place]) for place in places}


def _newest(consumer: KafkaConsumer, topic: str, ends: Mapping[int, tuple[int, int]], each: int) -> tuple[Sampled, ...]:
    """Return the newest records of every partition, at most ``each`` of one; stops when no more come."""
    from kafka import TopicPartition

    wanted = {number: max(first, end - each) for number, (first, end) in ends.items() if end > first}
    consumer.assign([TopicPartition(topic, number) for number in wanted])
    for number, offset in wanted.items():
        consumer.seek(TopicPartition(topic, number), offset)
    taken: list[Sampled] = []
    left = {number: ends[number][1] for number in wanted}
    while left:
        fetched: dict[Any, list[Any]] = consumer.poll(timeout_ms=2_000, max_records=2_000)
        for place, records in fetched.items():
            taken.extend(Sampled(place.partition, r.offset, r.timestamp, r.key, r.value) for r in records)
            if records[-1].offset + 1 >= left.get(place.partition, 0):
                left.pop(place.partition, None)
        if not fetched:
            break
    return tuple(taken)


def _group(admin: KafkaAdminClient, settings: Settings) -> tuple[str, int]:
    """Return the state of the consumer group and how many members it has."""
    from kafka.errors import GroupIdNotFoundError

    group = settings.group_id
    try:
        described = _asked(lambda: admin.describe_groups([group]), settings).get(group) or {}
    except GroupIdNotFoundError:
        # Brokers from 4.0 on say so instead of describing a dead group.
        return "", 0
    return str(described.get("group_state", "")), len(described.get("members") or ())


def _asked(question: Callable[[], dict[str, Any]], settings: Settings) -> dict[str, Any]:
    """Ask until there is an answer: a cluster that has just started looks for a coordinator first."""
    from kafka.errors import KafkaTimeoutError, RetriableError

    until = time.monotonic() + settings.broker_timeout_ms / 1_000
    while True:
        try:
            return question()
        except KafkaTimeoutError:
            raise
        except RetriableError:
            if time.monotonic() > until:
                raise
            time.sleep(RETRY_SECONDS)


def _committed(
    admin: KafkaAdminClient, settings: Settings, inputs: Mapping[str, str]
) -> dict[tuple[str, int], tuple[int, str]]:
    """Return offset and metadata of each commit to an input."""
    from kafka.errors import GroupIdNotFoundError

    names = {topic: source for source, topic in inputs.items()}
    group = settings.group_id
    try:
        committed = _asked(lambda: admin.list_group_offsets({group: None}), settings).get(group) or {}
    except GroupIdNotFoundError:
        return {}
    return {
        (names[place.topic], place.partition): (commit.offset, str(commit.metadata or ""))
        for place, commit in committed.items()
        if place.topic in names and commit.offset >= 0
    }

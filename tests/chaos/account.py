"""What a chaos run owes: the anomalies that one undisturbed lane finds in the same log, no more and no other."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition

from streams.core.lane import Lane
from tests.simulation.crashes import PROMISED, CopiedLedger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from streams.core.lane import LaneOutput
    from streams.settings import Settings

AFTER_END_MS = 60_000
"""How far the reference passes the last record: more than every window of the run."""
OUTSIDE = frozenset({"held", "limited"})
EPISODES = frozenset({"source_stalled", "partitioning_fault"})

Record = dict[str, Any]


@dataclass
class Account:
    """The comparison; all ids."""

    expected: int = 0
    aside: int = 0
    """Outside the promise: marked held or limited, or an episode of a whole worker."""
    lost: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    contradictory: list[str] = field(default_factory=list)
    differences: dict[str, str] = field(default_factory=dict)
    """Id of a contradictory one -> what differs."""
    hidden: list[str] = field(default_factory=list)
    """Those whose last record is not the newest: compaction would keep the wrong one."""
    letters_lost: list[str] = field(default_factory=list)
    letters_invented: list[str] = field(default_factory=list)
    records: int = 0
    """Records in the anomaly topic, repeats included."""
    events: int = 0
    """Records in both inputs."""

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        faults = (self.lost, self.invented, self.contradictory, self.hidden, self.letters_lost, self.letters_invented)
        return not any(faults)


def read_topic(servers: str, topic: str, partitions: int) -> Iterator[tuple[int, Any]]:
    """Yield every record of a topic with its partition number, in the order of offsets of each partition."""
    consumer = KafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    places = [TopicPartition(topic, number) for number in range(partitions)]
    consumer.assign(places)
    consumer.seek_to_beginning(*places)
    ends = consumer.end_offsets(places)
    while any(consumer.position(place) < ends[place] for place in places):
        for place, records in consumer.poll(timeout_ms=300).items():
            for record in records:
                yield place.partition, record
    consumer.close()


def last_log_time(servers: str, settings: Settings, partitions: int) -> int:
    """Return the log time of the newest record of both inputs."""
    topics = (settings.topic_terminal, settings.topic_host)
    return max(int(record.timestamp) for topic in topics for _, record in read_topic(servers, topic, partitions))


def promised(record: Record) -> Record:
    """Return what the promise covers of one record."""
    legs = {side: leg and leg["event_id"] for side, leg in record["legs"].items()}
    return {**{name: record[name] for name in PROMISED}, "legs": legs}


def judge(servers: str, settings: Settings, partitions: int, *, disk: bool) -> Account:
    """Compare the output topics with what one lane for each partition finds in the inputs.

    Where the workers' ledgers were on ``disk``, deliveries of long ago are recognised, in the reference too.
    """
    account = Account()
    reference, letters = _reference(servers, settings, partitions, account, disk=disk)
    newest, account.hidden = _newest(servers, settings, partitions, account)
    for anomaly in sorted(reference.keys() | newest.keys()):
        owed, found = reference.get(anomaly), newest.get(anomaly)
        if any(_is_outside(record) for record in (owed, found) if record is not None):
            account.aside += 1
        elif found is None:
            account.lost.append(anomaly)
        elif owed is None:
            account.invented.append(anomaly)
        elif promised(owed) != promised(found):
            account.contradictory.append(anomaly)
            account.differences[anomaly] = _difference(promised(owed), promised(found))
    account.expected = len(reference)
    said = {_letter_name(record) for _, record in read_topic(servers, settings.topic_deadletter, partitions)}
    account.letters_lost = sorted(letters - said)
    account.letters_invented = sorted(said - letters)
    return account


def _is_outside(record: Record) -> bool:
    return record["kind"] in EPISODES or bool(OUTSIDE & set(record["marks"]))


def _reference(
    servers: str, settings: Settings, partitions: int, account: Account, *, disk: bool
) -> tuple[Mapping[str, Record], set[str]]:
    """Run one lane for each partition over the whole log, undisturbed."""
    topics = (settings.topic_terminal, settings.topic_host)
    logs: list[tuple[list[Any], list[Any]]] = [([], []) for _ in range(partitions)]
    for source, topic in enumerate(topics):
        for number, record in read_topic(servers, topic, partitions):
            logs[number][source].append((record.offset, record.timestamp, record.key, record.value))
            account.events += 1
    end_ms = max(record[1] for log in logs for records in log for record in records)
    newest: dict[str, Record] = {}
    letters: set[str] = set()
    for number, log in enumerate(logs):
        ledger = CopiedLedger() if disk else None
        lane = Lane(number, settings.policy(), partitions=partitions, ledger=ledger)
        outputs = [lane.feed(source, log[source]) for source in (0, 1)]
        outputs += [lane.caught_up(source, end_ms + settings.idle_lateness_ms + AFTER_END_MS) for source in (0, 1)]
        for output in outputs:
            newest |= _changes(output)
            letters |= {f"{topics[letter.source]}-{number}-{letter.offset}" for letter in output.dead_letters}
    return newest, letters


def _changes(output: LaneOutput) -> dict[str, Record]:
    return {change.anomaly_id: json.loads(change.encode(0)) for change in output.changes}


def _newest(
    servers: str, settings: Settings, partitions: int, account: Account
) -> tuple[Mapping[str, Record], list[str]]:
    """Return the newest record of each anomaly by (generation, revision), and the ids where it is not the last."""
    newest: dict[str, Record] = {}
    last: dict[str, Record] = {}
    for _, record in read_topic(servers, settings.topic_anomalies, partitions):
        value = json.loads(record.value)
        account.records += 1
        last[value["id"]] = value
        known = newest.get(value["id"])
        if known is None or _order(value) >= _order(known):
            newest[value["id"]] = value
    return newest, [anomaly for anomaly, value in last.items() if _order(value) != _order(newest[anomaly])]


def _order(record: Record) -> tuple[int, int]:
    return record["generation"], record["revision"]


def _letter_name(record: Any) -> str:  # noqa: ANN401  kafka-python is untyped
    headers = {name: value.decode() for name, value in record.headers}
    return f"{headers['source-topic']}-{headers['source-partition']}-{headers['source-offset']}"


def _difference(owed: Record, found: Record) -> str:
    return "; ".join(f"{name} {owed[name]!r} became {found[name]!r}" for name in owed if owed[name] != found[name])


def explain(account: Account, most: int = 3) -> Iterable[str]:
    """Yield a line for each list of faults that is not empty."""
    for name in ("lost", "invented", "contradictory", "hidden", "letters_lost", "letters_invented"):
        ids = getattr(account, name)
        if ids:
            yield f"{name}: {', '.join(ids[:most])}{' ...' if len(ids) > most else ''}"
    yield from list(account.differences.values())[:most]

"""What the newest records of an input say: undecodable ones, unmapped codes, defaults, leaks, wrong partitions."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from streams.cli.finding import Remark
from streams.core.decode import Decoder, Tally
from streams.core.event import Event
from streams.core.partitioner import partition_of
from streams.core.wire import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.cli.doctor.facts import Facts, Sampled
    from streams.core.policy import Policy

MAX_WRONG_SHARE: Final = 0.01
"""The share of terminals in a wrong partition from which a lane gives no orphan verdicts."""

_MEND: Final = {
    "empty": "find the producer that sends records without a value",
    "too_large": "find the producer that sends more than 64 KiB, or have it send less",
    "malformed": "have the producer send JSON in UTF-8",
    "not_an_object": "have the producer send one JSON object a record",
    "missing_field": "add the field at the producer, or name theirs in field_map",
    "invalid_field": "mend the field at the producer",
    "key_mismatch": "have the producer use as the record key what lane_key names",
    "source_mismatch": "find the producer that writes to the other source's topic",
    "unknown_kind": "have the producer use the kinds of the event page",
    "future_timestamp": "mend the producer's clock, or use LogAppendTime",
    "iso8583": "check the dialect of this link",
}


def judge_samples(facts: Facts, policy: Policy) -> Iterator[Remark]:
    """Yield what the samples of both inputs say."""
    for source, name in enumerate(SOURCES):
        records = facts.samples.get(name)
        if records:
            yield from _judge(source, records, facts, policy)
        elif name in facts.partitions:
            yield Remark(f"{name} records", "the topic is empty", f"start what feeds the {name} topic")


def _judge(source: int, records: tuple[Sampled, ...], facts: Facts, policy: Policy) -> Iterator[Remark]:
    """Yield what the records of one source say."""
    about = f"{SOURCES[source]} records"
    tally: Tally = defaultdict(int)
    decoder = Decoder(source, policy, tally, check_keys=True)
    reasons: Counter[tuple[str, str]] = Counter()
    unmapped: Counter[str] = Counter()
    for record in records:
        read = decoder.decode(
            record.offset, record.timestamp_ms, record.timestamp_ms, record.key, record.value, facts.now_ms
        )
        if read is None:
            continue  # a message that is skipped, such as a request
        if not isinstance(read, Event):
            reasons[read.reason, read.detail] += 1
        elif read.body.response_code and read.body.response_code not in policy.response_codes:
            unmapped[read.body.response_code] += 1
    good = len(records) - reasons.total()
    yield Remark(about, f"{good} of the newest {len(records)} can be read")
    for (reason, detail), count in reasons.most_common():
        yield Remark(about, f"dead letters for {reason} ({detail}): {count}", _MEND.get(reason, "see the event page"))
    for code, count in unmapped.most_common():
        change = "ask the network what it means and add it to the table that response_codes names"
        yield Remark(about, f"response code {code} is in no table and counts as unknown, seen in {count}", change)
    yield from _judge_tally(about, tally, policy)
    yield from _judge_partitions(source, records, facts)


def _judge_tally(about: str, tally: Tally, policy: Policy) -> Iterator[Remark]:
    """Yield what the decoder counted besides."""
    for (counter, labels), count in sorted(tally.items()):
        if counter == "terminal_outcome_defaulted_total":
            yield Remark(
                about,
                f"neither outcome nor response_code, taken as {policy.terminal_default_outcome}: {count}",
                "have the terminals send one of them, or set terminal_default_outcome to what they mean",
            )
        elif counter == "card_in_clear_total":
            change = "have the producer mask it before it is sent"
            yield Remark(about, f"card number in clear, field {labels[1]}: {count}", change)


def _judge_partitions(source: int, records: tuple[Sampled, ...], facts: Facts) -> Iterator[Remark]:
    """Yield whether the keys lie in the partitions where the other source's keys lie."""
    count = facts.partitions[SOURCES[source]]
    homes = {(record.key, record.partition) for record in records if record.key}
    wrong = [key for key, partition in homes if partition_of(key, count) != partition]
    about = f"{SOURCES[source]} partitions"
    if homes and len(wrong) > MAX_WRONG_SHARE * len(homes):
        yield Remark(
            about,
            f"{len(wrong)} of {len(homes)} keys are not where murmur2 puts them, at most 1 % may be",
            "set partitioner=murmur2_random at librdkafka producers, or the default partitioner at others",
        )
    elif homes:
        yield Remark(about, f"{len(homes)} keys are where murmur2 puts them")

"""``doctor`` judges plain facts: each finding says what is wrong and what to change."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from streams.cli.doctor.facts import Facts, Sampled
from streams.cli.doctor.group import judge_brokers, judge_clock, judge_group
from streams.cli.doctor.samples import judge_samples
from streams.cli.finding import Remark
from streams.core.lane import Cut
from streams.core.partitioner import partition_of
from streams.settings import Settings

NOW_MS = 1_772_409_600_000
FINE = Facts(
    NOW_MS,
    brokers=3,
    partitions={"terminal": 2, "host": 2},
    group_state="Stable",
    group_members=2,
    ends={"terminal": {0: (0, 10), 1: (0, 0)}, "host": {0: (0, 8), 1: (0, 0)}},
    commits={
        (source, 0): (4, Cut(NOW_MS - 40_000, NOW_MS - 90_000, (4, 4), (10, 7), 2).metadata())
        for source in ("terminal", "host")
    },
)


def facts(**changes: object) -> Facts:
    """Return the facts of a sound cluster with these changes."""
    return dataclasses.replace(FINE, **changes)  # type: ignore[arg-type]


def findings(remarks: Any) -> list[str]:  # noqa: ANN401  any iterable of remarks
    """Return the sentences of what has to be changed."""
    return [remark.sentence() for remark in remarks if remark.is_finding]


def record(key: str = "T1", partition: int | None = None, value: bytes | None = None, **fields: object) -> Sampled:
    """Return a sampled sale, by default where murmur2 puts it."""
    sale = {
        "event_id": "e1",
        "kind": "sale",
        "event_time": "2026-03-02T08:00:00+08:00",
        "terminal_id": key,
        "merchant_id": "M1",
        "voucher_number": "1",
        "amount": 100,
        "currency": "CNY",
        "response_code": "00",
        **fields,
    }
    home = partition_of(key.encode(), 2) if partition is None else partition
    return Sampled(home, 5, NOW_MS - 1_000, key.encode(), json.dumps(sale).encode() if value is None else value)


def of_terminal(*records: Sampled) -> list[str]:
    """Return the findings of a sample of the terminal topic."""
    sampled = facts(partitions={"terminal": 2}, samples={"terminal": records})
    return findings(judge_samples(sampled, Settings().policy()))


def test_a_sound_cluster_has_no_findings() -> None:
    """Brokers, group and clock as they should be."""
    settings = Settings()
    remarks = [*judge_brokers(settings, FINE), *judge_group(settings, FINE), *judge_clock(FINE)]
    assert findings(remarks) == []
    assert remarks[-1] == Remark(
        "group voucherwatch", "everything up to 40 s ago is judged; records not yet read: terminal 0, host 1"
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"leaderless": ("host-events-1",)},
            "brokers: no broker leads host-events-1; bring back the brokers that hold copies of them.",
        ),
        (
            {"thin": ("host-events-1", "host-events-2")},
            ("brokers: copies are missing or behind for host-events-1, host-events-2;"
            " look for a broker that is down or slow."),
        ),
        (
            {"group_members": 0},
            "group voucherwatch: no worker is running; start one with voucherwatch worker.",
        ),
        (
            {"commits": {("terminal", 0): FINE.commits["terminal", 0]}},
            "group voucherwatch: no commit yet for host-0; check the log of the worker that owns them.",
        ),
        (
            {"ends": {"terminal": {0: (5, 10)}, "host": {0: (0, 8)}}},
            ("group voucherwatch: terminal-0 is committed at 4, but records before 5 are gone;"
            " raise the topic's retention above 24h plus the windows."),
        ),
        (
            {"partitions": {"terminal": 3, "host": 2}},
            ("group voucherwatch: terminal had 2 partitions when it was committed and has 3 now;"
            " follow the migration page before the workers are started again."),
        ),
        (
            {"commits": {**FINE.commits, ("host", 0): (8, "")}},
            ("group voucherwatch: the commit of host-0 has no note of voucherwatch's own;"
            " give the group a name that nothing else uses."),
        ),
        (
            {"now_ms": NOW_MS + 100_000},
            ("group voucherwatch: everything up to 140 s ago is judged; records not yet read: terminal 0, host 1;"
            " check that workers run and keep up; a held source holds this clock too."),
        ),
    ],
    ids=["leader", "copies", "worker", "commit", "retention", "partitions", "foreign", "age"],
)  # fmt: skip
def test_each_fault_of_the_cluster_is_one_sentence(changes: dict[str, object], sentence: str) -> None:
    """What is wrong, with its value, and what to change."""
    settings, changed = Settings(), facts(**changes)
    assert findings([*judge_brokers(settings, changed), *judge_group(settings, changed)]) == [sentence]


def test_a_broker_clock_ahead_of_ours_is_found() -> None:
    """A record from the future says that clocks differ; a record of the past says nothing."""
    ahead = dataclasses.replace(record(), timestamp_ms=NOW_MS + 3_000)
    assert findings(judge_clock(facts(samples={"host": (record(), ahead)}))) == [
        (
            "clocks: the newest record is 3000 ms ahead of this machine, at most 2000 ms may be;"
            " set the clocks of brokers and workers by the same time servers."
        )
    ]


def test_an_empty_topic_is_named() -> None:
    """A topic without records is the first thing to mend."""
    assert of_terminal() == ["terminal records: the topic is empty; start what feeds the terminal topic."]


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (
            record(value=b"{"),
            "terminal records: dead letters for malformed (",
        ),
        (
            record(merchant_id=None),
            "terminal records: dead letters for missing_field (",
        ),
        (
            record(response_code="QQ"),
            ("terminal records: response code QQ is in no table and counts as unknown, seen in 1;"
            " ask the network what it means and add it to the table that response_codes names."),
        ),
        (
            record(response_code=None),
            ("terminal records: neither outcome nor response_code, taken as approved: 1;"
            " have the terminals send one of them, or set terminal_default_outcome to what they mean."),
        ),
        (
            record(partition=1 - partition_of(b"T1", 2)),
            ("terminal partitions: 1 of 1 keys are not where murmur2 puts them, at most 1 % may be;"
            " set partitioner=murmur2_random at librdkafka producers, or the default partitioner at others."),
        ),
    ],
    ids=["malformed", "missing", "unmapped", "defaulted", "partition"],
)  # fmt: skip
def test_each_fault_of_the_records_is_one_sentence(bad: Sampled, sentence: str) -> None:
    """A sample of one record shows one fault."""
    (found,) = of_terminal(bad)
    assert found.startswith(sentence)


def test_a_clear_card_number_is_found_and_not_shown() -> None:
    """The finding names the field; the number appears nowhere."""
    number = "4" + "1" * 15
    (found,) = of_terminal(record(card=number))
    assert (
        found == "terminal records: card number in clear, field card: 1; have the producer mask it before it is sent."
    )

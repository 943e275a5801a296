"""Replay of a range of topics: whole it is a replay of files, in part it tells of its own vouchers alone."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from streams.errors import UsageError
from streams.replay.kafka import RangeReplay, plan_lanes, replay_range
from streams.replay.kafka_range import TimeRange
from streams.replay.run import replay_files
from streams.settings import load_settings
from tests.unit.replay.topics import ListReader, as_files, as_topics, silent, simulated

if TYPE_CHECKING:
    from pathlib import Path

    from streams.core.policy import Policy

MINUTE = 60_000
START = 1_772_409_600_000
PROMISED = (
    "id",
    "kind",
    "severity",
    "status",
    "resolution",
    "voucher",
    "fields",
    "amount_at_risk",
    "currency",
    "opened_at",
    "resolved_at",
)
"""What is equal however a log was read; places in the log differ between files and topics."""


def policy(*overrides: str) -> Policy:
    """Return the default policy with some settings changed."""
    return load_settings(None, overrides, {}, live=False).policy()


def promised(record: dict[str, Any]) -> dict[str, Any]:
    """Return the part of an anomaly that determinism covers."""
    legs = {name: leg and (leg["event_id"], leg["log_time"]) for name, leg in record["legs"].items()}
    return {**{name: record[name] for name in PROMISED}, "legs": legs}


def replayed(reader: ListReader, from_ms: int, to_ms: int, *, flush: bool = True) -> RangeReplay:
    """Replay a range under the default policy."""
    span = TimeRange(from_ms, to_ms, to_ms)
    (found,) = replay_range(reader, [policy()], span, silent(), flush=flush)
    return found


@pytest.mark.parametrize(("seed", "flush"), [(1, True), (2, True), (3, False)])
def test_the_whole_range_is_a_file_replay(seed: int, flush: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Partitions judged one by one find what one lane finds in files, and count the same."""
    records = [record for record in simulated(20, seed) if record.at_ms < START + 20 * MINUTE]
    terminal, host = as_files(records, tmp_path)
    expected = replay_files([terminal], [host], policy(), flush=flush)
    found = replayed(as_topics(records, 4), START, records[-1].at_ms + 1, flush=flush).result
    assert len(found.records) > 50
    assert [promised(record) for record in found.records] == [promised(record) for record in expected.records]
    assert found.summary == expected.summary
    assert flush or int(str(found.summary["pending"])) > 0


def test_a_part_of_the_range_tells_of_its_own_vouchers(tmp_path: Path) -> None:
    """Reading begins earlier, so what was begun before is known and nothing of the range is misjudged."""
    records = simulated(30, 4)
    from_ms = START + 15 * MINUTE
    terminal, host = as_files(records, tmp_path)
    whole = replay_files([terminal], [host], policy()).records
    found = replayed(as_topics(records, 3), from_ms, records[-1].at_ms + 1).result

    def began_inside(record: dict[str, Any]) -> bool:
        return all(leg["log_time"] >= from_ms for leg in record["legs"].values() if leg)

    # A repeat may lie inside while the voucher that it repeats began earlier.
    expected = [promised(r) for r in whole if began_inside(r) and r["kind"] != "duplicate_voucher"]
    assert [promised(r) for r in found.records if r["kind"] != "duplicate_voucher"] == expected
    assert 50 < len(expected) < len(whole) - 50
    assert {r["id"] for r in found.records} < {r["id"] for r in whole}


def sale(number: int, name: str, **fields: object) -> bytes:
    """Return the value of an approved sale."""
    base = {
        "event_id": name,
        "kind": "sale",
        "event_time": "2026-03-02T08:00:00+08:00",
        "terminal_id": "T1",
        "merchant_id": "M1",
        "voucher_number": str(number),
        "amount": 100,
        "currency": "CNY",
        "response_code": "00",
    }
    return json.dumps({**base, **fields}).encode()


@pytest.fixture
def story() -> ListReader:
    """A terminal's half hour; the range begins at minute 20 and ends at minute 30."""
    reader = ListReader(1)

    def said(at_s: float, source: int, value: bytes, key: bytes = b"T1", gap: int = 0) -> None:
        reader.add(source, START + int(at_s * 1000), key, value, gap=gap)

    said(0, 0, b"bad, and before the range")
    said(1, 0, sale(1, "t1"))
    said(2, 1, sale(1, "h1"))
    said(1195, 0, sale(2, "t2 begins before the range, and its other side comes inside"))
    said(1196, 0, sale(3, "t3 begins before the range, its deadline is inside"))
    said(1201, 1, sale(2, "h2"))
    said(1210, 0, sale(4, "t4 has both sides inside"), gap=3)
    said(1211, 1, sale(4, "h4"), gap=7)
    said(1211, 1, sale(4, "h4"))
    said(1220, 0, sale(5, "t5 is alone inside"))
    said(1230, 0, sale(6, "t6 has the key of another"), b"T2")
    said(1790, 0, sale(7, "t7 is pending at the end"))
    said(1801, 1, sale(7, "h7 is behind the end"))
    return reader


def test_only_vouchers_that_begin_inside_are_counted(story: ListReader, tmp_path: Path) -> None:
    """Verdicts, redeliveries, bad records and pending vouchers of the range alone; keys are checked."""
    letters = tmp_path / "bad.jsonl"
    span = TimeRange(START + 20 * MINUTE, START + 30 * MINUTE, START + 60 * MINUTE)
    (found,) = replay_range(story, [policy()], span, silent(), deadletter=letters)
    assert [record["voucher"]["voucher_number"] for record in found.result.records] == ["5"]
    counted = {key: value for key, value in found.result.summary.items() if value}
    assert counted == {
        "events": 6,
        "rejected": {"key_mismatch": 1},
        "redelivered": 1,
        "matched": 1,
        "pending": 1,
        "anomalies": {"orphan_terminal": 1},
        "amount_at_risk": {"CNY": 100},
    }
    (row,) = [json.loads(line) for line in letters.read_text().splitlines()]
    assert (row["topic"], row["partition"], row["offset"], row["reason"]) == ("terminal-events", 0, 9, "key_mismatch")
    assert b"t6" in base64.b64decode(row["value"])


def test_a_flush_judges_what_is_pending(story: ListReader) -> None:
    """Only on request: behind the end of the range there is more."""
    found = replayed(story, START + 20 * MINUTE, START + 30 * MINUTE, flush=True).result
    assert [record["voucher"]["voucher_number"] for record in found.records] == ["5", "7"]
    assert found.summary["pending"] == 0


def test_deadlines_before_the_end_pass_without_any_record(story: ListReader) -> None:
    """Everything up to the end was read, so its silence is real: no flush is needed."""
    early = replayed(story, START + 1_219_000, START + 1_279_000, flush=False).result
    assert (early.summary["pending"], early.records) == (1, [])
    late = replayed(story, START + 1_219_000, START + 1_281_000, flush=False).result
    assert [record["opened_at"] for record in late.records] == [START + 1_280_000]


def test_two_policies_are_judged_from_one_reading(story: ListReader) -> None:
    """Each has its own lanes; the longest window of both decides where reading begins."""
    span = TimeRange(START + 20 * MINUTE, START + 30 * MINUTE, START + 60 * MINUTE)
    both = replay_range(story, [policy(), policy("pair_window.sale=500ms")], span, silent())
    assert [len(found.result.records) for found in both] == [1, 3]
    pairs = [[counts.total() for lane in found.delays for counts in lane.counts.values()] for found in both]
    assert pairs == [[1], [1]]


def test_a_range_without_records_is_refused(story: ListReader) -> None:
    """Nobody should take silence for health."""
    with pytest.raises(UsageError) as refused:
        replayed(story, START + 25 * MINUTE, START + 29 * MINUTE)
    assert str(refused.value) == (
        "Neither terminal-events nor host-events has a record from 2026-03-02T00:25:00.000Z to"
        " 2026-03-02T00:29:00.000Z; choose another range."
    )


def test_a_lane_whose_beginning_was_deleted_begins_later() -> None:
    """Where the other side may be among what was deleted, nothing is reported, and a sentence says so."""
    records = simulated(45, 5)
    reader = as_topics(records, 2, {(1, 0): 400})
    said: list[str] = []
    oldest = reader.records[1, 0][0][1]
    span = TimeRange(START + 5 * MINUTE, records[-1].at_ms, records[-1].at_ms)
    plans = plan_lanes(reader, span, 20 * MINUTE, said.append)
    assert [plan.from_ms for plan in plans] == [oldest + 20 * MINUTE, START + 5 * MINUTE]
    assert len(said) == 1
    assert said[0].startswith("Older records of host-events-0 are deleted; its lane is reported from 2026-")


def test_a_range_that_was_deleted_is_refused() -> None:
    """There is nothing to be said of it."""
    records = simulated(10, 6)
    reader = as_topics(records, 1, {(0, 0): 10_000_000})
    span = TimeRange(START, records[-1].at_ms, records[-1].at_ms)
    with pytest.raises(UsageError, match=r"^Records of the range are deleted: terminal-events-0 can be judged from "):
        plan_lanes(reader, span, 20 * MINUTE, print)

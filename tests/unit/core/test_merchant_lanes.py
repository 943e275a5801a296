"""Lanes keyed by merchant: the key, the home of a lane, and originals at another till."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streams.core.lane import Lane
from streams.core.ledger import MemoryLedger
from streams.core.partitioner import partition_of
from streams.core.wire import HOST, TERMINAL
from streams.testing import ListSink, replay, timeline
from tests.unit.core.events import NOW_MS, POLICY, line

BY_MERCHANT = replace(POLICY, by_merchant=True)
TILLS = ("T0000001", "T0000002")
SALE = """
    t=0   terminal sale 42 00 rrn=77001
    t=1   host     sale 42 00 rrn=77001
"""


def refund(at: float, number: int, till: str, amount: int = 10_000) -> str:
    """Return the lines of a refund that names its original by rrn."""
    said = f"terminal_id={till} original.rrn=77001 amount={amount}"
    return f"t={at} terminal refund {number} 00 {said}\nt={at + 1} host refund {number} 00 {said}\n"


def test_the_key_is_the_merchant() -> None:
    """The terminal's number as the key is a bad record then."""
    keys = (b"M00000001", b" M00000001 ", b"T0000001", None)
    output = Lane(0, BY_MERCHANT).feed(
        TERMINAL, [(offset, NOW_MS, key, line(event_id=f"e{offset}")) for offset, key in enumerate(keys)]
    )
    assert [(letter.offset, letter.reason) for letter in output.dead_letters] == [
        (2, "key_mismatch"),
        (3, "key_mismatch"),
    ]
    assert {letter.detail for letter in output.dead_letters} == {"the record key is not the merchant_id"}


def test_a_lane_is_home_to_its_merchants() -> None:
    """A hundred merchants in the wrong lane split it; their terminals say nothing about it."""

    def faults(policy_home: int) -> list[str]:
        lane, sink = Lane(0, BY_MERCHANT, partitions=4), ListSink()
        merchants = [f"M{number:08d}" for number in range(2_000)]
        chosen = [one for one in merchants if partition_of(one.encode(), 4) == policy_home][:200]
        records = [
            (offset, NOW_MS + offset, one.encode(), line(event_id=f"e{offset}", merchant_id=one))
            for offset, one in enumerate(chosen)
        ]
        for source in (TERMINAL, HOST):
            sink.take(lane.feed(source, records))
        return [record["kind"] for record in sink.anomalies() if record["kind"] == "partitioning_fault"]

    assert faults(0) == []
    assert faults(1) == ["partitioning_fault", "partitioning_fault"]


@pytest.mark.parametrize(
    ("policy", "unverifiable", "kinds"), [(POLICY, 2, []), (BY_MERCHANT, 0, ["original_conflict"])]
)
def test_a_refund_finds_its_original_at_another_till(policy: object, unverifiable: int, kinds: list[str]) -> None:
    """By terminal nothing can be said; by merchant the refunds of both tills are summed."""
    story = timeline(SALE + refund(100, 51, TILLS[1], 6_000) + refund(900, 52, TILLS[1], 6_000))
    sink = replay(story, policy)  # type: ignore[arg-type]  # a policy
    assert sink.count("original_unverifiable_total") + sink.verdicts().get("original_unverifiable", 0) == unverifiable
    assert [record["kind"] for record in sink.anomalies()] == kinds


def test_a_till_of_another_merchant_is_not_looked_at() -> None:
    """The same rrn at a stranger's till is no original."""
    story = timeline(SALE + refund(100, 51, TILLS[1]).replace("terminal_id", "merchant_id=M00000009 terminal_id"))
    assert replay(story, BY_MERCHANT).anomalies() == []
    assert replay(timeline(SALE + refund(100, 51, TILLS[1], 10_001)), BY_MERCHANT).anomalies() != []


def test_an_undone_refund_of_another_till_counts_no_longer() -> None:
    """A refund that was voided at its own till leaves room for another."""
    undone = "t=500 terminal void 53 00 terminal_id=T0000002 amount=6000 original.voucher_number=51\n"
    undone += undone.replace("terminal void", "host void")
    refunds = refund(100, 51, TILLS[1], 6_000), refund(900, 52, TILLS[0], 6_000)
    kinds = [record["kind"] for record in replay(timeline(SALE + undone.join(refunds)), BY_MERCHANT).anomalies()]
    assert kinds == []


def test_the_ledger_knows_the_tills_of_a_merchant_after_a_restart() -> None:
    """A new lane with the old ledger finds the original at a till that has not spoken since."""
    ledger = MemoryLedger()
    policy = replace(BY_MERCHANT, stall_min_events=1_000_000, originals_min_cover_ms=0)
    hour = 3_600

    def run(story: str, sink: ListSink) -> None:
        lane = Lane(0, policy, check_keys=False, ledger=ledger)
        steps = timeline(story + f"t={20 * hour} terminal status\nt={20 * hour} host status\n")
        for source in (TERMINAL, HOST):
            sink.take(lane.feed(source, steps.records(source)))

    first, second = ListSink(), ListSink()
    run(SALE, first)
    run(refund(5 * hour, 51, TILLS[1], 10_001), second)
    assert [record["kind"] for record in second.anomalies()] == ["original_conflict"]

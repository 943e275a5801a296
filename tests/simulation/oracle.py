"""The naive oracle: a second reading of the contract of correlation, for one lane of a file replay.

It shares no code with the product.  It keeps plain lists, looks at all of them for every record, and
quotes beside each step the sentence that it follows.  Left out is what exists only live: idle rule, stalls,
key checks, limits.  What the contract leaves open is listed in ``tests.simulation.oracle_decisions``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.simulation.oracle_chains import hold
from tests.simulation.oracle_decode import SOURCES, BadRecordError, Event, decode
from tests.simulation.oracle_legs import apply_event
from tests.simulation.oracle_policy import KINDS
from tests.simulation.oracle_state import TERMINAL
from tests.simulation.oracle_verdicts import consider, end_of_wait, judge_alone, no_reversal_came
from tests.simulation.oracle_world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.oracle_policy import OraclePolicy
    from tests.simulation.oracle_state import Anomaly, Voucher

Record = tuple[int, int, bytes | None]
"""Offset, timestamp in epoch milliseconds, value."""

PAIR, REVERSAL_LEG, LEG, END_OF_WAIT, CHAIN, HORIZON = 0, 1, 2, 3, 4, 5


@dataclass
class Outcome:
    """What the replay says in the end: the promised part of each anomaly, and the summary."""

    anomalies: list[dict[str, Any]]
    summary: dict[str, Any]


@dataclass
class Placed:
    """A record at its place in the merged order."""

    log_time: int
    source: int
    offset: int
    value: bytes | None


@dataclass
class Due:
    """A timer: the earliest is found by looking at every voucher and every open anomaly."""

    order: tuple[int, int, int, int]
    voucher: Voucher | None = None
    anomaly: Anomaly | None = None


def judge(
    terminal_records: Sequence[Record], host_records: Sequence[Record], policy: OraclePolicy, *, flush: bool = True
) -> Outcome:
    """Replay two logs of one lane and return the final state of every anomaly and the summary."""
    world = World(policy)
    sides = (_placed(TERMINAL, terminal_records), _placed(1, host_records))
    ends = [side[-1].log_time for side in sides if side]
    end = max(ends, default=0)
    # "Lane watermark = the smaller of the two"; at the end of the input it "passes every deadline".
    watermark = None if flush else (min(ends) if len(ends) == 2 else 0)
    # "log time; ... records terminal before host, then offset"
    records = sorted(sides[0] + sides[1], key=lambda placed: (placed.log_time, placed.source, placed.offset))
    for placed in records:
        if watermark is not None and placed.log_time >= watermark:
            break  # "A record waits until the lane watermark is greater than its log time"
        _run_timers(world, placed.log_time, end)
        world.now = placed.log_time
        _apply(world, placed)
    _run_timers(world, watermark, end)
    return _report(world, records)


def _placed(source: int, records: Sequence[Record]) -> list[Placed]:
    """Follow "Log time of a record = the largest record timestamp at or before its offset in its partition"."""
    largest = 0
    placed = []
    for offset, timestamp, value in records:
        largest = max(largest, timestamp)
        placed.append(Placed(largest, source, offset, value))
    return placed


def _apply(world: World, placed: Placed) -> None:
    try:
        event = decode(placed.source, placed.value, world.policy)
    except BadRecordError as bad:
        rejected = world.summary["rejected"]
        rejected[bad.args[0]] = rejected.get(bad.args[0], 0) + 1
        return
    world.forget()
    world.summary["events"] += 1  # "decoded, redelivered included"
    if event.kind in KINDS:
        world.lengthen_run(event.get("terminal_id"), event.number)
    if _redelivered(world, event):
        world.summary["redelivered"] += 1
    elif event.kind in KINDS:
        apply_event(world, event, placed.offset)


def _redelivered(world: World, event: Event) -> bool:
    """Follow "an event whose (source, event_id, content) was seen within redelivery_horizon ... is a redelivery"."""
    name = (event.source, str(event.get("event_id")), event.content)
    last = world.seen.get(name)
    world.seen[name] = world.now  # "from the latest copy, dropped ones included"
    return last is not None and world.now - last <= world.policy.redelivery_horizon_ms


def _run_timers(world: World, before: int | None, end: int) -> None:
    """Apply every timer earlier than a log time; all of them where that is None.

    "resolve_horizon excepted (... horizons that end before the last record's log time do fire)".
    """
    while True:
        due = _next(world, end)
        if due is None or (before is not None and due.order[0] >= before):
            return
        world.now = due.order[0]
        world.forget()
        _fire(world, due)


def _next(world: World, end: int) -> Due | None:
    """Find the first timer: "log time; ... timers by kind, then source, then offset"."""
    found = [_due(world, voucher) for voucher in world.vouchers if not voucher.closed]
    found += [
        Due((voucher.chain_at, CHAIN, voucher.shown.source, voucher.shown.offset), voucher=voucher)
        for voucher in world.ever()
        if voucher.chain_at is not None
    ]
    expiring = next((anomaly for anomaly in world.anomalies if anomaly.open), None)  # they stand in order of opening
    if expiring is not None:
        time = expiring.record["opened_at"] + world.policy.resolve_horizon_ms
        if time < end:
            found.append(Due((time, HORIZON, 0, 0), anomaly=expiring))
    return min(found, key=lambda due: due.order, default=None)


def _due(world: World, voucher: Voucher) -> Due:
    leg = voucher.shown
    if not voucher.pair:
        time, kind = leg.deadline, REVERSAL_LEG if voucher.reversal else LEG
    elif voucher.waiting:
        time, kind = end_of_wait(world, voucher), END_OF_WAIT
    else:
        time, kind = voucher.pair_deadline, PAIR
    # "No timer is set before the log time of what sets it."
    return Due((max(time, world.now), kind, leg.source, leg.offset), voucher=voucher)


def _fire(world: World, due: Due) -> None:
    if due.anomaly is not None:
        due.anomaly.record["status"] = "expired"  # "resolved_at stays null"
        return
    voucher = due.voucher
    if voucher is None:
        return
    if due.order[1] == PAIR:
        consider(world, voucher, at_deadline=True)
    elif due.order[1] == CHAIN:
        hold(world, voucher)
    elif due.order[1] == END_OF_WAIT:
        no_reversal_came(world, voucher)
    else:
        judge_alone(world, voucher)


def _report(world: World, records: list[Placed]) -> Outcome:
    summary = world.summary
    final = [anomaly.record for anomaly in world.anomalies]
    summary["pending"] = sum(not voucher.closed for voucher in world.vouchers)
    summary["anomalies"] = dict(Counter(record["kind"] for record in final))
    summary["resolved"] = dict(Counter(record["resolution"] for record in final if record["status"] == "resolved"))
    at_risk: Counter[str] = Counter()
    for record in final:
        if record["status"] == "open" and record["amount_at_risk"]:
            at_risk[record["currency"]] += record["amount_at_risk"]
    summary["amount_at_risk"] = dict(at_risk)
    _check(summary, records)
    return Outcome(final, summary)


def _check(summary: dict[str, Any], records: list[Placed]) -> None:
    """Keep the oracle honest: it must not have seen more than there was."""
    if summary["events"] + sum(summary["rejected"].values()) > len(records):
        raise AssertionError(SOURCES)

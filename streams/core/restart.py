"""How a lane takes up where an earlier one stopped: what the anomaly topic shows becomes state again.

Replay applies the merged order from R and says nothing up to J.  An anomaly whose legs are read
again is derived again; one whose legs lie before the cut is taken from its record, in the state
that it had when the replay begins.  The rules never see what was decided later: such records only
keep the lane from saying it twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from streams.core.anomaly import Anomaly
from streams.core.currency import letters
from streams.core.event import Event
from streams.core.timers import HORIZON
from streams.core.voucher import Run, Voucher
from streams.core.wire import SOURCES, TERMINAL, Body, Original

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.core.state import LaneState

_SIDE_KINDS: Final = frozenset({"duplicate_voucher"})
"""Kinds beside a voucher's own anomaly: nothing that comes later resolves them."""
_LONE_KINDS: Final = frozenset({"orphan_terminal", "orphan_host"})
_BODY_FIELDS: Final = frozenset(Body.__struct_fields__) - {"source", "received_at"}


@dataclass(frozen=True, slots=True)
class RestartPoint:
    """Where the replay begins: J and R in log time, the first offsets read of terminal and host."""

    j_ms: int
    r_ms: int
    starts: tuple[int, int]


def restore_anomalies(state: LaneState, point: RestartPoint, records: Iterable[bytes]) -> None:
    """Take the newest record of each anomaly into the state of a lane that has read nothing yet.

    ``records`` are JSON as published.  Raises ``msgspec.MsgspecError`` or ``KeyError`` for what is
    no anomaly record: the topic is ours, and a stranger in it is a fault to be looked at.
    """
    for raw in records:
        record: dict[str, Any] = msgspec.json.decode(raw)
        state.journal.stored[record["id"]] = (record["changed_at"], record["revision"], record["status"])
        state.journal.remember(record)
        if record["opened_at"] > point.j_ms or _is_read_again(record, point):
            continue
        ended_at = record["resolved_at"]
        if record["status"] == "expired":
            ended_at = record["changed_at"]
        if ended_at is None or ended_at >= point.r_ms:
            _reopen(state, record)
        elif record["status"] == "expired" and record["amount_at_risk"]:
            state.journal.unresolved[record["currency"]] += record["amount_at_risk"]


def _is_read_again(record: dict[str, Any], point: RestartPoint) -> bool:
    """Tell whether the replay reads what opened an anomaly, so that it is derived again.

    That is all its legs, or the late answer of one of them: the anomaly that the answer resolved stood
    open before, and is taken up itself.
    """
    legs = [leg for leg in record["legs"].values() if leg is not None]
    if any(leg.get("answered_at", -1) >= point.r_ms for leg in legs):
        return True
    return bool(legs) and all(
        leg["log_time"] >= point.r_ms and leg["offset"] >= point.starts[SOURCES.index(leg["source"])] for leg in legs
    )


def _reopen(state: LaneState, record: dict[str, Any]) -> None:
    open_again = record | {"status": "open", "resolution": None, "resolved_at": None}
    anomaly = Anomaly(open_again, record["link"])
    state.journal.open[anomaly.id] = anomaly
    legs = [_leg_of(row) for row in record["legs"].values() if row is not None]
    horizon = anomaly.opened_at + state.policy.resolve_horizon_ms
    source, offset = (legs[0].source, legs[0].offset) if legs else (TERMINAL, 0)
    state.timers.set(horizon, HORIZON, source, offset, anomaly)
    if legs and anomaly.kind not in _SIDE_KINDS:
        voucher = _voucher_of(record, legs)
        voucher.anomaly = anomaly
        anomaly.voucher = voucher
        state.memory.keep_anomaly(voucher)
        if anomaly.kind in _LONE_KINDS:
            state.memory.keep_one_sided(voucher)


def _voucher_of(record: dict[str, Any], legs: list[Event]) -> Voucher:
    first = legs[0]
    times = [leg.log_time for leg in legs]
    run = Run((first.terminal, first.number), min(times), max(times), max(times), [])
    is_reversal = first.kind == "reversal"
    by_source = {leg.source: leg for leg in legs}
    terminal, host = by_source.get(TERMINAL), by_source.get(1 - TERMINAL)
    voucher = Voucher(run, (record["key"] or {}).get("batch", ""), is_reversal, None, terminal, host)
    voucher.closed = voucher.counted = True
    voucher.verdict = record["kind"]
    for leg in legs:
        leg.voucher = voucher
    if is_reversal:
        run.reversals = [voucher]
        voucher.more_keys = tuple((first.terminal, number) for number in (record["key"] or {}).get("numbers", ()))
    else:
        run.vouchers.append(voucher)
    return voucher


def _leg_of(row: dict[str, Any]) -> Event:
    """Return a leg as its record shows it, in comparable form again."""
    fields = {name: row[name] for name in _BODY_FIELDS if row.get(name) is not None}
    if "original" in fields:
        fields["original"] = msgspec.convert(fields["original"], Original)
    body = Body(**fields)
    number = str(row["voucher_number"]).lstrip("0") or "0"
    leg = Event(
        SOURCES.index(row["source"]),
        row["offset"],
        row["log_time"],
        body,
        row["kind"],
        row["outcome"],
        row["terminal_id"],
        number,
        row.get("amount"),
        letters(str(row.get("currency") or "")),
        row.get("card"),
    )
    leg.batch = str(row.get("batch_number") or "").lstrip("0")
    leg.deadline = row["deadline"]
    if "answered_at" in row:
        leg.answer = Event(
            leg.source,
            leg.offset,
            row["answered_at"],
            body,
            leg.kind,
            leg.outcome,
            leg.terminal,
            number,
            None,
            "",
            None,
        )
    return leg

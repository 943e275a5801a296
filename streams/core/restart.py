"""How a lane takes up where an earlier one stopped: what the anomaly topic shows becomes state again.

Replay applies the merged order from R and says nothing up to J.  An anomaly that stood open at R is
taken from its record.  What the topic shows as opened or ended between R and J is mostly derived
again; what is not, because a leg that decided it lies before R, becomes state at its own log time,
after all else of that time.  The rules never see what was decided later: such records only keep
the lane from saying it twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from streams.core import chains
from streams.core.anomaly import Anomaly
from streams.core.currency import letters
from streams.core.event import Event
from streams.core.timers import HORIZON, STORED
from streams.core.voucher import Run, Voucher
from streams.core.wire import SOURCES, TERMINAL, Body, Original

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.core.state import LaneState

_SIDE_KINDS: Final = frozenset({"duplicate_voucher", "original_not_found", "original_conflict"})
"""Kinds beside a voucher's own anomaly."""
_LONE_KINDS: Final = frozenset({"orphan_terminal", "orphan_host"})
_BODY_FIELDS: Final = frozenset(Body.__struct_fields__) - {"source", "received_at"}


@dataclass(frozen=True, slots=True)
class RestartPoint:
    """Where the replay begins and up to where it is silent: R and J in log time."""

    j_ms: int
    r_ms: int


class Severed:
    """The runs that R goes through, by their records read before R.

    They were over well before J, or R would be lower: they are passed over, and their anomalies taken
    from their records.  Half of one, read alone, could be held past J by a stall and be an orphan then.
    """

    def __init__(self, r_ms: int, span_ms: int) -> None:
        """``span_ms`` is L: a number that comes again after a longer pause begins a run of its own."""
        self._r_ms = r_ms
        self._span_ms = span_ms
        self._last: dict[tuple[str, str], int] = {}

    @property
    def any(self) -> bool:
        """Tell whether a run was severed, so that later records of it are to be looked for."""
        return bool(self._last)

    def takes(self, event: Event) -> bool:
        """Tell whether an event lies before R or in a severed run, so that it is not applied."""
        key, at = (event.terminal, event.number), event.log_time
        if at >= self._r_ms:
            last = self._last.get(key)
            if last is None or at - last > self._span_ms:
                return False
        if event.number:
            self._last[key] = at
        return True


def restore_anomalies(state: LaneState, point: RestartPoint, records: Iterable[bytes]) -> None:
    """Take the newest record of each anomaly into the state of a lane that has read nothing yet.

    ``records`` are JSON as published.  Raises ``msgspec.MsgspecError`` or ``KeyError`` for what is
    no anomaly record: the topic is ours, and a stranger in it is a fault to be looked at.
    """
    for raw in records:
        record: dict[str, Any] = msgspec.json.decode(raw)
        state.journal.stored[record["id"]] = (record["changed_at"], record["revision"], record["status"])
        state.journal.remember(record)
        if record["opened_at"] > point.j_ms:
            continue
        ended_at = _ended_at(record)
        if _stood_before(record, point):
            # A voucher's anomaly ends again at its log time; an episode that ended by J is over.
            over_by = point.r_ms - 1 if _has_legs(record) else point.j_ms
            if ended_at is None or ended_at > over_by:
                _reopen(state, record)
            elif record["status"] == "expired" and record["amount_at_risk"]:
                state.journal.unresolved[record["currency"]] += record["amount_at_risk"]
        else:
            state.journal.awaited.add(record["id"])
            state.timers.set(record["opened_at"], STORED, TERMINAL, 0, partial(_open_unless_derived, state, record))
        if _has_legs(record) and ended_at is not None and point.r_ms <= ended_at <= point.j_ms:
            state.timers.set(ended_at, STORED, TERMINAL, 1, partial(_end_unless_derived, state, record, ended_at))


def _has_legs(record: dict[str, Any]) -> bool:
    return any(leg is not None for leg in record["legs"].values())


def _ended_at(record: dict[str, Any]) -> int | None:
    ended_at: int | None = record["changed_at"] if record["status"] == "expired" else record["resolved_at"]
    return ended_at


def _stood_before(record: dict[str, Any], point: RestartPoint) -> bool:
    """Tell whether an anomaly was open when the replay begins; an episode without a voucher is never derived."""
    return bool(record["opened_at"] < point.r_ms) or not _has_legs(record)


def _open_unless_derived(state: LaneState, record: dict[str, Any]) -> None:
    """Open an anomaly at its log time, where the replay of what lies after R has not led to it."""
    if record["id"] in state.journal.awaited:
        state.journal.awaited.discard(record["id"])
        _reopen(state, record)


def _end_unless_derived(state: LaneState, record: dict[str, Any], at: int) -> None:
    """End an anomaly at its log time, where what ended it lies before R and is not read again."""
    anomaly = state.journal.open.get(record["id"])
    if anomaly is None:
        return
    if record["status"] == "expired":
        state.expire(anomaly, at)
        return
    voucher = anomaly.voucher
    if voucher is None or voucher.unfound is anomaly:
        if voucher is not None:
            state.drop_wanted(voucher)
        state.journal.resolve(anomaly, record["resolution"], at)
        return
    if record["resolution"] == "late_match":
        state.memory.drop_one_sided(voucher)  # the side that it lacked has come
    state.resolve(voucher, record["resolution"], at)
    state.memory.let_go(voucher)


def _reopen(state: LaneState, record: dict[str, Any]) -> None:
    open_again = record | {"status": "open", "resolution": None, "resolved_at": None}
    anomaly = Anomaly(open_again, record["link"])
    state.journal.open[anomaly.id] = anomaly
    legs = [_leg_of(row) for row in record["legs"].values() if row is not None]
    horizon = anomaly.opened_at + state.policy.resolve_horizon_ms
    source, offset = (legs[0].source, legs[0].offset) if legs else (TERMINAL, 0)
    state.timers.set(horizon, HORIZON, source, offset, anomaly)
    if anomaly.kind == "original_not_found":
        voucher = _voucher_of(record, legs)
        voucher.unfound = anomaly
        anomaly.voucher = voucher
        chains.want(state, voucher)
    elif legs and anomaly.kind not in _SIDE_KINDS and not _is_beside(anomaly.kind, legs):
        voucher = _voucher_of(record, legs)
        voucher.anomaly = anomaly
        anomaly.voucher = voucher
        state.memory.keep_anomaly(voucher)
        if anomaly.kind in _LONE_KINDS:
            state.memory.keep_one_sided(voucher)


def _is_beside(kind: str, legs: list[Event]) -> bool:
    """Tell whether an ``original_denied`` stands beside its voucher: that of a reversal is its own."""
    return kind == "original_denied" and legs[0].kind != "reversal"


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

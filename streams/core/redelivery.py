"""Which events were delivered before: the same id and the same content within a horizon of log time.

A second delivery of a voucher's event bears the same number, so that its run remembers the first:
``latest_copy``.  Events without a voucher are remembered one by one: ``Redeliveries``.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from streams.core.event import Event, content_of
from streams.core.fields import parse_time
from streams.core.voucher import MANY_DELIVERED

if TYPE_CHECKING:
    from streams.core.memory import Memory
    from streams.core.voucher import Run, Voucher

OLD_MS: Final = 60_000
"""How long before its log time an event was made at least that can be a delivery of long ago."""


def was_delivered(memory: Memory, event: Event, horizon_ms: int) -> bool:
    """Tell whether a voucher that memory has forgotten has this very event as a leg, at most a horizon old.

    The ledger is asked only about events that were made a minute before their log time or earlier: a
    second delivery is older than that, unless its sender's clock is minutes ahead.
    """
    made = parse_time(event.body.event_time)
    if made is not None and event.log_time - made < OLD_MS:
        return False
    return any(
        leg.source == event.source
        and leg.body.event_id == event.body.event_id
        and event.log_time - leg.log_time <= horizon_ms
        and _same_content(leg, event, whole=leg.raw is not None and voucher.anomaly is None)
        for voucher in memory.ever_of_number((event.terminal, event.number), is_reversal=event.kind == "reversal")
        for leg in voucher.legs
    )


def _same_content(leg: Event, event: Event, *, whole: bool) -> bool:
    """Tell whether two events of one id say the same.

    A leg that comes from the anomaly topic has not all that was sent: of legs with an open anomaly, which a restart
    takes from there, what decides the verdict is compared, with or without a restart.
    """
    if whole:
        return content_of(leg) == content_of(event)
    mine, other = (leg.kind, leg.amount, leg.currency), (event.kind, event.amount, event.currency)
    return mine == other and leg.outcome == event.outcome


def latest_copy(run: Run, vouchers: list[Voucher], event: Event, horizon_ms: int) -> int | None:
    """Remember one delivery in its run; return the log time of the one before, if it is still known.

    ``vouchers`` are the run's transactions.  Until the first call their legs are all that was delivered.
    """
    delivered = run.delivered
    if delivered is None:
        delivered = run.delivered = {
            (leg.source, leg.body.event_id, content_of(leg)): leg.log_time
            for voucher in chain(vouchers, run.reversals or ())
            for leg in voucher.legs
        }
    key = event.source, event.body.event_id, content_of(event)
    before = delivered.get(key)
    if len(delivered) >= run.many_delivered:
        floor = event.log_time - horizon_ms
        delivered = run.delivered = {key: at for key, at in delivered.items() if at >= floor}
        run.many_delivered = max(MANY_DELIVERED, 2 * len(delivered))
    delivered[key] = event.log_time
    return before


class KnownIds:
    """The event ids of one source, by which a reused one is noticed: those of the last one to two horizons.

    Only their hashes are kept, in two generations: among a million ids, one in ten million is taken for another.
    """

    def __init__(self, horizon_ms: int) -> None:
        self._horizon_ms = horizon_ms
        self._young: set[int] = set()
        self._older: set[int] = set()
        self._started = 0
        self._latest = 0

    def meet(self, events: list[Event]) -> None:
        """Remember the ids of one fetch, and mark the events whose id was known."""
        ids = [hash(event.body.event_id) for event in events]
        if not ids:
            return
        log_time = events[0].log_time
        if log_time - self._started > self._horizon_ms:
            # One fetch may span hours: what counts is how long ago the youngest of its ids came.
            self._older = self._young if log_time - self._latest <= self._horizon_ms else set()
            self._young = set()
            self._started = log_time
        self._latest = events[-1].log_time
        fresh = set(ids)
        if len(fresh) < len(ids) or not self._young.isdisjoint(fresh) or not self._older.isdisjoint(fresh):
            for event, known in zip(events, ids, strict=True):
                event.id_known = known in self._young or known in self._older
                self._young.add(known)
        else:
            self._young |= fresh


class Redeliveries:
    """Remembers (event id, content) of one source for a horizon after the latest copy.

    Two generations of one dictionary: the younger takes every copy, the older is dropped whole
    once nothing in it can be within the horizon.  Memory is at most two horizons of events.
    """

    def __init__(self, horizon_ms: int) -> None:
        self._horizon_ms = horizon_ms
        self._young: dict[tuple[str, int], int] = {}
        self._older: dict[tuple[str, int], int] = {}
        self._started = 0

    def seen(self, event_id: str, content: int, log_time: int) -> bool:
        """Remember one copy; tell whether an earlier one is within the horizon.

        ``log_time`` is epoch milliseconds and never falls from call to call.
        """
        if log_time - self._started > self._horizon_ms:
            self._turn(log_time)
        key = event_id, content
        before = self._young.get(key)
        if before is None:
            before = self._older.get(key)
        self._young[key] = log_time
        return before is not None and log_time - before <= self._horizon_ms

    def _turn(self, log_time: int) -> None:
        fresh = log_time - self._started <= 2 * self._horizon_ms
        self._older = self._young if fresh else {}
        self._young = {}
        self._started = log_time

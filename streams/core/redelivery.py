"""Which events were delivered before: the same id and the same content within a horizon of log time."""

from __future__ import annotations

from typing import Final

_TIME_BITS: Final = 48
_TIME: Final = (1 << _TIME_BITS) - 1


class Redeliveries:
    """Remembers (event id, content) of one source for a horizon after the latest copy.

    Two generations of one dictionary: the younger takes every copy, the older is dropped whole
    once nothing in it can be within the horizon.  Memory is at most two horizons of events.
    """

    __slots__ = ("_horizon_ms", "_older", "_started", "_young")

    def __init__(self, horizon_ms: int) -> None:
        self._horizon_ms = horizon_ms
        # One integer an event, content above log time: a tuple of the two costs twice the memory.
        self._young: dict[str, int] = {}
        self._older: dict[str, int] = {}
        self._started = 0

    def seen(self, event_id: str, content: int, log_time: int) -> bool | None:
        """Remember one copy; tell whether an earlier one is within the horizon.

        Returns ``True`` for a redelivery, ``None`` when the id was seen with other content only,
        else ``False``.  ``log_time`` is epoch milliseconds and never falls from call to call.
        """
        if log_time - self._started > self._horizon_ms:
            self._turn(log_time)
        young = self._young
        known = young.get(event_id)
        if known is None:
            known = self._older.get(event_id)
            if known is None:
                young[event_id] = content << _TIME_BITS | log_time
                return False
        return self._seen_again(event_id, content, log_time, known)

    def _seen_again(self, event_id: str, content: int, log_time: int, known: int) -> bool | None:
        # The newest content stands under the id itself, older ones under a key that no event id is.
        young = self._young
        young[event_id] = content << _TIME_BITS | log_time
        fresh = log_time - (known & _TIME) <= self._horizon_ms
        if known >> _TIME_BITS == content:
            return fresh
        own = f"{event_id}\0{content}"
        before = young.get(own) or self._older.get(own)
        young[f"{event_id}\0{known >> _TIME_BITS}"] = known
        if before is not None and log_time - (before & _TIME) <= self._horizon_ms:
            return True
        return None if fresh else False

    def _turn(self, log_time: int) -> None:
        fresh = log_time - self._started <= 2 * self._horizon_ms
        self._older = self._young if fresh else {}
        self._young = {}
        self._started = log_time

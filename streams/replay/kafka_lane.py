"""A lane's state that takes notes: which vouchers began inside a range of time, how long pairs took.

Replay reads some time before the range, so that what began earlier meets its other side; it is
judged like everything else and left out of the account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.journal import Journal
from streams.core.state import LaneState
from streams.replay.compare_delays import PairDelays

if TYPE_CHECKING:
    from streams.core.anomaly import Anomaly
    from streams.core.policy import Policy
    from streams.core.voucher import Voucher

WHOLE_LOG: Final = -1
"""A beginning before every log time."""
_CLOSED: Final = "vouchers_closed_total"


class NotingJournal(Journal):
    """A journal that counts only what belongs to the range."""

    def __init__(self, lane: int, from_ms: int) -> None:
        super().__init__(lane)
        self.earlier: set[str] = set()
        """Ids of anomalies whose voucher began before the range."""
        self._from_ms = from_ms

    def count(self, log_time: int, name: str, *labels: str) -> None:
        """Count what happens inside the range; closed vouchers are counted by the state, which sees their legs."""
        if log_time >= self._from_ms and name != _CLOSED:
            super().count(log_time, name, *labels)

    def count_matched(self, log_time: int, link: str) -> None:
        """Leave this to the state."""

    def count_closed(self, verdict: str, link: str) -> None:
        """Count one voucher of the range under its first verdict."""
        self.out.tally[_CLOSED, (verdict, link)] += 1

    def enter(self, anomaly: Anomaly, at: int, *, held: bool) -> None:
        """Let a new anomaly stand among the open ones, and note whether its voucher began before the range."""
        voucher = anomaly.voucher
        if voucher is not None and voucher.log_time < self._from_ms:
            self.earlier.add(anomaly.id)
        super().enter(anomaly, at, held=held)


class NotingState(LaneState):
    """The state of a lane that is replayed over the range from ``from_ms``, epoch milliseconds of log time."""

    journal: NotingJournal

    def __init__(self, number: int, policy: Policy, from_ms: int = WHOLE_LOG) -> None:
        super().__init__(number, policy, partitions=1, live=False, journal=NotingJournal(number, from_ms))
        self.delays = PairDelays()
        self._from_ms = from_ms
        self._measured: set[tuple[int, int]] = set()
        """Offsets of the legs of pairs that do not just agree: only these can be closed again."""

    def close(self, voucher: Voucher, verdict: str, at: int) -> None:
        """Close a voucher, count it if it is of the range, and measure it if it is a pair."""
        first = not voucher.counted
        inside = voucher.log_time >= self._from_ms
        if inside:
            self._measure(voucher)
        super().close(voucher, verdict, at)
        if first and inside:
            self.journal.count_closed(verdict, self.link_label(voucher))

    def count_beside(self, voucher: Voucher, verdict: str, at: int) -> None:
        """Count a verdict beside the one that closes a voucher, if it is of the range."""
        del at
        if voucher.log_time >= self._from_ms:
            self.journal.count_closed(verdict, self.link_label(voucher))

    def close_matched(self, voucher: Voucher, at: int) -> None:
        """Close a pair that agrees, count it if it is of the range, and measure it."""
        terminal, host = voucher.terminal, voucher.host
        if terminal is not None and host is not None and min(terminal.log_time, host.log_time) >= self._from_ms:
            if (terminal.offset, host.offset) not in self._measured:
                self.delays.add(voucher)
            if not voucher.counted:
                self.journal.count_closed("matched", self.link_label(voucher))
        super().close_matched(voucher, at)

    def _measure(self, voucher: Voucher) -> None:
        terminal, host = voucher.terminal, voucher.host
        if terminal is None or host is None or (voucher.closed and voucher.verdict == "matched"):
            return
        pair = terminal.offset, host.offset
        if pair not in self._measured:
            self._measured.add(pair)
            self.delays.add(voucher)

    def unclosed_of_range(self) -> int:
        """Return how many vouchers of the range are not closed; walks all runs, so for the end of a replay."""
        return sum(
            not voucher.closed and voucher.run is run and voucher.log_time >= self._from_ms
            for run in self.memory.runs.values()
            if run.open
            for voucher in {id(each): each for each in (*run.vouchers, *(run.reversals or ()))}.values()
        )

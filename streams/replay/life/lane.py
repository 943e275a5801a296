"""A lane that judges one terminal and takes notes: what each record was taken for, when vouchers were judged.

Only the terminal's own records are fed; that the log went on meanwhile is said with ``pass_by``, so
that deadlines pass as they do in a worker.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.core.journal import AnomalyChange, Journal
from streams.core.lane import Lane
from streams.core.state import LaneState
from streams.core.timers import NEVER
from streams.replay.life.account import UNJUDGED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.event import Event
    from streams.core.lane import LaneOutput
    from streams.core.policy import Policy
    from streams.core.voucher import Voucher
    from streams.core.wire import Body, DeadLetter, RawRecord

MAX_VOUCHERS: Final = 50_000
"""Vouchers of the terminal that are kept to be told of; of more, the oldest of other numbers go."""
MAX_SEEN: Final = 5_000
"""Records of the number that are kept; a number that is sent more often has a broken sender."""
MAX_BAD: Final = 1_000
_ROLES: Final = {
    "events_redelivered_total": "redelivery",
    "updates_ignored_total": "ignored",
    "status_updates_total": "status_update",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A record of the number as it came; ``body`` and ``outcome`` are of that moment."""

    event: Event
    body: Body
    outcome: str
    role: str


@dataclass(slots=True)
class Watched:
    """A voucher of the terminal and its verdicts by log time."""

    voucher: Voucher
    ends: list[tuple[int, str]] = field(default_factory=list)


class LifeJournal(Journal):
    """A journal that remembers which counters the record at hand has moved."""

    def __init__(self, lane: int) -> None:
        super().__init__(lane)
        self.moved: list[tuple[str, tuple[str, ...]]] = []

    def count(self, log_time: int, name: str, *labels: str) -> None:
        """Note what was counted; nobody asks for the sums here."""
        del log_time
        self.moved.append((name, labels))

    def count_matched(self, log_time: int, link: str) -> None:
        """Count nothing: the state sees every voucher that is closed."""


class LifeState(LaneState):
    """The state of one terminal's lane; ``watched`` holds its vouchers by their identity, oldest first."""

    journal: LifeJournal

    def __init__(self, number: int, policy: Policy, key: tuple[str, str]) -> None:
        super().__init__(number, policy, partitions=1, live=False, journal=LifeJournal(number))
        self.watched: dict[int, Watched] = {}
        self.touched: list[Voucher] = []
        self.dropped = 0
        self._key = key

    def close(self, voucher: Voucher, verdict: str, at: int) -> None:
        """Close a voucher and note when."""
        self.watch(voucher).ends.append((at, verdict))
        super().close(voucher, verdict, at)

    def close_matched(self, voucher: Voucher, at: int) -> None:
        """Close a pair that agrees, and keep it as it is: put away as bytes it would come back as another."""
        self.watch(voucher).ends.append((at, "matched"))
        voucher.pinned = True
        super().close_matched(voucher, at)

    def watch(self, voucher: Voucher) -> Watched:
        """Return the notes on a voucher."""
        self.touched.append(voucher)
        found = self.watched.get(id(voucher))
        if found is None:
            if len(self.watched) >= MAX_VOUCHERS:
                self._thin_out()
            found = self.watched[id(voucher)] = Watched(voucher)
        return found

    def vouchers(self) -> Iterator[Watched]:
        """Yield the vouchers of the terminal, but for those whose leg has gone to another."""
        return (one for one in self.watched.values() if one.voucher.verdict != "late_match")

    def _thin_out(self) -> None:
        old = [key for key, one in self.watched.items() if one.voucher.run.key != self._key][: MAX_VOUCHERS // 4]
        for key in old:
            del self.watched[key]
        self.dropped += len(old)


class LifeLane(Lane):
    """Judges the records of one terminal, or of a number among them, and keeps what they tell."""

    def __init__(self, number: int, policy: Policy, key: tuple[str, str], *, check_keys: bool) -> None:
        """``key`` is the terminal and the voucher number in comparable form."""
        self.state = LifeState(number, policy, key)
        super().__init__(number, policy, live=False, check_keys=check_keys, state=self.state)
        self.policy = policy
        self.key = key
        self.seen: list[Seen] = []
        self.unkept = 0
        self._applied = [0, 0]
        self.changes: dict[str, AnomalyChange] = {}
        self.bad: list[DeadLetter] = []
        self._merge.gate = self._note

    def judge(self, source: int, records: list[RawRecord]) -> None:
        """Judge some records of the terminal; their timestamps are log times."""
        self._keep(self.feed(source, records, NEVER))

    def pass_by(self, source: int, at_ms: int) -> None:
        """Let the log time of a source move on to a moment without a record of the terminal."""
        self._keep(self.caught_up(source, at_ms + self.policy.idle_lateness_ms))

    def end(self, *, flush: bool) -> None:
        """End the log: nothing more comes; with ``flush`` every deadline but the horizons passes."""
        self._keep(self.flush() if flush else self.settle())

    @property
    def passed(self) -> int:
        """Return the log time before which everything was applied; -1 if nothing was."""
        return self._merge.passed

    @property
    def of_terminal(self) -> tuple[int, int]:
        """Return how many events of the terminal either source had, those not applied yet among them."""
        terminal, host = (
            applied + sum(event.terminal == self.key[0] for event in waiting)
            for applied, waiting in zip(self._applied, self._merge.waiting, strict=True)
        )
        return terminal, host

    def unjudged(self) -> Iterator[Seen]:
        """Yield the records of the number that were read and not applied yet."""
        for waiting in self._merge.waiting:
            for event in waiting:
                if (event.terminal, event.number) == self.key:
                    yield Seen(event, event.body, event.outcome, UNJUDGED)

    def _keep(self, out: LaneOutput) -> None:
        for change in out.changes:
            self.changes[change.anomaly_id] = change
        room = MAX_BAD - len(self.bad)
        self.bad += out.dead_letters[: max(0, room)]

    def _note(self, event: Event) -> None:
        """Apply one event and note what it was taken for."""
        state = self.state
        if event.terminal != self.key[0]:
            return
        self._applied[event.source] += 1
        key, body, outcome = (event.terminal, event.number), event.body, event.outcome
        state.touched.clear()
        state.journal.moved.clear()
        self._correlator.apply(event)
        if event.voucher is not None:
            state.watch(event.voucher)
        if key != self.key:
            return
        if len(self.seen) < MAX_SEEN:
            self.seen.append(Seen(event, body, outcome, self._role(event)))
        else:
            self.unkept += 1

    def _role(self, event: Event) -> str:
        state = self.state
        moved = {name for name, _ in state.journal.moved}
        for name, role in _ROLES.items():
            if name in moved:
                return role
        is_leg = event.voucher is not None or any(event in (one.terminal, one.host) for one in state.touched)
        return "leg" if is_leg else "duplicate"

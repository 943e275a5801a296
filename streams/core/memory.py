"""What a lane remembers: runs of voucher numbers, vouchers with one side missing, open anomalies.

A run is remembered for L after its last record and for as long as a voucher in it is not closed.
Forgetting is judged by log time at every look-up, so that it never depends on when the memory is
swept; the sweep only gives the space back.
"""

from __future__ import annotations

from collections import defaultdict, deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from streams.core.decode import Decoder
from streams.core.event import Event
from streams.core.voucher import NO_VOUCHERS, Run, Voucher
from streams.core.wire import HOST, SOURCES, TERMINAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.decode import Tally
    from streams.core.policy import Policy
    from streams.core.usual import Usual

SWEEP_LATENESS_MS: Final = 60_000
Key = tuple[str, str]
"""Terminal id and voucher number, both in comparable form."""


class Memory:
    """The vouchers of one lane by terminal and number."""

    def __init__(self, policy: Policy, *, live: bool) -> None:
        self.span_ms = policy.memory_ms
        self._live = live
        self._windows = policy.pair_window_ms
        unheard: Tally = defaultdict(int)
        self._decoders = tuple(Decoder(source, policy, unheard, check_keys=False) for source in (TERMINAL, HOST))
        self.runs: dict[Key, Run] = {}
        self._by_age: deque[Run] = deque()
        self._by_birth: deque[Run] = deque()
        self._unpacked: list[tuple[int, int, Run]] = []
        self.usual: Usual | None = None
        self._one_sided: dict[Key, list[Voucher]] = {}
        self.with_anomaly: dict[Key, list[Voucher]] = {}
        self._reversals: dict[str, list[Voucher]] = {}

    def begin(self, key: Key, at: int) -> Run:
        """Begin the run of a number that is not remembered at this log time."""
        run = self.runs[key] = Run(key, at, at, at, NO_VOUCHERS)
        if self.usual is not None:
            self.usual.note(key)
        self._by_age.append(run)
        if self._live:
            self._by_birth.append(run)
        return run

    def run_of(self, key: Key) -> Run | None:
        """Return the run of a number, forgotten or not, if there is one; a packed voucher becomes one."""
        run = self.runs.get(key)
        if run is None and self.usual is not None:
            return self.usual.unpack(key)
        return run

    def take_in(self, run: Run) -> None:
        """Take the run of a voucher that was packed until now; its turn among the births has passed."""
        self.runs[run.key] = run
        if self.usual is not None:
            self.usual.note(run.key)
        self._by_age.append(run)
        if self._live:
            heappush(self._unpacked, (run.first, id(run), run))

    def renew(self, run: Run, at: int) -> Run:
        """Begin the run of a number anew; what is not closed yet goes on in it, the rest is forgotten.

        With open vouchers the run keeps its first log time, so that a restart replays them.
        """
        if not run.open:
            return self.begin(run.key, at)
        self._drop_one_sided(run)
        run.vouchers = [voucher for voucher in self.vouchers_of(run) if not voucher.closed]
        run.reversals = [voucher for voucher in run.reversals or () if not voucher.closed]
        run.last = at
        return run

    def sweep(self, now: int) -> None:
        """Give back the space of runs that are forgotten at log time ``now``."""
        if self.usual is not None:
            self.usual.sweep(now)
        ages = self._by_age
        floor = now - self.span_ms
        # A run is looked at once its second leg has had its time too: looked at a moment too early
        # it would have to wait for its next turn, one L later.
        ripe = floor - SWEEP_LATENESS_MS
        while ages and ages[0].aged < ripe:
            run = ages.popleft()
            if run.open or run.last >= floor:
                run.aged = now if run.open else run.last
                ages.append(run)
                continue
            if self.runs.get(run.key) is run:
                del self.runs[run.key]
            if run.reversals or run.key in self._one_sided:
                self._drop_one_sided(run)
            # Legs, vouchers and runs point at each other; cut by hand, the space is free at once
            # and the cycle collector has nothing to look for.
            for voucher in run.vouchers if run.reversals is None else [*run.vouchers, *run.reversals]:
                if voucher.anomaly is None and voucher.run is run:
                    for leg in (voucher.terminal, voucher.host):
                        if leg is not None:
                            leg.voucher = None
            run.vouchers = NO_VOUCHERS
            run.reversals = None

    def let_go(self, voucher: Voucher) -> None:
        """Forget a voucher whose anomaly is over, if its run was forgotten while the anomaly stood."""
        if voucher.closed and voucher.anomaly is None and self.runs.get(voucher.run.key) is not voucher.run:
            self.drop_one_sided(voucher)
            for leg in voucher.legs:
                leg.voucher = None

    def vouchers_of(self, run: Run) -> list[Voucher]:
        """Return the vouchers of a run, read again from its bytes where it was put away."""
        terminal_bytes, host_bytes = run.terminal_bytes, run.host_bytes
        if terminal_bytes is None or host_bytes is None:
            if run.vouchers is NO_VOUCHERS:
                run.vouchers = []
            return run.vouchers
        run.terminal_bytes = run.host_bytes = None
        terminal = self.read_again(TERMINAL, run.terminal_time, run.terminal_offset, terminal_bytes)
        host = self.read_again(HOST, run.host_time, run.host_offset, host_bytes)
        voucher = Voucher(run, "", False, None, terminal, host)  # noqa: FBT003  positional: a struct built in C
        voucher.closed = voucher.counted = True
        voucher.verdict = "matched"
        run.vouchers = [voucher]
        return run.vouchers

    def read_again(self, source: int, log_time: int, offset: int, raw: bytes) -> Event:
        """Return the event that a record's bytes were; raises ``TypeError`` where they are none."""
        event = self._decoders[source].decode(offset, log_time, log_time, None, raw, log_time)
        if not isinstance(event, Event):
            now = "nothing" if event is None else event.reason
            message = f"bytes at offset {offset} of {SOURCES[source]} were an event and now are {now}"
            raise TypeError(message)
        event.deadline = log_time + self._windows[event.kind]
        return event

    def _drop_one_sided(self, run: Run) -> None:
        for voucher in [*run.vouchers, *(run.reversals or ())]:  # what is put away is not one-sided
            if voucher.run is run and voucher.closed and voucher.anomaly is None:
                self.drop_one_sided(voucher)

    def oldest_needed(self, from_ms: int) -> int:
        """Return the first log time of every run of a live lane that ends at ``from_ms`` or later, or is not closed.

        Without such a run the answer is ``from_ms``.
        """
        births = self._by_birth
        while births and not births[0].open and births[0].last < from_ms:
            births.popleft()
        unpacked = self._unpacked
        while unpacked and not unpacked[0][2].open and unpacked[0][2].last < from_ms:
            heappop(unpacked)
        return min(
            from_ms if self.usual is None else self.usual.oldest_needed(from_ms),
            births[0].first if births else from_ms,
            unpacked[0][0] if unpacked else from_ms,
        )

    def remembers(self, voucher: Voucher, now: int) -> bool:
        """Tell whether a closed voucher without an open anomaly is still known at log time ``now``."""
        return not voucher.closed or voucher.anomaly is not None or now - voucher.run.last <= self.span_ms

    def keep_one_sided(self, voucher: Voucher) -> None:
        """Let a voucher that was closed with one side missing be found by that side."""
        for key in [voucher.run.key, *voucher.more_keys]:
            standing = self._one_sided.setdefault(key, [])
            if voucher not in standing:
                standing.append(voucher)

    def drop_one_sided(self, voucher: Voucher) -> None:
        """Forget that a voucher lacks a side."""
        for key in [voucher.run.key, *voucher.more_keys]:
            standing = self._one_sided.get(key)
            if standing and voucher in standing:
                standing.remove(voucher)
                if not standing:
                    del self._one_sided[key]

    def one_sided(self, key: Key) -> list[Voucher]:
        """Return the vouchers of a number that were closed with one side missing."""
        return self._one_sided.get(key, [])

    def keep_anomaly(self, voucher: Voucher) -> None:
        """Let a transaction with an open anomaly be found after its run is forgotten."""
        if self.usual is not None:
            self.usual.unpack(voucher.run.key)
            self.usual.note(voucher.run.key)
        standing = self.with_anomaly.setdefault(voucher.run.key, [])
        if voucher not in standing:
            standing.append(voucher)

    def has_anomaly(self, key: Key) -> bool:
        """Tell whether a voucher of a number has an open anomaly."""
        return key in self.with_anomaly

    def drop_anomaly(self, voucher: Voucher) -> None:
        """Forget a transaction whose anomaly is no longer open."""
        standing = self.with_anomaly.get(voucher.run.key)
        if standing and voucher in standing:
            standing.remove(voucher)
            if not standing:
                del self.with_anomaly[voucher.run.key]

    def keep_reversal(self, voucher: Voucher, leg: Event) -> None:
        """Let a reversal be found by its terminal for as long as repeats of it can come."""
        self._reversals.setdefault(leg.terminal, []).append(voucher)

    def reversals_of(self, terminal: str, now: int) -> list[Voucher]:
        """Return the reversals of a terminal that a repeat at log time ``now`` can belong to."""
        standing = self._reversals.get(terminal)
        if not standing:
            return []
        kept = [v for v in standing if not v.closed or any(leg.deadline >= now for leg in v.legs)]
        if kept:
            self._reversals[terminal] = kept
        else:
            del self._reversals[terminal]
        return kept

    def of_number(self, key: Key, now: int, *, is_reversal: bool) -> Iterator[Voucher]:
        """Return every remembered voucher of a number and class, in no certain order, each once."""
        run = self.run_of(key)
        seen: list[Voucher] = []
        if run is not None:
            seen = list((run.reversals or []) if is_reversal else self.vouchers_of(run))
        extra = [v for v in self.with_anomaly.get(key, ()) if v.is_reversal == is_reversal and v not in seen]
        for voucher in [*seen, *extra]:
            if self.remembers(voucher, now):
                yield voucher

    def of_terminal(self, terminal: str, now: int) -> Iterator[Voucher]:
        """Return every remembered transaction of a terminal: a scan, for references without a number."""
        if self.usual is not None:
            self.usual.unpack_terminal(terminal)
        for key in [key for key in self.runs if key[0] == terminal]:
            yield from self.of_number(key, now, is_reversal=False)
        for key in [key for key in self.with_anomaly if key[0] == terminal and key not in self.runs]:
            yield from self.of_number(key, now, is_reversal=False)

"""What a lane remembers: runs of voucher numbers, vouchers with one side missing, open anomalies.

A run is remembered for L after its last record and for as long as a voucher in it is not closed.
Forgetting is judged by log time at every look-up, so that it never depends on when the memory is
swept; the sweep only gives the space back.
"""

from __future__ import annotations

from collections import defaultdict, deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from streams.core import fact
from streams.core.decode import Decoder
from streams.core.event import Event
from streams.core.numbers import Numbers, drop_from
from streams.core.recalled import Recalled
from streams.core.tills import Tills
from streams.core.voucher import NO_VOUCHERS, Run, Voucher
from streams.core.wire import HOST, SOURCES, TERMINAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.decode import Tally
    from streams.core.ledger import Fact, Ledger
    from streams.core.policy import Policy
    from streams.core.put_lately import PutLately
    from streams.core.usual import Usual

SWEEP_LATENESS_MS: Final = 60_000
Key = tuple[str, str]
"""Terminal id and voucher number, both in comparable form."""


class Memory:
    """The vouchers of one lane by terminal and number."""

    def __init__(self, policy: Policy, ledger: Ledger, *, live: bool) -> None:
        self.ledger = ledger
        self.span_ms = policy.memory_ms
        self.horizon_ms = policy.originals_horizon_ms
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
        self.wanted: dict[Key, list[Voucher]] = {}
        """Numbers that a void names, and that were not found: the voids, until their anomaly is over."""
        self.pointing: dict[str, list[Voucher]] = {}
        """Of each terminal the voids, refunds and completions that were not held against their original yet."""
        self.numbers = Numbers()
        self._recalled = Recalled(self.numbers)
        self.tills = Tills(ledger, policy.originals_horizon_ms)
        self._swept_at = 0
        self.put_lately: PutLately | None = None
        """Takes the facts where packed pairs stand beside a ledger that has them in chunks."""
        self._facts: list[Fact] = []
        """What is forgotten and not handed to the ledger yet."""

    def begin(self, key: Key, at: int) -> Run:
        """Begin the run of a number that is not remembered at this log time."""
        if key not in self.runs:
            self._note(key)
        run = self.runs[key] = Run(key, at, at, at, NO_VOUCHERS)
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

    def _note(self, key: Key) -> None:
        """Let all who ask whether a key stands among runs or open anomalies know that it does."""
        self.numbers.note(key)
        if self.usual is not None:
            self.usual.note(key)

    def take_in(self, run: Run) -> None:
        """Take the run of a voucher that was packed until now; its turn among the births has passed."""
        self.runs[run.key] = run
        self._note(run.key)
        self._by_age.append(run)
        if self._live:
            heappush(self._unpacked, (run.first, id(run), run))

    def renew(self, run: Run, at: int) -> Run:
        """Begin the run of a number anew; what is not closed yet goes on in it, the rest is forgotten.

        With open vouchers the run keeps its first log time, so that a restart replays them.
        """
        if not run.open:
            self._forget(run)
            return self.begin(run.key, at)
        for voucher in [*self.vouchers_of(run), *(run.reversals or ())]:
            if voucher.closed:
                self.put_down_of_run(voucher, run)
        self._drop_one_sided(run)
        run.vouchers = [voucher for voucher in self.vouchers_of(run) if not voucher.closed]
        run.reversals = [voucher for voucher in run.reversals or () if not voucher.closed]
        run.last = at
        return run

    def sweep(self, now: int) -> None:
        """Give back the space of runs that are forgotten at log time ``now``."""
        self._swept_at = now
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
                self.numbers.drop(run.key)
            self._forget(run)
        for voucher in self._recalled.take_unused(floor):
            self._facts += fact.of_voucher(voucher, findable=voucher.findable)
        self.hand_over()
        self.ledger.forget(now - self.horizon_ms)
        if self.usual is not None:
            self.usual.hand_over_chunks(many=True)
            self.usual.forget(now - self.horizon_ms)

    def _forget(self, run: Run) -> None:
        """Let what a run holds become facts, and cut it apart."""
        if run.terminal_bytes is not None and run.host_bytes is not None:
            self._facts.append(fact.of_run(run))
            run.terminal_bytes = run.host_bytes = None
        vouchers = run.vouchers if run.reversals is None else [*run.vouchers, *run.reversals]
        for voucher in vouchers:
            self.put_down_of_run(voucher, run)
        if run.reversals or run.key in self._one_sided:
            self._drop_one_sided(run)
        # Legs, vouchers and runs point at each other; cut by hand, the space is free at once
        # and the cycle collector has nothing to look for.
        for voucher in vouchers:
            if voucher.anomaly is None and voucher.run is run:
                for leg in (voucher.terminal, voucher.host):
                    if leg is not None:
                        leg.voucher = None
        run.vouchers = NO_VOUCHERS
        run.reversals = None

    def put_down_of_run(self, voucher: Voucher, run: Run) -> None:
        """Let a closed voucher that memory forgets with its run become a fact; one with an anomaly stays."""
        if voucher.run is not run or voucher.anomaly is not None or voucher.verdict == "late_match":
            return
        findable = voucher in self._one_sided.get(run.key, ())
        if findable or voucher.from_ledger or not voucher.is_reversal:
            self._tell(voucher, findable=findable)

    def _tell(self, voucher: Voucher, *, findable: bool) -> None:
        """Let a voucher become a fact; a transaction that a reversal holds stays in use, both mean the same."""
        self._facts += fact.of_voucher(voucher, findable=findable)
        if voucher.awaited:
            voucher.awaited = False
            voucher.findable, voucher.from_ledger = findable, True
            self.use(voucher, self._swept_at)

    def put_down(self, voucher: Voucher) -> None:
        """Let what is known of a closed voucher that memory has forgotten already become a fact again."""
        standing = self.runs.get(voucher.run.key)
        if voucher.closed and voucher.anomaly is None and standing is not voucher.run:
            findable = voucher.findable or voucher in self._one_sided.get(voucher.run.key, ())
            self._tell(voucher, findable=findable)

    def hand_over(self, *, all_of_it: bool = False) -> None:
        """Give the ledger what was forgotten since then; ``all_of_it`` with the packed pairs that stand here."""
        if self.usual is not None:
            self._facts += self.usual.take_facts()
        if self._facts:
            (self.put_lately or self.ledger).put(self._facts)
            self._facts = []
        if all_of_it and self.usual is not None:
            self.usual.hand_over_chunks()

    def let_go(self, voucher: Voucher) -> None:
        """Forget a voucher whose anomaly is over, if its run was forgotten while the anomaly stood."""
        if voucher.closed and voucher.anomaly is None and self.runs.get(voucher.run.key) is not voucher.run:
            self.put_down(voucher)
            self._take_off(voucher)
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
                self._take_off(voucher)

    def oldest_needed(self, from_ms: int) -> int:
        """Return the first log time of every run of a live lane that ends at ``from_ms`` or later, or is not closed.

        Without such a run the answer is ``from_ms``.  A run that was not swept yet is in no ledger and counts too.
        """
        births = self._by_birth
        while births and not births[0].open and births[0].last < from_ms and self._is_forgotten(births[0]):
            births.popleft()
        unpacked = self._unpacked
        while unpacked and not unpacked[0][2].open and unpacked[0][2].last < from_ms:
            if not self._is_forgotten(unpacked[0][2]):
                break
            heappop(unpacked)
        return min(
            from_ms if self.usual is None else self.usual.oldest_needed(from_ms),
            births[0].first if births else from_ms,
            unpacked[0][0] if unpacked else from_ms,
        )

    def _is_forgotten(self, run: Run) -> bool:
        return self.runs.get(run.key) is not run

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
        voucher.findable = False
        self._take_off(voucher)

    def _take_off(self, voucher: Voucher) -> None:
        for key in [voucher.run.key, *voucher.more_keys]:
            drop_from(self._one_sided, key, voucher)

    def one_sided(self, key: Key, *, is_reversal: bool) -> list[Voucher]:
        """Return the vouchers of a number and class that were closed with one side missing, forgotten ones too."""
        standing = self._one_sided.get(key, [])
        return [v for v in self.ever_of_number(key, is_reversal=is_reversal) if v in standing or v.findable]

    def keep_anomaly(self, voucher: Voucher) -> None:
        """Let a transaction with an open anomaly be found after its run is forgotten."""
        if self.usual is not None:
            self.usual.unpack(voucher.run.key)
        standing = self.with_anomaly.get(voucher.run.key)
        if standing is None:
            standing = self.with_anomaly[voucher.run.key] = []
            self._note(voucher.run.key)
        if voucher not in standing:
            standing.append(voucher)

    def has_anomaly(self, key: Key) -> bool:
        """Tell whether a voucher of a number has an open anomaly."""
        return key in self.with_anomaly

    def drop_anomaly(self, voucher: Voucher) -> None:
        """Forget a transaction whose anomaly is no longer open."""
        if drop_from(self.with_anomaly, voucher.run.key, voucher):
            self.numbers.drop(voucher.run.key)

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

    def ever_of_number(self, key: Key, *, is_reversal: bool = False) -> list[Voucher]:
        """Return every voucher of a number and class that memory or ledger still holds, in no certain order."""
        run = self.run_of(key)
        found: list[Voucher] = []
        if run is not None:
            found = list((run.reversals or []) if is_reversal else self.vouchers_of(run))
        for voucher in self.beside_run(key):
            if voucher.is_reversal == is_reversal and voucher not in found:
                found.append(voucher)
        self.hand_over()
        found += [v for v in self._told(self.ledger.of_number(*key), found) if v.is_reversal == is_reversal]
        if self.usual is not None and not is_reversal:
            found += self._told(self.usual.facts_of_number(*key), found)
        if is_reversal:
            for reversal in found:
                self._find_target(reversal)
        return found

    def ever_of_terminal(self, terminal: str, since_ms: int, reference: str = "") -> list[Voucher]:
        """Return every transaction of a terminal since a log time that memory or ledger still holds.

        With a ``reference``, an rrn or authorisation code without padding, at least all that have it.
        """
        if self.usual is not None:
            self.usual.unpack_terminal(terminal, reference)
        each: dict[Voucher, None] = {}  # thousands with an anomaly where the other side of a terminal has failed
        for number in self.numbers.of(terminal):
            key = (terminal, number)
            run = self.runs.get(key)
            here = self.vouchers_of(run) if run is not None and (not reference or run.may_have(reference)) else []
            more = [v for known in (self.with_anomaly, self._recalled.by_key) for v in known.get(key, ())]
            standing = here + [v for v in more if not v.is_reversal]
            each |= dict.fromkeys([v for v in standing if not reference or v.has_reference(reference)])
        found = list(each)
        self.hand_over()
        ledger = self.ledger
        facts = ledger.of_reference(terminal, reference) if reference else ledger.of_terminal(terminal, since_ms)
        found += [v for v in self._told(facts, found) if not v.is_reversal]
        if self.usual is not None:
            found += self._told(self.usual.facts_of_terminal(terminal, since_ms, reference), found)
        return [voucher for voucher in found if voucher.log_time >= since_ms]

    def _told(self, facts: list[Fact], known: list[Voucher]) -> list[Voucher]:
        """Return the vouchers that facts tell of, without those that are known."""
        if not facts:
            return []
        places = {voucher.place for voucher in known}
        return [fact.recalled(one, self.read_again) for one in facts if one[2:5] not in places]

    def _find_target(self, reversal: Voucher) -> None:
        """Let a reversal that is recalled know its transaction again."""
        at = reversal.target_at
        if at is not None and reversal.target is None:
            targets = self.ever_of_number((reversal.run.key[0], at[0]))
            reversal.target = next((target for target in targets if target.place == at[1:]), None)

    def use(self, voucher: Voucher, now: int) -> None:
        """Keep a voucher of the ledger in memory for a while, since something may happen to it."""
        if self.usual is not None and voucher.from_ledger and self.usual.hand_out(voucher):
            self.hand_over()  # before what becomes of it is put
        self._recalled.use(voucher, now)

    def reaches(self, voucher: Voucher, now: int) -> bool:
        """Tell whether memory or ledger reach a voucher at log time ``now``, wherever it is kept."""
        return self.remembers(voucher, now) or now - voucher.log_time <= self.horizon_ms

    def beside_run(self, key: Key) -> list[Voucher]:
        """Return the vouchers of a number that are kept apart from its run, some of them twice."""
        return [v for more in (self.with_anomaly, self._recalled.by_key, self._one_sided) for v in more.get(key, ())]

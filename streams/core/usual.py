"""The usual vouchers, kept packed where ``packed.pyx`` is compiled, as the rest of the core sees them.

A packed voucher that something unusual happens to is unpacked first: it becomes the run, voucher and
legs that it would have been without packing, with its deadline set.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final

from streams.core.diagnosis.neighbours import remembered
from streams.core.fact import references
from streams.core.ledger import MemoryLedger
from streams.core.put_lately import PutLately
from streams.core.reversals import mark_of
from streams.core.timers import CHAIN, LEG_DEADLINE, NEVER
from streams.core.voucher import NO_VOUCHERS, Run, Voucher
from streams.core.wire import SOURCES, TERMINAL

try:
    from streams.core.packed import Lines, Packed
except ImportError:  # not compiled: every event is an object
    Lines = Packed = None  # type: ignore[assignment,misc]  # as said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streams.core.cut import Marks
    from streams.core.decode import Decoder
    from streams.core.diagnosis.neighbours import Counted
    from streams.core.event import Event
    from streams.core.ledger import Fact
    from streams.core.memory import Key
    from streams.core.policy import Policy
    from streams.core.state import LaneState
    from streams.core.wire import DeadLetter, RawRecord


__all__ = ["AVAILABLE", "Lines", "Packed", "Usual", "fits"]

MANY_UNWRITTEN: Final = 65_536
"""Forgotten pairs of which chunks are made between two cuts: the more at once, the larger they are."""
AVAILABLE: Final = Packed is not None


def fits(policy: Policy) -> bool:
    """Tell whether usual vouchers can be packed: one key for all links, lanes by terminal, the contract's own names."""
    links = (policy.default_link, *policy.links.values())
    own_names = any(policy.field_maps.values()) or bool(policy.raw_feeds)
    return AVAILABLE and not any(link.batch_in_key for link in links) and not own_names and not policy.by_merchant


class Usual:
    """The packed vouchers of one lane."""

    def __init__(self, state: LaneState, *, live: bool, check_keys: bool, partitions: int) -> None:
        self._state = state
        # With the ledger in memory, forgotten pairs stay where they are: cheaper than as objects there.
        own = state.ledger
        self._kept = own if isinstance(own, MemoryLedger) else None
        self._packed = Packed(state.policy, live=live, check_keys=check_keys, partitions=partitions)
        self._packed.attach(
            state,
            read_again=state.memory.read_again,
            meet=state.blind.meet if state.blind is not None else None,
            remembered=partial(remembered, state.memory),
            may_outdo=partial(_may_outdo, state),  # not bound to this object: a closed lane is given back at once
        )
        self._chunks = own.chunks
        if self._chunks is not None:
            state.memory.put_lately = PutLately(own)
        self._packed.keeps = self._kept is not None
        self._packed.shelves = self._chunks is not None

    def forget(self, before_ms: int) -> None:
        """Give back forgotten pairs that began before a log time, and the oldest beyond what the ledger may keep."""
        if self._chunks is not None:
            self._packed.drop_written(self._chunks.settled, self._chunks.most_at_hand)
            self._packed.forget(before_ms, 0)
        elif self._kept is not None:
            lost = self._packed.forget(before_ms, self._kept.max_facts)
            if lost >= 0:
                self._kept.lose(lost)

    def hand_out(self, voucher: Voucher) -> bool:
        """Let the forgotten pair that a voucher was recalled from be a fact; tell whether it stood here."""
        return self._packed.hand_out(*voucher.run.key, *voucher.place)

    def facts_of_number(self, terminal: str, number: str) -> list[Fact]:
        """Return the forgotten pairs of a number that the ledger left here."""
        return self._packed.facts_of_number(terminal, number)

    def facts_of_terminal(self, terminal: str, since_ms: int, reference: str) -> list[Fact]:
        """Return the forgotten pairs of a terminal that the ledger left here, with a reference if one is given."""
        if reference:
            return self._packed.facts_of_reference(terminal, reference)
        return self._packed.facts_of_terminal(terminal, since_ms)

    def read(
        self,
        source: int,
        records: Sequence[RawRecord],
        log_time: int,
        processed: int,
        now_ms: int,
        passed: int,
        marks: Marks | None,
        decoder: Decoder,
    ) -> tuple[int, list[DeadLetter], list[Event]]:
        """Read a fetch into the waiting line; see ``Packed.read``.

        Counts the events that were not handled before.  Returns the log time reached, the records
        that are no events, and the events that lie behind ``passed``.
        """
        log_time, letters, events, behind = self._packed.read(
            source, records, log_time, processed, now_ms, passed, marks, decoder.decode
        )
        tally = self._state.journal.out.tally
        counts: dict[tuple[str, str], int] = defaultdict(int)
        packed_counts, defaulted = self._packed.take_counts(source)
        for kind, outcome, count in packed_counts:
            counts[kind, outcome] += count
        for event in events:
            if event.offset >= processed:
                counts[event.kind, event.outcome] += 1
        for (kind, outcome), count in counts.items():
            tally["events_total", (SOURCES[source], kind, outcome)] += count
        if defaulted:
            tally["terminal_outcome_defaulted_total", ()] += defaulted
        return log_time, letters, behind

    def apply(self, mark: int, general: Callable[[Event], None], fire: Callable[[int], None]) -> None:
        """Apply what lies before a log time; ``general`` takes what is not packed."""
        self._packed.apply(mark, general, fire)

    def pack_from(self, log_time: int) -> None:
        """Let no event before a log time stay packed."""
        self._packed.gate_from = log_time

    def note(self, key: Key) -> None:
        """Take note that a key stands among the runs or open anomalies of the memory."""
        self._packed.note(*key)

    def unpack(self, key: Key) -> Run | None:
        """Make a run of a packed voucher, and of all that marks link it to; ``None`` where none has this key."""
        rows = self._packed.unpack(*key)
        if rows is None:
            return None
        memory, found, original = self._state.memory, None, None
        for terminal, number, legs, pointing, deadline in rows:
            run = Run((terminal, number), legs[0][1], legs[-1][1], legs[-1][1], NO_VOUCHERS)
            memory.take_in(run)
            if len(legs) == 1:
                voucher = self._wait(run, legs[0])
            else:
                _put_away(run, legs)
                if not pointing and len(rows) == 1:
                    return run
                voucher = memory.vouchers_of(run)[0]
            if pointing:
                self._point(voucher, deadline)
            if original is not None:
                voucher.original = original
                original.marks = (mark_of(voucher, approved=True),)
            original = voucher
            if run.key == key:
                found = run
        return found

    def _point(self, voucher: Voucher, deadline: int) -> None:
        """Let a voucher point at an original, and be held against it at a deadline, if there still is one."""
        voucher.pinned = True
        if voucher.lone is None and not deadline:
            return
        place = voucher.place
        standing = self._state.memory.pointing.setdefault(voucher.run.key[0], [])
        standing.insert(sum(other.place < place for other in standing), voucher)
        if deadline:
            voucher.chain_at = deadline
            leg = voucher.legs[0]
            self._state.timers.set(deadline, CHAIN, leg.source, leg.offset, voucher)

    def _wait(self, run: Run, row: tuple[int, int, int, bytes]) -> Voucher:
        """Return the voucher of a leg that waits for its other side."""
        state = self._state
        leg = state.memory.read_again(*row)
        leg.terminal, leg.number = run.key
        sides = (leg, None) if leg.source == TERMINAL else (None, leg)
        voucher = Voucher(run, "", False, leg, *sides)  # noqa: FBT003  positional, as all its arguments
        leg.voucher = voucher
        run.vouchers = [voucher]
        state.begin(run)
        state.pending[leg.source] += 1
        state.timers.set(leg.deadline, LEG_DEADLINE, leg.source, leg.offset, leg)
        return voucher

    def unpack_terminal(self, terminal: str, reference: str) -> None:
        """Unpack all vouchers of a terminal, with an rrn or auth code those at least that have it."""
        for key in self._packed.keys_of(terminal, reference):
            self.unpack(key)

    def unpack_pointing_at(self, original: Voucher) -> None:
        """Unpack the vouchers that may point at another and were not held against it yet."""
        found = references(text for leg in original.legs for text in (leg.body.rrn, leg.body.auth_code))
        for key in self._packed.keys_pointing_at(*original.run.key, found):
            self.unpack(key)

    def take_facts(self) -> list[Fact]:
        """Return the pairs that were forgotten since the last call, as facts for the ledger."""
        return self._packed.take_facts()

    @property
    def gone_until(self) -> int:
        """The log time after which no pair began that was forgotten and does not stand here any more."""
        return self._packed.gone_until

    def hand_over_chunks(self, *, many: bool = False) -> None:
        """Give a ledger that takes chunks those of the pairs forgotten since then; with ``many`` only if they are."""
        if self._chunks is not None and self._packed.unwritten > (MANY_UNWRITTEN if many else 0):
            self._chunks.put_chunks(*self._packed.take_chunks(self._chunks.bucket_ms))

    def unpack_due(self, before: int, at_most: int = NEVER) -> None:
        """Unpack the lone legs with a deadline smaller than ``before``, of many the ``at_most`` oldest."""
        if self._packed.due < before:
            for key in self._packed.due_keys(before, at_most):
                self.unpack(key)

    def hear_behind(self, event: Event) -> None:
        """Take note for diagnosis of an event that lies behind the watermark; ``apply`` does it with all others."""
        if self._state.diagnoser is not None:
            self._packed.hear(event.source, event.log_time, event.offset)

    def life(self, key: Key, reach: int, since_ms: int, at: int) -> Counted:
        """Return what the vouchers with a number near a key's say; see ``Packed.life``."""
        return self._packed.life(key[0], int(key[1]), reach, since_ms, at)

    def judge_due(self, before: int) -> None:
        """Hold packed vouchers with a deadline before ``before`` against their originals; unpack what is not plain."""
        if self._packed.chains_due < before:
            for key in self._packed.judge_due(before):
                self.unpack(key)

    def sweep(self, now: int) -> None:
        """Give back the space of pairs that nothing can ask for at log time ``now``."""
        self._packed.sweep(now)

    def oldest_needed(self, from_ms: int) -> int:
        """Return the first log time of every packed voucher that ends at ``from_ms`` or later, or waits."""
        return self._packed.oldest_needed(from_ms)

    @property
    def sizes(self) -> dict[str, int]:
        """Return the size of everything that grows with the traffic, by name."""
        return self._packed.sizes

    @property
    def pending(self) -> tuple[int, int]:
        """Return how many packed legs of terminal and host wait for their other side."""
        return self._packed.pending

    @property
    def waiting(self) -> tuple[int, int]:
        """Return how many events of terminal and host wait for the other source's watermark."""
        return self._packed.waiting_counts


def _put_away(run: Run, legs: list[tuple[int, int, int, bytes]]) -> None:
    """Let a run hold the bytes of a pair, each leg (source, log time, offset, record)."""
    for source, log_time, offset, raw in legs:
        if source == TERMINAL:
            run.terminal_bytes, run.terminal_time, run.terminal_offset = raw, log_time, offset
        else:
            run.host_bytes, run.host_time, run.host_offset = raw, log_time, offset


def _may_outdo(state: LaneState, key: Key, reference: str, place: tuple[int, int, int]) -> bool:
    """Tell whether a voucher that is not packed has a number, or a reference at its terminal, from a place on."""
    memory, ledger = state.memory, state.ledger
    memory.hand_over()
    lately = memory.put_lately
    if lately is not None and memory.usual is not None and place[0] > max(lately.floor, memory.usual.gone_until):
        if lately.has_after(key[0], reference or key[1], place):
            return True
    else:
        facts = ledger.of_reference(key[0], reference) if reference else ledger.of_number(*key)
        if any(fact[2:5] > place for fact in facts):
            return True
    keys = [(key[0], number) for number in memory.numbers.of(key[0])] if reference else [key]
    for one in keys:
        standing = memory.beside_run(one)
        run = memory.runs.get(one)
        if run is not None and run.last >= place[0]:
            if run.terminal_bytes is not None and run.may_have(reference):
                return True
            standing += run.vouchers
        if any(v.place >= place and (not reference or v.has_reference(reference)) for v in standing):
            return True
    return False

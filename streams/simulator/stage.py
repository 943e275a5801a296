"""Where scripts act: it draws vouchers, renders legs and keeps them until their time has come."""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.simulator.fleet import LONGEST_BATCH, SHORTEST_BATCH, Past, Terminal
from streams.simulator.voucher import Voucher, host_value, month_day, terminal_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from streams.simulator.causes.episode import Episode
    from streams.simulator.params import SimulationParams, SourceName
    from streams.simulator.scenarios import Scenario

SLOT_MS: Final = 250
"""Records are kept and sorted in slots of this length; only open slots are in memory."""

CALM_PAIR_MS: Final = 10_000
"""A pair window of this length or more leaves room for the fleet's usual delays in full."""

TEST_BIN: Final = "99"
"""Issuer numbers that start so are given to no bank."""

_by_time = itemgetter(0)


class SimRecord(NamedTuple):
    """One record of the timeline, as it would lie in Kafka."""

    at_ms: int
    """Record timestamp in epoch milliseconds."""
    source: SourceName
    key: bytes
    value: bytes


class Stage:
    """The state of one simulation in flight: its random numbers, clock, open slots and counters."""

    def __init__(self, params: SimulationParams, fleet: list[Terminal], rng: Random, scenario: Scenario) -> None:
        """Start at the timeline's beginning; the scenario says what is in every event and how many come late."""
        self.params = params
        self.windows = params.windows
        self.rng = rng
        self.random = rng.random
        self.fleet = fleet
        self.terminal = fleet[0]
        self.at_ms = params.start_ms
        self.events: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.redelivered = 0
        self.vouchers = 0
        self.emitted = 0
        self._slots: defaultdict[int, list[SimRecord]] = defaultdict(list)
        self._next_slot = params.start_ms // SLOT_MS
        self._last = SimRecord(0, "terminal", b"", b"")
        self._swift = min(1.0, params.windows.pair_ms / CALM_PAIR_MS)
        self._prefix = f"{zlib.crc32(f'{params.seed}:{params.start_ms}'.encode()):08x}"
        self._sequence = 0
        self._padding = f',"trace":"{"n" * scenario.padding}"' if scenario.padding else ""
        self._tardy = scenario.tardy
        self.episode: Episode | None = None
        """The trouble of which the act on stage is a fault."""
        self.slow = False
        """Whether the terminal on stage takes long to upload whatever it has."""
        self.witness: Callable[[str], str] | None = None
        """Returns further evidence for a terminal's event with a response code, JSON members with a leading comma."""

    def begin(self, at_ms: int, terminal: Terminal | None = None) -> None:
        """Let the next script act at ``at_ms`` on a terminal, a drawn one if none is given."""
        self.at_ms = at_ms
        if terminal is None:
            # Squared, so that some tills are busy and most are not.
            terminal = self.fleet[int(self.random() ** 2 * len(self.fleet))]
        self.terminal = terminal

    def between(self, low: float, high: float, window_ms: int) -> int:
        """Return a drawn delay in milliseconds between two multiples of a window."""
        return int((low + (high - low) * self.random()) * window_ms)

    def host_delay(self) -> int:
        """Return a host's usual delay in milliseconds; two in a hundred come late, well inside the pair window."""
        if self.random() < 0.02:  # noqa: PLR2004  the share just named
            return self.between(0.05, 0.3, self.windows.pair_ms)
        return int((20 + self.random() * 230) * self._swift)

    def prompt(self) -> int:
        """Return a short delay in milliseconds, for scripts in which the order of legs matters."""
        return self.between(0.002, 0.05, self.windows.pair_ms)

    def terminal_delay(self) -> int:
        """Return a terminal's usual delay in milliseconds; some upload late, well inside the pair window."""
        if self.slow or self.random() < self._tardy:
            return self.between(0.05, 0.3, self.windows.pair_ms)
        return int((150 + self.random() * 900) * self._swift)

    def voucher(self, kind: str = "sale", past: Past | None = None, amount: int | None = None) -> Voucher:
        """Return a new voucher of the terminal on stage; with ``past`` it is about that one's card."""
        terminal = self.terminal
        random = self.random
        self.vouchers += 1
        if amount is None:
            amount = 100 + int(60_000 * random() ** 3) if past is None else past.amount
        number = terminal.take_number()
        if kind == "refund":
            terminal.reusable_from = terminal.next_number  # its window is the longest
        drawn = int(random() * 10**8)
        return Voucher(
            terminal=terminal,
            kind=kind,
            number=number,
            batch=terminal.batch,
            amount=amount,
            pan_head=f"{TEST_BIN}{drawn // 10_000:04d}" if past is None else past.pan_head,
            pan_tail=f"{drawn % 10_000:04d}" if past is None else past.pan_tail,
            rrn=self._rrn(),
            auth=f"{1 + int(random() * 999_998):06d}",
            at_ms=self.at_ms,
        )

    def reversal(self, voucher: Voucher, after_ms: int = 0, *, named: bool = False) -> Voucher:
        """Return the reversal of a voucher, in the dialect of its link.

        It repeats the voucher's number and may name the original, or has its own number and must.
        """
        terminal = voucher.terminal
        own = terminal.link.own_reversal_number
        original = ""
        if own or named or self.random() < 0.5:  # noqa: PLR2004  a coin
            original = (
                f',"original":{{"batch_number":"{voucher.batch:06d}","voucher_number":"{voucher.number:06d}",'
                f'"kind":"{voucher.kind}","amount":{voucher.amount}}}'
            )
        self.vouchers += 1
        number = terminal.take_number() if own else voucher.number
        terminal.reusable_from = terminal.next_number  # until the reversal is over, and what it reverses waits so long
        return Voucher(
            terminal=terminal,
            kind="reversal",
            number=number,
            batch=voucher.batch,
            amount=voucher.amount,
            pan_head=voucher.pan_head,
            pan_tail=voucher.pan_tail,
            rrn=self._rrn(),
            auth=voucher.auth,
            at_ms=voucher.at_ms + after_ms,
            original=original,
        )

    def point(self, voucher: Voucher, past: Past, *, by: str, kind: str, dated: bool = True) -> None:
        """Let a voucher name an earlier one: ``by`` its number, its RRN or its authorisation code."""
        offset = self.terminal.region.offset_minutes
        numbers = f'"batch_number":"{past.batch:06d}","voucher_number":"{past.number:06d}"'
        if by != "number":
            numbers = '"batch_number":"000000","voucher_number":"000000"'
        reference = {"number": "", "rrn": f',"rrn":"{past.rrn}"', "auth": f',"auth_code":"{past.auth}"'}[by]
        date = f',"date":"{month_day(past.at_ms + self.terminal.skew_ms, offset)}"' if dated else ""
        voucher.original = f',"original":{{{numbers}{date},"kind":"{kind}","amount":{past.amount}{reference}}}'

    def terminal_leg(
        self,
        voucher: Voucher,
        delay_ms: int,
        code: str = "00",
        outcome: str = "",
        clock_ms: int = 0,
        extra: str = "",
        event_id: str = "",
    ) -> str:
        """Send a voucher's terminal leg after a delay and return its event id."""
        if not event_id:
            self._sequence += 1
            event_id = f"t-{self._prefix}-{self._sequence}"
        if self.witness is not None:
            extra += self.witness(code)
        value = terminal_value(voucher, event_id, code, outcome, clock_ms, extra + self._padding)
        self.send("terminal", self.at_ms + delay_ms, voucher.terminal.key, value)
        return event_id

    def host_leg(
        self,
        voucher: Voucher,
        delay_ms: int,
        code: str = "00",
        outcome: str = "",
        clock_ms: int = 0,
        extra: str = "",
        event_id: str = "",
    ) -> str:
        """Send a voucher's host leg after a delay and return its event id."""
        if not event_id:
            self._sequence += 1
            event_id = f"h-{self._prefix}-{self._sequence}"
        value = host_value(voucher, event_id, code, outcome, clock_ms, extra + self._padding)
        self.send("host", self.at_ms + delay_ms, voucher.terminal.key, value)
        return event_id

    def plain(self, source: SourceName, kind: str, delay_ms: int, members: str = "") -> str:
        """Send an event without a voucher (status, settlement, notice) and return its event id."""
        terminal = self.terminal
        self._sequence += 1
        event_id = f"{source[0]}-{self._prefix}-{self._sequence}"
        ids = terminal.terminal_ids if source == "terminal" else terminal.host_ids
        tail = terminal.terminal_tail if source == "terminal" else terminal.host_tail
        sent_at = self.at_ms + (terminal.skew_ms if source == "terminal" else 0)
        text = f'{{"event_id":"{event_id}","kind":"{kind}","event_time":{sent_at},{ids}{members}{self._padding}{tail}'
        self.send(source, self.at_ms + delay_ms, terminal.key, text.encode())
        return event_id

    def send(self, source: SourceName, at_ms: int, key: bytes, value: bytes) -> None:
        """Keep one event until its time."""
        self.events[source] += 1
        self._keep(SimRecord(at_ms, source, key, value))

    def send_again(self, after_ms: int) -> None:
        """Deliver the event that was sent last a second time, ``after_ms`` after the first."""
        at_ms, source, key, value = self._last
        self.redelivered += 1
        self.send(source, at_ms + after_ms, key, value)

    def bad_event_id(self, source: SourceName) -> str:
        """Return the event id of a record that is to be spoiled."""
        self._sequence += 1
        return f"{source[0]}-{self._prefix}-{self._sequence}"

    def send_bad(self, source: SourceName, delay_ms: int, key: bytes, value: bytes, reason: str) -> None:
        """Keep one record that must become a dead letter with this reason."""
        self.rejected[reason] += 1
        self._keep(SimRecord(self.at_ms + delay_ms, source, key, value))

    def _keep(self, record: SimRecord) -> None:
        self.emitted += 1
        self._last = record
        self._slots[record.at_ms // SLOT_MS].append(record)

    def due(self, until_ms: int) -> Iterator[SimRecord]:
        """Yield, in time order, all records of the slots that end at or before ``until_ms``."""
        last = until_ms // SLOT_MS
        for number in range(self._next_slot, last):
            records = self._slots.pop(number, None)
            if records is not None:
                # A stable sort: records of the same millisecond stay in the order in which they were made.
                records.sort(key=_by_time)
                yield from records
        self._next_slot = max(self._next_slot, last)

    def rest(self) -> Iterator[SimRecord]:
        """Yield, in time order, all records that are left."""
        if self._slots:
            yield from self.due((max(self._slots) + 1) * SLOT_MS)

    def next_batch(self) -> int:
        """Close the batch of the terminal on stage and return its total in minor units."""
        return self.terminal.close_batch(SHORTEST_BATCH + int(self.random() * (LONGEST_BATCH - SHORTEST_BATCH)))

    def _rrn(self) -> str:
        """Return the next retrieval reference number: ordinal day and a running number, twelve digits."""
        self._sequence += 1
        return f"{self.at_ms // 86_400_000 % 9_000 + 1_000}{self._sequence % 10**8:08d}"

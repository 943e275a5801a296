"""What the originals ledger keeps of a terminal, and how it fits what the topics show."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from streams.core.fact import recalled
from streams.replay.life.account import LEDGER, LOG, KeptMark, LedgerPart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.core.event import Event
    from streams.core.ledger import Fact
    from streams.core.voucher import Voucher
    from streams.replay.life.account import Question
    from streams.replay.life.lane import LifeLane

ReadAgain = Callable[[int, int, int, bytes], "Event"]
"""Makes an event of source, log time, offset and record."""
UNREADABLE_FACT = (msgspec.MsgspecError, TypeError, ValueError, KeyError, IndexError, struct.error)
"""What a fact raises that was written under other settings, or is damaged."""


@dataclass(frozen=True, slots=True)
class KeptLane:
    """One database: what it says of itself, and its facts of the terminal, oldest writing first."""

    part: LedgerPart
    facts: Sequence[Fact] = ()


LedgerLook = Callable[[str, int | None, int], Sequence[KeptLane]]
"""Reads the ledger of a terminal, of one lane or, without one, of all; the last is how many partitions there are."""


@dataclass(frozen=True, slots=True)
class KeptVoucher:
    """A voucher of the ledger, and its lane."""

    voucher: Voucher
    lane: int


@dataclass(frozen=True, slots=True)
class Kept:
    """All that the ledger keeps of a terminal; ``unread`` counts facts that cannot be read."""

    parts: tuple[LedgerPart, ...] | None = None
    vouchers: tuple[KeptVoucher, ...] = ()
    unread: int = 0
    topics: tuple[str, str] = ("", "")

    def place(self, lane: int, leg: Event) -> str:
        """Return where a leg of a lane stood, or stands, in its topic."""
        return f"{self.topics[leg.source]}-{lane}@{leg.offset}"

    def cover(self, lane: int) -> LedgerPart | None:
        """Return the database of a lane that reaches furthest, ``None`` where none covers anything."""
        parts = [part for part in self.parts or () if part.lane == lane and part.covers_until is not None]
        return max(parts, key=lambda part: part.covers_until or 0, default=None)


def recall(lanes: Sequence[KeptLane], topics: tuple[str, str], read_again: ReadAgain) -> Kept:
    """Return the vouchers that facts tell of, each once; of one that several databases have, the furthest counts."""
    found: dict[tuple[int, int, int, int], KeptVoucher] = {}
    unread = 0
    for kept in sorted(lanes, key=lambda kept: kept.part.covers_until or 0):
        lane = kept.part.lane or 0
        for fact in kept.facts:
            try:
                found[lane, *fact[2:5]] = KeptVoucher(recalled(fact, read_again), lane)
            except UNREADABLE_FACT:
                unread += 1
    vouchers = tuple(sorted(found.values(), key=lambda one: one.voucher.place))
    for one in vouchers:
        at = one.voucher.target_at
        target = found.get((one.lane, *at[1:])) if at is not None else None
        one.voucher.target = target.voucher if target is not None else None
    return Kept(tuple(kept.part for kept in lanes), vouchers, unread, topics)


@dataclass(frozen=True)
class SideBySide:
    """Vouchers of the ledger beside those of the topics.

    ``apart`` are those of which the topics have nothing.  ``better`` have a leg that the topics lack, ``same``
    have none, both by the identity of the voucher that the topics give.
    """

    read: list[Voucher]
    """The vouchers of the terminal that the topics give."""
    apart: list[KeptVoucher] = field(default_factory=list)
    better: dict[int, KeptVoucher] = field(default_factory=dict)
    same: dict[int, KeptVoucher] = field(default_factory=dict)
    mended: set[tuple[int, int]] = field(default_factory=set)
    """Source and offset of every leg in the topics whose other side the ledger alone has."""

    @cached_property
    def from_ledger(self) -> list[KeptVoucher]:
        """Return the vouchers that the ledger tells, in place of the topics or where they have nothing."""
        return [*{id(one): one for one in self.better.values()}.values(), *self.apart]

    @cached_property
    def vouchers(self) -> list[Voucher]:
        """Return all vouchers of the terminal, each once and in its better form."""
        read = [voucher for voucher in self.read if id(voucher) not in self.better]
        return [*read, *(one.voucher for one in self.from_ledger)]

    def origin(self, voucher: Voucher) -> str:
        """Return what tells of a voucher."""
        return LEDGER if id(voucher) in self._told else LOG

    @cached_property
    def _told(self) -> set[int]:
        return {id(one.voucher) for one in self.from_ledger}

    def keeps_original(self, number: str, before_ms: int) -> bool:
        """Tell whether the ledger alone has a transaction of a number that came before a log time."""
        return any(
            one.voucher.run.key[1] == number and not one.voucher.is_reversal and one.voucher.log_time < before_ms
            for one in self.from_ledger
        )


def side_by_side(lane: LifeLane, kept: Kept) -> SideBySide:
    """Hold the vouchers of the ledger against those of the lane; a record is the same by source and offset."""
    both = SideBySide([one.voucher for one in lane.state.vouchers()])
    read: defaultdict[tuple[int, int], list[Voucher]] = defaultdict(list)
    for voucher in both.read:
        for leg in voucher.legs:
            read[leg.source, leg.offset].append(voucher)
    for one in kept.vouchers:
        places = [(leg.source, leg.offset) for leg in one.voucher.legs] if one.lane == lane.number else []
        shared = [id(voucher) for place in places for voucher in read.get(place, ())]
        if not shared:
            both.apart.append(one)
        elif all(place in read for place in places):
            both.same.update(dict.fromkeys(shared, one))
        else:
            both.better.update(dict.fromkeys(shared, one))
            both.mended.update(place for place in places if place in read)
    return both


def is_asked_for(voucher: Voucher, question: Question) -> bool:
    """Tell whether a voucher bears the number asked for."""
    keys = {voucher.run.key, *voucher.more_keys, *((leg.terminal, leg.number) for leg in voucher.legs)}
    return question.key in keys


def marks_of(voucher: Voucher, known: Iterable[Voucher] = ()) -> tuple[KeptMark, ...]:
    """Return what was done to a voucher, without the marks of vouchers that are known anyway."""
    ids = {leg.body.event_id for one in known for leg in one.legs}
    return tuple(
        KeptMark(mark.kind, mark.number, mark.log_time, mark.amount, mark.approved, mark.events)
        for mark in voucher.marks
        if ids.isdisjoint(mark.events)
    )

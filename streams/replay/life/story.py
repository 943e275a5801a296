"""From a lane's notes to the account of one voucher: its records, verdicts, waits and anomalies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec import UNSET, to_builtins

from streams.core.fields import parse_time
from streams.core.wire import FINAL, HOST, SOURCES, TERMINAL
from streams.replay.life import pointers
from streams.replay.life.account import (
    EXPIRED,
    JUDGED,
    LEDGER,
    NEVER_SEEN,
    NOT_IN_RANGE,
    NOT_YET_ARRIVED,
    UNJUDGED,
    WAITING,
    Decision,
    Judgement,
    Life,
    Near,
    Remark,
    Sighting,
)
from streams.replay.life.accusations import accusations
from streams.replay.life.found import batch_fits
from streams.replay.life.kept import is_asked_for, marks_of, side_by_side
from streams.replay.life.lane import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.event import Event
    from streams.core.voucher import Voucher
    from streams.replay.life.found import Found
    from streams.replay.life.kept import KeptVoucher, SideBySide
    from streams.replay.life.lane import Watched

SHOWN_BAD = 5


@dataclass(frozen=True, slots=True)
class _Own:
    """The vouchers asked for: as the lane gives them, and those that the ledger tells, in their place or alone."""

    watched: list[Watched]
    kept: list[KeptVoucher]
    both: SideBySide

    @property
    def vouchers(self) -> list[Voucher]:
        """Return each in its better form, oldest first."""
        lane = [one.voucher for one in self.watched if id(one.voucher) not in self.both.better]
        return sorted([*lane, *(one.voucher for one in self.kept)], key=lambda voucher: voucher.log_time)


def tell(found: Found) -> Life:
    """Return the account."""
    question, own = found.question, _own(found)
    waiting = [seen for seen in found.lane.unjudged() if batch_fits(question, {seen.event.batch})]
    records = sorted(_sightings(found, own, waiting), key=lambda one: (one.log_time, one.source != "terminal"))
    vouchers = tuple(_judgements(found, own, waiting))
    anomalies = tuple(accusations(found, own.both))
    remarks = (*found.remarks, *_remarks(found))
    near = () if records or vouchers else tuple(pointers.near(own.both, question))
    answer = _answer(vouchers, records)
    if not answer:
        by_ledger = found.published is not None and not any(one.of == "voucher" for one in anomalies)
        answer = _absence(found, near, remarks, by_ledger=by_ledger)
        if answer == NEVER_SEEN and _absence(found, near, remarks, by_ledger=False) != NEVER_SEEN:
            remarks += (Remark("ledger_proves"),)
    return Life(
        answer=answer,
        question=question,
        searched=found.searched,
        records=tuple(records),
        vouchers=vouchers,
        anomalies=anomalies,
        points_at=tuple(pointers.pointed_at(own.both, own.vouchers)),
        pointed_at_by=tuple(pointers.pointing(own.both, own.vouchers, question)),
        near=near,
        remarks=remarks,
    )


def _answer(vouchers: tuple[Judgement, ...], records: list[Sighting]) -> str:
    """Return the answer for a voucher that came; empty for one that did not."""
    if any(voucher.state != JUDGED for voucher in vouchers):
        return WAITING
    return JUDGED if vouchers or records else ""


def _absence(found: Found, near: tuple[Near, ...], remarks: tuple[Remark, ...], *, by_ledger: bool) -> str:
    """Return why nothing may have been found, by what is known for certain first.

    ``by_ledger`` says that what is not in the ledger never came.  A voucher whose anomaly is open is not there yet,
    so that takes the published anomalies.
    """
    if any(one.how == "before_range" for one in near):
        return NOT_IN_RANGE
    codes = {remark.code for remark in remarks}
    if codes & {"records_deleted", "records_only_kept"} and not (by_ledger and found.makes_up):
        return EXPIRED
    if "source_silent" in codes:
        return NOT_YET_ARRIVED
    return NEVER_SEEN if found.covers or (by_ledger and found.covers_with_ledger) else NOT_IN_RANGE


def _own(found: Found) -> _Own:
    """Return what was asked for; of the ledger all that the topics do not have, or have outside of the range."""
    both = side_by_side(found.lane, found.kept)
    watched = [one for one in found.lane.state.vouchers() if _is_own(found, one)]
    watched.sort(key=lambda one: one.voucher.log_time)
    told = {id(one.voucher) for one in watched}
    outside = {id(one): one for key, one in both.same.items() if key not in told}
    kept = [one for one in [*both.from_ledger, *outside.values()] if _is_kept(found, one)]
    return _Own(watched, kept, both)


def _is_own(found: Found, watched: Watched) -> bool:
    """Tell whether a voucher bears the number and batch asked for and reaches into the range."""
    voucher, question = watched.voucher, found.question
    if question.from_ms is not None and max(leg.log_time for leg in voucher.legs) < question.from_ms:
        return False
    return is_asked_for(voucher, question) and batch_fits(question, {leg.batch for leg in voucher.legs})


def _is_kept(found: Found, one: KeptVoucher) -> bool:
    batches = {leg.batch for leg in one.voucher.legs}
    return is_asked_for(one.voucher, found.question) and batch_fits(found.question, batches)


def _sightings(found: Found, own: _Own, waiting: list[Seen]) -> Iterator[Sighting]:
    """Yield the records of the logs, then those that the ledger alone has."""
    shown = set()
    for one in _read_sightings(found, own.watched, waiting):
        shown.add(one.place)
        yield one
    for kept in own.kept:
        for leg in kept.voucher.legs:
            place = found.kept.place(kept.lane, leg)
            if place not in shown:
                shown.add(place)
                yield replace(_sighting(found, Seen(leg, leg.body, leg.outcome, "leg")), place=place, origin=LEDGER)


def _read_sightings(found: Found, own: list[Watched], waiting: list[Seen]) -> Iterator[Sighting]:
    question = found.question
    legs = [leg for watched in own for leg in watched.voucher.legs]
    answers = [leg.answer for leg in legs if leg.answer is not None]
    for seen in [*found.lane.seen, *waiting]:
        event = seen.event
        if question.from_ms is not None and event.log_time < question.from_ms and event not in legs:
            continue
        if event not in legs and not batch_fits(question, {event.batch}):
            continue
        role = "late_answer" if event in answers else seen.role
        if role == "leg" and event not in legs and question.batch:
            continue
        yield replace(_sighting(found, seen), role=role)


def _sighting(found: Found, seen: Seen) -> Sighting:
    event, body = seen.event, seen.body

    def shown(name: str) -> str | None:
        value = getattr(body, name)
        return value.strip() or None if isinstance(value, str) else None

    sent = parse_time(body.event_time)
    original = body.original
    return Sighting(
        source=SOURCES[event.source],
        role=seen.role,
        place=found.place(event.source, event.offset),
        log_time=event.log_time,
        event_time=sent,
        skew_ms=None if sent is None else sent - event.log_time,
        event_id=body.event_id,
        kind=event.kind,
        outcome=seen.outcome,
        response_code=shown("response_code"),
        amount=event.amount,
        currency=event.currency or None,
        card=event.card,
        voucher_number=shown("voucher_number"),
        batch_number=shown("batch_number"),
        merchant_id=shown("merchant_id"),
        rrn=shown("rrn"),
        auth_code=shown("auth_code"),
        link=shown("link"),
        offline=body.offline is True,
        original=to_builtins(original) if original is not UNSET and original is not None else None,
    )


def _judgements(found: Found, own: _Own, waiting: list[Seen]) -> Iterator[Judgement]:
    """Yield the vouchers that were judged or wait, then what was read and is in none of them yet.

    What the ledger tells comes first: its part of the log is the older one.
    """
    yield from (_kept_judgement(found, one) for one in own.kept)
    if not own.watched and not own.kept:
        yield from _marked(found)
    left = list(waiting)
    for watched in own.watched:
        voucher = watched.voucher
        if id(voucher) in own.both.better:
            continue
        more = [
            seen
            for seen in left
            if not voucher.closed
            and voucher.leg(seen.event.source) is None
            and (seen.event.kind == "reversal") == voucher.is_reversal
        ][:1]
        left = [seen for seen in left if seen not in more]
        kept = own.both.same.get(id(voucher))
        marks = () if kept is None else marks_of(kept.voucher, own.both.read)
        yield replace(_judgement(found, watched, more), marks=marks, denied=kept is not None and kept.voucher.denied)
    for is_reversal in (False, True):
        events = [seen.event for seen in left if (seen.event.kind == "reversal") == is_reversal]
        if events:
            yield _unapplied(found, events, is_reversal=is_reversal)


def _kept_judgement(found: Found, one: KeptVoucher) -> Judgement:
    voucher = one.voucher
    places = [None if leg is None else found.kept.place(one.lane, leg) for leg in (voucher.terminal, voucher.host)]
    return Judgement(
        kind=voucher.kind,
        is_reversal=voucher.is_reversal,
        terminal=places[TERMINAL],
        host=places[HOST],
        state=JUDGED,
        verdict=voucher.verdict,
        decisions=(),
        waits_for=None,
        waits_until=None,
        reversed_at=voucher.reversed_at,
        origin=LEDGER,
        marks=marks_of(voucher),
        denied=voucher.denied,
    )


def _marked(found: Found) -> Iterator[Judgement]:
    """Yield what is known of the number by its marks on others alone: a reversal that agreed is kept no other way."""
    for one in found.kept.vouchers:
        for mark in marks_of(one.voucher):
            if mark.voucher_number == found.question.key[1] and not found.question.batch:
                yield Judgement(
                    kind=mark.kind,
                    is_reversal=mark.kind == "reversal",
                    terminal=None,
                    host=None,
                    state=JUDGED,
                    verdict=None,
                    decisions=(),
                    waits_for=None,
                    waits_until=None,
                    reversed_at=None,
                    origin=LEDGER,
                    marks=(mark,),
                    marked=one.voucher.run.key[1],
                )


def _judgement(found: Found, watched: Watched, more: list[Seen]) -> Judgement:
    voucher = watched.voucher
    waits_for, until = (None, None) if voucher.closed or more else _wait(watched)
    state = JUDGED if voucher.closed else (UNJUDGED if more else WAITING)
    return Judgement(
        kind=voucher.kind,
        is_reversal=voucher.is_reversal,
        terminal=_place(found, voucher.terminal, TERMINAL, more),
        host=_place(found, voucher.host, HOST, more),
        state=state,
        verdict=voucher.verdict if voucher.closed else None,
        decisions=tuple(Decision(at, verdict) for at, verdict in watched.ends),
        waits_for=waits_for,
        waits_until=until,
        reversed_at=voucher.reversed_at,
    )


def _place(found: Found, leg: Event | None, source: int, more: list[Seen]) -> str | None:
    leg = leg or next((seen.event for seen in more if seen.event.source == source), None)
    return None if leg is None else found.place(leg.source, leg.offset)


def _wait(watched: Watched) -> tuple[str, int]:
    voucher = watched.voucher
    if voucher.lone is not None:
        return SOURCES[1 - voucher.lone.source], voucher.lone.deadline
    if voucher.wait_end:
        return "reversal", voucher.wait_end
    final = all(leg.outcome in FINAL for leg in voucher.legs)
    return ("deadline" if final else "answer"), voucher.deadline


def _unapplied(found: Found, events: list[Event], *, is_reversal: bool) -> Judgement:
    """Return what is known of records whose turn has not come: what lacks, and about how long it may."""
    sides = {event.source: event for event in reversed(events)}
    lone = next(iter(sides.values())) if len(sides) == 1 else None
    windows = found.lane.policy.pair_window_ms
    return Judgement(
        kind=events[0].kind,
        is_reversal=is_reversal,
        terminal=_place(found, sides.get(TERMINAL), TERMINAL, []),
        host=_place(found, sides.get(HOST), HOST, []),
        state=UNJUDGED,
        verdict=None,
        decisions=(),
        waits_for=None if lone is None else SOURCES[1 - lone.source],
        waits_until=None if lone is None else lone.log_time + windows[lone.kind],
        reversed_at=None,
    )


def _remarks(found: Found) -> Iterator[Remark]:
    """Yield what the lane itself has to say that limits the answer."""
    lane, searched = found.lane, found.searched
    if not any(lane.of_terminal):
        yield Remark("no_record_of_terminal")
    for source, name in enumerate(SOURCES):
        bad = [letter for letter in lane.bad if letter.source == source and _may_be(letter.key, letter.value, found)]
        if bad:
            places = tuple(f"{found.place(source, letter.offset)} {letter.reason}" for letter in bad[:SHOWN_BAD])
            yield Remark("bad_records", name, count=len(bad), places=places)
    if lane.unkept or lane.state.dropped:
        yield Remark("not_all_kept", count=lane.unkept + lane.state.dropped)
    if searched.flushed:
        yield Remark("flushed")
    if found.kept.unread:
        yield Remark("ledger_unread", count=found.kept.unread)
    repeats = Counter(seen.role for seen in lane.seen)
    if repeats["redelivery"]:
        yield Remark("redelivered", count=repeats["redelivery"])


def _may_be(key: bytes | None, value: bytes | None, found: Found) -> bool:
    """Tell whether a bad record names the terminal in its key or its bytes."""
    wanted = found.question.terminal_id.encode()
    return (key is not None and key.strip() == wanted) or (value is not None and wanted in value)

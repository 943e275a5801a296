"""From a lane's notes to the account of one voucher: its records, verdicts, waits and anomalies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, to_builtins

from streams.core.fields import parse_time
from streams.core.wire import FINAL, HOST, SOURCES, TERMINAL
from streams.replay.life import pointers
from streams.replay.life.account import (
    EXPIRED,
    JUDGED,
    NEVER_SEEN,
    NOT_IN_RANGE,
    NOT_YET_ARRIVED,
    UNJUDGED,
    WAITING,
    Accusation,
    Decision,
    Difference,
    Judgement,
    Life,
    Near,
    Question,
    Remark,
    Searched,
    Sighting,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from streams.core.event import Event
    from streams.replay.life.lane import LifeLane, Seen, Watched

Record = dict[str, Any]
"""The JSON object of an anomaly."""
SHOWN_BAD = 5
COMPARED = (
    "status",
    "resolution",
    "severity",
    "amount_at_risk",
    "currency",
    "opened_at",
    "resolved_at",
    "marks",
)
"""What of an anomaly is held against its published record."""


@dataclass(frozen=True, slots=True)
class Found:
    """All that reading gave; ``published`` maps anomaly ids to records, ``None`` where no topic was read."""

    question: Question
    lane: LifeLane
    searched: Searched
    place: Callable[[int, int], str]
    published: Mapping[str, Record] | None = None
    covers: bool = True
    """Whether the range reaches as far back as anybody remembers, and to the end of the logs."""
    remarks: tuple[Remark, ...] = field(default_factory=tuple)


def tell(found: Found) -> Life:
    """Return the account."""
    own = [watched for watched in found.lane.state.vouchers() if _is_own(found, watched)]
    own.sort(key=lambda watched: watched.voucher.log_time)
    waiting = [seen for seen in found.lane.unjudged() if _batch_fits(found.question, {seen.event.batch})]
    records = sorted(_sightings(found, own, waiting), key=lambda one: (one.log_time, one.source != "terminal"))
    vouchers = tuple(_judgements(found, own, waiting))
    anomalies = tuple(_accusations(found))
    remarks = (*found.remarks, *_remarks(found))
    near = () if records else tuple(pointers.near(found.lane, found.question))
    return Life(
        answer=_answer(vouchers, records) or _absence(found, near, remarks),
        question=found.question,
        searched=found.searched,
        records=tuple(records),
        vouchers=vouchers,
        anomalies=anomalies,
        points_at=tuple(pointers.pointed_at(found.lane, own)),
        pointed_at_by=tuple(pointers.pointing(found.lane, own, found.question)),
        near=near,
        remarks=remarks,
    )


def _answer(vouchers: tuple[Judgement, ...], records: list[Sighting]) -> str:
    """Return the answer for a voucher that came; empty for one that did not."""
    if any(voucher.state != JUDGED for voucher in vouchers):
        return WAITING
    return JUDGED if vouchers or records else ""


def _absence(found: Found, near: tuple[Near, ...], remarks: tuple[Remark, ...]) -> str:
    """Return why nothing may have been found, by what is known for certain first."""
    if any(one.how == "before_range" for one in near):
        return NOT_IN_RANGE
    codes = {remark.code for remark in remarks}
    if "records_deleted" in codes:
        return EXPIRED
    if "source_silent" in codes:
        return NOT_YET_ARRIVED
    return NEVER_SEEN if found.covers else NOT_IN_RANGE


def _batch_fits(question: Question, batches: Iterable[str]) -> bool:
    known = {batch for batch in batches if batch}
    return not question.batch or not known or question.batch in known


def _is_own(found: Found, watched: Watched) -> bool:
    """Tell whether a voucher bears the number and batch asked for and reaches into the range."""
    voucher, question = watched.voucher, found.question
    keys = {voucher.run.key, *voucher.more_keys, *((leg.terminal, leg.number) for leg in voucher.legs)}
    if question.key not in keys:
        return False
    if question.from_ms is not None and max(leg.log_time for leg in voucher.legs) < question.from_ms:
        return False
    return _batch_fits(question, {leg.batch for leg in voucher.legs})


def _sightings(found: Found, own: list[Watched], waiting: list[Seen]) -> Iterator[Sighting]:
    question = found.question
    legs = [leg for watched in own for leg in watched.voucher.legs]
    answers = [leg.answer for leg in legs if leg.answer is not None]
    for seen in [*found.lane.seen, *waiting]:
        event = seen.event
        if question.from_ms is not None and event.log_time < question.from_ms and event not in legs:
            continue
        if event not in legs and not _batch_fits(question, {event.batch}):
            continue
        role = "late_answer" if event in answers else seen.role
        if role == "leg" and event not in legs and question.batch:
            continue
        yield _sighting(found, seen, role)


def _sighting(found: Found, seen: Seen, role: str) -> Sighting:
    event, body = seen.event, seen.body

    def shown(name: str) -> str | None:
        value = getattr(body, name)
        return value.strip() or None if isinstance(value, str) else None

    sent = parse_time(body.event_time)
    original = body.original
    return Sighting(
        source=SOURCES[event.source],
        role=role,
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


def _judgements(found: Found, own: list[Watched], waiting: list[Seen]) -> Iterator[Judgement]:
    """Yield the vouchers that were judged or wait, then what was read and is in none of them yet."""
    left = list(waiting)
    for watched in own:
        voucher = watched.voucher
        more = [
            seen
            for seen in left
            if not voucher.closed
            and voucher.leg(seen.event.source) is None
            and (seen.event.kind == "reversal") == voucher.is_reversal
        ][:1]
        left = [seen for seen in left if seen not in more]
        yield _judgement(found, watched, more)
    for is_reversal in (False, True):
        events = [seen.event for seen in left if (seen.event.kind == "reversal") == is_reversal]
        if events:
            yield _unapplied(found, events, is_reversal=is_reversal)


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


def _accusations(found: Found) -> Iterator[Accusation]:
    """Yield the anomalies of the voucher, and those of vouchers that name it, by the time of their opening."""
    derived = {key: change.record for key, change in found.lane.changes.items()}
    published = found.published or {}
    both = {**published, **derived}
    for record in sorted(both.values(), key=lambda record: (record["opened_at"], record["id"])):
        of = relation(record, found.question)
        if of and (record["id"] in published or _in_range(record, found.question)):
            yield _accusation(found, of, derived.get(record["id"]), published.get(record["id"]))


def _in_range(record: Record, question: Question) -> bool:
    times = [leg["log_time"] for leg in record["legs"].values() if leg is not None]
    return question.from_ms is None or max(times, default=record["opened_at"]) >= question.from_ms


def relation(record: Record, question: Question) -> str:
    """Return ``voucher`` for an anomaly of the voucher asked for, ``pointing`` for one that names it, else nothing."""
    voucher = record["voucher"] or {}
    if voucher.get("terminal_id") != question.terminal_id:
        return ""
    number = question.key[1]
    if _normal(voucher.get("voucher_number")) == number:
        return "voucher" if _batch_fits(question, {_normal(voucher.get("batch_number"))}) else ""
    original = record["original"] or {}
    if _normal(original.get("voucher_number")) == number:
        return "pointing" if _batch_fits(question, {_normal(original.get("batch_number"))}) else ""
    return ""


def _normal(value: object) -> str:
    """Return a number without padding; empty for what is absent."""
    return (str(value).strip().lstrip("0") or "0") if value else ""


def _accusation(found: Found, of: str, derived: Record | None, published: Record | None) -> Accusation:
    record = derived or published or {}
    said = published or record
    differences = [
        Difference(name, derived[name], published[name])
        for name in COMPARED
        if derived is not None and published is not None and derived[name] != published[name]
    ]
    return Accusation(
        id=record["id"],
        kind=record["kind"],
        of=of,
        status=record["status"],
        resolution=record["resolution"],
        severity=record["severity"],
        amount_at_risk=record["amount_at_risk"],
        currency=record["currency"],
        opened_at=record["opened_at"],
        resolved_at=record["resolved_at"],
        expires_at=record["opened_at"] + found.lane.policy.resolve_horizon_ms,
        marks=tuple(record["marks"]),
        fields=tuple(record["fields"]),
        derived=derived is not None,
        published=None if found.published is None else published is not None,
        differences=tuple(differences),
        acknowledged_by=said["acknowledged_by"],
        acknowledged_at=said["acknowledged_at"],
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
    repeats = Counter(seen.role for seen in lane.seen)
    if repeats["redelivery"]:
        yield Remark("redelivered", count=repeats["redelivery"])


def _may_be(key: bytes | None, value: bytes | None, found: Found) -> bool:
    """Tell whether a bad record names the terminal in its key or its bytes."""
    wanted = found.question.terminal_id.encode()
    return (key is not None and key.strip() == wanted) or (value is not None and wanted in value)

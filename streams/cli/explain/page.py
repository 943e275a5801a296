"""The life of one voucher as lines of text: what came of it, what it was judged, what was searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streams.cli.explain.words import Words, money
from streams.core.anomaly import KINDS
from streams.replay.life.account import LEDGER
from streams.settings import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from streams.cli.explain.moments import Zone
    from streams.replay.life.account import (
        Accusation,
        Judgement,
        KeptMark,
        LedgerPart,
        Life,
        Near,
        Pointer,
        Remark,
        SearchedPart,
        Sighting,
    )
    from streams.settings import ResponseCode

HEAD: Final = 0
"""How far a line is indented; 0 is a heading."""
DETAILS: Final = ("card", "rrn", "auth_code", "batch_number", "merchant_id", "link")
Line = tuple[int, str]
"""Depth of a line, and its text."""


class Page:
    """Writes an account in one language and time zone."""

    def __init__(self, life: Life, words: Words, zone: Zone, codes: Mapping[str, ResponseCode]) -> None:
        """Take the account, and what response codes mean."""
        self._life = life
        self._words = words
        self._say = words.say
        self._zone = zone
        self._codes = codes

    def lines(self) -> Iterator[Line]:
        """Yield the whole page; an empty text parts two sections."""
        life, say = self._life, self._say
        batch = say("title_batch", batch=life.question.batch_number) if life.question.batch_number else ""
        yield (
            HEAD,
            say("title", number=life.question.voucher_number, terminal=life.question.terminal_id, batch=batch),
        )
        yield HEAD, say(life.answer)
        yield 1, say("zone", zone=self._zone.title(self._some_time()))
        yield from self._section("came", [line for one in life.records for line in self._sighting(one)])
        yield from self._section("verdict", [line for one in life.vouchers for line in self._judgement(one)])
        accused = [line for one in life.anomalies for line in self._accusation(one)]
        if life.vouchers or accused:
            yield from self._section("anomalies", accused or [(1, say("no_anomaly"))])
        yield from self._section("points_at", [(1, self._pointer(one)) for one in life.points_at])
        yield from self._section("pointed_at_by", [(1, self._pointer(one)) for one in life.pointed_at_by])
        yield from self._section("near", [(1, self._near(one)) for one in life.near])
        yield from self._section("searched", list(self._searched()))
        yield from self._section("remarks", [(1, self._remark(one)) for one in life.remarks])

    def _section(self, title: str, lines: list[Line]) -> Iterator[Line]:
        if lines:
            yield 1, ""
            yield HEAD, self._say(title)
            yield from lines

    def _some_time(self) -> int:
        """Return a time of the account, by which the offset of the zone is shown."""
        searched = self._life.searched
        times = [record.log_time for record in self._life.records]
        times += [part.last_log_time for part in searched.parts if part.last_log_time is not None]
        return next(iter(times), searched.now_ms or 0)

    def _at(self, at_ms: int | None) -> str:
        return self._say("the_beginning") if at_ms is None else self._zone.shown(at_ms)

    def _sighting(self, one: Sighting) -> Iterator[Line]:
        words, say = self._words, self._say
        meaning = say("came_no_code")
        if one.response_code is not None:
            meaning = say("came_code", code=one.response_code, meaning=self._meaning(one.response_code, one.outcome))
        parts = [words.kind(one.kind), words.outcome(one.outcome), meaning, money(one.amount, one.currency)]
        head = words.join([say(one.source), *parts, say(f"role_{one.role}")])
        yield 1, f"{self._at(one.log_time)}  {head}"
        details = [say(name, value=value) for name in DETAILS if (value := getattr(one, name))]
        if one.offline:
            details.append(say("offline"))
        if one.original:
            details.append(say("names", what=" ".join(f"{name}={value}" for name, value in one.original.items())))
        if details:
            yield 2, words.join(details)
        place = one.place + self._origin(one.origin)
        yield 2, say("sent", at=self._sent(one), skew=self._skew(one.skew_ms), place=place)

    def _origin(self, origin: str) -> str:
        return self._say("from_ledger") if origin == LEDGER else ""

    def _sent(self, one: Sighting) -> str:
        return "-" if one.event_time is None else self._zone.shown(one.event_time)

    def _skew(self, skew_ms: int | None) -> str:
        if skew_ms is None:
            return ""
        if not skew_ms:
            return self._say("skew_none")
        return self._say("skew_ahead" if skew_ms > 0 else "skew_behind", skew=duration(abs(skew_ms)))

    def _meaning(self, code: str, outcome: str) -> str:
        row = self._codes.get(code.upper())
        if row is None:
            return self._words.outcome(outcome)
        return row.meaning_zh if self._words.is_chinese else row.meaning_en

    def _judgement(self, one: Judgement) -> Iterator[Line]:
        say = self._say
        if one.marked is not None:
            yield 1, say("marked", kind=self._words.kind(one.kind), number=one.marked)
            yield from (self._mark(mark, "mark_of") for mark in one.marks)
            return
        missing = say("missing")
        sides = {"terminal": one.terminal or missing, "host": one.host or missing}
        yield 1, say("sides", kind=self._words.kind(one.kind), **sides) + self._origin(one.origin)
        if one.origin == LEDGER and one.verdict:
            yield 2, say("kept_verdict", verdict=one.verdict, words=self._words.verdict(one.verdict))
        for decision in one.decisions:
            words = self._words.verdict(decision.verdict)
            yield 2, say("decided", verdict=decision.verdict, at=self._at(decision.at), words=words)
        if one.reversed_at is not None:
            yield 2, say("reversed_at", at=self._at(one.reversed_at))
        yield from (self._mark(mark, "mark") for mark in one.marks)
        if one.denied:
            yield 2, say("kept_denied")
        if one.state == "not_judged_yet":
            yield 2, say("not_judged_yet")
        if one.waits_for is not None:
            yield 2, say(f"wait_{one.waits_for}", at=self._at(one.waits_until))

    def _mark(self, mark: KeptMark, phrase: str) -> Line:
        return 2, self._say(
            phrase,
            kind=self._words.kind(mark.kind),
            number=mark.voucher_number,
            at=self._at(mark.log_time),
            # A mark has no currency of its own; that of the life's records is its voucher's.
            money=money(mark.amount, next((one.currency for one in self._life.records if one.currency), None)),
            approved=self._say("mark_approved" if mark.approved else "mark_unapproved"),
            events=", ".join(mark.event_ids),
        )

    def _accusation(self, one: Accusation) -> Iterator[Line]:
        say = self._say
        status = say(f"status_{one.status}", resolution=one.resolution, at=self._at(one.resolved_at))
        phrase = "accused" if one.of == "voucher" else "accused_pointing"
        words = self._words.verdict(one.kind)
        yield 1, say(phrase, kind=one.kind, severity=one.severity, status=status, words=words)
        yield 2, say("opened", at=self._at(one.opened_at), money=money(one.amount_at_risk, one.currency), id=one.id)
        for field in one.fields:
            yield 2, self._field(field, one.currency)
        if one.diagnosis is not None:
            yield from self._diagnosis(one.diagnosis, published=bool(one.published))
        if one.marks:
            yield 2, say("marks", marks=", ".join(one.marks))
        if one.acknowledged_by is not None:
            yield 2, say("acknowledged", by=one.acknowledged_by, at=self._at(one.acknowledged_at))
        if one.status == "open":
            row = KINDS.get(one.kind)
            ends = "only_expires" if row is not None and not row.resolutions else "ends_by"
            yield 2, say(ends, at=self._at(one.expires_at))
        if one.published is not None:
            yield from self._publication(one)

    def _diagnosis(self, told: Mapping[str, Any], *, published: bool) -> Iterator[Line]:
        say, language = self._say, "zh" if self._words.is_chinese else "en"
        share = f"{told['confidence']:.0%}"
        yield 2, say("cause" if published else "cause_alone", cause=told["name"][language], share=share)
        for piece in told["evidence"]:
            yield 2, say("because", sentence=piece[language])
        for step in told["actions"]:
            yield 2, say(f"step_{step['sort']}", who=say(f"who_{step['who']}"), sentence=step[language])

    def _field(self, field: Mapping[str, object], currency: str | None) -> str:
        name = str(field["field"])
        return self._say("field", **{side: self._value(name, value, currency) for side, value in field.items()})

    def _publication(self, one: Accusation) -> Iterator[Line]:
        if not one.published:
            yield 2, self._say("not_published")
        elif not one.derived:
            yield 2, self._say("not_derived")
        elif not one.differences:
            yield 2, self._say("published_same")
        for each in one.differences:
            values = {"published": each.published, "derived": each.derived}
            shown = {name: self._value(each.field, value, one.currency) for name, value in values.items()}
            yield 2, self._say("differs", field=each.field, **shown)

    def _value(self, field: str, value: object, currency: str | None) -> str:
        """Return one value of an anomaly's record as a reader wants it."""
        if isinstance(value, list):
            return ", ".join(map(str, value)) or "-"
        if isinstance(value, int) and field.endswith("_at"):
            return self._zone.shown(value)
        if isinstance(value, int) and field in ("amount", "amount_at_risk"):
            return money(value, currency)
        return "-" if value is None else str(value)

    def _pointer(self, one: Pointer) -> str:
        say, words = self._say, self._words
        values = {
            "kind": words.kind(one.kind),
            "number": one.voucher_number or "-",
            "batch": self._batch(one.batch_number),
            "by": say(f"by_{one.by}"),
        }
        if not one.found:
            return say("pointer_unfound", **values)
        return say(
            "pointer",
            terminal=words.outcome(one.terminal_outcome),
            host=words.outcome(one.host_outcome),
            money=money(one.amount, one.currency),
            at=self._at(one.log_time),
            verdict=one.verdict or say("no_verdict"),
            **values,
        ) + self._origin(one.origin)

    def _batch(self, batch: str | None) -> str:
        return self._say("title_batch", batch=batch) if batch else ""

    def _near(self, one: Near) -> str:
        return self._say(
            "near_line",
            kind=self._words.kind(one.kind),
            number=one.voucher_number,
            batch=self._batch(one.batch_number),
            at=self._at(one.log_time),
            money=money(one.amount, one.currency),
            how=self._say(f"near_{one.how}"),
        ) + self._origin(one.origin)

    def _searched(self) -> Iterator[Line]:
        say, searched = self._say, self._life.searched
        if searched.from_ms is not None:
            last = self._at(searched.to_ms) if searched.to_ms else say("now", at=self._at(searched.now_ms))
            yield 1, say("range", first=self._at(searched.from_ms), last=last, read=self._at(searched.read_from_ms))
        for part in searched.parts:
            yield 1, self._part(part)
        if searched.judged_before_ms is not None and not searched.flushed:
            yield 1, say("judged_before", at=self._at(searched.judged_before_ms))
        if searched.anomaly_log is not None:
            yield 1, say("searched_anomalies", log=searched.anomaly_log, count=searched.anomalies_read)
        elif searched.from_ms is not None:
            yield 1, say("no_anomaly_topic")
        if searched.ledger is not None and not searched.ledger:
            yield 1, say("no_ledger")
        yield from ((1, self._ledger(part)) for part in searched.ledger or ())

    def _ledger(self, part: LedgerPart) -> str:
        since = self._at(part.covers_from) if part.covers_from is not None else ""
        return self._say(
            f"ledger_{part.fault or 'covers'}",
            place=part.place,
            first=since,
            last=self._at(part.covers_until),
            own=f"{part.of_terminal:,}",
            detail=part.detail,
        )

    def _part(self, part: SearchedPart) -> str:
        say = self._say
        span = say("no_span")
        if part.last_log_time is not None:
            span = say("span", first=self._at(part.first_log_time), last=self._at(part.last_log_time))
        return say(
            "searched_topic" if part.partition is not None else "searched_file",
            source=say(part.source),
            log=part.log,
            first=part.first_offset,
            end=part.end_offset,
            records=f"{part.records:,}",
            own=f"{part.of_terminal:,}",
            span=span,
        )

    def _remark(self, one: Remark) -> str:
        return self._say(
            f"remark_{one.code}",
            source=self._say(one.source) if one.source else "",
            at=self._at(one.at_ms),
            count=one.count,
            places=", ".join(one.places),
        )


def duration(span_ms: int) -> str:
    """Return a span of time in the largest unit that keeps it readable."""
    if span_ms >= 60_000 or span_ms < 1_000:  # noqa: PLR2004  a minute and a second
        return format_duration(span_ms if span_ms < 1_000 else span_ms // 1_000 * 1_000)  # noqa: PLR2004
    return f"{span_ms / 1_000:.1f}s"

"""One raw ISO 8583 message in words: its fields by name, and what it means on each feed; never a card number."""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

import dataclasses
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from streams.cli.explain.words import Words
from streams.cli.shape import Language
from streams.core.decode import Decoder
from streams.core.dialects.dialect import RawFeed
from streams.core.dialects.hide import NUMBER_FIELD, SECRET_FIELDS, has_own_format, hide_written
from streams.core.dialects.message import Message, parse
from streams.core.dialects.reader import bytes_in
from streams.core.event import Event
from streams.core.fields import Fault
from streams.core.masking import PLACEHOLDER, mask_number
from streams.core.wire import SOURCES, DeadLetter
from streams.errors import UsageError
from streams.settings import load_dialect, shipped_dialects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.dialects.dialect import Dialect
    from streams.settings import Settings

_FUNCTIONS: Final = {
    "0": ("request", "请求"),
    "1": ("answer to a request", "请求的应答"),
    "2": ("advice", "通知"),
    "3": ("answer to an advice", "通知的应答"),
    "4": ("notification", "告知"),
}
_SIDES: Final = {"terminal": ("on the terminal feed", "终端侧"), "host": ("on the host feed", "主机侧")}
_SHOWN: Final = ("voucher_number", "batch_number", "amount", "currency", "card", "original", "event_time", "event_id")


@dataclass(frozen=True)
class Reading:
    """A message as one dialect reads it."""

    dialect: Dialect
    raw: bytes
    message: Message


def read_message(text: str, wanted: str | None, settings: Settings) -> Reading:
    """Return a message given in hex digits; raises UsageError where no dialect, or not the one wanted, reads it."""
    try:
        given = bytes.fromhex("".join(text.split()))
    except ValueError:
        raise UsageError("--message is not hex digits, two for each byte; write the bytes of one message so.") from None
    known = shipped_dialects()
    if wanted is not None and wanted not in known and not wanted.endswith((".yaml", ".yml")):
        raise UsageError(f"--dialect is {wanted}, but must be one of {', '.join(known)}, or the path of a .yaml file.")
    names = (wanted,) if wanted else dict.fromkeys((settings.dialect_host, settings.dialect_terminal, *known))
    said = ""
    for name in names:
        dialect = load_dialect(name)
        if dialect is None:
            continue
        raw, _ = bytes_in(given, dialect)
        try:
            return Reading(dialect, raw, parse(raw, dialect))
        except Fault as fault:
            if not said or said.startswith("no message type"):
                said = fault.detail
    if wanted:
        raise UsageError(f"--message cannot be read: {said}; try it without --dialect.")
    raise UsageError(
        f"--message can be read in no dialect; one of them says: {said}. Check that it is one whole message."
    )


def as_document(reading: Reading, settings: Settings) -> dict[str, Any]:
    """Return what a program wants to know about a message."""
    return {
        "dialect": reading.dialect.name,
        "message_type": reading.message.type,
        "fields": {
            number: {"name": {"en": english, "zh": chinese}, "value": value}
            for number, english, chinese, value in _fields(reading)
        },
        **{source: _outcome(reading, source, settings) for source in SOURCES},
    }


def in_words(reading: Reading, settings: Settings, language: Language) -> str:
    """Return a message in words for a reader."""
    chinese = language is Language.CHINESE
    pick = 1 if chinese else 0
    message, dialect = reading.message, reading.dialect
    row = dialect.row_for(message.type, message.text("3"), message.text("25"))
    kind = "?" if row is None else Words(language).kind(row.kind)
    function = _FUNCTIONS.get(message.type[2], ("other", "其他"))[pick]
    repeat = ("", "") if message.type[3] in "024" else (", repeated", "，重发")
    lines = [f"{message.type}: {kind}, {function}{repeat[pick]}", f"  {dialect.name}: {dialect.title}", ""]
    for number, english, zh, value in _fields(reading):
        lines.append(f"  {number:>3}  {zh if chinese else english}: {value}")
    for source in SOURCES:
        lines += ["", *_side(_SIDES[source][pick], _outcome(reading, source, settings))]
    return "\n".join([*lines, ""])


def _fields(reading: Reading) -> Iterator[tuple[str, str, str, str]]:
    """Yield number, names and value of every field, as it may be shown."""
    for number, text in reading.message.fields.items():
        name = reading.dialect.names.get(number)
        if name is None:
            continue
        shown = text.strip()
        if number == NUMBER_FIELD:
            shown = mask_number(shown) if shown.isdecimal() else PLACEHOLDER
        elif number in SECRET_FIELDS:
            shown = PLACEHOLDER
        elif not has_own_format(number, len(shown)):
            shown = hide_written(shown.encode()).decode("utf-8", "replace")
        yield number, name.english, name.chinese, "".join(sign if sign.isprintable() else "." for sign in shown)


def _outcome(reading: Reading, source: str, settings: Settings) -> dict[str, Any]:
    """Return what one feed makes of a message: an event, a dead letter, or nothing, with the reason."""
    number = SOURCES.index(source)
    feed = RawFeed(reading.dialect, offset_minutes=settings.dialect_zone)
    tally: defaultdict[tuple[str, tuple[str, ...]], int] = defaultdict(int)
    policy = dataclasses.replace(settings.policy(diagnosing=False), raw_feeds={source: feed})
    now = time.time_ns() // 1_000_000
    read = Decoder(number, policy, tally, check_keys=False).decode(0, now, now, None, reading.raw, now)
    if isinstance(read, Event):
        event = {"kind": read.kind, "outcome": read.outcome or None}
        for name in _SHOWN:
            value = getattr(read.body, name)
            if value:
                event[name] = value
        return {"event": event}
    if isinstance(read, DeadLetter):
        return {"dead_letter": {"reason": read.reason, "detail": read.detail}}
    return {"skipped": next((labels[1] for name, labels in tally if name == "messages_skipped_total"), "other")}


def _side(title: str, outcome: dict[str, Any]) -> Iterator[str]:
    """Yield the lines about one feed."""
    if "event" in outcome:
        event = dict(outcome["event"])
        yield f"{title}: {event.pop('kind')} {event.pop('outcome') or ''}".rstrip()
        for name, value in event.items():
            yield f"  {name}: {_plain(value)}"
    elif "dead_letter" in outcome:
        yield f"{title}: {outcome['dead_letter']['reason']}: {outcome['dead_letter']['detail']}"
    else:
        yield f"{title}: skipped ({outcome['skipped']})"


def _plain(value: object) -> str:
    """Return a value on one line; an original as its parts."""
    fields = getattr(value, "__struct_fields__", None)
    if fields is None:
        return str(value)
    return ", ".join(f"{name} {part}" for name in fields if (part := getattr(value, name)))

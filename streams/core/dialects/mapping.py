"""Fields to the canonical event, as the document that the exact decoder reads from JSON else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from streams.core.dialects import calendar
from streams.core.masking import PLACEHOLDER
from streams.core.wire import TERMINAL

if TYPE_CHECKING:
    from datetime import datetime

    from streams.core.dialects.dialect import Dialect, KindRow
    from streams.core.dialects.message import Message

UNLISTED: Final = "unlisted"
"""Stands for the kind of a message that no row of the table fits: the exact decoder refuses it by name."""
_REVERSAL_CLASS: Final = "4"
_UPLOAD_CLASS: Final = "3"
_NETWORK_CLASS: Final = "8"
_CLASSES: Final = frozenset("12458")
_ANSWERS: Final = frozenset("13")
_ACTION_CODE: Final = re.compile("[0-9]{3,4}")
_NUMBER: Final = re.compile(r"[0-9*xX#]+")
_ONLY_PART: Final = re.compile("[0-9]{5}")
"""More digits in a row than a token is thought to have."""
_TRACK_NUMBER: Final = re.compile(r"[0-9]{8,19}(?=[=DF])")
_BY_CODE: Final = frozenset({"completion", "preauth_void"})
"""Kinds whose original is named by the authorisation code that they repeat, where field 61 has zeros."""


def skipped(  # noqa: PLR0911  one reason a line
    message: Message, row: KindRow | None, source: int, dialect: Dialect
) -> str:
    """Return why a message makes no event on this side, empty where it makes one.

    What was answered is said by the answer, on both sides.  Of an advice and its answer each side's
    own one counts: the terminal's advice, the host's answer.
    """
    message_class, function = message.type[1], message.type[2]
    if function == "0":
        return "request"
    if message_class == _UPLOAD_CLASS:
        return "upload"
    if message_class not in _CLASSES:
        return "other"
    if row is not None and row.asks:
        return "" if function in _ANSWERS else "request"
    if function not in dialect.speaks[source]:
        return "acknowledgement" if function in _ANSWERS else "advice"
    if message_class == _NETWORK_CLASS and not (message.text("41") and message.text("42")):
        return "other"
    return ""


def document_of(
    message: Message, row: KindRow | None, source: int, log_time: int, dialect: Dialect, offset_minutes: int
) -> dict[str, Any]:
    """Return the canonical event of a message as parsed JSON; what the message lacks is left out."""
    near = calendar.moment(log_time, offset_minutes)
    kind = UNLISTED if row is None else row.kind
    document: dict[str, Any] = {
        "kind": kind,
        "event_time": _event_time(message, log_time, near, offset_minutes),
        "terminal_id": message.text("41"),
        "merchant_id": message.text("42"),
        "rrn": message.text("37"),
        "auth_code": message.text("38"),
        "card": _card(message),
        "entry_mode": message.text("22"),
        "acquirer": message.text("32"),
        # A repeat says the same as the first: only what it repeats is evidence.
        "message_type": _first(message.type),
        "processing_code": message.text("3"),
        "condition_code": message.text("25"),
        "batch_number": _batch(message, dialect),
    }
    _put_outcome(document, message, source, dialect)
    if message.type[1] in "124":
        amount = message.text("4")
        document["voucher_number"] = message.text("11")
        document["amount"] = int(amount) if amount else None
        document["currency"] = message.text("49")[-3:]
        document["original"] = _original(message, kind, near, dialect, offset_minutes)
    if row is not None and row.offline:
        document["offline"] = True
    document["event_id"] = _event_id(message)
    return {name: value for name, value in document.items() if value not in ("", None)}


def _first(message_type: str) -> str:
    """Return the message type that a repeat repeats: the even digit before its odd last one."""
    return message_type[:3] + str(int(message_type[3]) // 2 * 2)


def _event_id(message: Message) -> str:
    """Return an id of business keys: a second delivery has the same, a repeat under the same number, too."""
    when = message.text("13") + message.text("12") or message.text("7") or message.text("37") or message.text("60")[:14]
    said = (_first(message.type), message.text("41"), message.text("11"), when, message.text("39"))
    return "-".join(part for part in said if part)


def _put_outcome(document: dict[str, Any], message: Message, source: int, dialect: Dialect) -> None:
    """Put the response code, or what stands for it, into the document."""
    code, function = message.text("39"), message.type[2]
    if function not in _ANSWERS and message.type[1] == _REVERSAL_CLASS:
        # Field 39 of a reversal that is sent is the reason for it; what became of it the sender cannot know.
        document["outcome"] = "unknown"
    elif not code and function not in _ANSWERS and source != TERMINAL:
        document["outcome"] = "approved"  # a notification that the host took down
    elif _ACTION_CODE.fullmatch(code):
        lengths = range(len(code), 0, -1)
        document["response_code"] = next(
            (dialect.action_codes[code[:n]] for n in lengths if code[:n] in dialect.action_codes), None
        )
        document["action_code"] = code
        if document["response_code"] is None:
            document["outcome"] = "unknown"
    else:
        document["response_code"] = code


def _card(message: Message) -> str:
    """Return the card number of field 2, else that of a track; masked it is by the exact decoder.

    A field 2 with other signs among its digits is damaged and could be a number nearly in clear.
    """
    number = message.text("2")
    if _ONLY_PART.search(number) and not _NUMBER.fullmatch(number):
        return PLACEHOLDER
    if not number:
        track = _TRACK_NUMBER.match(message.text("35").lstrip(";").upper())
        number = "" if track is None else track.group()
    return number


def _batch(message: Message, dialect: Dialect) -> str:
    """Return the batch number of field 60.2 where the dialect has one."""
    private = message.text("60")
    return private[2:8] if dialect.original == "61" and len(private) >= 8 else ""  # noqa: PLR2004  60.1 and 60.2


def _event_time(message: Message, log_time: int, near: datetime, offset_minutes: int) -> str | None:
    """Return the sender's clock: fields 12 and 13, which are local, else field 7, which is UTC."""
    time, date, sent = message.text("12"), message.text("13"), message.text("7")
    if len(time) >= 12:  # noqa: PLR2004  editions from 1993 on write the year
        at = calendar.with_year(time)
        return None if at is None else calendar.written(at, offset_minutes)
    if len(time) == 6 and len(date) == 4:  # noqa: PLR2004  hhmmss and MMDD
        at = calendar.nearest(date + time, near)
        if at is not None:
            return calendar.written(at, offset_minutes)
    if len(sent) == 10:  # noqa: PLR2004  MMDDhhmmss
        at = calendar.nearest(sent, calendar.moment(log_time, 0))
        if at is not None:
            return calendar.written(at, 0)
    return None


def _original(
    message: Message, kind: str, near: datetime, dialect: Dialect, offset_minutes: int
) -> dict[str, Any] | None:
    """Return what the message points at; zeros are left for the exact decoder to drop."""
    said = message.text(dialect.original)
    if not said:
        return None
    if dialect.original == "61":
        return _original_of_61(message, kind, said, near)
    if dialect.original == "90":
        return _original_of_90(said, near, offset_minutes)
    long = len(message.text("11")) > 6  # noqa: PLR2004  the 2003 edition has trace numbers of twelve digits
    number, when = (said[4:16], said[16:30]) if long else (said[4:10], said[10:22])
    at = calendar.with_year(when) if len(when) in (12, 14) else None
    return {"voucher_number": number, "date": None if at is None else at.strftime("%Y-%m-%d")}


def _original_of_61(message: Message, kind: str, said: str, near: datetime) -> dict[str, Any] | None:
    """Return batch, voucher and day of field 61.

    A reversal has the number of what it reverses itself.  Where its field 61 names another one, that
    is the original of the transaction that is reversed, and no business of this reversal.
    """
    batch, number, day = said[:6], said[6:12], said[12:16]
    if kind == "reversal" and number.lstrip("0") != message.text("11").lstrip("0"):
        return None
    found = {"batch_number": batch, "voucher_number": number, "date": _day(day, near)}
    if kind in _BY_CODE and not number.strip("0"):
        found["auth_code"] = message.text("38")
    return {name: value for name, value in found.items() if value}


def _original_of_90(said: str, near: datetime, offset_minutes: int) -> dict[str, Any]:
    """Return voucher and local day of field 90, whose time of transmission is UTC."""
    found = {"voucher_number": said[4:10]}
    sent = said[10:20]
    if len(sent) == 10 and sent.strip("0"):  # noqa: PLR2004  MMDDhhmmss
        shift = timedelta(minutes=offset_minutes)
        at = calendar.latest(sent, near - shift)
        if at is not None:  # some senders fill this part with what they have: the number alone points well enough
            found["date"] = (at + shift).strftime("%Y-%m-%d")
    return found


def _day(digits: str, near: datetime) -> str | None:
    """Return MMDD with its year; what is no day stays as it is, for the exact decoder to refuse."""
    if len(digits) != 4 or not digits.strip("0"):  # noqa: PLR2004  MMDD
        return None
    at = calendar.latest(digits + "000000", near)
    return digits if at is None else at.strftime("%Y-%m-%d")

"""How each field of the canonical event is read from parsed JSON, and what makes it invalid."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from streams.core.currency import letters
from streams.core.masking import is_card_run
from streams.core.policy import OUTCOMES
from streams.core.wire import EVIDENCE_FIELDS, Original

if TYPE_CHECKING:
    from collections.abc import Callable

MASKED_TEXTS: Final = ("response_code", "auth_code", *EVIDENCE_FIELDS)
"""Text fields that the card test applies to besides ``card`` and ``original``."""

MAX_AMOUNT: Final = 2**63 - 1
LATEST_TIME_MS: Final = 10**13
"""The year 2286: a longer number is no time, and could be a card's."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}):([0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})\Z"
)
_DATE: Final = re.compile(r"(?:([0-9]{4})-)?([0-9]{2})-?([0-9]{2})\Z")


class Fault(Exception):  # noqa: N818  a record's fault, not the program's
    """What makes a record a dead letter: one of the closed reasons and a detail without values."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def _invalid(name: str, what: str) -> Fault:
    return Fault("invalid_field", f"{name} {what}")


def is_absent_text(value: object) -> bool:
    """Tell whether an optional text is absent: null, empty or blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def is_absent_number(value: object) -> bool:
    """Tell whether a batch number, rrn or auth code is absent: a text of zeros is, too."""
    return value is None or (isinstance(value, str) and not value.strip().strip("0"))


def parse_time(value: object) -> int | None:
    """Return epoch milliseconds of an RFC 3339 text with offset or an integer of them, else ``None``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value < LATEST_TIME_MS else None
    match = _TIME.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    day, minute, second, fraction, offset = match.groups()
    leap = second == "60"
    text = f"{day}T{minute}:{'59' if leap else second}{(fraction or '')[:7]}{offset.upper()}"
    try:
        at = datetime.fromisoformat(text)
        return (at - _EPOCH) // timedelta(milliseconds=1) + (1_000 if leap else 0)
    except (ValueError, OverflowError):
        return None


def _text(name: str, value: object, limit: int | None = None, *, needed: bool = False) -> str | None:
    if not isinstance(value, str):
        raise _invalid(name, f"is a JSON {type(value).__name__}, a string is expected")
    value = value.strip()
    if not value:
        if needed:
            raise _invalid(name, "is empty")
        return None
    if limit is not None and len(value) > limit:
        raise _invalid(name, f"has {len(value)} characters, the limit is {limit}")
    return value


def _digits(name: str, value: object, limit: int, *, needed: bool = False) -> str | None:
    text = _text(name, value, needed=needed)
    if text is not None and not (text.isascii() and text.isdecimal()):
        raise _invalid(name, "has signs other than digits")
    if text is not None and len(text) > limit:
        raise _invalid(name, f"has {len(text)} digits, the limit is {limit}")
    return text


def _unless_zeros(text: str | None) -> str | None:
    return None if text is None or not text.strip("0") else text


def _integer(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _invalid(name, f"is a JSON {type(value).__name__}, an integer is expected")
    return value


def _amount(name: str, value: object) -> int:
    amount = _integer(name, value)
    if not 0 <= amount <= MAX_AMOUNT:
        raise _invalid(name, f"is outside 0..{MAX_AMOUNT}")
    if is_card_run(str(amount)):
        raise _invalid(name, "passes the card test; masked, it would be no amount")
    return amount


def _currency(value: object) -> str | None:
    text = _text("currency", value)
    if text is None:
        return None
    three = len(text) == 3 and text.isascii() and (text.isdecimal() or text.isalpha())  # noqa: PLR2004
    if not three:
        raise _invalid("currency", "is neither three digits nor three letters")
    return letters(text)


def _response_code(value: object) -> str | None:
    text = _text("response_code", value)
    if text is not None and len(text) != 2:  # noqa: PLR2004
        raise _invalid("response_code", f"has {len(text)} characters, two are expected")
    return text


def _outcome(value: object) -> str | None:
    text = _text("outcome", value)
    if text is not None and text not in OUTCOMES:
        raise _invalid("outcome", f"is none of {', '.join(OUTCOMES)}")
    return text


def _event_time(value: object) -> str | int:
    if isinstance(value, str) and not value.strip():
        raise _invalid("event_time", "is empty")
    if parse_time(value) is None:
        raise _invalid("event_time", "is neither an RFC 3339 time with offset nor epoch milliseconds")
    return value.strip() if isinstance(value, str) else value  # type: ignore[return-value]  # parse_time took it


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _invalid("offline", f"is a JSON {type(value).__name__}, a boolean is expected")
    return value


def read_original(value: object) -> Original | None:
    """Read the original reference of a void, refund, completion or reversal; zeros are absent."""
    if not isinstance(value, dict):
        raise _invalid("original", f"is a JSON {type(value).__name__}, an object is expected")
    found: dict[str, Any] = {}
    for name, read in _ORIGINAL.items():
        part = value.get(name)
        if part is not None:
            try:
                found[name] = read(part)
            except Fault as fault:
                raise Fault(fault.reason, f"original.{fault.detail}") from None
    found = {name: part for name, part in found.items() if part is not None}
    return Original(**found) if found else None


@lru_cache(maxsize=1_000)
def is_date(text: str) -> bool:
    """Tell whether a text is a day as originals give it: MMDD, YYYY-MM-DD, or zeros for none."""
    try:
        _date(text)
    except Fault:
        return False
    return True


def _date(value: object) -> str | None:
    text = _text("date", value)
    if text is None or not text.strip("0-"):
        return None
    match = _DATE.match(text)
    if match is None or text.count("-") != (2 if match.group(1) else 0):
        raise _invalid("date", "is neither MMDD nor YYYY-MM-DD")
    year, month, day = match.groups()
    try:
        datetime(int(year or 2024), int(month), int(day), tzinfo=UTC)
    except ValueError:
        raise _invalid("date", "is no day of the calendar") from None
    return text


_ORIGINAL: Final[dict[str, Callable[[object], object]]] = {
    "batch_number": lambda value: _unless_zeros(_digits("batch_number", value, 6)),
    "voucher_number": lambda value: _unless_zeros(_digits("voucher_number", value, 12)),
    "date": _date,
    "rrn": lambda value: _unless_zeros(_text("rrn", value, 12)),
    "auth_code": lambda value: _unless_zeros(_text("auth_code", value, 6)),
    "kind": lambda value: _text("kind", value),
    "amount": lambda value: _integer("amount", value) if value is not None else None,
}

_EVERY: Final[dict[str, Callable[[object], object]]] = {
    "event_id": lambda value: _text("event_id", value, 64, needed=True),
    "kind": lambda value: _text("kind", value, needed=True),
    "event_time": _event_time,
    "terminal_id": lambda value: _text("terminal_id", value, 16, needed=True),
    "merchant_id": lambda value: _text("merchant_id", value, 15, needed=True),
    "source": lambda value: _text("source", value),
    "batch_number": lambda value: _unless_zeros(_digits("batch_number", value, 6)),
    "rrn": lambda value: _unless_zeros(_text("rrn", value, 12)),
    "auth_code": lambda value: _unless_zeros(_text("auth_code", value, 6)),
    "response_code": _response_code,
    "outcome": _outcome,
    "amount": lambda value: _amount("amount", value),
    "currency": _currency,
    "card": lambda value: _text("card", value),
    "original": read_original,
    "round_trip_ms": lambda value: _integer("round_trip_ms", value),
    "offline": _flag,
    "received_at": lambda value: _integer("received_at", value),
    **{name: (lambda value, name=name: _text(name, value)) for name in EVIDENCE_FIELDS},  # type: ignore[misc]
}


def read_fields(document: dict[str, Any], *, plain: bool) -> dict[str, Any]:
    """Read every known field of a parsed object; return those present, in comparable spelling.

    ``plain`` says that the kind carries no voucher, so that a voucher number, amount and currency
    are optional.  Raises ``Fault`` for the first invalid field in the contract's order.
    """
    clean: dict[str, Any] = {}
    for name, read in _READERS.items():
        value = document.get(name)
        if value is None:
            continue
        if name == "voucher_number":
            part: object = _digits(name, value, 12, needed=not plain)
        elif name == "currency" and not plain and document["kind"] != "query" and is_absent_text(value):
            raise _invalid(name, "is empty")
        else:
            part = read(value)
        if part is not None:
            clean[name] = part
    return clean


_READERS: Final[dict[str, Callable[[object], object]]] = {
    name: _EVERY.get(name, lambda value: value)
    for name in (
        "event_id",
        "source",
        "kind",
        "event_time",
        "terminal_id",
        "merchant_id",
        "voucher_number",
        *[
            name
            for name in _EVERY
            if name not in ("event_id", "source", "kind", "event_time", "terminal_id", "merchant_id")
        ],
    )
}

"""Raw messages for tests: built field by field, with card numbers that are made up on the spot."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from streams.core.decode import Decoder
from streams.core.dialects.dialect import Dialect, RawFeed
from streams.core.event import Event
from streams.core.masking import passes_luhn
from streams.core.policy import Policy
from streams.core.wire import SOURCES, DeadLetter
from streams.settings import load_dialect, shipped_codes
from streams.testing import START_MS, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

CODES = {code: row.outcome for code, row in shipped_codes().items()}
TERMINAL_ID, MERCHANT_ID = "10000017", "810000000000004"


def card(length: int = 16, head: str = "622588") -> str:
    """Return a card number of this length that passes the card test."""
    digits = head + "1234567890123"[: length - 7]
    return next(digits + check for check in "0123456789" if passes_luhn(digits + check))


def dialect(name: str) -> Dialect:
    """Return a shipped dialect of raw messages."""
    found = load_dialect(name)
    assert found is not None
    return found


def policy(name: str, link: str = "", offset_minutes: int = 480, **more: object) -> Policy:
    """Return a policy by which both sources are read in one dialect."""
    feed = RawFeed(dialect(name), link, {}, offset_minutes)
    return Policy(response_codes=CODES, raw_feeds=dict.fromkeys(SOURCES, feed), **more)  # type: ignore[arg-type]


def message(name: str, message_type: str, more: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of an approved sale, or of what ``more`` makes of it; an empty text takes a field away."""
    fields = {
        "3": "000000",
        "4": "12800",
        "11": "42",
        "12": "080102",
        "13": "0302",
        "25": "00",
        "37": "306123000042",
        "38": "104412",
        "39": "00",
        "41": TERMINAL_ID,
        "42": MERCHANT_ID,
        "49": "156",
    }
    if "19" in name or "2003" in name:
        fields |= {"13": "", "25": "", "12": "260302080102", "39": "000"}
    if name.startswith("unionpay"):
        fields["60"] = "22000031001"
    return encode(dialect(name), message_type, fields | dict(more or {}))


def read(
    name: str,
    value: bytes | None,
    source: int = 1,
    *,
    log_time: int = START_MS,
    key: bytes | None = None,
    check_keys: bool = False,
    tally: Any = None,  # noqa: ANN401  a counter of anything
    **more: Any,  # noqa: ANN401  handed on
) -> Event | DeadLetter | None:
    """Read one record as a lane does."""
    counts = defaultdict(int) if tally is None else tally
    decoder = Decoder(source, policy(name, **more), counts, check_keys=check_keys)
    return decoder.decode(7, log_time, log_time, key, value, log_time)


def event(name: str, value: bytes, source: int = 1, **more: Any) -> Event:  # noqa: ANN401  handed on
    """Read one record that is an event."""
    found = read(name, value, source, **more)
    assert isinstance(found, Event), found
    return found


def letter(name: str, value: bytes | None, source: int = 1, **more: Any) -> DeadLetter:  # noqa: ANN401  handed on
    """Read one record that is a dead letter."""
    found = read(name, value, source, **more)
    assert isinstance(found, DeadLetter), found
    return found

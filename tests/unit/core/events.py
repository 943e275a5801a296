"""Records for the tests of the core: one valid event, changed field by field."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from streams.core.decode import Decoder
from streams.core.event import Event
from streams.core.lane import Lane
from streams.core.masking import passes_luhn
from streams.core.policy import Policy
from streams.core.wire import TERMINAL, DeadLetter
from streams.settings.codes import shipped_codes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.core.lane import LaneOutput

CODES = {code: row.outcome for code, row in shipped_codes().items()}
POLICY = Policy(response_codes=CODES)
NOW_MS = 1_772_409_600_000
GONE = object()
"""As the value of a field: the field is left out."""

VALID: Mapping[str, Any] = {
    "event_id": "e1",
    "kind": "sale",
    "event_time": "2026-03-02T08:00:00+08:00",
    "terminal_id": "T0000001",
    "merchant_id": "M00000001",
    "voucher_number": "000042",
    "amount": 10_000,
    "currency": "CNY",
    "response_code": "00",
}


def with_check_digit(digits: str) -> str:
    """Return the digits with the one behind them that makes them pass Luhn."""
    return next(digits + digit for digit in "0123456789" if passes_luhn(digits + digit))


CARD = with_check_digit("622202" + "000000000")
"""A card number in clear, built here so that no file holds one."""
SHOWN = CARD[:6] + "******" + CARD[-4:]
MERCHANT = with_check_digit("10411004511201")
"""A merchant number of 15 digits that passes Luhn by chance, as one in ten does."""


def event(**fields: object) -> dict[str, Any]:
    """Return the valid event with other fields; ``GONE`` leaves one out."""
    return {name: value for name, value in {**VALID, **fields}.items() if value is not GONE}


def line(**fields: object) -> bytes:
    """Return the same as JSON."""
    return json.dumps(event(**fields)).encode()


def decoded(
    value: bytes | None,
    source: int = TERMINAL,
    policy: Policy = POLICY,
    *,
    exactly: bool = False,
) -> tuple[Event | DeadLetter, dict[tuple[str, tuple[str, ...]], int]]:
    """Decode one value without a key; ``exactly`` takes the field-by-field way at once."""
    tally: defaultdict[tuple[str, tuple[str, ...]], int] = defaultdict(int)
    decoder = Decoder(source, policy, tally, check_keys=False)
    decode = decoder._judge.judge if exactly else decoder.decode
    found = decode(7, NOW_MS, NOW_MS, None, value, NOW_MS)
    assert found is not None, "JSON is never skipped"
    return found, dict(tally)


def event_of(value: bytes | None, source: int = TERMINAL, policy: Policy = POLICY) -> Event:
    """Return the event of a value that is one."""
    found, _ = decoded(value, source, policy)
    assert isinstance(found, Event), found
    return found


def dead(value: bytes | None, source: int = TERMINAL, policy: Policy = POLICY) -> DeadLetter:
    """Return the dead letter of a value that is none."""
    found, _ = decoded(value, source, policy)
    assert isinstance(found, DeadLetter), found
    return found


def fed_live(
    value: bytes | None,
    *,
    key: bytes | None = b"T0000001",
    timestamp: int = NOW_MS,
    policy: Policy = POLICY,
    source: int = TERMINAL,
) -> LaneOutput:
    """Feed one record to a live lane whose clock shows ``NOW_MS``."""
    return Lane(0, policy).feed(source, [(0, timestamp, key, value)], NOW_MS)

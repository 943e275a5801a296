"""Bytes to an event, or the reason of a bad record, as the contract of events says."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.simulation.oracle_cards import masked, without_padding
from tests.simulation.oracle_policy import KINDS, PLAIN_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.oracle_policy import OraclePolicy

SOURCES = ("terminal", "host")
OUTCOMES = ("approved", "declined", "rejected", "unknown", "in_progress")
NEEDED_BY_ALL = ("event_id", "kind", "event_time", "terminal_id", "merchant_id")
NEEDED_BY_VOUCHERS = ("voucher_number", "amount", "currency")
TEXT_LENGTHS = {"event_id": 64, "terminal_id": 16, "merchant_id": 15, "rrn": 12, "auth_code": 6}
FREE_TEXTS = ("link", "software_version", "terminal_model", "network_type", "region", "operator_id", "entry_mode")
DIGITS = {"voucher_number": 12, "batch_number": 6}
CURRENCIES = {"156": "CNY", "840": "USD", "344": "HKD", "978": "EUR", "392": "JPY"}
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
MAX_BYTES = 64 * 1024


class BadRecordError(Exception):
    """A record that does not decode; ``args[0]`` is its reason."""


@dataclass
class Event:
    """One decoded record: ``fields`` as written but trimmed, zeros and empty strings taken out."""

    source: int
    fields: dict[str, Any]
    content: str
    outcome: str

    def get(self, name: str) -> Any:  # noqa: ANN401 -- a field of JSON can be anything
        """Return the trimmed field, or None where it is absent."""
        return self.fields.get(name)

    @property
    def kind(self) -> str:
        """The kind of the transaction."""
        return str(self.fields["kind"])

    @property
    def reversal(self) -> bool:
        """Whether the class is ``reversal``; every other kind is a ``transaction``."""
        return self.kind == "reversal"

    @property
    def number(self) -> str:
        """The voucher number without leading zeros."""
        return without_padding(self.fields["voucher_number"]) or ""

    def key(self, policy: OraclePolicy) -> tuple[Any, ...]:
        """Pairing key = (terminal_id, voucher_number, class), plus batch_number where the link says so."""
        batch = without_padding(self.get("batch_number")) if policy.link(self.get("link")).batch_in_key else None
        return (self.get("terminal_id"), self.number, self.reversal, batch)


def decode(source: int, value: bytes | None, policy: OraclePolicy) -> Event:
    """Return the event of a record value, or raise BadRecordError with the first reason that applies."""
    parsed = _parse(value)
    fields = {name: item for name, item in parsed.items() if item is not None}  # "Null is absent"
    needed = _needed(fields)
    for name in list(fields):  # "an empty string is absent for an optional field and invalid for a needed one"
        if isinstance(fields[name], str) and not fields[name].strip() and name not in needed:
            del fields[name]
    if any(name not in fields for name in needed):
        raise BadRecordError("missing_field")
    _check_missing_by_rule(source, fields, policy)
    fields = {name: _checked(name, item) for name, item in fields.items()}
    fields = {name: item for name, item in fields.items() if item is not None}
    if fields.get("source", SOURCES[source]) != SOURCES[source]:
        raise BadRecordError("source_mismatch")
    if fields["kind"] not in KINDS + PLAIN_KINDS:
        raise BadRecordError("unknown_kind")
    content = {name: item for name, item in parsed.items() if name != "received_at"}
    text = json.dumps(content, sort_keys=True)  # "Content is the JSON value without received_at"
    return Event(source, fields, text, _outcome(source, fields, policy))


def _parse(value: bytes | None) -> dict[str, Any]:
    if value is None or not value.strip():
        raise BadRecordError("empty")
    if len(value) > MAX_BYTES:  # "A record value is at most 64 KiB"
        raise BadRecordError("too_large")
    try:
        parsed = json.loads(value.decode())
    except ValueError:
        raise BadRecordError("malformed") from None
    if not isinstance(parsed, dict):
        raise BadRecordError("not_an_object")
    return parsed


def _needed(fields: dict[str, Any]) -> tuple[str, ...]:
    """Follow "An unknown kind needs only the fields of every kind"; a query "neither amount nor currency"."""
    kind = fields["kind"].strip() if isinstance(fields.get("kind"), str) else None
    if kind == "query":
        return (*NEEDED_BY_ALL, "voucher_number")
    if kind in KINDS:
        return NEEDED_BY_ALL + NEEDED_BY_VOUCHERS
    return NEEDED_BY_ALL


def _check_missing_by_rule(source: int, fields: dict[str, Any], policy: OraclePolicy) -> None:
    if not isinstance(fields["kind"], str) or fields["kind"].strip() not in KINDS:
        return
    # As the page says, "with neither: terminal terminal_default_outcome, host a bad record"
    if source == 1 and "outcome" not in fields and "response_code" not in fields:
        raise BadRecordError("missing_field")
    # As the page says, "batch_in_key: true (then an event without one is a bad record"; "a batch of zeros is absent"
    link = fields.get("link")
    batch = fields.get("batch_number")
    absent = batch is None or (isinstance(batch, str) and without_padding(batch) == "0")
    if policy.link(link.strip() if isinstance(link, str) else None).batch_in_key and absent:
        raise BadRecordError("missing_field")


def _outcome(source: int, fields: dict[str, Any], policy: OraclePolicy) -> str:
    """Follow "outcome wins over a response_code that says otherwise"; an unmapped code is unknown."""
    if "outcome" in fields:
        return str(fields["outcome"])
    if "response_code" in fields:
        return policy.response_codes.get(fields["response_code"], "unknown")
    return policy.terminal_default_outcome if source == 0 else "unknown"


def _text(item: object, longest: int | None = None) -> str:
    """Trim a text; "lengths count after trimming"."""
    if not isinstance(item, str):
        raise BadRecordError("invalid_field")
    item = item.strip()
    if not item or (longest is not None and len(item) > longest):
        raise BadRecordError("invalid_field")
    return item


def _checked(name: str, item: object) -> object:
    """Return the field trimmed, None where zeros make it absent; a wrong one is ``invalid_field``."""
    if name in TEXT_LENGTHS:
        text = _text(item, TEXT_LENGTHS[name])
        zeros = name in ("rrn", "auth_code") and set(text) == {"0"}  # "an rrn or auth code of zeros is absent"
        return None if zeros else text
    if name in DIGITS:
        text = _text(item, DIGITS[name])
        if not (text.isascii() and text.isdigit()):
            raise BadRecordError("invalid_field")
        return None if name == "batch_number" and set(text) == {"0"} else text
    if name in FREE_TEXTS or name in ("kind", "source"):
        return _text(item)
    checks: dict[str, Callable[[object], object]] = {
        "event_time": _event_time,
        "amount": _amount,
        "currency": _currency,
        "card": lambda card: masked(_text(card)),
        "response_code": _response_code,
        "outcome": _outcome_word,
        "original": _original,
        "offline": _boolean,
        "round_trip_ms": _integer,
        "received_at": _integer,
    }
    check = checks.get(name)
    return item if check is None else check(item)  # "Unknown extra fields are ... never an error"


def _integer(item: object) -> int:
    if not isinstance(item, int) or isinstance(item, bool):
        raise BadRecordError("invalid_field")
    return item


def _amount(item: object) -> int:
    amount = _integer(item)
    if amount < 0:
        raise BadRecordError("invalid_field")
    return amount


def _boolean(item: object) -> bool:
    if not isinstance(item, bool):
        raise BadRecordError("invalid_field")
    return item


def _event_time(item: object) -> object:
    """Follow "RFC 3339 string with offset, or epoch milliseconds"."""
    if not isinstance(item, str):
        return _integer(item)
    text = _text(item)
    if not RFC3339.fullmatch(text):
        raise BadRecordError("invalid_field")
    try:
        datetime.fromisoformat(text.upper())
    except ValueError:
        raise BadRecordError("invalid_field") from None
    return text


def _currency(item: object) -> str:
    """Follow "3 digits or 3 letters, normalised to ISO 4217 letters"."""
    text = _text(item, 3)
    if not re.fullmatch(r"\d{3}|[A-Za-z]{3}", text):
        raise BadRecordError("invalid_field")
    return CURRENCIES.get(text, text.upper())


def _response_code(item: object) -> str:
    text = _text(item, 2)
    if len(text) != len("00"):
        raise BadRecordError("invalid_field")
    return text.upper()


def _outcome_word(item: object) -> str:
    text = _text(item)
    if text not in OUTCOMES:
        raise BadRecordError("invalid_field")
    return text


def _original(item: object) -> dict[str, Any] | None:
    """Keep what an original refers by; "a batch or original of zeros is absent"."""
    if not isinstance(item, dict):
        raise BadRecordError("invalid_field")
    kept = {}
    for name in ("batch_number", "voucher_number", "rrn", "auth_code"):
        part = item.get(name)
        if part is None or (isinstance(part, str) and not part.strip()):
            continue
        checked = _checked(name, part)
        if isinstance(checked, str) and set(checked) != {"0"}:
            kept[name] = without_padding(checked)
    date = item.get("date")
    if isinstance(date, str) and date.strip().strip("0-"):
        kept["date"] = date.strip()
    if item.get("amount") is not None:
        _amount(item["amount"])
    return kept or None

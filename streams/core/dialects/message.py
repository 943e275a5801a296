"""Bytes to fields, by pyiso8583 and a dialect's specification; what cannot be read is a fault without values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import iso8583

from streams.core.fields import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from streams.core.dialects.dialect import Dialect

TPDU: Final = b"\x60"
"""First byte of a transport header."""
TYPE_DIGITS: Final = 4
_TYPE: Final = re.compile(r"[0-2][1-8][0-9][0-5]\Z")
_READ: Final = frozenset({"3", "4", "7", "11", "12", "13", "25"})
"""Fields of digits that make an event: signs other than digits in them mean that another dialect was sent."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its type, the text of each field by number, and the bytes of each from ``start`` on."""

    type: str
    fields: Mapping[str, str]
    encoded: Mapping[str, Mapping[str, bytes]]
    start: int

    def places(self) -> Iterator[tuple[str, int, int]]:
        """Yield each field with the bytes between which it stands, without its length."""
        at = self.start
        for number, parts in self.encoded.items():
            begin = at + len(parts["len"])
            at = begin + len(parts["data"])
            yield number, begin, at

    def text(self, number: str) -> str:
        """Return a field without padding, empty where the message has none."""
        return self.fields.get(number, "").strip()


def header_of(raw: bytes, dialect: Dialect) -> int:
    """Return how many bytes stand before the message type."""
    if dialect.tpdu_bytes and raw.startswith(TPDU):
        return dialect.tpdu_bytes
    return dialect.header_bytes


def type_of(raw: bytes, dialect: Dialect) -> str:
    """Return the message type that bytes begin with behind their header, empty where they begin with none."""
    start = header_of(raw, dialect)
    coding = str(dialect.spec["t"]["data_enc"])
    if coding == "b":
        digits = raw[start : start + TYPE_DIGITS // 2].hex()
    else:
        digits = raw[start : start + TYPE_DIGITS].decode(coding, "replace")
    return digits if digits.isascii() and _TYPE.match(digits) else ""


def parse(raw: bytes, dialect: Dialect) -> Message:
    """Return the message that bytes are.

    Raises ``Fault`` with the reason ``iso8583``, which names the field and the byte, never a value.
    """
    message_type = type_of(raw, dialect)
    start = header_of(raw, dialect)
    if not message_type:
        raise Fault("iso8583", f"no message type of ISO 8583 at byte {start}, read as {dialect.name}")
    if message_type[0] != dialect.version:
        raise Fault("iso8583", f"the message type is of another edition than {dialect.edition} ({dialect.name})")
    try:
        decoded, encoded = iso8583.decode(raw[start:], dialect.spec)
    except iso8583.DecodeError as error:
        # The library's error carries the bytes and what it had read of them: nothing of it goes on but the place.
        where = f"field {error.field} cannot be read at byte {start + error.pos}"
        raise Fault("iso8583", f"{where}, read as {dialect.name}") from None
    except KeyError as error:
        raise Fault("iso8583", f"the bitmap names field {error.args[0]}, which {dialect.name} lacks") from None
    except (ValueError, LookupError, TypeError, OverflowError):
        raise Fault("iso8583", f"the message cannot be read as {dialect.name}") from None
    for number in (_READ | {dialect.original}) & decoded.keys():
        text = decoded[number].strip()
        if text and not (text.isascii() and text.isdecimal()):
            raise Fault("iso8583", f"field {number} has signs other than digits, read as {dialect.name}")
    return Message(message_type, decoded, encoded, start)

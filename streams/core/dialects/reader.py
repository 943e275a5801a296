"""The decoder of a source that sends raw messages: bytes to event, to dead letter, or to nothing.

A record value is a message as it is, a message in hex digits, or a JSON object: with ``message`` in
hex, and then perhaps ``link``, or an event in the canonical form.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from streams.core.dialects.hide import hide, hide_fields, hide_written
from streams.core.dialects.mapping import document_of, skipped
from streams.core.dialects.message import Message, parse, type_of
from streams.core.fields import Fault
from streams.core.judge import MAX_VALUE_BYTES, usable
from streams.core.masking import PLACEHOLDER, mask_bytes
from streams.core.wire import SOURCES, TOO_DEEP, DeadLetter, decode_document

if TYPE_CHECKING:
    from streams.core.decode import Tally
    from streams.core.dialects.dialect import Dialect, RawFeed
    from streams.core.event import Event
    from streams.core.judge import Judge

MESSAGE: Final = "message"
"""Name of the hex digits in an object that wraps a message."""
_WRAPS: Final = b'"message"'
_KEPT_BYTES: Final = 4_096
_NO_TEXT: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HEX_TEXT: Final = re.compile(rb"\s*((?:[0-9A-Fa-f]{2}){4,})\s*\Z")


class RawReader:
    """Reads the raw messages of one source of one lane."""

    def __init__(self, source: int, feed: RawFeed, judge: Judge, tally: Tally, *, key_is: str = "terminal_id") -> None:
        """``key_is`` names the field that the record key is."""
        self._key_is = key_is
        self._source = source
        self._feed = feed
        self._judge = judge
        self._tally = tally

    def takes(self, value: bytes | None) -> bool:
        """Tell whether a record is for this reader; where only links have dialects, all but their messages is JSON."""
        if self._feed.dialect is not None:
            return True
        if value is None or _WRAPS not in value or len(value) > MAX_VALUE_BYTES:
            return False
        try:
            document = _object(value)
        except Fault:
            return False
        return isinstance(document.get(MESSAGE), str) and _link_of(document) in self._feed.by_link

    def read(
        self, offset: int, log_time: int, timestamp: int, key: bytes | None, value: bytes | None, now_ms: int
    ) -> Event | DeadLetter | None:
        """Return the event of one record, the dead letter it becomes, or ``None`` for a message that is skipped."""
        letter = _Letter(self._source, offset, timestamp, key)
        try:
            value = usable(value)
            if not value.lstrip().startswith(b"{"):
                return self._read_message(letter, value, log_time, now_ms)
            return self._read_object(letter, value, _object(value), log_time, now_ms)
        except Fault as fault:
            return letter.of(fault, None if value is None else _unread(value))

    def _read_object(
        self, letter: _Letter, value: bytes, document: dict[str, Any], log_time: int, now_ms: int
    ) -> Event | DeadLetter | None:
        digits = document.get(MESSAGE)
        if not isinstance(digits, str):
            # An event in the canonical form.  Its bytes may hold a message under another name.
            return hidden(self._judge.judge(letter.offset, log_time, letter.timestamp, letter.key, value, now_ms))
        link = _link_of(document)
        dialect = self._feed.by_link.get(link, self._feed.dialect)
        if dialect is None:  # pragma: no cover  such a value is not taken
            raise Fault("iso8583", "the link of the message has no dialect")
        raw = _bytes_of(digits)
        if raw is None:
            raise Fault("iso8583", "message is not hex digits, two for each byte")
        return self._read_bytes(letter, raw, dialect, link, (value, digits), log_time, now_ms)

    def _read_message(self, letter: _Letter, value: bytes, log_time: int, now_ms: int) -> Event | DeadLetter | None:
        dialect = self._feed.dialect
        if dialect is None:  # pragma: no cover  such a value is not taken
            raise Fault("malformed", "the value is not JSON in UTF-8")
        raw, digits = bytes_in(value, dialect)
        return self._read_bytes(letter, raw, dialect, "", (value, digits), log_time, now_ms)

    def _read_bytes(
        self,
        letter: _Letter,
        raw: bytes,
        dialect: Dialect,
        link: str,
        form: tuple[bytes, str],
        log_time: int,
        now_ms: int,
    ) -> Event | DeadLetter | None:
        """Read one message; ``form`` is the record value and the hex digits in it, empty for plain bytes."""
        message: Message | None = None
        row = None
        try:
            message = parse(raw, dialect)
            row = dialect.row_for(message.type, message.text("3"), message.text("25"))
            why = skipped(message, row, self._source, dialect)
            if why:
                self._tally["messages_skipped_total", (SOURCES[self._source], why)] += 1
                return None
            document = document_of(message, row, self._source, log_time, dialect, self._feed.offset_minutes)
            self._complete(document, link, letter.key)
            return self._judge.event_of(document, letter.offset, log_time, letter.timestamp, letter.key, now_ms)
        except Fault as fault:
            if fault.reason == "unknown_kind" and message is not None:
                fault = Fault(
                    fault.reason,
                    f"message type {message.type} with processing code {message.text('3')[:2]} and condition code"
                    f" {message.text('25')} is in no row of {dialect.name}",
                )
            return letter.of(fault, _shown(raw, message, form, packed=dialect.packed))

    def _complete(self, document: dict[str, Any], link: str, key: bytes | None) -> None:
        """Add what the message does not say: the link, and the terminal or merchant, whichever the record key is."""
        link = link or self._feed.link
        if link:
            document["link"] = link
        if self._key_is not in document and key:
            document[self._key_is] = key.decode("utf-8", "replace").strip()


def hidden(judged: Event | DeadLetter) -> Event | DeadLetter:
    """Return what became of a JSON record; a dead letter without the card numbers of messages within it."""
    if isinstance(judged, DeadLetter) and judged.value is not None:
        return msgspec.structs.replace(judged, value=hide_written(judged.value))
    return judged


class _Letter:
    """What a dead letter of one record says besides its fault."""

    def __init__(self, source: int, offset: int, timestamp: int, key: bytes | None) -> None:
        self.source = source
        self.offset = offset
        self.timestamp = timestamp
        self.key = key

    def of(self, fault: Fault, shown: bytes | None) -> DeadLetter:
        """Return the dead letter; ``shown`` is what may be kept of the value."""
        key = None if self.key is None else mask_bytes(self.key)
        return DeadLetter(self.source, self.offset, self.timestamp, key, shown, fault.reason, fault.detail)


def bytes_in(value: bytes, dialect: Dialect) -> tuple[bytes, str]:
    """Return the message in a value and the hex digits it was written in, empty where it stands as it is.

    Hex digits that begin with a message type are a message as text.
    """
    match = _HEX_TEXT.match(value)
    if match is None or type_of(value, dialect):
        return value, ""
    digits = match.group(1).decode()
    return bytes.fromhex(digits), digits


def _link_of(document: dict[str, Any]) -> str:
    link = document.get("link")
    return link.strip() if isinstance(link, str) else ""


def _bytes_of(digits: str) -> bytes | None:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return None


def _object(value: bytes) -> dict[str, Any]:
    try:
        document = decode_document(value)
    except RecursionError:
        raise Fault("malformed", TOO_DEEP) from None
    except (msgspec.MsgspecError, ValueError):
        raise Fault("malformed", "the value begins like a JSON object and is none") from None
    if not isinstance(document, dict):  # pragma: no cover  what begins with a brace is an object
        raise Fault("not_an_object", "the value is no JSON object")
    return document


def _shown(raw: bytes, message: Message | None, form: tuple[bytes, str], *, packed: bool) -> bytes:
    """Return a record value as it may be kept: in the form in which it came, card numbers hidden."""
    value, digits = form
    hidden = hide(raw, packed=packed) if message is None else hide_fields(raw, message, packed=packed)
    if not digits:
        return hidden
    before, found, after = value.partition(digits.encode())
    if not found:  # written with escapes: the digits cannot be found again
        return PLACEHOLDER.encode()
    return hide_written(before) + hidden.hex().encode() + hide_written(after)


def _unread(value: bytes) -> bytes:
    """Return what may be kept of a value that is no message at all; of one that is too large, its beginning."""
    if value.lstrip().startswith(b"{") and _may_be_json(value):
        return hide_written(value)
    return hide(value) if len(value) <= MAX_VALUE_BYTES else hide(value[:_KEPT_BYTES]) + PLACEHOLDER.encode()


def _may_be_json(value: bytes) -> bool:
    """Tell whether bytes with a brace in front may be JSON, even if cut off, rather than a message that was damaged."""
    if _NO_TEXT.search(value):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(value)
    except UnicodeDecodeError:
        return False
    return True

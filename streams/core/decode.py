"""Bytes to event, the quick way: one typed decode, then the few checks that a type cannot state.

Whatever fails a check here is not yet a bad record: it goes to ``judge.py``, which reads it field
by field and names the first reason that applies.  Both ways accept the same records; this one
only serves the usual ones at a third of the cost.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import UNSET
from msgspec.structs import force_setattr

from streams.core.currency import KNOWN, LETTERS
from streams.core.event import SOURCES, TERMINAL, Body, DeadLetter, Event, decode_body
from streams.core.fields import LATEST_TIME_MS
from streams.core.judge import KNOWN_FIELDS, MAX_VALUE_BYTES, PLAIN_INTEGER_LIMIT, Judge, original_is_plain
from streams.core.masking import mask_card
from streams.core.policy import PLAIN_KINDS, TRANSACTION_KINDS

if TYPE_CHECKING:
    from streams.core.policy import Policy

Tally = defaultdict[tuple[str, tuple[str, ...]], int]
"""Counter name and label values -> increment."""


MAX_KNOWN_IDS: Final = 200_000
"""Ids of one source whose comparable form is remembered."""
MAX_TERMINAL_ID: Final = 16
MAX_MERCHANT_ID: Final = 15

LENGTH_OF_OFFSET: Final = 6

_TRANSACTIONS: Final = {kind: kind for kind in TRANSACTION_KINDS}
_PLAIN: Final = {kind: kind for kind in PLAIN_KINDS}
_OUTCOMES: Final = {name: name for name in ("approved", "declined", "rejected", "unknown", "in_progress")}
_CURRENCIES: Final[dict[object, str]] = dict([*LETTERS.items(), *((code, code) for code in KNOWN)])
_STARS: Final = frozenset("*" * count for count in range(1, 24))
_parse_time: Final = datetime.fromisoformat


class Decoder:
    """Decodes the records of one source of one lane.

    ``check_keys`` is false in a file replay, whose lines have no record key.
    """

    def __init__(self, source: int, policy: Policy, tally: Tally, *, check_keys: bool) -> None:
        self._source = source
        self._name = SOURCES[source]
        self._codes = policy.response_codes
        self._check_keys = check_keys
        self._batch_in_key = policy.default_link.batch_in_key or any(
            link.batch_in_key for link in policy.links.values()
        )
        self._quick_enough = not policy.field_maps.get(self._name) and not policy.allow_create_time
        self._default = policy.terminal_default_outcome if source == TERMINAL else ""
        self._terminals: dict[str, str] = {}
        self._merchants: dict[str, str] = {}
        self._judge = Judge(source, policy, tally, check_keys=check_keys)
        self.tally = tally

    def decode(
        self, offset: int, log_time: int, timestamp: int, key: bytes | None, value: bytes | None, now_ms: int
    ) -> Event | DeadLetter:
        """Return the event of one record, or the dead letter it becomes.

        ``log_time`` and ``timestamp`` are epoch milliseconds; ``now_ms`` is the wall clock and is
        looked at only where producer timestamps are allowed.
        """
        if value is not None and self._quick_enough and len(value) <= MAX_VALUE_BYTES:
            try:
                body = decode_body(value)
                event = self._quick(body, offset, log_time, key, value)
            except msgspec.ValidationError:
                event = self._with_extras(offset, log_time, key, value)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                event = None
            if event is not None:
                return event
        return self._judge.judge(offset, log_time, timestamp, key, value, now_ms)

    def _with_extras(self, offset: int, log_time: int, key: bytes | None, value: bytes) -> Event | None:
        """Return the event of a record that is usual but for fields of the sender's own."""
        try:
            document = msgspec.json.decode(value)
            if not isinstance(document, dict):
                return None
            extras = {name: part for name, part in document.items() if name not in KNOWN_FIELDS}
            if not extras:
                return None
            body = msgspec.convert({name: document[name] for name in document if name in KNOWN_FIELDS}, Body)
            more = msgspec.json.encode(extras, order="sorted")
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        event = self._quick(body, offset, log_time, key, value)
        if event is not None:
            event.content = hash((event.content, more))
            event.extras = self._judge.extras({name: part for name, part in extras.items() if part is not None})
        return event

    def _quick(  # noqa: PLR0911  one check a field
        self, body: Body, offset: int, log_time: int, key: bytes | None, raw: bytes
    ) -> Event | None:
        """Return the event of a body in its usual spelling, ``None`` where ``judge.py`` has to look."""
        event_id = body.event_id
        if not " " < event_id[0] <= "~" or not " " < event_id[-1] <= "~":
            return None
        # The same few thousand ids come again and again: each is looked at once, and one string
        # serves all its events.
        terminal = self._terminals.get(body.terminal_id)
        if terminal is None:
            terminal = self._meet(self._terminals, body.terminal_id, MAX_TERMINAL_ID)
        if not terminal:
            return None
        merchant = self._merchants.get(body.merchant_id)
        if merchant is None:
            merchant = self._meet(self._merchants, body.merchant_id, MAX_MERCHANT_ID)
        if not merchant:
            return None
        if self._check_keys and key != terminal.encode():
            return None
        if body.source and body.source != self._name:
            return None
        sent_at = body.event_time
        if not (_is_usual_time(sent_at) if type(sent_at) is str else 0 <= sent_at < LATEST_TIME_MS):  # type: ignore[operator]  # a number, then
            return None
        kind = _TRANSACTIONS.get(body.kind)
        if kind is None:
            return self._quick_plain(body, offset, log_time, terminal)
        return self._quick_voucher(body, offset, log_time, kind, terminal, raw)

    @staticmethod
    def _meet(known: dict[str, str], raw: str, limit: int) -> str:
        """Return an id without padding, empty where it is none; remember it as long as there is room."""
        plain = raw.strip()
        if len(plain) > limit:
            plain = ""
        if len(known) < MAX_KNOWN_IDS:
            known[raw] = plain
        return plain

    def _quick_voucher(  # noqa: C901, PLR0911, PLR0912  one check a field, in one frame: a call each costs a third
        self, body: Body, offset: int, log_time: int, kind: str, terminal: str, raw: bytes
    ) -> Event | None:
        number = body.voucher_number
        if not number or not number.isdecimal() or not number.isascii():
            return None
        amount = body.amount
        currency = _CURRENCIES.get(body.currency)
        if currency is None or type(amount) is not int or not 0 <= amount < PLAIN_INTEGER_LIMIT:
            if kind != "query" or amount is not UNSET or body.currency is not UNSET:
                return None
            amount, currency = None, ""
        code = body.response_code
        outcome = self._codes.get(code) if code else None
        if body.outcome or outcome is None:
            outcome = self._said_outcome(body)
            if not outcome:
                return None
        batch = body.batch_number or ""
        if batch:
            if not batch.isdecimal() or not batch.isascii():
                return None
            batch = batch.lstrip("0")
        if (self._batch_in_key and not batch) or (body.original and not original_is_plain(body.original)):
            return None
        trip = body.round_trip_ms
        if trip and not -PLAIN_INTEGER_LIMIT < trip < PLAIN_INTEGER_LIMIT:
            return None
        card = body.card or None
        if card is not None and (card[6:-4] not in _STARS or not (card[:6] + card[-4:]).replace("*", "").isdecimal()):
            card, in_clear = mask_card(card)
            if in_clear or not card:
                return None
        if body.received_at is not UNSET:
            force_setattr(body, "received_at", UNSET)
        if not code and not body.outcome:
            self.tally["terminal_outcome_defaulted_total", ()] += 1
        number = number.lstrip("0") or "0"
        content = hash(body)
        if card is not body.card:
            force_setattr(body, "card", card)
        source = self._source
        return Event(
            source, offset, log_time, body, kind, outcome, terminal, number, amount, currency, card, content, raw, batch
        )

    def _quick_plain(self, body: Body, offset: int, log_time: int, terminal: str) -> Event | None:
        kind = _PLAIN.get(body.kind)
        if kind is None or body.card or body.original or body.amount or body.voucher_number or body.currency:
            return None
        if body.outcome or body.response_code or body.batch_number or body.round_trip_ms:
            return None
        if body.received_at is not UNSET:
            force_setattr(body, "received_at", UNSET)
        return Event(self._source, offset, log_time, body, kind, "", terminal, "", None, "", None, hash(body))

    def _said_outcome(self, body: Body) -> str | None:
        """Return an outcome that is said outright and that no response code contradicts, or the default."""
        code = body.response_code
        said = body.outcome
        if not code and not said and self._default:
            return self._default
        if not said or (code and self._codes.get(code) != said):
            return None
        return _OUTCOMES.get(said)


def _is_usual_time(text: str) -> bool:
    """Tell whether a text is an RFC 3339 time with an offset: whole seconds or milliseconds, as most send it.

    ISO 8601, which Python reads, knows more: weeks, commas, offsets without a colon.
    """
    if text[7:8] != "-" or text[10:11] != "T" or text[16:17] != ":":
        return False
    offset = text[23:] if text[19:20] == "." else text[19:]
    if offset != "Z" and (len(offset) != LENGTH_OF_OFFSET or offset[3] != ":"):
        return False
    try:
        _parse_time(text)
    except ValueError:
        return False
    return True

"""Bytes to event, the quick way: one typed decode, then the few checks that a type cannot state.

Whatever fails a check here is not yet a bad record: it goes to ``judge.py``, which reads it field
by field and names the first reason that applies.  Both ways accept the same records; this one
only serves the usual ones at a third of the cost.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET
from msgspec.structs import astuple

from streams.core.currency import KNOWN, LETTERS
from streams.core.dialects.reader import RawReader, hidden
from streams.core.event import Event, content_of
from streams.core.fields import LATEST_TIME_MS
from streams.core.judge import KNOWN_FIELDS, MAX_VALUE_BYTES, PLAIN_INTEGER_LIMIT, Judge, original_is_plain
from streams.core.masking import SHORTEST_PAN, mask_card, mask_text
from streams.core.policy import PLAIN_KINDS, TRANSACTION_KINDS
from streams.core.timers import NEVER
from streams.core.wire import SOURCES, TERMINAL, Body, DeadLetter, decode_body, decode_document, decode_loosely

if TYPE_CHECKING:
    from streams.core.policy import Policy

Tally = defaultdict[tuple[str, tuple[str, ...]], int]
"""Counter name and label values -> increment."""


MAX_KNOWN_IDS: Final = 200_000
"""Ids of one source whose comparable form is remembered."""
MAX_TERMINAL_ID: Final = 16
MAX_MERCHANT_ID: Final = 15

LENGTH_OF_OFFSET: Final = 6

_TRANSACTIONS: Final = frozenset(TRANSACTION_KINDS)
_PLAIN: Final = frozenset(PLAIN_KINDS)
Row = tuple[Any, ...]
"""The values of a body in the order of its fields: taken at once, they cost a third of as many attributes."""
_OF_VOUCHERS: Final = 6
_OF_EVIDENCE: Final = 16
_ROUND_TRIP: Final = 23
"""Places of a body's fields: the first that only vouchers have, the first that is evidence, and one of these."""
_CURRENCIES: Final[dict[object, str]] = dict([*LETTERS.items(), *((code, code) for code in KNOWN)])
SIX_STARS: Final = "******"
_STARS_FOR: Final = {sign * count: "*" * count for sign in "*xX#" for count in range(1, 24)}
"""The usual signs in the middle of a masked card number -> the signs that stand for them here."""
PLAIN_EXTRA_LIMIT: Final = 10**12
_parse_time: Final = datetime.fromisoformat


class Decoder:
    """Decodes the records of one source of one lane.

    ``check_keys`` is false in a file replay, whose lines have no record key.
    """

    def __init__(self, source: int, policy: Policy, tally: Tally, *, check_keys: bool) -> None:
        self._source = source
        self._name = SOURCES[source]
        self._evidence_room = policy.max_evidence_bytes
        self._codes: dict[str, str] = dict(policy.response_codes)
        self._check_keys = check_keys
        self._by_merchant = policy.by_merchant
        self._batch_in_key = policy.default_link.batch_in_key or any(
            link.batch_in_key for link in policy.links.values()
        )
        self._quick_enough = not policy.field_maps.get(self._name)
        self._latest_lead_ms = policy.future_skew_ms if policy.allow_create_time else NEVER
        self._default = policy.terminal_default_outcome if source == TERMINAL else ""
        # The last currency and response code, which the next event has as a rule, and what they mean.
        self._currency: object = None
        self._letters: str | None = None
        self._code: object = None
        self._code_outcome: str | None = None
        self._terminals: dict[str, str] = {}
        self._merchants: dict[str, str] = {}
        self._judge = Judge(source, policy, tally, check_keys=check_keys)
        feed = policy.raw_feeds.get(self._name)
        key_is = "merchant_id" if policy.by_merchant else "terminal_id"
        self._raw = None if feed is None else RawReader(source, feed, self._judge, tally, key_is=key_is)
        self.tally = tally

    def decode(
        self, offset: int, log_time: int, timestamp: int, key: bytes | None, value: bytes | None, now_ms: int
    ) -> Event | DeadLetter | None:
        """Return the event of one record, or the dead letter it becomes; ``None`` for a message that is skipped.

        ``log_time`` and ``timestamp`` are epoch milliseconds; ``now_ms`` is the wall clock and is
        looked at only where producer timestamps are allowed.
        """
        if self._raw is not None and self._raw.takes(value):
            return self._raw.read(offset, log_time, timestamp, key, value, now_ms)
        usual = self._quick_enough and timestamp - now_ms <= self._latest_lead_ms
        if value is not None and usual and len(value) <= MAX_VALUE_BYTES:
            try:
                body = decode_body(value)
                event = self._quick(body, offset, log_time, key, value)
            except msgspec.ValidationError:
                event = self._with_extras(offset, log_time, key, value)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                event = None
            if event is not None:
                return event
        judged = self._judge.judge(offset, log_time, timestamp, key, value, now_ms)
        # Where raw messages may come, one may also stand in an object that nobody expected.
        return judged if self._raw is None else hidden(judged)

    def _with_extras(self, offset: int, log_time: int, key: bytes | None, value: bytes) -> Event | None:
        """Return the event of a record that is usual but for fields of the sender's own."""
        try:
            body = decode_loosely(value)
            document = decode_document(value)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        extras = {name: part for name, part in document.items() if name not in KNOWN_FIELDS}
        event = self._quick(body, offset, log_time, key, value)
        if event is not None and extras:
            if len(value) > self._evidence_room or not all(map(_is_plain, extras, extras.values())):
                event.content = hash((content_of(event), msgspec.json.encode(extras, order="sorted")))
                extras = self._judge.extras({name: part for name, part in extras.items() if part is not None})
            event.extras = extras
        return event

    def _quick(  # noqa: PLR0911  one check a field
        self, body: Body, offset: int, log_time: int, key: bytes | None, raw: bytes
    ) -> Event | None:
        """Return the event of a body in its usual spelling, ``None`` where ``judge.py`` has to look."""
        row: Row = astuple(body)
        event_id, kind, sent_at, terminal_id, merchant_id, source = row[:_OF_VOUCHERS]
        if not " " < event_id[0] <= "~" or not " " < event_id[-1] <= "~":
            return None
        # The same few thousand ids come again and again: each is looked at once, and one string
        # serves all its events.
        terminal = self._terminals.get(terminal_id)
        if terminal is None:
            terminal = self._meet(self._terminals, terminal_id, MAX_TERMINAL_ID)
        merchant = self._merchants.get(merchant_id)
        if merchant is None:
            merchant = self._meet(self._merchants, merchant_id, MAX_MERCHANT_ID)
        if not terminal or not merchant:
            return None
        if self._check_keys:
            encoded = (merchant if self._by_merchant else terminal).encode()
            if key != encoded and (key is None or key.strip() != encoded):
                return None
        if source and source != self._name:
            return None
        if not (_is_usual_time(sent_at) if isinstance(sent_at, str) else 0 <= sent_at < LATEST_TIME_MS):
            return None
        if kind not in _TRANSACTIONS:
            return self._quick_plain(body, offset, log_time, terminal)
        return self._quick_voucher(body, row, offset, log_time, terminal, raw)

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
        self, body: Body, row: Row, offset: int, log_time: int, terminal: str, raw: bytes
    ) -> Event | None:
        kind: str = row[1]
        number, batch, _, _, code, said, amount, currency, sent_card, original = row[_OF_VOUCHERS:_OF_EVIDENCE]
        if not isinstance(number, str) or not (number.isdigit() and number.isascii()):
            return None
        if currency is not self._currency and currency != self._currency:
            self._currency, self._letters = currency, _CURRENCIES.get(currency)
        letters = self._letters
        if letters is None or type(amount) is not int or not 0 <= amount < PLAIN_INTEGER_LIMIT:
            if kind != "query" or amount is not UNSET or currency is not UNSET:
                return None
            amount, letters = None, ""
        if code is not self._code and code != self._code:
            self._code, self._code_outcome = code, self._codes.get(code) if isinstance(code, str) and code else None
        outcome = self._code_outcome
        if outcome is None or said:
            outcome = self._said_outcome(body)
            if not outcome:
                return None
        if isinstance(batch, str) and batch:
            if not (batch.isdigit() and batch.isascii()):
                return None
            batch = batch.lstrip("0")
        else:
            batch = ""
        if (self._batch_in_key and not batch) or (original and not original_is_plain(original)):
            return None
        trip = row[_ROUND_TRIP]
        if trip and not -PLAIN_INTEGER_LIMIT < trip < PLAIN_INTEGER_LIMIT:
            return None
        card = _shown_card(sent_card) if sent_card else None
        if card is None and sent_card:
            return None
        if not code and not said:
            self.tally["terminal_outcome_defaulted_total", ()] += 1
        plain = number.lstrip("0") or "0"
        return Event(
            self._source, offset, log_time, body, kind, outcome, terminal, plain, amount, letters, card, raw, batch
        )

    def _quick_plain(self, body: Body, offset: int, log_time: int, terminal: str) -> Event | None:
        kind = body.kind
        if kind not in _PLAIN or body.card or body.original or body.amount or body.voucher_number or body.currency:
            return None
        if body.outcome or body.response_code or body.batch_number or body.round_trip_ms:
            return None
        return Event(self._source, offset, log_time, body, kind, "", terminal, "", None, "", None)

    def _said_outcome(self, body: Body) -> str | None:
        """Return an outcome that is said outright and that no response code contradicts, or the default."""
        code = body.response_code
        said = body.outcome
        if not code and not said and self._default:
            return self._default
        if not said or (code and self._codes.get(code) != said):
            return None
        return said


def _shown_card(sent: str) -> str | None:
    """Return a card number as it may be shown, ``None`` where it was sent in clear or could not be read."""
    middle = sent[6:-4]
    stars = middle if middle == SIX_STARS else _STARS_FOR.get(middle)
    if stars is not None:
        head, tail = sent[:6], sent[-4:]
        if (head.isdigit() or not head.strip("*0123456789")) and tail.isdigit():
            return sent if stars is middle else head + stars + tail
    shown, in_clear = mask_card(sent)
    return None if in_clear or not shown else shown


def _is_plain(name: str, value: object) -> bool:
    """Tell whether a field of the sender's own surely holds no card number and can be shown as it is."""
    if len(name) >= SHORTEST_PAN and not _has_no_run(name):
        return False
    if isinstance(value, str):
        return len(value) < SHORTEST_PAN
    return isinstance(value, int | float) and -PLAIN_EXTRA_LIMIT < value < PLAIN_EXTRA_LIMIT


@lru_cache(maxsize=1_000)
def _has_no_run(name: str) -> bool:
    return mask_text(name)[1] is False


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

"""Bytes to event, the exact way: field by field, with the first reason that applies.

Serves what the typed decoder does not take: unknown extra fields, padding, field maps, clear card
numbers, and every bad record.  Details name a field and what was wrong, never a value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET

from streams.core import fields
from streams.core.event import Event
from streams.core.fields import Fault
from streams.core.masking import PLACEHOLDER, is_card_run, mask_bytes, mask_card, mask_text
from streams.core.policy import OUTCOMES, PLAIN_KINDS, TRANSACTION_KINDS, LinkPolicy
from streams.core.wire import SOURCES, TERMINAL, TOO_DEEP, Body, DeadLetter, Original, decode_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.core.decode import Tally
    from streams.core.policy import Policy

MAX_VALUE_BYTES: Final = 65_536
PLAIN_INTEGER_LIMIT: Final = 10**12
"""An integer below this has at most twelve digits and so cannot hide a card number."""
MAX_NESTING: Final = 64
"""Levels of an unknown field that are kept as evidence."""
_EVERY_KIND: Final = ("event_id", "kind", "event_time", "terminal_id", "merchant_id")
KNOWN_FIELDS: Final = frozenset(Body.__struct_fields__)
_EXEMPT_SIGNS: Final = {"event_id": 64, "terminal_id": 16, "merchant_id": 15, "event_time": 64, "received_at": 64}
"""Fields in which a run of 13 digits or more is no card, as long as they keep to their own length."""


def original_is_plain(original: Original) -> bool:
    """Tell whether an original reference has usual values only, so that the quick way may keep it.

    All its texts are then shorter than a card number.
    """
    for text, limit in ((original.batch_number, 6), (original.voucher_number, 12)):
        if text and not (len(text) <= limit and text.isdecimal() and text.isascii()):
            return False
    for text, limit in ((original.rrn, 12), (original.auth_code, 6), (original.kind, 12)):
        if text and len(text) > limit:
            return False
    amount = original.amount
    if amount and not 0 <= amount < PLAIN_INTEGER_LIMIT:
        return False
    date = original.date
    return not date or fields.is_date(date)


class Judge:
    """The exact decoder of one source of one lane."""

    def __init__(self, source: int, policy: Policy, tally: Tally, *, check_keys: bool) -> None:
        self._source = source
        self._name = SOURCES[source]
        self._policy = policy
        self._check_keys = check_keys
        self._tally = tally
        self._map: Mapping[str, str] = policy.field_maps.get(self._name, {})
        self._exempt = _exempt_pattern(self._map)

    def judge(
        self, offset: int, log_time: int, timestamp: int, key: bytes | None, value: bytes | None, now_ms: int
    ) -> Event | DeadLetter:
        """Return the event of one record, or the dead letter with the first reason that applies."""
        document: dict[str, Any] | None = None
        try:
            document = _parse(value)
            document = self._renamed(document)
            return self.event_of(document, offset, log_time, timestamp, key, now_ms)
        except Fault as fault:
            kept = None if value is None else mask_bytes(value, self._exempt_spans(value) if document else ())
            shown_key = None if key is None else mask_bytes(key)
            return DeadLetter(self._source, offset, timestamp, shown_key, kept, fault.reason, fault.detail)

    def event_of(
        self,
        document: dict[str, Any],
        offset: int,
        log_time: int,
        timestamp: int,
        key: bytes | None,
        now_ms: int,
    ) -> Event:
        """Return the event of a parsed object in the canonical form; raises ``Fault`` for the first that applies."""
        event = self._read(document, offset, log_time)
        self._check_origin(document, event, key)
        _check_kind(event)
        self._check_clock(timestamp, now_ms)
        self._count(document, event)
        return event

    def _exempt_spans(self, value: bytes) -> tuple[tuple[int, int], ...]:
        return tuple(match.span() for match in self._exempt.finditer(value))

    def _renamed(self, document: dict[str, Any]) -> dict[str, Any]:
        if not self._map:
            return document
        ours = set(self._map.values())
        kept = {name: value for name, value in document.items() if name not in self._map and name not in ours}
        renamed = {name: document[name] for name in ours if name in document}
        renamed.update({ours: document[theirs] for theirs, ours in self._map.items() if theirs in document})
        return kept | renamed

    def _read(self, document: dict[str, Any], offset: int, log_time: int) -> Event:
        content = hash(msgspec.json.encode({k: v for k, v in document.items() if k != "received_at"}, order="sorted"))
        kind = document.get("kind")
        if isinstance(kind, str):
            kind = kind.strip()
            document = document | {"kind": kind}
        plain = kind not in TRANSACTION_KINDS
        self._require(document, plain=plain)
        clean = fields.read_fields(document, plain=plain)
        outcome = "" if plain else self._outcome(clean)
        self._mask(clean)
        body = Body(**{name: value for name, value in clean.items() if name != "received_at"})
        known = kind if isinstance(kind, str) and (not plain or kind in PLAIN_KINDS) else ""
        number = "" if plain else str(body.voucher_number).lstrip("0") or "0"
        amount = body.amount if isinstance(body.amount, int) else None
        card = body.card if isinstance(body.card, str) else None
        currency = body.currency if isinstance(body.currency, str) else ""
        event = Event(
            self._source,
            offset,
            log_time,
            body,
            known,
            outcome,
            body.terminal_id,
            number,
            amount,
            currency,
            card,
        )
        event.content = content
        event.batch = body.batch_number.lstrip("0") if isinstance(body.batch_number, str) else ""
        extras = {name: value for name, value in document.items() if name not in KNOWN_FIELDS and value is not None}
        if extras:
            event.extras = self.extras(extras)
        return event

    def _require(self, document: dict[str, Any], *, plain: bool) -> None:
        needed: list[str] = list(_EVERY_KIND)
        if not plain:
            needed.append("voucher_number")
            if document["kind"] != "query":
                needed += ["amount", "currency"]
            link = document.get("link")
            link_policy: LinkPolicy = self._policy.default_link
            if isinstance(link, str):
                link_policy = self._policy.links.get(link.strip(), link_policy)
            if link_policy.batch_in_key and fields.is_absent_number(document.get("batch_number")):
                raise Fault("missing_field", "batch_number is absent; this link has it in the pairing key")
        for name in needed:
            if document.get(name) is None:
                raise Fault("missing_field", f"{name} is absent")
        if plain or self._source == TERMINAL:
            return
        if fields.is_absent_text(document.get("outcome")) and fields.is_absent_text(document.get("response_code")):
            raise Fault("missing_field", "outcome and response_code are both absent in a host event")

    def _outcome(self, clean: dict[str, Any]) -> str:
        said, code = clean.get("outcome"), clean.get("response_code")
        if said is None and code is None:
            return self._policy.terminal_default_outcome
        mapped = self._policy.response_codes.get(code.upper()) if code is not None else None
        return said or mapped or "unknown"

    def _count(self, document: dict[str, Any], event: Event) -> None:
        if event.outcome == "":
            return
        body = event.body
        code = body.response_code if isinstance(body.response_code, str) else None
        mapped = self._policy.response_codes.get(code.upper()) if code is not None else None
        if code is None and body.outcome is UNSET:
            self._tally["terminal_outcome_defaulted_total", ()] += 1
        if code is not None and mapped is None:
            self._tally["response_codes_unmapped_total", (self._name,)] += 1
        if mapped is not None and body.outcome in OUTCOMES and body.outcome != mapped:
            self._tally["outcome_overridden_total", (self._name,)] += 1
        del document

    def _check_origin(self, document: dict[str, Any], event: Event, key: bytes | None) -> None:
        if self._check_keys:
            by_merchant = self._policy.by_merchant
            owner = event.merchant if by_merchant else event.terminal
            if key is None or key.strip() != owner.encode():
                name = "merchant_id" if by_merchant else "terminal_id"
                raise Fault("key_mismatch", f"the record key is not the {name}")
        source = document.get("source")
        if isinstance(source, str) and source.strip() not in ("", self._name):
            raise Fault("source_mismatch", f"source differs from {self._name}, the topic's own")

    def _check_clock(self, timestamp: int, now_ms: int) -> None:
        policy = self._policy
        if policy.allow_create_time and timestamp > now_ms + policy.future_skew_ms:
            ahead = timestamp - now_ms
            raise Fault(
                "future_timestamp", f"record timestamp is {ahead} ms ahead, the limit is {policy.future_skew_ms} ms"
            )

    def _hit(self, field: str) -> None:
        self._tally["card_in_clear_total", (self._name, field)] += 1

    def _mask(self, clean: dict[str, Any]) -> None:
        card = clean.get("card")
        if card is not None:
            clean["card"], in_clear = mask_card(card)
            if in_clear:
                self._hit("card")
        for name in fields.MASKED_TEXTS:
            if name in clean:
                clean[name], hit = mask_text(clean[name])
                if hit:
                    self._hit("other")
        trip = clean.get("round_trip_ms")
        if trip is not None and is_card_run(str(abs(trip))):
            del clean["round_trip_ms"]
            self._hit("other")
        original = clean.get("original")
        if original is not None:
            clean["original"], hit = _mask_original(original)
            if hit:
                self._hit("original")

    def extras(self, extras: dict[str, Any]) -> dict[str, object]:
        """Return the unknown fields, masked, as many of them as fit into the evidence bound."""
        masked, hits = _mask_tree(extras)
        if hits:
            self._tally["card_in_clear_total", (self._name, "extra")] += hits
        room = self._policy.max_evidence_bytes
        kept: dict[str, object] = {}
        for name, value in masked.items():
            room -= len(msgspec.json.encode({name: value}))
            if room < 0:
                kept["_cut"] = True
                break
            kept[name] = value
        return kept


def _check_kind(event: Event) -> None:
    if event.kind == "":
        raise Fault("unknown_kind", f"kind is none of {len(TRANSACTION_KINDS) + len(PLAIN_KINDS)} known kinds")


def usable(value: bytes | None) -> bytes:
    """Return a record value that can be read at all; raises ``Fault`` for one that is empty or too large."""
    if value is None or not value.strip():
        raise Fault("empty", "the record has no value")
    if len(value) > MAX_VALUE_BYTES:
        raise Fault("too_large", f"the value has {len(value)} bytes, the limit is {MAX_VALUE_BYTES}")
    return value


def _parse(value: bytes | None) -> dict[str, Any]:
    value = usable(value)
    try:
        document = decode_document(value)
    except RecursionError:
        raise Fault("malformed", TOO_DEEP) from None
    except (msgspec.MsgspecError, ValueError):
        raise Fault("malformed", "the value is not JSON in UTF-8") from None
    if not isinstance(document, dict):
        raise Fault("not_an_object", f"the value is a JSON {type(document).__name__}, not an object")
    return document


def _exempt_pattern(names: Mapping[str, str]) -> re.Pattern[bytes]:
    """Return what finds the exempt values of a record, under our names and under a customer's."""
    fields_of = {**{name: name for name in _EXEMPT_SIGNS}, **names}
    parts = [
        rf'{re.escape(json_name)}"\s*:\s*(?:"[^"\\]{{0,{_EXEMPT_SIGNS[ours]}}}"|-?[0-9]{{1,{_EXEMPT_SIGNS[ours]}}}(?![0-9]))'
        for json_name, ours in fields_of.items()
        if ours in _EXEMPT_SIGNS
    ]
    return re.compile(f'"(?:{"|".join(parts)})'.encode())


def _mask_original(original: Original) -> tuple[Original, bool]:
    changed: dict[str, Any] = {}
    for name in ("date", "kind"):
        text = getattr(original, name)
        if isinstance(text, str):
            masked, hit = mask_text(text)
            if hit:
                changed[name] = masked
    if isinstance(original.amount, int) and is_card_run(str(abs(original.amount))):
        changed["amount"] = UNSET
    return msgspec.structs.replace(original, **changed), bool(changed)


def _digits_of(number: float) -> str:
    return str(abs(number)) if isinstance(number, int) else f"{abs(number):.0f}"


def _mask_tree(tree: Any, room: int = MAX_NESTING) -> tuple[Any, int]:  # noqa: ANN401  parsed JSON of any shape
    """Mask names, strings and numbers of an unknown field; return it with the hits.

    What lies deeper than ``room`` levels is not looked at and therefore not shown.
    """
    if isinstance(tree, str):
        masked, hit = mask_text(tree)
        return masked, int(hit)
    if isinstance(tree, int | float) and not isinstance(tree, bool):
        return (PLACEHOLDER, 1) if is_card_run(_digits_of(tree)) else (tree, 0)
    if isinstance(tree, list | dict) and not room:
        return PLACEHOLDER, 0
    if isinstance(tree, list):
        pairs = [_mask_tree(item, room - 1) for item in tree]
        return [item for item, _ in pairs], sum(hits for _, hits in pairs)
    if isinstance(tree, dict):
        hits = 0
        masked_tree: dict[str, Any] = {}
        for name, item in tree.items():
            masked_name, name_hit = mask_text(name)
            masked_tree[masked_name], item_hits = _mask_tree(item, room - 1)
            hits += int(name_hit) + item_hits
        return masked_tree, hits
    return tree, 0

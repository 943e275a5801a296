"""What the ledger keeps of a forgotten voucher: both legs and what is known of it, as one JSON object.

    {"t": leg, "h": leg, "s": state}

A leg is ``[log time, offset, body]``, or ``[log time, offset, body, particulars]`` where the body alone
does not tell all.  A pair that agreed has no state.  Everything but one leg can be absent.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct

from streams.core.event import Event
from streams.core.voucher import NO_VOUCHERS, Mark, Run, Voucher
from streams.core.wire import FINAL, HOST, TERMINAL, Body, Original

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from streams.core.ledger import Fact


class _Particulars(Struct, array_like=True, gc=False):
    """What a leg is beyond its body: values in comparable form, and the answer by which it is named."""

    outcome: str
    amount: int | None
    currency: str
    card: str | None
    batch: str
    deadline: int
    updated_at: int
    answer_id: str
    answer_time: int


class _Leg(Struct, array_like=True, gc=False):
    log_time: int
    offset: int
    body: Raw
    more: _Particulars | None = None


class _State(Struct, array_like=True, gc=False):
    """What is known of a voucher besides its legs; ``numbers`` are those that repeats of a reversal have added."""

    is_reversal: bool
    batch_key: str
    verdict: str
    findable: bool
    limited: bool
    denied: bool
    reversed_at: int | None
    numbers: list[str]
    marks: list[tuple[str, int, str, list[str], int, str, bool]]
    target: tuple[str, int, int, int] | None = None
    """Of a reversal: number and place of the transaction that it belongs to."""


class _Row(Struct, gc=False):
    t: _Leg | None = None
    h: _Leg | None = None
    s: _State | None = None


class _References(Struct, gc=False):
    rrn: str | None = None
    auth_code: str | None = None


FIELDS: Final = (
    b"event_id",
    b"kind",
    b"event_time",
    b"terminal_id",
    b"merchant_id",
    b"source",
    b"voucher_number",
    b"batch_number",
    b"rrn",
    b"auth_code",
    b"response_code",
    b"outcome",
    b"amount",
    b"currency",
    b"card",
    b"link",
    b"software_version",
    b"terminal_model",
    b"network_type",
    b"region",
    b"operator_id",
    b"entry_mode",
    b"round_trip_ms",
    b"offline",
    b"received_at",
    b"original",
)
"""The names of what a packed leg has, in the order of their codes."""
_PACKED: Final = b"\1"
_LEG: Final = struct.Struct(">HIQH")
_FIELD: Final = 0x1F
_SAME: Final = 0x20
_TEXT: Final = 0x80

_decode_references: Final = msgspec.json.Decoder(_References).decode
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_Row).decode


def of_run(run: Run) -> Fact:
    """Return the fact of a run whose one pair is put away as its bytes."""
    terminal, host = run.terminal_bytes or b"", run.host_bytes or b""
    first = min((run.terminal_time, TERMINAL, run.terminal_offset), (run.host_time, HOST, run.host_offset))
    text = b'{"t":[%d,%d,%b],"h":[%d,%d,%b]}'
    value = text % (run.terminal_time, run.terminal_offset, terminal, run.host_time, run.host_offset, host)
    return (*run.key, *first, value, references([*_references_in(terminal), *_references_in(host)]))


def _references_in(record: bytes) -> tuple[object, object]:
    try:
        named = _decode_references(record)
    except msgspec.MsgspecError:  # names of the customer's own, or a value of another sort
        return None, None
    return named.rrn, named.auth_code


def references(texts: Iterable[object]) -> tuple[str, ...]:
    """Return the rrns and authorisation codes by which a voucher can be asked for, in comparable form, each once."""
    found = dict.fromkeys(reference_of(text) for text in texts if isinstance(text, str))
    return tuple(text for text in found if text)


def reference_of(text: str) -> str:
    """Return an rrn or authorisation code without padding."""
    return text.strip().lstrip("0")


def of_voucher(voucher: Voucher, *, findable: bool) -> list[Fact]:
    """Return the facts of a voucher, one for each number that it bears.

    ``findable`` says that it was closed with one side missing, and that the side may still join it.
    """
    state = _State(
        voucher.is_reversal,
        voucher.batch_key,
        voucher.verdict,
        findable,
        voucher.limited,
        voucher.denied,
        voucher.reversed_at,
        [key[1] for key in voucher.more_keys],
        [
            (mark.kind, mark.log_time, mark.event_id, list(mark.events), mark.amount, mark.number, mark.approved)
            for mark in voucher.marks
        ],
        _target_of(voucher),
    )
    value = _encode(_Row(_row_of(voucher.terminal), _row_of(voucher.host), state))
    place = voucher.place
    found = references(text for leg in voucher.legs for text in (leg.body.rrn, leg.body.auth_code))
    return [(*key, *place, value, found) for key in (voucher.run.key, *voucher.more_keys)]


def _target_of(voucher: Voucher) -> tuple[str, int, int, int] | None:
    target = voucher.target
    while target is not None and target.verdict == "late_match" and target.target is not None:
        target = target.target
    return (target.run.key[1], *target.place) if voucher.is_reversal and target is not None else None


def _row_of(leg: Event | None) -> _Leg | None:
    if leg is None:
        return None
    if leg.raw is not None and leg.answer is None and not leg.updated_at and leg.outcome in FINAL:
        return _Leg(leg.log_time, leg.offset, Raw(leg.raw))
    answer_id, answer_time = leg.identity if leg.answer is not None else ("", 0)
    more = _Particulars(
        leg.outcome,
        leg.amount,
        leg.currency,
        leg.card,
        leg.batch,
        leg.deadline,
        leg.updated_at,
        answer_id,
        answer_time,
    )
    return _Leg(leg.log_time, leg.offset, Raw(_encode(leg.body)), more)


def expanded(voucher: bytes) -> bytes:
    """Return the JSON of a voucher that may be packed.

    A packed one begins with 1.  Each leg follows, the terminal's first: log time in 6 bytes, offset in 8, in 2 how
    many bytes its fields take.  A field is a code, see ``FIELDS``, and its text after its length in one byte, or a
    code with ``_SAME`` where the terminal has the same value.  Behind the legs stands the rest of the JSON, if any.
    """
    if voucher[:1] != _PACKED:
        return voucher
    known: dict[int, bytes] = {}
    texts, at = [], 1
    for _ in range(2):
        high, low, offset, size = _LEG.unpack_from(voucher, at)
        at += _LEG.size
        fields, until = [], at + size
        while at < until:
            code = voucher[at]
            at += 1
            if not code & _SAME:
                known[code & _FIELD] = voucher[at + 1 : at + 1 + voucher[at]]
                at += 1 + voucher[at]
            value = known[code & _FIELD]
            fields.append(b'"%b":%b' % (FIELDS[code & _FIELD], b'"%b"' % value if code & _TEXT else value))
        texts.append(b"[%d,%d,{%b}]" % (high << 32 | low, offset, b",".join(fields)))
    return b'{"t":%b,"h":%b%b}' % (*texts, voucher[at:])


def recalled(fact: Fact, read_again: Callable[[int, int, int, bytes], Event]) -> Voucher:
    """Return the voucher that a fact tells of, closed, in a run of its own.

    ``read_again`` makes an event of source, log time, offset and record.
    """
    row = _decode(expanded(fact[5]))
    key = (fact[0], fact[1])
    legs = [
        _leg_of(source, leg, key, read_again) if leg is not None else None
        for source, leg in ((TERMINAL, row.t), (HOST, row.h))
    ]
    times = [leg.log_time for leg in legs if leg is not None]
    run = Run(key, min(times), max(times), max(times), NO_VOUCHERS)
    state = row.s
    voucher = Voucher(run, state.batch_key if state else "", state is not None and state.is_reversal, None, *legs)
    voucher.closed = voucher.counted = voucher.pinned = voucher.from_ledger = True
    voucher.verdict = "matched"
    if state is not None:
        voucher.verdict = state.verdict
        voucher.findable = state.findable
        voucher.limited = state.limited
        voucher.denied = state.denied
        voucher.reversed_at = state.reversed_at
        voucher.more_keys = tuple((fact[0], number) for number in state.numbers if number != fact[1])
        voucher.target_at = state.target
        voucher.marks = tuple(Mark(*mark[:3], tuple(mark[3]), *mark[4:]) for mark in state.marks)
    return voucher


def _leg_of(source: int, row: _Leg, key: tuple[str, str], read_again: Callable[[int, int, int, bytes], Event]) -> Event:
    more = row.more
    if more is None:
        leg = read_again(source, row.log_time, row.offset, bytes(row.body))
        leg.terminal, leg.number = key
        return leg
    fields: dict[str, Any] = msgspec.json.decode(row.body)
    original = fields.get("original")
    # Built without the checks of the decoder: longer texts have come the exact, slower way.
    body = Body(**fields | {"original": Original(**original) if original else UNSET})
    place = (source, row.offset, row.log_time, body, body.kind, more.outcome, *key)
    leg = Event(*place, more.amount, more.currency, more.card, None, more.batch)
    leg.deadline, leg.updated_at = more.deadline, more.updated_at
    if more.answer_id:
        named = msgspec.structs.replace(body, event_id=more.answer_id)
        place = (source, row.offset, more.answer_time, named, body.kind, more.outcome, *key)
        leg.answer = Event(*place, None, "", None)
    return leg

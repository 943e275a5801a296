"""Whatever bytes come: an event, a skipped message, or a dead letter with its reason; no exception, no card."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.event import Event
from streams.core.masking import mask_number
from streams.core.wire import REASONS, DeadLetter
from streams.settings import shipped_dialects
from streams.testing import encode
from tests.unit.core.dialects.messages import card, dialect, message, read

DIALECTS = shipped_dialects()
TYPES = st.sampled_from(["0100", "0110", "0120", "0130", "0200", "0210", "0211", "0220", "0230", "0330", "0400"])
MORE_TYPES = st.sampled_from(["0410", "0420", "0421", "0430", "0500", "0510", "0800", "0810", "0640", "1210", "2210"])
NUMBER = card()
TRACES = (NUMBER.encode(), bytes.fromhex(NUMBER), NUMBER.encode().hex().encode())


def judge(name: str, value: bytes, source: int, log_time: int) -> None:
    """Read a value and say what must be true of whatever came of it."""
    found = read(name, value, source, log_time=log_time)
    if found is None or isinstance(found, Event):
        return
    assert isinstance(found, DeadLetter)
    assert found.reason in REASONS
    assert found.detail


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(DIALECTS), st.binary(max_size=300), st.integers(0, 1), st.integers(0, 10**18))
def test_any_bytes_are_judged(name: str, value: bytes, source: int, log_time: int) -> None:
    """Bytes of chance are never an exception."""
    judge(name, value, source, log_time)
    judge(name, value.hex().encode(), source, log_time)
    judge(name, msgspec.json.encode({"message": value.hex()}), source, log_time)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_fields_are_judged(data: st.DataObject) -> None:
    """Messages with fields of any digits or text are never an exception."""
    name = data.draw(st.sampled_from(DIALECTS))
    known = dialect(name)
    fields: dict[str, str] = {}
    for number in data.draw(st.sets(st.sampled_from(["3", "4", "7", "11", "12", "13", "37", "41", "49", "60", "61"]))):
        form = known.spec[number]
        size = form["max_len"] if not form["len_type"] else data.draw(st.integers(0, form["max_len"]))
        signs = "0123456789" if known.names[number].digits else "0129 -A\x7f\xe9"
        fields[number] = data.draw(st.text(signs, min_size=size, max_size=size))
    kind = known.version + data.draw(TYPES | MORE_TYPES)[1:]
    judge(name, encode(known, kind, fields), data.draw(st.integers(0, 1)), data.draw(st.integers(0, 10**13)))


def test_a_brace_in_front_of_a_packed_message_shows_no_card() -> None:
    """A message whose first bytes were damaged into those of an object is no text: its packed number is hidden."""
    raw = bytearray(message("iso8583-bcd", "0100", {"2": NUMBER}))
    assert bytes.fromhex(NUMBER) in raw
    for front in (b"{", b"{ ", b' {"'):
        raw[: len(front)] = front
        found = read("iso8583-bcd", bytes(raw), 0)
        assert isinstance(found, DeadLetter)
        assert found.value is not None
        assert all(trace not in found.value for trace in TRACES)


def test_a_cut_off_object_is_kept_as_it_came() -> None:
    """What could be JSON is text: none of its numbers that are no cards is touched, wherever it was cut."""
    for value in (b'{"amount":12345678,"terminal_id":"55667788"', '{"merchant":"\u5e97'.encode()[:-1]):
        found = read("iso8583-bcd", value, 0)
        assert isinstance(found, DeadLetter)
        assert found.value == value


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_a_damaged_message_shows_no_card(data: st.DataObject) -> None:
    """Bytes changed, cut off or put in: no form of the card number is left in a dead letter or an event."""
    name = data.draw(st.sampled_from(DIALECTS))
    tracks = {"2": NUMBER, "35": f"{NUMBER}D2912", "45": f"B{NUMBER}^X", "48": NUMBER}
    if name == "iso8583-2003":
        tracks.pop("35")
    raw = bytearray(message(name, dialect(name).version + data.draw(TYPES)[1:], tracks))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        change = data.draw(st.sampled_from(["set", "cut", "put"]))
        if change == "set" and raw[at : at + 1] not in TRACES:
            raw[at] = data.draw(st.integers(0, 255))
        elif change == "put":
            raw[at:at] = data.draw(st.binary(max_size=3))
        elif at:
            del raw[at:]
    value = bytes(raw) if data.draw(st.booleans()) else bytes(raw).hex().encode()
    found = read(name, value, data.draw(st.integers(0, 1)))
    if isinstance(found, DeadLetter):
        kept = (found.value or b"") + found.detail.encode()
    elif found is None:
        return
    else:
        kept = msgspec.json.encode([found.body, found.extras])
        assert mask_number(NUMBER).encode() in kept or found.body.card
    for shown in (kept, kept.hex().encode(), _unhexed(kept)):
        assert all(trace not in shown for trace in TRACES), found


def _unhexed(kept: bytes) -> bytes:
    try:
        return bytes.fromhex(kept.decode("ascii"))
    except ValueError:
        return b""


@pytest.mark.parametrize("name", DIALECTS)
def test_every_cut_of_a_message_is_a_dead_letter(name: str) -> None:
    """A message that ends too early anywhere says where it cannot be read."""
    raw = message(name, dialect(name).version + "210", {"2": NUMBER})
    for length in range(1, len(raw)):
        found = read(name, raw[:length])
        assert isinstance(found, DeadLetter)
        assert found.reason == "iso8583"
        assert all(trace not in (found.value or b"") for trace in TRACES)

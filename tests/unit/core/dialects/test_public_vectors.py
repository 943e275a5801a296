"""What the test messages of moov-io/iso8583 and of pyiso8583 say, written anew from their facts.

moov-io/iso8583 has, under ``test/testdata``, a reversal (0400, trace number 100331), its repeat (0401, trace
number 200331) with the same field 90, and an answer to each (0410): text throughout, bitmaps in hex
digits, field 37 600020000000, field 49 360, processing code 180000, amount 30000, no field 41.
pyiso8583's first example has the fields 2, 12 and 20 of a 0200 with binary bitmaps as hex digits.
"""

from __future__ import annotations

import pytest

from streams.core.event import Event
from streams.core.lane import HOST, TERMINAL, Lane
from streams.settings import shipped_dialects
from streams.testing import START_MS, ListSink, encode
from tests.unit.core.dialects.messages import dialect, event, letter, message, policy, read

NAME = "iso8583-ascii"
FACTS = {
    "3": "180000",
    "4": "30000",
    "7": "0109080646",
    "13": "0909",
    "15": "0809",
    "18": "9601",
    "37": "600020000000",
    "38": "",
    "41": "",
    "42": "00003430003948",
    "49": "360",
    "90": "020000331609080645190000000020000000000000",
}
FIRST = {**FACTS, "11": "100331", "12": "001120"}
REPEAT = {**FACTS, "11": "200331", "12": "000512"}
KEY = b"00003430"


def test_the_chain_of_a_reversal_and_its_repeat() -> None:
    """Both answers are reversals of voucher 003316, each under a number of its own."""
    found = [event(NAME, message(NAME, "0410", fields), key=KEY) for fields in (FIRST, REPEAT)]
    assert [leg.kind for leg in found] == ["reversal", "reversal"]
    assert [leg.number for leg in found] == ["100331", "200331"]
    assert [leg.currency for leg in found] == ["IDR", "IDR"]
    assert {leg.body.original for leg in found} == {found[0].body.original}
    assert getattr(found[0].body.original, "voucher_number", "") == "003316"
    assert [read(NAME, message(NAME, kind, FIRST), key=KEY) for kind in ("0400", "0401")] == [None, None]


def test_a_repeat_with_a_new_number_counts_as_one_reversal() -> None:
    """A sale whose answer was lost is reversed once, though request and answer were repeated."""
    sale = {**FACTS, "90": "", "3": "000000", "11": "003316", "12": "064519"}
    lane, sink = Lane(0, policy(NAME), live=False), ListSink()
    for at, source, message_type, fields in (
        (0, TERMINAL, "0210", {**sale, "39": "91"}),
        (1, HOST, "0210", sale),
        (60, TERMINAL, "0400", FIRST),
        (61, HOST, "0410", FIRST),
        (70, TERMINAL, "0401", REPEAT),
        (71, HOST, "0410", REPEAT),
        (72, TERMINAL, "0410", REPEAT),
    ):
        at_ms = START_MS + at * 1_000
        sink.take(lane.feed(source, [(at, at_ms, KEY, message(NAME, message_type, fields))]))
    sink.take(lane.flush())
    assert sink.anomalies() == []
    assert sink.verdicts() == {"reversed": 1, "matched": 1}
    assert sink.dead_letters == []


def test_the_answer_to_a_network_message_is_no_voucher() -> None:
    """0800 and 0810 of a sign-on without terminal and merchant are skipped."""
    fields = dict.fromkeys(("3", "4", "25", "37", "38", "41", "42", "49"), "") | {"70": "001", "11": "900001"}
    assert read(NAME, message(NAME, "0800", fields)) is None
    assert read(NAME, message(NAME, "0810", fields)) is None


@pytest.mark.parametrize("name", ["iso8583-ascii", "iso8583-binary", "iso8583-bcd"])
def test_a_request_of_three_fields(name: str) -> None:
    """Card number, time and field 20: a request, and as an answer short of what an event needs."""
    fields = {"2": "1234567890123456", "12": "123456", "20": "111"}
    assert read(name, encode(dialect(name), "0200", fields)) is None
    found = letter(name, encode(dialect(name), "0210", fields | {"3": "000000"}))
    assert (found.reason, found.detail) == ("missing_field", "event_time is absent")
    assert found.value is not None
    assert b"1234567890123456" not in found.value
    assert "1234567890123456" not in found.value.hex()


@pytest.mark.parametrize("name", shipped_dialects())
def test_what_is_encoded_is_decoded(name: str) -> None:
    """Every shipped dialect reads what pyiso8583 writes by its specification."""
    kind = dialect(name).version + "210"
    assert isinstance(read(name, message(name, kind)), Event)

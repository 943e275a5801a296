"""The ISO dialects: a reversal has a number of its own and points with field 90, or 56 in later editions."""

from __future__ import annotations

from collections import defaultdict

import msgspec
import pytest
from msgspec import UNSET

from streams.core.decode import Decoder
from streams.core.dialects.dialect import RawFeed
from streams.core.event import Event
from streams.core.policy import Policy
from streams.core.wire import HOST, TERMINAL, Original
from streams.testing import START_MS
from tests.unit.core.dialects.messages import CODES, dialect, event, letter, message

NAMES = pytest.mark.parametrize("name", ["iso8583-ascii", "iso8583-binary", "iso8583-bcd"])
FIELD_90 = "0200" + "003316" + "0301160000" + "0" * 22


@NAMES
@pytest.mark.parametrize(
    ("message_type", "processing", "condition", "kind"),
    [
        ("0110", "000000", "00", "preauth"),
        ("0210", "000000", "00", "sale"),
        ("0210", "000000", "06", "completion"),
        ("0210", "010000", "00", "sale"),
        ("0210", "020000", "00", "void"),
        ("0210", "200000", "00", "refund"),
        ("0210", "310000", "00", "query"),
        ("0230", "000000", "00", "sale"),
        ("0410", "180000", "00", "reversal"),
        ("0430", "180000", "00", "reversal"),
    ],
)
def test_kind_by_type_processing_and_condition(
    name: str, message_type: str, processing: str, condition: str, kind: str
) -> None:
    """The table of kinds, as the host sees it."""
    assert event(name, message(name, message_type, {"3": processing, "25": condition})).kind == kind


@NAMES
def test_field_90_points_at_the_original(name: str) -> None:
    """Number of the original, and the day of its transmission, which is UTC, where the terminal stands."""
    found = event(name, message(name, "0410", {"11": "100331", "90": FIELD_90}))
    assert found.number == "100331"
    assert found.body.original == Original(voucher_number="003316", date="2026-03-02")


@NAMES
def test_field_90_of_zeros_points_at_nothing(name: str) -> None:
    """Zeros are absent."""
    assert event(name, message(name, "0410", {"90": "0" * 42})).body.original is UNSET


@NAMES
def test_field_90_with_another_time_still_points(name: str) -> None:
    """Some senders put something else where the time belongs: the number is enough."""
    found = event(name, message(name, "0410", {"90": "0200" + "003316" + "9" * 32}))
    assert found.body.original == Original(voucher_number="003316")


@NAMES
def test_the_reason_of_a_reversal_is_not_its_outcome(name: str) -> None:
    """Field 39 of an advice says why it reverses; what becomes of it its sender cannot know."""
    for code in ("68", "00", ""):
        found = event(name, message(name, "0420", {"39": code, "90": FIELD_90}), TERMINAL)
        assert (found.kind, found.outcome, found.body.response_code) == ("reversal", "unknown", UNSET)


def test_field_56_of_1993() -> None:
    """Original message type, trace number, local date and time, acquirer."""
    found = event(
        "iso8583-1993", message("iso8583-1993", "1410", {"39": "400", "56": "1200003316260301235959" + "123456"})
    )
    assert (found.kind, found.outcome) == ("reversal", "approved")
    assert found.body.original == Original(voucher_number="003316", date="2026-03-01")


def test_field_56_of_2003() -> None:
    """The same with longer numbers."""
    raw = message(
        "iso8583-2003",
        "2410",
        {"39": "4000", "12": "2026" + "0302080102", "56": "2200" + "000000003316" + "20260301235959"},
    )
    found = event("iso8583-2003", raw)
    assert (found.kind, found.outcome) == ("reversal", "approved")
    assert found.body.original == Original(voucher_number="000000003316", date="2026-03-01")
    assert found.body.event_time == "2026-03-02T08:01:02+08:00"


@pytest.mark.parametrize(
    ("code", "response", "outcome"),
    [
        ("000", "00", "approved"),
        ("116", "51", "declined"),
        ("199", "05", "declined"),
        ("914", "25", "declined"),
        ("904", "30", "rejected"),
        ("911", "68", "unknown"),
        ("999", "96", "unknown"),
        ("777", UNSET, "unknown"),
    ],
)
def test_action_codes_of_1993(code: str, response: str, outcome: str) -> None:
    """Three digits become the two signs of the code table, by the longest beginning that is listed."""
    found = event("iso8583-1993", message("iso8583-1993", "1210", {"39": code}))
    assert (found.body.response_code, found.outcome) == (response, outcome)
    assert found.extras is not None
    assert found.extras["action_code"] == code


def test_a_notification_of_the_host_happened() -> None:
    """Without a code, what the host was told of is approved."""
    assert event("iso8583-1993", message("iso8583-1993", "1240", {"39": ""})).outcome == "approved"


@NAMES
def test_another_edition_is_a_dead_letter(name: str) -> None:
    """A message type of 1993 under a dialect of 1987 is not read at a guess."""
    raw = bytearray(message(name, "0210"))
    raw[0] |= 0x10 if name == "iso8583-bcd" else 0x01
    found = letter(name, bytes(raw))
    assert found.reason == "iso8583"
    assert found.detail == f"the message type is of another edition than 1987 ({name})"


@NAMES
def test_an_unknown_field_in_the_bitmap(name: str) -> None:
    """The detail names the field, and never a value."""
    raw = message(name, "0210", {"90": "0" * 42})
    found = letter(name, raw[:-5])
    assert found.reason == "iso8583"
    assert found.detail.startswith("field 90 cannot be read at byte ")


@NAMES
def test_the_key_stands_for_a_missing_terminal(name: str) -> None:
    """The record key is the terminal: a message without field 41 takes it; another key is a mismatch."""
    found = event(name, message(name, "0210", {"41": ""}), key=b"T9", check_keys=True)
    assert found.terminal == "T9"
    assert letter(name, message(name, "0210"), key=b"T9", check_keys=True).reason == "key_mismatch"
    assert letter(name, message(name, "0210", {"41": ""})).reason == "missing_field"


@NAMES
def test_the_forms_of_a_record(name: str) -> None:
    """Bytes, hex digits and an object with hex digits are the same message; an object without is an event."""
    raw = message(name, "0210")
    wrapped = msgspec.json.encode({"received_at": 1, "message": raw.hex(), "link": "north"})
    plain = event(name, raw)
    assert event(name, raw.hex().upper().encode() + b"\n").body == plain.body
    assert event(name, wrapped).body == msgspec.structs.replace(plain.body, link="north")
    canonical = {"event_id": "e", "kind": "status", "event_time": 1, "terminal_id": "T", "merchant_id": "M"}
    assert event(name, msgspec.json.encode(canonical)).kind == "status"


@NAMES
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b"{", "malformed"),
        (b'{"message": "zz"}', "iso8583"),
        (b'{"message": "zz", "note": ' + b"[" * 256 + b"]" * 256 + b"}", "malformed"),
        (b'{"message": 5}', "missing_field"),
        (b"hello", "iso8583"),
        (b"0" * 65_537, "too_large"),
    ],
)
def test_what_is_no_message(name: str, value: bytes | None, reason: str) -> None:
    """Each has its reason."""
    assert letter(name, value, HOST).reason == reason


def test_the_link_of_a_topic() -> None:
    """A message has no link of its own: the setting names it."""
    assert event("iso8583-ascii", message("iso8583-ascii", "0210"), link="north").body.link == "north"


def test_a_dialect_for_each_link() -> None:
    """On a topic of JSON the objects of one link wrap messages; everything else is read as ever."""
    feed = RawFeed(None, "", {"north": dialect("iso8583-bcd"), "south": dialect("unionpay-ascii")})
    counts: defaultdict[tuple[str, tuple[str, ...]], int] = defaultdict(int)
    decoder = Decoder(HOST, Policy(response_codes=CODES, raw_feeds={"host": feed}), counts, check_keys=False)

    def of(value: dict[str, object] | bytes) -> object:
        raw = value if isinstance(value, bytes) else msgspec.json.encode(value)
        found = decoder.decode(1, START_MS, START_MS, None, raw, START_MS)
        if isinstance(found, Event):
            return found.kind, found.body.link
        return found if found is None else found.reason

    north, south = message("iso8583-bcd", "0210").hex(), message("unionpay-ascii", "0210", {"3": "200000"}).hex()
    assert of({"link": "north", "message": north}) == ("sale", "north")
    assert of({"link": " south ", "message": south}) == ("void", "south")
    assert of({"link": "south", "message": north}) == "iso8583"
    canonical = {"event_id": "e", "kind": "status", "event_time": 1, "terminal_id": "T", "merchant_id": "M"}
    assert of(canonical | {"message": "hello", "link": "west"}) == ("status", "west")
    assert of({"link": "west", "message": north}) == "missing_field"
    assert [of(b"[1]"), of(b"{"), of(b" "), of(bytes.fromhex(north))] == [
        "not_an_object",
        "malformed",
        "empty",
        "malformed",
    ]

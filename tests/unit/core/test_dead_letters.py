"""Every reason for a dead letter, provoked by real bytes, and what becomes of the bytes."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from streams.cli import run
from streams.core.lane import Lane
from streams.core.policy import LinkPolicy
from streams.core.wire import HOST, REASONS, TERMINAL
from tests.unit.core.events import CARD, GONE, MERCHANT, NOW_MS, POLICY, SHOWN, dead, event, event_of, fed_live, line

if TYPE_CHECKING:
    from pathlib import Path

IN_A_FILE = {
    "too_large": line(note="x" * 66_000),
    "malformed": b'{"event_id": "e1"',
    "not_an_object": b'["event_id", "e1"]',
    "missing_field": line(merchant_id=GONE),
    "invalid_field": line(amount=-1),
    "source_mismatch": line(source="host"),
    "unknown_kind": line(kind="cash_advance"),
}
"""What a file's line can be rejected for; a blank line is skipped, and there are no keys and no clock."""


@pytest.mark.parametrize("reason", IN_A_FILE)
def test_a_replay_writes_each_reason(reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``voucherwatch replay --deadletter`` names reason, line and detail, keeps the bytes, and goes on."""
    monkeypatch.chdir(tmp_path)
    value = IN_A_FILE[reason]
    (tmp_path / "t.jsonl").write_bytes(line(event_id="e0") + b"\n\n" + value + b"\n" + line(event_id="e2") + b"\n")
    (tmp_path / "h.jsonl").write_bytes(line(event_id="h1") + b"\n")
    arguments = ["--terminal", "t.jsonl", "--host", "h.jsonl", "--deadletter", "d.jsonl", "--summary", "s.json"]
    assert run(["replay", *arguments]) == 0
    (row,) = [json.loads(text) for text in (tmp_path / "d.jsonl").read_text().splitlines()]
    assert (row["source"], row["line"], row["reason"]) == ("terminal", 3, reason)
    assert row["detail"]
    assert base64.b64decode(row["value"]) == value
    summary = json.loads((tmp_path / "s.json").read_text())
    assert summary["rejected"] == {reason: 1}
    assert summary["events"] == 3


def test_a_live_lane_knows_the_other_reasons() -> None:
    """A record without a value, with another key, or ahead of the clock."""
    create_time = dataclasses.replace(POLICY, allow_create_time=True)
    said = {
        "empty": fed_live(None),
        "key_mismatch": fed_live(line(), key=b"T0000002"),
        "future_timestamp": fed_live(line(), timestamp=NOW_MS + 60_001, policy=create_time),
        "source_mismatch": fed_live(line(source="terminal"), source=HOST),
    }
    for reason, output in said.items():
        (letter,) = output.dead_letters
        source = HOST if reason == "source_mismatch" else TERMINAL
        assert (letter.reason, letter.source, letter.offset) == (reason, source, 0)
        assert output.tally["events_rejected_total", (("terminal", "host")[source], reason)] == 1
    told = {*IN_A_FILE, *said}
    assert told == set(REASONS) - {"iso8583"}, "raw ISO 8583 messages come with their dialects"


def test_the_lane_goes_on_after_dead_letters() -> None:
    """Bad records between good ones change nothing for the good ones."""
    lane = Lane(0, POLICY)
    bad = [None, b"", b"\xff\xfe", *IN_A_FILE.values()]
    records = [(offset, NOW_MS + offset, b"T0000001", value) for offset, value in enumerate([*bad, line()])]
    output = lane.feed(TERMINAL, records)
    assert len(output.dead_letters) == len(bad)
    assert output.tally["events_total", ("terminal", "sale", "approved")] == 1
    assert output.read == len(records)
    assert lane.gauges().log_time_ms == (NOW_MS + len(bad), None), "bad records move the watermark too"


@pytest.mark.parametrize("value", [None, b"", b"  ", b"\t\r\n"])
def test_nothing_is_empty(value: bytes | None) -> None:
    """No value and blanks alone are ``empty``."""
    assert fed_live(value).dead_letters[0].reason == "empty"


def test_the_largest_value() -> None:
    """64 KiB are taken, one byte more is ``too_large``, whatever is in it."""
    room = 65_536 - len(line(note=""))
    assert event_of(line(note="x" * room)).kind == "sale"
    assert dead(line(note="x" * (room + 1))).reason == "too_large"
    assert dead(b"{" * 65_537).detail == "the value has 65537 bytes, the limit is 65536"


@pytest.mark.parametrize(
    "value",
    [
        b"{",
        b"{'event_id': 1}",
        b"\xef\xbb\xbf" + line(),
        line().replace(b"e1", b"e\xff"),
        line() + b"x",
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b"[" * 60_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
    ],
)
def test_what_is_no_json_is_malformed(value: bytes) -> None:
    """Cut off, single quotes, a byte order mark, no UTF-8, trailing signs, no number, nested or long beyond reason."""
    assert dead(value).reason == "malformed"


@pytest.mark.parametrize(("value", "shape"), [(b"[]", "list"), (b'"x"', "str"), (b"1", "int"), (b"null", "NoneType")])
def test_json_that_is_no_object(value: bytes, shape: str) -> None:
    """Any other JSON value is ``not_an_object``."""
    assert dead(value).reason == "not_an_object"
    assert shape in dead(value).detail


@pytest.mark.parametrize("name", ["event_id", "kind", "event_time", "terminal_id", "merchant_id"])
@pytest.mark.parametrize("kind", ["sale", "settlement", "cash_advance"])
def test_fields_that_every_kind_needs(name: str, kind: str) -> None:
    """Absent and null are missing; an empty string is invalid."""
    for absent in (GONE, None):
        letter = dead(line(**{"kind": kind, name: absent}))
        assert (letter.reason, letter.detail) == ("missing_field", f"{name} is absent")
    for empty in ("", "   "):
        assert dead(line(**{"kind": kind, name: empty})).reason == "invalid_field"


@pytest.mark.parametrize("name", ["voucher_number", "amount", "currency"])
def test_fields_that_transactions_need(name: str) -> None:
    """A sale needs them; a batch total, a query without money and a kind nobody knows do not."""
    assert dead(line(**{name: None})).reason == "missing_field"
    assert dead(line(**{name: ""})).reason == "invalid_field"
    assert event_of(line(**{"kind": "settlement", "response_code": GONE, name: GONE})).kind == "settlement"
    assert dead(line(**{"kind": "cash_advance", name: GONE})).reason == "unknown_kind"
    query = line(**{"kind": "query", name: GONE})
    if name == "voucher_number":
        assert dead(query).reason == "missing_field"
    else:
        assert event_of(query).amount == (None if name == "amount" else 10_000)


def test_an_answer_is_needed_of_the_host_alone() -> None:
    """With neither outcome nor code the terminal has its default and the host is a bad record."""
    for absent in (GONE, None, "", " "):
        assert event_of(line(response_code=absent)).outcome == "approved"
        letter = dead(line(response_code=absent, outcome=absent), HOST)
        assert letter.reason == "missing_field"
    assert event_of(line(response_code=GONE, kind="settlement"), HOST).outcome == ""


def test_a_link_with_the_batch_in_its_key_needs_it() -> None:
    """Absent, empty and of zeros are all missing, on that link alone."""
    policy = dataclasses.replace(POLICY, links={"west": LinkPolicy(batch_in_key=True)})
    for absent in (GONE, None, "", "000000"):
        letter = dead(line(link="west", batch_number=absent), policy=policy)
        assert (letter.reason, letter.detail.split()[0]) == ("missing_field", "batch_number")
        assert event_of(line(link="east", batch_number=absent), policy=policy).batch == ""
    assert event_of(line(link="west", batch_number="000007"), policy=policy).batch == "7"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"merchant_id": GONE, "amount": -1, "source": "host", "kind": "cash_advance"}, "missing_field"),
        ({"amount": -1, "source": "host", "kind": "cash_advance"}, "invalid_field"),
        ({"terminal_id": "T0000009", "source": "host", "kind": "cash_advance"}, "key_mismatch"),
        ({"source": "host", "kind": "cash_advance"}, "source_mismatch"),
        ({"kind": "cash_advance"}, "unknown_kind"),
        ({}, "future_timestamp"),
    ],
)
def test_the_first_reason_is_given(wrong: dict[str, object], reason: str) -> None:
    """Where several apply, the order of the contract decides."""
    policy = dataclasses.replace(POLICY, allow_create_time=True)
    (letter,) = fed_live(line(**wrong), timestamp=NOW_MS + 3_600_000, policy=policy).dead_letters
    assert letter.reason == reason


def test_a_size_beyond_the_limit_goes_before_the_content() -> None:
    """A value that is too large is not even parsed."""
    assert dead(b"[" + b" " * 65_536).reason == "too_large"
    assert dead(b" " * 65_537).reason == "empty"


def test_bytes_stay_but_for_card_numbers() -> None:
    """A dead letter is what came, to the byte, with the digits of card numbers behind stars."""
    value = b'{"event_id":"e1" ,\t"card":"' + CARD.encode() + b'","amount":-1,  "kind":"sale"}'
    letter = dead(value)
    assert letter.value == value.replace(CARD.encode(), SHOWN.encode())
    assert letter.value is not None
    assert len(letter.value) == len(value)
    broken = b"\xff\x00{" + CARD.encode() + b"}"
    assert dead(broken).value == broken.replace(CARD.encode(), SHOWN.encode())


def test_digits_written_as_escapes_are_masked() -> None:
    """A card number whose digits are escaped in the JSON is found as well; the run is then written plain."""
    escaped = "".join(f"\\u003{digit}" for digit in CARD[:8]) + CARD[8:]
    letter = dead(b'{"card": "' + escaped.encode() + b'"}')
    assert letter.value == b'{"card": "' + SHOWN.encode() + b'"}'


def test_numbers_with_a_format_of_their_own_stay() -> None:
    """A merchant number that passes Luhn is no card: no dead letter, no mask, not even inside a dead letter."""
    assert event_of(line(merchant_id=MERCHANT)).body.merchant_id == MERCHANT
    names = ("merchant_id", "event_id", "terminal_id")
    letter = dead(line(**dict.fromkeys(names, MERCHANT), note=MERCHANT, amount=-1))
    assert letter.value is not None
    kept = json.loads(letter.value)
    assert [kept[name] for name in names] == [MERCHANT] * 3
    assert kept["note"] == f"{MERCHANT[:6]}*****{MERCHANT[-4:]}"


def test_a_customers_name_for_the_merchant_is_exempt_as_well() -> None:
    """A field map says which field has the format of a merchant number."""
    policy = dataclasses.replace(POLICY, field_maps={"terminal": {"mid": "merchant_id"}})
    value = line(merchant_id=GONE, mid=MERCHANT, amount=-1)
    assert dead(value, policy=policy).value == value
    assert event_of(line(merchant_id=GONE, mid=MERCHANT), policy=policy).body.merchant_id == MERCHANT


def test_a_card_number_in_the_wrong_field_is_masked() -> None:
    """What is longer than its field can be has not that field's format: it may be a card."""
    for name in ("merchant_id", "rrn", "voucher_number", "batch_number"):
        letter = dead(line(**{name: CARD}))
        assert letter.reason == "invalid_field"
        assert CARD.encode() not in (letter.value or b"")


def test_runs_of_other_lengths_and_check_digits_stay() -> None:
    """12 and 20 digits are no card, nor is a run with another check digit."""
    wrong = CARD[:-1] + str((int(CARD[-1]) + 1) % 10)
    for digits in (CARD[:12], CARD + "00000", wrong):
        assert dead(b'{"x": "' + digits.encode() + b'"}').value == b'{"x": "' + digits.encode() + b'"}'


def test_a_detail_holds_no_value() -> None:
    """The sentence names field and fault, never what stood there."""
    for wrong in ({"currency": CARD}, {"amount": CARD}, {"source": CARD}, {"kind": CARD}, {"event_time": CARD}):
        letter = dead(json.dumps(event(**wrong)).encode())
        assert CARD not in letter.detail
        assert CARD.encode() not in (letter.value or b"") or "event_time" in wrong


def test_a_key_is_masked() -> None:
    """A card number as the record's key does not leave either."""
    (letter,) = fed_live(line(), key=CARD.encode()).dead_letters
    assert (letter.reason, letter.key) == ("key_mismatch", SHOWN.encode())

"""UnionPay POS: the batch in field 60, the original in field 61, a reversal under the number of what it reverses."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from streams.core.wire import HOST, TERMINAL, Original
from tests.unit.core.dialects.messages import TERMINAL_ID, card, event, letter, message, read

NAMES = pytest.mark.parametrize("name", ["unionpay-bcd", "unionpay-ascii"])
SALE_BY_HAND = (
    "0210"
    "303800000ac08010"  # fields 3 4 11 12 13 37 39 41 42 49 60
    "000000"
    "000000012800"
    "000042"
    "080102"
    "0302"
    "333036313233303030303432"
    "3030"
    "3130303030303137"
    "383130303030303030303030303034"
    "313536"
    "0011"
    "220000310010"
)
"""An answer to a sale, written byte by byte: eleven digits in field 60 are filled up with a zero on the right."""


def test_a_message_written_by_hand() -> None:
    """Every part of an event stands where the message has it."""
    found = event("unionpay-bcd", bytes.fromhex(SALE_BY_HAND))
    body = found.body
    assert (found.kind, found.outcome, found.amount, found.currency) == ("sale", "approved", 12800, "CNY")
    assert (body.terminal_id, body.merchant_id) == (TERMINAL_ID, "810000000000004")
    assert (body.voucher_number, body.batch_number, body.rrn) == ("000042", "000031", "306123000042")
    assert body.event_time == "2026-03-02T08:01:02+08:00"
    assert body.original is UNSET


def test_with_and_without_the_transport_header() -> None:
    """TPDU and header before the message change nothing."""
    header = bytes.fromhex("6000030000603100311300")
    assert (
        event("unionpay-bcd", header + bytes.fromhex(SALE_BY_HAND)).body
        == event("unionpay-bcd", bytes.fromhex(SALE_BY_HAND)).body
    )


@NAMES
@pytest.mark.parametrize(
    ("message_type", "processing", "condition", "kind"),
    [
        ("0110", "030000", "06", "preauth"),
        ("0110", "200000", "06", "preauth_void"),
        ("0210", "000000", "06", "completion"),
        ("0210", "200000", "06", "completion_void"),
        ("0210", "000000", "00", "sale"),
        ("0210", "200000", "00", "void"),
        ("0230", "200000", "00", "refund"),
        ("0230", "000000", "06", "completion"),
        ("0230", "000000", "00", "sale"),
        ("0210", "310000", "00", "query"),
        ("0410", "000000", "00", "reversal"),
        ("0410", "200000", "06", "reversal"),
        ("0430", "000000", "00", "reversal"),
        ("0510", "000000", "00", "settlement"),
        ("0810", "000000", "00", "status"),
    ],
)
def test_kind_by_type_processing_and_condition(
    name: str, message_type: str, processing: str, condition: str, kind: str
) -> None:
    """The table of kinds, as the host sees it."""
    assert event(name, message(name, message_type, {"3": processing, "25": condition})).kind == kind


@NAMES
def test_an_unlisted_message_is_a_dead_letter(name: str) -> None:
    """A processing code that no row has is an unknown kind, and the detail says which."""
    found = letter(name, message(name, "0210", {"3": "900000"}))
    assert found.reason == "unknown_kind"
    assert found.detail == f"message type 0210 with processing code 90 and condition code 00 is in no row of {name}"


@NAMES
@pytest.mark.parametrize(
    ("message_type", "processing", "terminal", "host"),
    [
        ("0100", "030000", "request", "request"),
        ("0200", "000000", "request", "request"),
        ("0201", "000000", "request", "request"),
        ("0400", "000000", "request", "request"),
        ("0220", "200000", "request", "request"),
        ("0230", "200000", "", ""),
        ("0220", "000000", "", "advice"),
        ("0230", "000000", "acknowledgement", ""),
        ("0420", "000000", "", "advice"),
        ("0430", "000000", "acknowledgement", ""),
        ("0330", "000000", "upload", "upload"),
        ("0800", "000000", "request", "request"),
        ("0630", "000000", "other", "other"),
    ],
)
def test_who_says_what(name: str, message_type: str, processing: str, terminal: str, host: str) -> None:
    """Requests are skipped; of an advice and its answer each side's own message counts; all skips are counted."""
    for source, why in ((TERMINAL, terminal), (HOST, host)):
        tally: dict[tuple[str, tuple[str, ...]], int] = {}
        counted = _Counts(tally)
        found = read(name, message(name, message_type, {"3": processing}), source, tally=counted)
        assert (found is None) is bool(why)
        skips = {labels: count for (counter, labels), count in tally.items() if counter == "messages_skipped_total"}
        assert skips == ({(("terminal", "host")[source], why): 1} if why else {})


class _Counts(dict[tuple[str, tuple[str, ...]], int]):
    """A tally that can be looked at from outside."""

    def __init__(self, into: dict[tuple[str, tuple[str, ...]], int]) -> None:
        super().__init__()
        self._into = into

    def __missing__(self, key: tuple[str, tuple[str, ...]]) -> int:
        return self._into.get(key, 0)

    def __setitem__(self, key: tuple[str, tuple[str, ...]], value: int) -> None:
        self._into[key] = value


@NAMES
def test_an_off_line_sale_is_the_terminals_word(name: str) -> None:
    """The advice of an off-line sale is an approved leg that opens no orphan."""
    found = event(name, message(name, "0220", {"39": ""}), TERMINAL)
    assert (found.kind, found.outcome, found.body.offline) == ("sale", "approved", True)


@NAMES
def test_a_void_points_at_its_original(name: str) -> None:
    """Field 61 names batch, voucher and day; the day gets its year."""
    found = event(name, message(name, "0210", {"3": "200000", "61": "0000300000411231"}))
    assert found.body.original == Original(batch_number="000030", voucher_number="000041", date="2025-12-31")


@NAMES
def test_a_refund_has_the_day_alone(name: str) -> None:
    """Zeros for batch and voucher are absent."""
    found = event(name, message(name, "0230", {"3": "200000", "61": "0000000000000301"}))
    assert found.body.original == Original(date="2026-03-01")


@NAMES
def test_a_completion_points_by_its_authorisation_code(name: str) -> None:
    """With zeros for batch and voucher the repeated code is the way to the pre-authorisation."""
    found = event(name, message(name, "0210", {"25": "06", "61": "0000000000000301"}))
    assert found.body.original == Original(date="2026-03-01", auth_code="104412")


@NAMES
def test_a_reversal_repeats_the_number_of_what_it_reverses(name: str) -> None:
    """Its field 61 counts where it names that number; of a reversed void it names the void's own original."""
    same = event(name, message(name, "0410", {"61": "0000310000420302"}))
    assert same.number == "42"
    assert same.body.original == Original(batch_number="000031", voucher_number="000042", date="2026-03-02")
    assert event(name, message(name, "0410", {"3": "200000", "61": "0000310000410302"})).body.original is UNSET


@NAMES
@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("00", "approved"),
        ("25", "declined"),
        ("77", "rejected"),
        ("A0", "rejected"),
        ("98", "unknown"),
        ("09", "in_progress"),
    ],
)
def test_private_response_codes(name: str, code: str, outcome: str) -> None:
    """Field 39 is read by the table of response codes."""
    assert event(name, message(name, "0210", {"39": code})).outcome == outcome


@NAMES
def test_an_answer_without_a_code_is_a_dead_letter(name: str) -> None:
    """A host says how it ended."""
    assert letter(name, message(name, "0210", {"39": ""})).reason == "missing_field"


@NAMES
def test_the_card_is_masked_and_counted(name: str) -> None:
    """A card number in field 2 or on a track never leaves the decoder."""
    number = card(19)
    assert event(name, message(name, "0210", {"2": number})).card == number[:6] + "*********" + number[-4:]
    track = event(name, message(name, "0210", {"35": f"{card()}D29122010000"}))
    assert track.card == card()[:6] + "******" + card()[-4:]


@NAMES
def test_zeros_are_absent(name: str) -> None:
    """A batch of zeros, a reference of zeros and a code of blanks say nothing."""
    found = event(name, message(name, "0210", {"60": "22000000001", "37": "0" * 12, "38": " " * 6}))
    assert (found.body.batch_number, found.body.rrn, found.body.auth_code) == (UNSET, UNSET, UNSET)


@NAMES
def test_a_repeated_answer_is_a_redelivery(name: str) -> None:
    """0211 says what 0210 said: same id, same content."""
    one, other = (event(name, message(name, message_type)) for message_type in ("0210", "0211"))
    assert one.body.event_id == other.body.event_id == "0210-10000017-000042-0302080102-00"
    assert one.content == other.content


@NAMES
def test_another_answer_has_another_id(name: str) -> None:
    """In progress, then approved: two events."""
    one, other = (event(name, message(name, "0210", {"39": code})) for code in ("09", "00"))
    assert one.body.event_id != other.body.event_id

"""What is an event, and in which form its fields are compared and shown."""

from __future__ import annotations

import dataclasses
import json

import pytest
from msgspec import UNSET

from streams.core.decode import _OF_EVIDENCE, _OF_VOUCHERS, _ROUND_TRIP
from streams.core.event import Event, content_of
from streams.core.policy import OUTCOMES
from streams.core.wire import DEEPEST, HOST, Body, DeadLetter
from tests.unit.core.events import CARD, GONE, MERCHANT, POLICY, SHOWN, dead, decoded, event_of, line


@pytest.mark.parametrize(
    ("name", "longest", "wrong"),
    [
        ("event_id", "e" * 64, "e" * 65),
        ("terminal_id", "T" * 16, "T" * 17),
        ("merchant_id", "M" * 15, "M" * 16),
        ("voucher_number", "9" * 12, "9" * 13),
        ("batch_number", "9" * 6, "9" * 7),
        ("rrn", "R" * 12, "R" * 13),
        ("auth_code", "A" * 6, "A" * 7),
        ("response_code", "00", "000"),
        ("currency", "CNY", "CNYX"),
    ],
)
def test_lengths_count_after_trimming(name: str, longest: str, wrong: str) -> None:
    """The longest value fits, with blanks around it too; one sign more does not."""
    assert event_of(line(**{name: longest})).kind == "sale"
    assert event_of(line(**{name: f"  {longest} "})).kind == "sale"
    letter = dead(line(**{name: wrong}))
    assert (letter.reason, letter.detail.split()[0]) == ("invalid_field", name)


@pytest.mark.parametrize(
    "wrong",
    [
        {"event_id": 5},
        {"kind": 5},
        {"kind": ["sale"]},
        {"terminal_id": 5},
        {"merchant_id": {}},
        {"source": 5},
        {"voucher_number": 42},
        {"voucher_number": "4 2"},
        {"voucher_number": "-42"},
        {"voucher_number": "\u0664\u0662"},
        {"batch_number": "1a"},
        {"rrn": 5},
        {"response_code": "0"},
        {"outcome": "maybe"},
        {"outcome": 1},
        {"amount": -1},
        {"amount": 1.0},
        {"amount": "1"},
        {"amount": True},
        {"amount": 2**63},
        {"currency": "1560"},
        {"currency": "C1Y"},
        {"currency": "\u00c4\u00d6\u00dc"},
        {"currency": 156},
        {"card": 5},
        {"original": "42"},
        {"original": []},
        {"original": {"voucher_number": "x"}},
        {"original": {"voucher_number": 42}},
        {"original": {"rrn": "R" * 13}},
        {"original": {"date": "1301"}},
        {"original": {"date": "2026-02-30"}},
        {"original": {"date": "2026-0301"}},
        {"original": {"amount": "5"}},
        {"round_trip_ms": 1.5},
        {"round_trip_ms": "5"},
        {"offline": 1},
        {"offline": "true"},
        {"received_at": "now"},
        {"link": 5},
        {"operator_id": []},
        {"event_time": True},
        {"event_time": 1.5},
        {"event_time": -1},
        {"event_time": 2**63},
        {"event_time": "2026-03-02T08:00:00"},
        {"event_time": "2026-03-02 25:00:00Z"},
        {"event_time": "2026-03-02T08:00:00+0800"},
        {"event_time": "2026-03-02T08:00:00+08"},
        {"event_time": "2026-03-02T08:00:00+08:00:30"},
        {"event_time": "2026-03-02T08:00:00,5Z"},
        {"event_time": "2026-W10-1T08:00:00Z"},
        {"event_time": "2026-02-30T08:00:00Z"},
        {"event_time": "yesterday"},
    ],
    ids=json.dumps,
)
def test_what_makes_a_field_invalid(wrong: dict[str, object]) -> None:
    """A wrong type, sign, range or day is ``invalid_field``, and the detail begins with the field."""
    letter = dead(line(**wrong))
    assert letter.reason == "invalid_field"
    assert letter.detail.startswith(next(iter(wrong)))


@pytest.mark.parametrize(
    "right",
    [
        0,
        1_772_409_600_000,
        "2026-03-02T08:00:00Z",
        "2026-03-02t08:00:00z",
        "2026-03-02 08:00:00+08:00",
        "2026-03-02T08:00:00.5-03:30",
        "2026-03-02T08:00:00.123456789Z",
        "2026-12-31T23:59:60Z",
        " 2026-03-02T08:00:00Z ",
    ],
)
def test_times_with_an_offset_or_in_milliseconds(right: object) -> None:
    """RFC 3339 in every spelling that it allows, and epoch milliseconds."""
    assert event_of(line(event_time=right)).kind == "sale"


@pytest.mark.parametrize("absent", [None, "", "  "])
def test_null_and_empty_are_absent_for_optional_fields(absent: object) -> None:
    """An optional field without content is as if it were not there."""
    names = ("batch_number", "rrn", "auth_code", "outcome", "card", "link", "region", "entry_mode", "source")
    event = event_of(line(**dict.fromkeys(names, absent)))
    assert (event.batch, event.card or None, event.outcome) == ("", None, "approved")
    assert event_of(line(original=None, offline=None, round_trip_ms=None, received_at=None)).kind == "sale"


def test_zeros_are_absent_or_a_number() -> None:
    """Batch, rrn, auth code and original of zeros are absent; a voucher number of zeros is the number 0."""
    event = event_of(line(batch_number="000000", voucher_number="000000", original={"voucher_number": "000000"}))
    assert (event.batch, event.number) == ("", "0")
    assert event_of(line(original={"date": "0000", "rrn": "000000000000"})).kind == "sale"


def test_numbers_are_compared_without_padding() -> None:
    """Voucher and batch lose their leading zeros, ids their blanks, currencies become letters."""
    event = event_of(line(voucher_number=" 000042 ", batch_number="000007", terminal_id=" T0000001 ", currency="156"))
    assert (event.number, event.batch, event.terminal, event.currency) == ("42", "7", "T0000001", "CNY")
    assert event_of(line(currency="cny")).currency == "CNY"
    assert event_of(line(currency="998")).currency == "998", "a code that ISO 4217 does not list stays"


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_outcome_wins_over_the_code(outcome: str) -> None:
    """A code that says otherwise is counted, one that agrees is not."""
    _, tally = decoded(line(outcome=outcome, response_code="51"), HOST)
    assert event_of(line(outcome=outcome, response_code="51"), HOST).outcome == outcome
    assert tally.get(("outcome_overridden_total", ("host",)), 0) == (outcome != "declined")


def test_codes_without_a_mapping_are_unknown() -> None:
    """Counted, whether or not an outcome stands beside them; letters in either case are one code."""
    _, tally = decoded(line(response_code="QQ"))
    assert event_of(line(response_code="QQ")).outcome == "unknown"
    assert tally == {("response_codes_unmapped_total", ("terminal",)): 1}
    _, tally = decoded(line(response_code="QQ", outcome="approved"))
    assert tally == {("response_codes_unmapped_total", ("terminal",)): 1}
    assert event_of(line(response_code="y1")).outcome == "approved"


def test_a_terminal_without_an_answer_has_the_default() -> None:
    """The setting decides, counted once, also where the event is read the exact way."""
    policy = dataclasses.replace(POLICY, terminal_default_outcome="unknown")
    counted = {("terminal_outcome_defaulted_total", ()): 1}
    for fields in ({}, {"card": "6222 02** **** 1234"}, {"terminal_id": " T0000001"}, {"original": {"rrn": "1"}}):
        value = line(response_code=GONE, **fields)
        assert (event_of(value, policy=policy).outcome, decoded(value, policy=policy)[1]) == ("unknown", counted)
    _, tally = decoded(line(response_code=GONE, card=CARD), policy=policy)
    assert tally[("terminal_outcome_defaulted_total", ())] == 1


def test_kinds_without_a_voucher() -> None:
    """Settlement, status and notice have no outcome and no number, whatever else they carry."""
    for kind in ("settlement", "status", "notice"):
        for extra in ({}, {"voucher_number": "7", "amount": 5, "card": "tok"}, {"outcome": "declined"}):
            event = event_of(line(kind=kind, response_code=GONE, **extra))
            assert (event.kind, event.outcome, event.number) == (kind, "", "")


def test_a_field_map_renames() -> None:
    """A customer's names are read in place of ours; a name of ours that stands beside is overruled."""
    names = {"tid": "terminal_id", "trace": "voucher_number", "resp": "response_code"}
    policy = dataclasses.replace(POLICY, field_maps={"terminal": names})
    mapped = line(terminal_id="WRONG", tid="T0000001", trace="42", voucher_number=GONE, resp="51", response_code=GONE)
    event = event_of(mapped, policy=policy)
    assert (event.terminal, event.number, event.outcome) == ("T0000001", "42", "declined")
    assert event.extras is None, "a field that has a name of ours is no extra"
    assert dead(mapped, HOST, policy).reason == "missing_field", "the map belongs to one source"
    assert event_of(line(), policy=policy).number == "42", "names of ours go on being read"


def test_content_is_the_json_value_without_received_at() -> None:
    """Order, blanks and ``received_at`` make no other content; any other field does."""
    first = event_of(line())
    again = json.dumps(dict(reversed(json.loads(line(received_at=5)).items())), indent=1).encode()
    assert content_of(event_of(again)) == content_of(first)
    assert content_of(event_of(line(rrn="1"))) != content_of(first)
    assert content_of(event_of(line(note="1"))) != content_of(event_of(line(note="2")))
    noted = json.dumps(dict(reversed(json.loads(line(note={"a": 1, "b": 2}, received_at=5)).items()))).encode()
    assert content_of(event_of(noted)) == content_of(event_of(line(note={"b": 2, "a": 1})))


def test_unknown_fields_are_evidence() -> None:
    """They stay with the event, null ones left out, as many as fit into the bound."""
    assert event_of(line()).extras is None
    assert event_of(line(note="n", nothing=None)).extras == {"note": "n"}
    kept = event_of(line(a="x" * 3_000, b="y" * 3_000, c=1)).extras
    assert kept is not None
    assert list(kept) == ["a", "_cut"]
    assert event_of(line(deep=json.loads("[" * 200 + "1" + "]" * 200))).extras is not None


def test_the_last_of_equal_names_counts() -> None:
    """JSON with one name twice is read as most readers do."""
    assert event_of(line()[:-1] + b', "amount": 7}').amount == 7


def test_a_card_in_clear_is_masked_wherever_it_stands() -> None:
    """The voucher is still watched, the value is masked and the sender's leak counted by field."""
    for fields, field in (
        ({"card": CARD}, "card"),
        ({"card": f"{CARD[:4]} {CARD[4:8]}-{CARD[8:]}"}, "card"),
        ({"original": {"rrn": "1", "kind": CARD}}, "original"),
        ({"original": {"rrn": "1", "amount": int(CARD)}}, "original"),
        ({"original": {"rrn": "1", "amount": -int(CARD)}}, "original"),
        ({"link": CARD}, "other"),
        ({"operator_id": f"by {CARD}"}, "other"),
        ({"round_trip_ms": int(CARD)}, "other"),
        ({"round_trip_ms": -int(CARD)}, "other"),
        ({"note": f"paid with {CARD}."}, "extra"),
        ({"note": {"deep": [1, {CARD: True}]}}, "extra"),
        ({CARD: "name"}, "extra"),
        ({"number": int(CARD)}, "extra"),
        ({"number": -int(CARD)}, "extra"),
        ({"number": float(CARD)}, "extra"),
    ):
        found, tally = decoded(line(**fields))
        shown = (
            str(getattr(found, "body", found)) + str(getattr(found, "extras", None)) + str(getattr(found, "card", ""))
        )
        assert CARD not in shown, fields
        assert tally == {("card_in_clear_total", ("terminal", field)): 1}


def test_a_masked_card_or_token_is_no_leak() -> None:
    """Mask signs become stars, at most ten digits stay, Luhn or not; a token stays as it is."""
    for card, kept in (
        (SHOWN, SHOWN),
        ("622202xxxxxx1234", "622202******1234"),
        ("6222 0200 **** 1234", "622202******1234"),
        ("1234567890123456", "123456******3456"),
        ("tok_9f", "tok_9f"),
    ):
        found, tally = decoded(line(card=card))
        assert (getattr(found, "card", None), tally) == (kept, {})


def test_numbers_with_a_format_of_their_own_are_no_cards() -> None:
    """A merchant number that passes Luhn is neither masked nor counted."""
    value = line(merchant_id=MERCHANT, event_id=MERCHANT)
    assert event_of(value).body.merchant_id == MERCHANT
    assert decoded(value)[1] == {}


def test_an_amount_that_is_a_card_number_is_refused() -> None:
    """Masked it would be no amount, so the record is bad, and masked."""
    letter = dead(line(amount=int(CARD)))
    assert letter.reason == "invalid_field"
    assert CARD.encode() not in (letter.value or b"")


def test_the_card_of_an_event_is_not_kept_beside_it() -> None:
    """What the event keeps to be read again holds no clear card number."""
    for fields in ({"card": CARD}, {"card": CARD, "note": "n"}):
        event = event_of(line(**fields))
        assert event.raw is None or CARD.encode() not in event.raw


def test_odd_json_is_an_event_or_a_dead_letter() -> None:
    """Nesting of any depth and integers of any length end as one or the other, never as an error."""
    for size in (1, 63, 64, 65, 500, 900, 960, 985, 995, 1_005, 30_000):
        for value in ("[" * size + "]" * size, '{"a":' * size + "1" + "}" * size, "9" * size):
            for name in ("note", "original", "card", "event_id"):
                decoded(line()[:-1] + f', "{name}": {value}}}'.encode())
    assert event_of(line(original=None)).body.original in (None, UNSET)


@pytest.mark.parametrize(("begin", "end"), [('{"a":', "}"), ("[", "]")])
@pytest.mark.parametrize("frames", [0, 100, 300])
def test_nesting_has_a_bound_of_its_own(begin: str, end: str, frames: int) -> None:
    """Whether a record is too deep never depends on how deep the caller stands."""

    def below(left: int, value: bytes) -> object:
        return below(left - 1, value) if left else decoded(value)[0]

    def noted(levels: int) -> bytes:
        return line()[:-1] + f', "note": {begin * levels}1{end * levels}}}'.encode()

    assert isinstance(below(frames, noted(DEEPEST - 1)), Event)
    for levels in (DEEPEST, 700, 960, 995, 5_000):
        letter = below(frames, noted(levels))
        assert isinstance(letter, DeadLetter)
        assert (letter.reason, letter.detail) == ("malformed", "the value is nested deeper than 256 levels")


def test_the_quick_way_knows_the_places_of_the_fields() -> None:
    """It takes a body's values as one row, so a field that is moved or added has to be looked at there."""
    names = Body.__struct_fields__
    assert names[:_OF_VOUCHERS] == ("event_id", "kind", "event_time", "terminal_id", "merchant_id", "source")
    assert names[_OF_VOUCHERS] == "voucher_number"
    assert names[_OF_EVIDENCE - 1 : _OF_EVIDENCE + 1] == ("original", "link")
    assert names[_ROUND_TRIP] == "round_trip_ms"

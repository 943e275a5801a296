"""How a diagnosis is written: text with gaps, values as JSON has them, times and shares as people read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from string import Formatter

import pytest

from streams.core.diagnosis.evidence import Evidence, fields_of, values_of
from streams.core.diagnosis.model import CAUSES, Text
from streams.core.diagnosis.posterior import MOST_KEPT, Posteriors, confidences
from streams.core.diagnosis.pulse import clock_ms
from streams.core.diagnosis.telling import VALUES, Teller, clock
from streams.core.diagnosis.template import Template, plain
from streams.settings.diagnosis import VALUES as NAMED_VALUES
from streams.settings.diagnosis import shipped_model

DAY_MS = 86_400_000


@pytest.mark.parametrize("piece", sorted(shipped_model().sentences))
def test_every_name_in_a_sentence_comes_with_its_piece(piece: str) -> None:
    """No sentence of the shipped file shows a value that nobody brings, in either language."""
    for text in shipped_model().sentences[piece]:
        named = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
        assert named <= set(fields_of(piece))


def test_the_values_of_actions_are_those_that_settings_allow() -> None:
    """What a file of one's own may name is what is filled in."""
    assert set(VALUES) == NAMED_VALUES


def test_a_text_is_filled_as_json() -> None:
    """Quotes, backslashes, signs of other scripts and braces come out as they are."""
    template = Template()
    template.write(b'{"en":"')
    template.write_texts(Text('a "{one}" {{x}}\\ {other}', "甲{other}{stranger}"), ("one", "other"))
    out: list[bytes] = []
    template.fill([plain('"\\\n终'), plain(7)], out)
    assert json.loads(b"".join(out)) == {"en": 'a ""\\\n终" {x}\\ 7', "zh": "甲7-"}
    template.write(b",[]")
    template.fill([plain("1"), plain(2)], out := [b"["])
    assert json.loads(b"".join(out) + b"]") == [{"en": 'a "1" {x}\\ 2', "zh": "甲2-"}, []]


def test_what_a_voucher_lacks_is_named_in_either_language() -> None:
    """An absent value is told as none, or 无; one that is there is the same in both."""
    model = shipped_model()
    teller = Teller(model)
    posterior = teller.posteriors.of(["kind_orphan_terminal"])
    about: list[object] = ["T-1", "", None, "000011", None, "north", None, clock(0)]
    told = json.loads(teller.tell("orphan_terminal", posterior, None, about))
    values = [dict(zip(VALUES, (one or none for one in about), strict=True)) for none in ("none", "无")]
    steps = teller.actions("orphan_terminal", posterior.cause)
    assert told["actions"] == [
        {
            "who": step.who,
            "sort": step.sort,
            "en": step.text.en.format_map(values[0]),
            "zh": step.text.zh.format_map(values[1]),
        }
        for step in steps
    ]
    assert [one["cause"] for one in told["ranked"]] == [cause for cause, _ in posterior.ranked[:5]]


@pytest.mark.parametrize(
    "at_ms", [0, 1, 999, DAY_MS - 1, DAY_MS, 68_169_600_000, 951_782_400_000, 1_709_164_800_000, 1_772_451_999_999]
)
def test_a_clock_time_is_that_of_the_calendar(at_ms: int) -> None:
    """Ends of days, leap days and years among them."""
    assert clock(at_ms) == datetime.fromtimestamp(at_ms // 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def test_every_day_of_years_is_that_of_the_calendar() -> None:
    """From 1970 to beyond 2100, which is no leap year."""
    for day in range(0, 50_000, 7):
        assert clock(day * DAY_MS)[:10] == datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()


def test_a_share_is_told_in_percent() -> None:
    """Two digits are enough."""
    assert [plain(share) for share in (0.004, 0.0996, 0.1, 0.147)] == [b"0.4 %", b"10.0 %", b"10 %", b"15 %"]


def test_a_senders_clock_is_read_to_the_millisecond() -> None:
    """Any offset, any precision; without an offset it is taken for UTC, and what is no time for none."""
    assert clock_ms("2026-03-02T01:59:58.139+08:00") == 1_772_387_998_139
    assert clock_ms(" 2026-03-01T17:59:58Z ") == 1_772_387_998_000
    assert clock_ms("2026-03-01T17:59:58.1399999") == 1_772_387_998_139
    assert clock_ms(1_772_387_998_139) == 1_772_387_998_139
    assert clock_ms("yesterday") is clock_ms(None) is None


def test_evidence_goes_on_from_what_was_found_before() -> None:
    """Two looks that begin with the same pieces do not disturb each other, and each finds its values."""
    first = Evidence([], None)
    first.add("kind_mismatch")
    first.tell("differs_reference", ("rrn",))
    look, again = first.copy(), first.copy()
    look.tell("link_calm", ("north",))
    again.add("alone")
    assert first.names == ["kind_mismatch", "differs_reference"]
    assert look.names == [*first.names, "link_calm"]
    assert again.names == [*first.names, "alone"]
    assert [values_of(look.told, place) for place in range(3)] == [(), ("rrn",), ("north",)]
    assert [values_of(again.told, place) for place in range(3)] == [(), ("rrn",), ()]


def test_confidences_are_kept_by_their_pieces_and_bounded() -> None:
    """What is asked for again is the same thing; where there are too many, all are reckoned anew."""
    model = shipped_model()
    kept = Posteriors(model)
    names = ("kind_orphan_terminal", "link_calm")
    first = kept.of(names)
    assert kept.of(("kind_orphan_terminal", "link_calm")) is first
    assert first.confidences == confidences(model, names)
    assert sum(first.confidences) == pytest.approx(1)
    assert first.cause == first.ranked[0][0]
    assert {cause for cause, _ in first.ranked} == set(CAUSES)
    assert first.ranked == sorted(zip(CAUSES, first.confidences, strict=True), key=lambda one: -one[1])
    for count in (0, 1, 5, len(CAUSES), len(CAUSES) + 1):
        assert first.likeliest(count) == first.ranked[:count]
    for number in range(MOST_KEPT):
        kept.of((str(number),))
        assert len(kept) <= MOST_KEPT
    again = kept.of(names)
    assert again is not first
    assert again.confidences == first.confidences

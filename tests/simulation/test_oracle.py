"""The oracle itself against sentences of the contract, worked out by hand."""

from __future__ import annotations

import json

import pytest

from tests.simulation.oracle import judge
from tests.simulation.oracle_cards import comparable, differ, masked
from tests.simulation.oracle_decode import BadRecordError, decode
from tests.simulation.oracle_policy import RESPONSE_CODES, OracleLink, OraclePolicy
from tests.simulation.timelines import records, said, told

SAID = {
    "two approved legs match": ("0 terminal sale 42 00\n1 host sale 000042 00", []),
    "an approved leg alone is a critical orphan at its deadline": (
        "0 terminal sale 42 00",
        ["orphan_terminal critical 1000 60"],
    ),
    "a declined host leg alone is info and risks nothing": ("0 host sale 42 51", ["orphan_host info 0 60"]),
    "a terminal that does not know expects its reversal": (
        "0 terminal sale 42 68",
        ["orphan_terminal warning 1000 600"],
    ),
    "a refund has its own window": ("0 terminal refund 42 00", ["orphan_terminal critical 1000 300"]),
    "in progress waits 180 s and counts as unknown then": ("0 host sale 42 09", ["orphan_host warning 1000 180"]),
    "an orphan of kind preauth is never above warning": (
        "0 terminal preauth 42 00",
        ["orphan_terminal warning 1000 60"],
    ),
    "a query is never above info and risks 0": ("0 terminal query 42 00", ["orphan_terminal info 0 60"]),
    "a counterpart at the very deadline is in time": ("0 terminal sale 42 00\n60 host sale 42 00", []),
    "a counterpart after the deadline matches late at its own deadline": (
        "0 terminal sale 42 00\n60.001 host sale 42 00",
        ["orphan_terminal critical 1000 60 late_match@120.001"],
    ),
    "a late counterpart of another amount is another orphan": (
        "0 terminal sale 42 00\n61 host sale 42 00 amount=900",
        ["orphan_terminal critical 1000 60", "orphan_host critical 900 121"],
    ),
    "two weak candidates are one too many": (
        "0 terminal sale 42 00\n100 terminal sale 42 00\n161 host sale 42 00",
        ["orphan_terminal critical 1000 60", "orphan_terminal critical 1000 160", "orphan_host critical 1000 221"],
    ),
    "a candidate with something to compare goes first": (
        "0 terminal sale 42 00\n100 terminal sale 42 00 rrn=R7\n161 host sale 42 00 rrn=R7",
        ["orphan_terminal critical 1000 60", "orphan_terminal critical 1000 160 late_match@221"],
    ),
    "approved against declined is a conflict at once": (
        "0 terminal sale 42 00\n2 host sale 42 51",
        ["outcome_conflict critical 1000 2"],
    ),
    "approved against unknown is a conflict at the pair's deadline": (
        "0 terminal sale 42 00\n2 host sale 42 68 amount=700",
        ["outcome_conflict critical 700 62"],
    ),
    "declined on both sides match": ("0 terminal sale 42 51\n2 host sale 42 30", []),
    "declined against approved waits, then is unreversed": (
        "0 terminal sale 42 51\n2 host sale 42 00",
        ["unreversed critical 1000 602"],
    ),
    "a confirmed reversal closes the waiting pair": (
        "0 terminal sale 42 51\n2 host sale 42 00\n5 terminal reversal 42 00\n6 host reversal 42 00",
        [],
    ),
    "a reversal confirmed later resolves unreversed": (
        "0 terminal sale 42 51\n2 host sale 42 00\n650 terminal reversal 42 00\n651 host reversal 42 00",
        ["unreversed critical 1000 602 reversed@651"],
    ),
    "a reversal at the end of the wait is in time": (
        "0 terminal sale 42 51\n2 host sale 42 00\n601 terminal reversal 42 00\n602 host reversal 42 00",
        [],
    ),
    "a refund that the host approved alone is a conflict at the deadline": (
        "0 terminal refund 42 51\n2 host refund 42 00",
        ["outcome_conflict warning 1000 302"],
    ),
    "a query in the waiting row is matched": ("0 terminal query 42 51\n2 host query 42 00", []),
    "an amount that differs risks the difference": (
        "0 terminal sale 42 00\n2 host sale 42 00 amount=750",
        ["mismatch critical 250 2"],
    ),
    "an rrn that differs is a warning": (
        "0 terminal sale 42 00 rrn=R1\n2 host sale 42 00 rrn=R2",
        ["mismatch warning 0 2"],
    ),
    "a status update in time decides the pair": (
        "0 terminal sale 42 00\n1 host sale 42 09\n90 host sale 42 00",
        [],
    ),
    "a second final is a duplicate, the first stays": (
        "0 terminal sale 42 00\n1 terminal sale 42 51\n2 host sale 42 00",
        ["duplicate_voucher warning 0 1"],
    ),
    "another amount is a duplicate whatever the rank": (
        "0 terminal sale 42 68\n1 terminal sale 42 00 amount=1\n2 host sale 42 51",
        ["duplicate_voucher warning 0 1"],
    ),
    "a lower rank is ignored": ("0 terminal sale 42 00\n1 terminal sale 42 68\n2 host sale 42 00", []),
    "after the deadline it is a new voucher": (
        "0 terminal sale 42 00\n61 terminal sale 42 00",
        ["orphan_terminal critical 1000 60", "orphan_terminal critical 1000 121"],
    ),
    "a late answer judges the orphan again": (
        "0 host sale 42 68\n100 host sale 42 00",
        ["orphan_host warning 1000 60 late_match@100", "orphan_host critical 1000 100"],
    ),
    "a late answer judges the pair again": (
        "0 terminal sale 42 00\n1 host sale 42 68\n100 host sale 42 00",
        ["outcome_conflict critical 1000 61 late_match@100"],
    ),
    "a terminal reversal alone is a warning": ("0 terminal reversal 42 00", ["orphan_terminal warning 0 120"]),
    "a host reversal alone is critical beside an approved terminal": (
        "0 terminal sale 42 00\n1 host sale 42 00\n5 host reversal 42 51",
        ["orphan_host critical 0 125"],
    ),
    "a host reversal alone is counted beside a declined terminal": (
        "0 terminal sale 42 51\n1 host sale 42 00\n5 host reversal 42 00",
        [],
    ),
    "reversal legs that disagree are a warning": (
        "0 terminal reversal 42 00\n1 host reversal 42 51",
        ["mismatch warning 0 1"],
    ),
    "25 with an approved host leg is denied at the reversal's deadline": (
        "0 terminal sale 42 51\n1 host sale 42 00\n5 terminal reversal 42 00\n6 host reversal 42 25",
        ["original_denied critical 1000 126"],
    ),
    "25 without any host leg confirms: nothing moved": (
        "0 terminal sale 42 68\n5 terminal reversal 42 00\n6 host reversal 42 25",
        [],
    ),
    "25 beside an unknown host leg neither confirms nor denies": (
        "0 terminal sale 42 68\n1 host sale 42 96\n5 terminal reversal 42 00\n6 host reversal 42 25",
        ["unreversed critical 1000 601"],
    ),
    "25 after a confirmed reversal is a repeat": (
        (
            "0 terminal sale 42 51\n1 host sale 42 00\n5 terminal reversal 42 00\n6 host reversal 42 00\n"
            "130 terminal reversal 42 00\n131 host reversal 42 25"
        ),
        [],
    ),
    "a reversal with its own number points by original": (
        (
            '0 terminal sale 42 68\n1 host sale 42 00\n5 terminal reversal 43 00 original={"voucher_number":"42"}\n'
            '6 host reversal 43 00 original={"voucher_number":"42"}'
        ),
        [],
    ),
    "there is no fallback from a given original": (
        (
            '0 terminal sale 42 51\n1 host sale 42 00\n5 terminal reversal 42 00 original={"voucher_number":"41"}\n'
            '6 host reversal 42 00 original={"voucher_number":"41"}'
        ),
        ["unreversed critical 1000 601"],
    ),
    "a repeat of a reversal under another number pairs under both": (
        (
            '0 terminal reversal 43 68 original={"voucher_number":"42"}\n'
            '1 terminal reversal 44 68 original={"voucher_number":"42"}\n'
            '2 host reversal 44 00 original={"voucher_number":"42"}'
        ),
        [],
    ),
    "an offline leg opens no orphan": ("0 terminal sale 42 00 offline=true", []),
    "a late counterpart of an offline leg opens nothing either": (
        "0 terminal sale 42 00 offline=true\n100 host sale 42 00",
        [],
    ),
    "a single leg reversed in time closes as reversed": (
        "0 host sale 42 00\n5 terminal reversal 42 00\n6 host reversal 42 00",
        [],
    ),
    "an orphan is resolved by its reversal": (
        "0 host sale 42 00\n70 terminal reversal 42 00\n71 host reversal 42 00",
        ["orphan_host critical 1000 60 reversed@71"],
    ),
    "an orphan older than the horizon expires": (
        "0 terminal sale 42 00\n86460.001 terminal sale 7 00",
        ["orphan_terminal critical 1000 60 expired", "orphan_terminal critical 1000 86520"],
    ),
    "a horizon at the last record's log time does not fire": (
        "0 terminal sale 42 00\n86460 terminal sale 7 00",
        ["orphan_terminal critical 1000 60", "orphan_terminal critical 1000 86520"],
    ),
}


@pytest.mark.parametrize("fact", SAID)
def test_timeline(fact: str) -> None:
    """Each timeline ends as the sentence in its name says."""
    text, expected = SAID[fact]
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("0 terminal sale 42 00\n1 host sale 42 00", "matched"),
        ("0 terminal sale 42 68\n1 host sale 42 68", "both_unknown"),
        ("0 terminal sale 42 68\n1 host sale 42 51", "matched"),
        ("0 host reversal 42 00", "reversal_host_only"),
        ("0 terminal sale 42 00 offline=true", "offline_unverified"),
        ("0 terminal sale 42 68\n5 host reversal 42 00", "reversed"),
    ],
)
def test_voucher_counts_once(text: str, key: str) -> None:
    """A voucher counts under its first verdict."""
    assert told(text).summary[key] == 1


def test_both_unknown_can_wait() -> None:
    """With the setting ``wait``, two unknown outcomes wait for a reversal."""
    text = "0 terminal sale 42 68\n1 host sale 42 68"
    assert said(text, OraclePolicy(both_unknown="wait")) == ["unreversed critical 1000 601"]


def test_batch_in_key() -> None:
    """Two batches never pair where the link has the batch in its key; an event without one is a bad record."""
    policy = OraclePolicy(links={"west": OracleLink(batch_in_key=True)})
    text = "0 terminal sale 42 00 link=west batch_number=1\n1 host sale 42 00 link=west batch_number=2"
    assert [line.split()[0] for line in said(text, policy)] == ["orphan_terminal", "orphan_host"]
    assert told("0 host sale 42 00 link=west", policy).summary["rejected"] == {"missing_field": 1}


def test_conflict_lists_outcome_first() -> None:
    """outcome_conflict lists ``outcome`` first, then every differing field."""
    (anomaly,) = told("0 terminal sale 42 00 rrn=R1\n2 host sale 42 51 rrn=R2").anomalies
    assert [item["field"] for item in anomaly["fields"]] == ["outcome", "rrn"]


def test_redelivery_is_dropped_within_its_horizon() -> None:
    """A copy counts from the latest copy before it; content is the value without ``received_at``."""
    ((_, start, value),), _ = records("0 terminal sale 42 00")
    again = json.dumps({**json.loads(value or b""), "received_at": 5}).encode()
    log = [(0, start, value), (1, start + 300_000, again), (2, start + 600_000, value), (3, start + 900_001, value)]
    outcome = judge(log, [], OraclePolicy())
    assert outcome.summary["redelivered"] == 2
    assert outcome.summary["events"] == 4
    assert outcome.summary["anomalies"] == {"orphan_terminal": 2}


def test_log_time_never_falls() -> None:
    """A record behind an earlier one of its source has the earlier one's log time."""
    ((_, start, value),), _ = records("0 terminal sale 42 00")
    outcome = judge([(0, start + 50_000, b"{"), (1, start, value)], [], OraclePolicy())
    assert outcome.anomalies[0]["opened_at"] == start + 110_000


def test_without_flush_what_waits_is_pending() -> None:
    """A record waits until the lane watermark is greater than its log time."""
    outcome = told("0 terminal sale 42 00\n59 host sale 7 00\n59 terminal sale 8 00", flush=False)
    assert outcome.anomalies == []
    assert outcome.summary["pending"] == 1


GOOD = {
    "event_id": "e",
    "kind": "sale",
    "event_time": 1,
    "terminal_id": "T1",
    "merchant_id": "M1",
    "voucher_number": "42",
    "amount": 5,
    "currency": "156",
    "response_code": "00",
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount": None}, "missing_field"),
        ({"amount": 1.0}, "invalid_field"),
        ({"amount": True}, "invalid_field"),
        ({"merchant_id": ""}, "invalid_field"),
        ({"voucher_number": 42}, "invalid_field"),
        ({"source": "terminal"}, "source_mismatch"),
        ({"kind": "cancel", "amount": None}, "unknown_kind"),
        ({"response_code": None}, "missing_field"),
        ({"event_time": "2024-05-01T10:00:00"}, "invalid_field"),
        ({"kind": "cancel", "amount": -1}, "invalid_field"),
    ],
)
def test_bad_record(change: dict[str, object], reason: str) -> None:
    """The first reason that applies is given."""
    with pytest.raises(BadRecordError, match=reason):
        decode(1, json.dumps({**GOOD, **change}).encode(), OraclePolicy())


def test_absent_fields() -> None:
    """Zeros, nulls and empty optional strings are absent; a code that nobody knows is unknown."""
    change = {"batch_number": "000", "rrn": "0000", "auth_code": "", "original": {"voucher_number": "0"}}
    event = decode(1, json.dumps({**GOOD, **change, "response_code": "zz"}).encode(), OraclePolicy())
    assert not {"batch_number", "rrn", "auth_code", "original"} & set(event.fields)
    assert (event.get("currency"), event.outcome) == ("CNY", "unknown")


def test_cards() -> None:
    """Numbers agree in every digit that both show; a token and a number are not comparable."""
    assert masked("6222 0212-3456 7891") == "622202******7891"
    assert not differ("card", "622202******1234", "6222 02** **** 1234")
    assert not differ("card", "622202*****1234", "622202********1234")
    assert differ("card", "622202******1234", "622203******1234")
    assert not comparable("card", "tok-a", "622202******1234")


def test_response_codes() -> None:
    """The table of codes is that of the domain page."""
    expected = {"00": "approved", "25": "declined", "09": "in_progress", "96": "unknown", "A5": "rejected"}
    assert {code: RESPONSE_CODES[code] for code in expected} == expected

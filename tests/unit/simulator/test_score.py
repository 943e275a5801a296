"""The score: what is found, missed, false or different, told kind by kind."""

from __future__ import annotations

from typing import Any

import pytest

from streams.simulator.score import score


def truth_line(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  any field of a line
    """Return a line of truth of an open orphan, changed as asked."""
    return {
        "fault": "lost_request",
        "terminal_id": "10000001",
        "voucher_number": "000042",
        "kind": "orphan_terminal",
        "status": "open",
        "resolution": None,
        "amount_at_risk": 500,
        "currency": "EUR",
        "severity": "critical",
        "event_ids": ["t-1"],
        "at": 0,
        **changes,
    }


def anomaly(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  any field of a record
    """Return the anomaly record that meets ``truth_line``, changed as asked."""
    return {
        "id": "00",
        "kind": "orphan_terminal",
        "severity": "critical",
        "status": "open",
        "resolution": None,
        "voucher": {"terminal_id": " 10000001", "voucher_number": "42"},
        "amount_at_risk": 500,
        "currency": "EUR",
        "legs": {"terminal": {"event_id": "t-1"}, "host": None},
        **changes,
    }


def test_an_anomaly_meets_its_line_of_truth() -> None:
    """Ids are trimmed and voucher numbers compared without leading zeros."""
    result = score([anomaly()], [truth_line()])
    assert result.perfect
    kind = result.kinds["orphan_terminal"]
    assert (kind.expected, kind.found, kind.missed, kind.false) == (1, 1, 0, 0)
    assert (kind.precision, kind.recall) == (1.0, 1.0)


def test_an_expired_anomaly_counts_as_open() -> None:
    """A fault does not know how long the run goes on."""
    assert score([anomaly(status="expired")], [truth_line()]).perfect


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "orphan_host"},
        {"voucher": {"terminal_id": "10000002", "voucher_number": "42"}},
        {"voucher": {"terminal_id": "10000001", "voucher_number": "43"}},
        {"legs": {"terminal": {"event_id": "t-2"}, "host": None}},
    ],
)
def test_another_kind_voucher_or_event_is_false_and_the_line_missed(changes: dict[str, Any]) -> None:
    """Nothing but the same kind, voucher and a shared event id counts as found."""
    result = score([anomaly(**changes)], [truth_line()])
    assert [line["fault"] for line in result.missed] == ["lost_request"]
    assert len(result.false) == 1
    assert result.kinds["orphan_terminal"].recall == 0.0
    assert not result.perfect


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"status": "resolved", "resolution": "reversed"}, "status resolved, expected open, resolution reversed"),
        ({"severity": "warning"}, "severity warning, expected critical"),
        ({"amount_at_risk": 0}, "amount_at_risk 0, expected 500"),
        ({"currency": "USD"}, "currency USD, expected EUR"),
    ],
)
def test_what_is_found_otherwise_is_told(changes: dict[str, Any], sentence: str) -> None:
    """A wrong status, resolution, severity, amount or currency is found, and different."""
    result = score([anomaly(**changes)], [truth_line()])
    assert result.kinds["orphan_terminal"].found == 1
    assert result.kinds["orphan_terminal"].differing == 1
    assert len(result.differing) == 1
    assert result.differing[0].startswith("lost_request: orphan_terminal has ")
    assert sentence in result.differing[0]


def test_a_voucher_that_must_stay_clean_makes_an_anomaly_false() -> None:
    """A line without a kind expects nothing and meets nothing."""
    result = score([anomaly()], [truth_line(kind=None, status=None)])
    assert len(result.false) == 1
    assert result.kinds["orphan_terminal"].precision == 0.0


def test_two_anomalies_of_one_voucher_meet_their_own_lines() -> None:
    """A transaction and its reversal may share a number; their event ids tell them apart."""
    lines = [truth_line(), truth_line(event_ids=["t-9"], amount_at_risk=0, severity="warning")]
    reversal = anomaly(legs={"terminal": {"event_id": "t-9"}}, amount_at_risk=0, severity="warning")
    assert score([reversal, anomaly()], lines).perfect


def test_one_line_is_met_once() -> None:
    """A second anomaly for the same line is false."""
    assert len(score([anomaly(), anomaly()], [truth_line()]).false) == 1


def test_a_kind_without_a_voucher_is_met_by_kind() -> None:
    """A stalled source has no terminal, voucher or event ids, and its status is not judged."""
    line = truth_line(
        kind="source_stalled",
        **dict.fromkeys(("terminal_id", "voucher_number", "status", "amount_at_risk", "currency")),
        event_ids=[],
    )
    found = anomaly(kind="source_stalled", voucher=None, legs={}, status="resolved", resolution="any")
    assert score([found], [line]).perfect

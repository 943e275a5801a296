"""What the demo shows: records and metrics counted, amounts in major units, an account at the end."""

from __future__ import annotations

import json
import socket

from streams.cli.demo.plan import Plan, free_port
from streams.cli.demo.view import account, money
from streams.cli.demo.watch import Sight
from streams.simulator.score import score


def anomaly(name: str, **fields: object) -> bytes:
    """Return one record of the anomaly topic."""
    base = {
        "id": name,
        "revision": 1,
        "kind": "mismatch",
        "severity": "critical",
        "status": "open",
        "resolution": None,
        "voucher": {"terminal_id": "T1", "voucher_number": "7"},
        "amount_at_risk": 1250,
        "currency": "CNY",
        "opened_at": 10,
        "legs": {"terminal": {"event_id": "e1"}},
    }
    return json.dumps({**base, **fields}).encode()


def test_the_newest_revision_counts() -> None:
    """A resolved anomaly is no longer at risk; an older revision that comes later changes nothing."""
    sight = Sight()
    sight.take_anomalies(
        [anomaly("a"), anomaly("a", revision=2, status="resolved"), anomaly("a"), anomaly("b", opened_at=11), None]
    )
    assert sight.by_kind() == {"mismatch": (1, 1)}
    assert [record["id"] for record in sight.newest(5)] == ["b", "a"]
    assert money(sight.at_risk()) == "CNY 12.50"


def test_amounts_follow_their_currency() -> None:
    """A yen has no hundredths."""
    sight = Sight()
    sight.take_anomalies([anomaly("a", currency="JPY"), anomaly("b", kind="unreversed")])
    assert sight.at_risk() == {"CNY": 12.5, "JPY": 1250.0}
    assert sight.at_risk("unreversed") == {"CNY": 12.5}


def test_counters_come_from_the_metrics_page() -> None:
    """Sums over the labels that the page does not tell apart."""
    sight = Sight()
    sight.take_metrics(
        'voucherwatch_events_total{kind="sale",outcome="approved",source="terminal"} 5\n'
        'voucherwatch_events_total{kind="void",outcome="approved",source="terminal"} 2\n'
        'voucherwatch_vouchers_closed_total{link="other",verdict="matched"} 3\n'
        'voucherwatch_events_rejected_total{reason="empty",source="host"} 1\n'
        'voucherwatch_pending_vouchers{source="host"} 4\n'
    )
    assert (sight.events["terminal"], sight.closed["matched"], sight.rejected["empty"], sight.pending) == (7, 3, 1, 4)


def truth_line(number: int, cause: str) -> dict[str, object]:
    """Return the line of truth of an orphan."""
    line = {"fault": "lost", "cause": cause, "kind": "orphan_host", "terminal_id": "T1", "voucher_number": str(number)}
    return line | dict.fromkeys(("status", "resolution", "severity", "amount_at_risk")) | {"event_ids": [f"e{number}"]}


def record_of(number: int, cause: str | None) -> dict[str, object]:
    """Return what the score looks at of the record of that orphan."""
    return {
        "kind": "orphan_host",
        "voucher": {"terminal_id": "T1", "voucher_number": str(number)},
        "legs": {"host": {"event_id": f"e{number}"}, "terminal": None},
        "diagnosis": None if cause is None else {"cause": cause},
    }


def test_the_account_tells_every_kind() -> None:
    """Found, missed and false, with precision and recall."""
    line = {
        "fault": "wrong_amount",
        "kind": "mismatch",
        "terminal_id": "T1",
        "voucher_number": "000007",
        "status": "open",
        "resolution": None,
        "severity": "critical",
        "amount_at_risk": 1250,
        "currency": "CNY",
        "event_ids": ["e1"],
    }
    missed = {**line, "voucher_number": "8", "event_ids": ["e9"]}
    found = json.loads(anomaly("a"))
    assert account(score([found], [line]), 2, 2).splitlines()[1:] == [
        "mismatch                    1      1      0      0     100.0%   100.0%",
        "bad records                 2      2",
        "Every hidden fault was found, and nothing else.",
    ]
    assert account(score([found], [line, missed]), 2, 2).splitlines()[1:] == [
        "mismatch                    2      1      1      0     100.0%    50.0%",
        "bad records                 2      2",
    ]


def test_the_account_tells_how_many_causes_are_right() -> None:
    """Of the found anomalies whose true cause is known; without a diagnosis nothing is said."""
    lines = [truth_line(number, "host_fault") for number in range(4)]
    found = [record_of(number, cause) for number, cause in enumerate(("host_fault", "unknown", "host_fault", None))]
    assert (
        account(score(found, lines), 0, 0).splitlines()[-1] == "The likeliest cause is the true one of 2 among 3 (67%)."
    )
    without = [{**line, "cause": None} for line in lines]
    assert "likeliest cause" not in account(score(found, without), 0, 0)


def test_a_cluster_of_others_keeps_its_topics_to_itself() -> None:
    """On a named cluster every topic has the demo's own name; on the embedded broker the usual one."""
    shared = Plan(60, 1, 10, 10, "calm", "kafka:9092").topics()
    assert all(name.startswith("voucherwatch-demo-") for name in shared.values())
    assert Plan(60, 1, 10, 10, "calm", "").topics()["terminal"] == "terminal-events"


def test_a_taken_port_is_stepped_around() -> None:
    """The page moves to a free port if its usual one is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert free_port(taken.getsockname()[1]) != taken.getsockname()[1]

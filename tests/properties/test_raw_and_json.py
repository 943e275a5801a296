"""A feed of raw messages ends as the same feed in JSON does: a dialect changes how events are written, nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.lane import HOST, TERMINAL, Lane
from streams.settings import load_dialect, load_settings
from streams.testing import START_MS, ListSink, encode

if TYPE_CHECKING:
    from streams.core.policy import Policy

NAMES = ("unionpay-bcd", "unionpay-ascii", "iso8583-ascii", "iso8583-bcd")
KINDS = {
    "unionpay": {"sale": ("0210", "000000"), "void": ("0210", "200000"), "refund": ("0230", "200000")},
    "iso8583": {"sale": ("0210", "000000"), "void": ("0210", "020000"), "refund": ("0210", "200000")},
}
POLICIES = {
    name: load_settings(None, [f"dialect.terminal={name}", f"dialect.host={name}"], {}, live=False).policy()
    for name in NAMES
}
JSON = load_settings(None, [], {}, live=False).policy()
ACTS = st.lists(
    st.tuples(
        st.integers(0, 150),
        st.sampled_from([TERMINAL, HOST]),
        st.sampled_from(["sale", "sale", "void", "refund", "reversal"]),
        st.integers(1, 4),
        st.sampled_from(["00", "00", "25", "91", "09", "77"]),
        st.sampled_from([10_000, 12_800]),
    ),
    # A terminal sends one message with a number in a second: a raw one has no other identity.
    unique_by=lambda act: act[:2] + act[3:4],
    max_size=14,
)


def as_json(kind: str, number: int, code: str, amount: int, reversed_number: int, at: int) -> bytes:
    """Return one event in the canonical form."""
    event: dict[str, Any] = {
        "event_id": f"{kind}-{number}-{code}-{amount}-{at}",
        "kind": kind,
        "event_time": START_MS + at * 1_000,
        "terminal_id": "10000017",
        "merchant_id": "810000000000004",
        "voucher_number": str(number),
        "response_code": code,
        "amount": amount,
        "currency": "CNY",
    }
    if kind == "reversal":
        event["original"] = {"voucher_number": str(reversed_number)}
    return json.dumps(event).encode()


def as_message(name: str, kind: str, number: int, code: str, amount: int, reversed_number: int, at: int) -> bytes:
    """Return the same event as an answer on the wire."""
    family = name.partition("-")[0]
    message_type, processing = KINDS[family].get(kind, ("0410", "000000"))
    fields = {
        "3": processing,
        "4": str(amount),
        "11": str(number),
        "12": f"08{at // 60:02d}{at % 60:02d}",
        "13": "0302",
    }
    fields |= {"25": "00", "39": code, "41": "10000017", "42": "810000000000004", "49": "156"}
    if kind == "reversal":
        there = "61" if family == "unionpay" else "90"
        fields[there] = (
            f"000000{reversed_number:06d}0000" if family == "unionpay" else f"0200{reversed_number:06d}" + "0" * 32
        )
    dialect = load_dialect(name)
    assert dialect is not None
    return encode(dialect, message_type, fields)


def ended(policy: Policy, records: list[tuple[int, int, bytes]]) -> tuple[list[tuple[object, ...]], dict[str, int]]:
    """Return what is promised of every anomaly, and the verdicts."""
    lane, sink = Lane(0, policy, live=False), ListSink()
    for offset, (at, source, value) in enumerate(records):
        sink.take(lane.feed(source, [(offset, START_MS + at * 1_000, b"10000017", value)]))
    sink.take(lane.flush())
    assert sink.dead_letters == []
    names = ("kind", "severity", "status", "resolution", "opened_at", "resolved_at", "amount_at_risk", "fields")
    found = [tuple(str(record[name]) for name in names) for record in sink.anomalies()]
    return sorted(found), sink.verdicts()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(NAMES), ACTS)
def test_raw_messages_end_as_their_events_do(name: str, acts: list[tuple[int, int, str, int, str, int]]) -> None:
    """Whatever was answered, in whatever order."""
    raw, plain = [], []
    for at, source, kind, number, code, amount in sorted(acts, key=lambda act: act[0]):
        # A UnionPay reversal has the number of what it reverses, one of ISO a number of its own.
        own = number if name.startswith("unionpay") or kind != "reversal" else number + 100
        raw.append((at, source, as_message(name, kind, own, code, amount, number, at)))
        plain.append((at, source, as_json(kind, own, code, amount, number, at)))
    assert ended(POLICIES[name], raw) == ended(JSON, plain)

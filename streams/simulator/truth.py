"""What a labelled fault must lead to, and the line of truth that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from streams.simulator.voucher import Voucher

Risk = Literal["amount", "zero", "claimed"]
Truth = dict[str, Any]
"""One line of truth: fault, cause, terminal_id, voucher_number, kind, status, resolution, amount_at_risk
(minor units), currency, severity, event_ids, at (epoch milliseconds); ``kind`` is None where the
fault must lead to nothing.  A bad record's line has ``reason`` and ``source`` besides."""

_ORPHANS: Final = frozenset({"orphan_terminal", "orphan_host"})


@dataclass(frozen=True, slots=True)
class Expectation:
    """One anomaly that a fault must lead to, in its final state."""

    kind: str
    severity: str
    status: str = "open"
    resolution: str | None = None
    risk: Risk = "amount"
    """The voucher's amount, nothing, or what the script claims."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a script says of one expected anomaly: whose it is, and the events it stands on."""

    voucher: Voucher
    event_ids: tuple[str, ...]
    amount: int | None = None
    """Amount at risk in minor units where the script alone knows it."""


@dataclass(frozen=True, slots=True)
class BadRecord:
    """What a script says of one record that must become a dead letter."""

    voucher: Voucher
    event_id: str
    source: str
    reason: str


def claim_truth(fault: str, cause: str, expected: Expectation | None, claim: Claim, at_ms: int) -> Truth:
    """Return the line of truth of one expected anomaly, or of a fault that must lead to none."""
    voucher = claim.voucher
    line: Truth = {
        "fault": fault,
        "cause": cause,
        "terminal_id": voucher.terminal.terminal_id,
        "voucher_number": f"{voucher.number:06d}",
        "kind": None,
        "status": None,
        "resolution": None,
        "amount_at_risk": None,
        "currency": voucher.terminal.region.letters,
        "severity": None,
        "event_ids": list(claim.event_ids),
        "at": at_ms,
    }
    if expected is not None:
        line["kind"] = expected.kind
        line["status"] = expected.status
        line["resolution"] = expected.resolution
        line["amount_at_risk"] = _risk(expected, claim)
        line["severity"] = _severity(expected, voucher)
    return line


def bad_record_truth(fault: str, cause: str, bad: BadRecord, at_ms: int) -> Truth:
    """Return the line of truth of one record that must become a dead letter."""
    line = claim_truth(fault, cause, None, Claim(bad.voucher, (bad.event_id,)), at_ms)
    return {**line, "reason": bad.reason, "source": bad.source}


def stall_truth(source: str, at_ms: int, until_ms: int) -> Truth:
    """Return the line of truth of one silence of a whole source."""
    return {
        "fault": "stalled_feed",
        "cause": "feed_gap",
        "terminal_id": None,
        "voucher_number": None,
        "kind": "source_stalled",
        "status": None,
        "resolution": None,
        "amount_at_risk": None,
        "currency": None,
        "severity": "critical",
        "event_ids": [],
        "at": at_ms,
        "source": source,
        "until": until_ms,
    }


def _risk(expected: Expectation, claim: Claim) -> int:
    if expected.risk == "claimed":
        return claim.amount or 0
    # A query moves no money, so it risks none.
    return claim.voucher.amount if expected.risk == "amount" and claim.voucher.kind != "query" else 0


def _severity(expected: Expectation, voucher: Voucher) -> str:
    if voucher.kind == "query":
        return "info"
    if voucher.kind == "preauth" and expected.kind in _ORPHANS and expected.severity == "critical":
        return "warning"
    return expected.severity

"""The oracle's world: what is remembered at one log time, and how anomalies open and end in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulation.oracle_cards import comparable, differ
from tests.simulation.oracle_state import HOST, ONE_SIDED, TERMINAL, Anomaly, Leg, Run, Voucher, show_voucher

if TYPE_CHECKING:
    from tests.simulation.oracle_policy import OraclePolicy

COUNTED = ("matched", "reversed", "both_unknown", "reversal_repeated", "reversal_host_only", "offline_unverified")
SIDES = ("terminal", "host")


def blank_summary() -> dict[str, Any]:
    """Return the summary of a replay in which nothing happened."""
    return {
        "events": 0,
        "rejected": {},
        "redelivered": 0,
        **dict.fromkeys(COUNTED, 0),
        "original_unverifiable": 0,
        "pending": 0,
        "anomalies": {},
        "resolved": {},
        "amount_at_risk": {},
    }


@dataclass
class World:
    """All state of one lane; ``now`` is the log time that the merged order has reached."""

    policy: OraclePolicy
    now: int = 0
    vouchers: list[Voucher] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    seen: dict[tuple[int, str, str], int] = field(default_factory=dict)
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=blank_summary)
    ledger: list[Voucher] = field(default_factory=list)
    """What is forgotten and lies in the ledger."""

    def forget(self) -> None:
        """Forget closed vouchers L after the last record of their run; open anomalies are kept."""
        self.ledger += [voucher for voucher in self.vouchers if not self._remembered(voucher)]
        self.vouchers = [voucher for voucher in self.vouchers if self._remembered(voucher)]

    def ever(self) -> list[Voucher]:
        """Return all vouchers that there were, forgotten or not."""
        return self.ledger + self.vouchers

    def reached(self) -> list[Voucher]:
        """Return what memory or the ledger still reach: "closed ones included as far as memory and ledger reach"."""
        since = self.now - self.policy.originals_horizon_ms
        return [voucher for voucher in self.ledger if voucher.first_time >= since] + self.vouchers

    def recall(self, voucher: Voucher) -> None:
        """Take a voucher out of the ledger again, since something happens to it."""
        if voucher in self.ledger:
            self.ledger.remove(voucher)
            self.vouchers.append(voucher)

    def _remembered(self, voucher: Voucher) -> bool:
        if not voucher.closed or voucher.has_open_anomaly:
            return True
        return self.now - voucher.last_record <= self.policy.memory_ms

    def lengthen_run(self, terminal: str, number: str) -> None:
        """Add a record of now to the run of its voucher number, or start a new run."""
        run = self.runs.get((terminal, number))
        if run is None or self.now - run.last > self.policy.memory_ms:
            run = self.runs[terminal, number] = Run(self.now)
        run.last = self.now

    def remove(self, voucher: Voucher, successor: Voucher) -> None:
        """Take a voucher out whose leg became part of another one."""
        voucher.merged_into = successor
        self.vouchers = [other for other in self.vouchers if other is not voucher]

    def close(self, voucher: Voucher, verdict: str) -> None:
        """Close a voucher; "Each voucher counts under its first verdict"."""
        voucher.closed = True
        voucher.waiting = False
        voucher.verdict = verdict
        if not voucher.counted and verdict in COUNTED:
            self.summary[verdict] += 1
        voucher.counted = True

    def close_with_anomaly(
        self, voucher: Voucher, kind: str, severity: str, fields: list[dict[str, Any]], amount: tuple[int, str | None]
    ) -> None:
        """Close a voucher by opening the anomaly of its verdict."""
        self.close(voucher, kind)
        voucher.anomaly = self.open_anomaly(kind, voucher.legs, severity, fields, amount)

    def open_anomaly(
        self,
        kind: str,
        legs: dict[int, Leg],
        severity: str,
        fields: list[dict[str, Any]],
        amount: tuple[int, str | None],
    ) -> Anomaly:
        """Open an anomaly now; "legs and voucher are those that opened the anomaly and never change"."""
        shown = show_voucher(legs)
        names = {source: (str(leg.event_id), leg.identity_time) for source, leg in legs.items()}
        if shown["kind"] == "query":  # "A query is never above info"
            severity = "info"
        record = {
            "kind": kind,
            "severity": severity,
            "status": "open",
            "resolution": None,
            "voucher": shown,
            "fields": fields,
            "legs": {SIDES[source]: name[0] for source, name in sorted(names.items())},
            "amount_at_risk": 0 if shown["kind"] == "query" else amount[0],  # "A query risks 0"
            "currency": amount[1],
            "opened_at": self.now,
            "resolved_at": None,
        }
        anomaly = Anomaly(kind, names, record)
        for other in self.anomalies:  # one id is one anomaly: kind, key, event id and log time of each leg
            if other.kind == kind and other.legs == names and _same_number(other.record["voucher"], shown):
                return other
        self.anomalies.append(anomaly)
        return anomaly

    def resolve(self, voucher: Voucher, resolution: str) -> None:
        """Resolve the open anomaly of a voucher, if there is one."""
        if voucher.anomaly is not None and voucher.anomaly.open:
            voucher.anomaly.record.update(status="resolved", resolution=resolution, resolved_at=self.now)

    def differing(self, voucher: Voucher) -> list[dict[str, Any]]:
        """List each compared field that both sides carry comparably and that differs, with both values."""
        terminal, host = voucher.legs[TERMINAL], voucher.legs[HOST]
        names = self.policy.link(host.get("link") or terminal.get("link")).compare_fields
        return [
            {"field": name, "terminal": terminal.get(name), "host": host.get(name)}
            for name in names
            if differ(name, terminal.get(name), host.get(name))
        ]


def outcome_field(voucher: Voucher) -> dict[str, Any]:
    """Show the two outcomes as the first field of a conflict."""
    sides = voucher.legs
    return {
        "field": "outcome",
        "terminal": sides[TERMINAL].outcome,
        "host": sides[HOST].outcome,
    }


def amount_at_risk(legs: dict[int, Leg]) -> tuple[int, str | None]:
    """Follow "The approved or unknown side's amount (the host's if both), reversal legs 0"."""
    for source in (HOST, TERMINAL):
        leg = legs.get(source)
        if leg is not None and leg.settled_outcome in ("approved", "unknown") and not leg.event.reversal:
            return leg.get("amount") or 0, leg.get("currency")
    return 0, nothing_at_risk(legs)[1]


def nothing_at_risk(legs: dict[int, Leg]) -> tuple[int, str | None]:
    """No amount, in the currency of the host (the terminal's where it is alone)."""
    return 0, next(
        (
            legs[source].get("currency")
            for source in (HOST, TERMINAL)
            if source in legs and legs[source].get("currency")
        ),
        None,
    )


def different(name: str, one: Leg, two: Leg) -> bool:
    """Say whether two legs disagree in a field that both carry comparably."""
    return differ(name, one.get(name), two.get(name))


def _agrees(leg: Leg, other: Leg) -> bool:
    """Follow "agrees in amount, currency and in each of rrn, auth_code, card, batch_number that both carry"."""
    if leg.get("amount") != other.get("amount") or leg.get("currency") != other.get("currency"):
        return False
    return not any(different(name, leg, other) for name in ("rrn", "auth_code", "card", "batch_number"))


def _something_to_compare(leg: Leg, other: Leg) -> bool:
    names = ("rrn", "auth_code", "card", "batch_number")
    return any(comparable(name, leg.get(name), other.get(name)) for name in names)


def late_counterpart(world: World, leg: Leg) -> Voucher | None:
    """Find what was judged without this leg: an open orphan, or a voucher closed with this side missing."""
    found = []
    for voucher in world.reached():
        if voucher.pair or not voucher.closed or voucher.only.source == leg.source:
            continue
        other = voucher.only
        orphan = voucher.has_open_anomaly and voucher.verdict in ("orphan_terminal", "orphan_host")
        one_sided = voucher.verdict in ONE_SIDED
        if not (orphan or one_sided) or not set(leg.keys) & set(other.keys):
            continue
        # As the page says, "at most resolve_horizon (default 24 h) of log time away"
        if abs(leg.log_time - other.log_time) <= world.policy.resolve_horizon_ms and _agrees(leg, other):
            found.append(voucher)
    found.sort(key=lambda voucher: (voucher.only.log_time, str(voucher.only.event_id)))  # "Oldest first, then event_id"
    strong = [voucher for voucher in found if _something_to_compare(leg, voucher.only)]
    if strong:  # "Candidates with something to compare go first"
        return strong[0]
    return found[0] if len(found) == 1 else None  # "exactly one candidate suffice"


def _same_number(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether two shown vouchers bear one number of one terminal and are of one class."""
    numbers = [
        (str(shown["terminal_id"]).strip(), str(shown["voucher_number"]).lstrip("0"), shown["kind"] == "reversal")
        for shown in (one, other)
    ]
    return numbers[0] == numbers[1]

"""Seeded histories of two feeds: small ones that sit on the edges of windows, and larger random ones.

The same seed gives the same bytes.  Nothing here knows what the answer should be.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulation.oracle_policy import KINDS, OracleLink, OraclePolicy

if TYPE_CHECKING:
    from tests.simulation.oracle import Record

START_MS = 1_700_000_000_000
SECOND = 1_000
CODES = ("00", "51", "25", "12", "09", "68", "96")
CARDS = (None, "622202******1234", "6222 02** **** 1234", "622202*****1234", "622202******9999", "tok-a", "tok-b")
POINTING = ("void", "refund", "preauth_void", "completion", "completion_void")
FLAVOURS = ("pairs", "repeats", "reversals", "reversals", "late", "mixed")


@dataclass
class History:
    """Two logs of one lane, the settings they are judged with, and the seed that made them."""

    seed: int
    policy: OraclePolicy
    records: tuple[list[Record], list[Record]]
    flavour: str = "mixed"


@dataclass
class _Draft:
    """What the generator carries from record to record."""

    rng: random.Random
    policy: OraclePolicy
    flavour: str
    terminals: list[str]
    numbers: list[str]
    calm: float = 0.55
    now: int = START_MS
    ids: int = 0
    made: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    records: tuple[list[Record], list[Record]] = field(default_factory=lambda: ([], []))


def small_history(seed: int) -> History:
    """Make 3 to 14 records of a few vouchers, clustered around the edges of the windows."""
    rng = random.Random(seed)
    flavour = rng.choice(FLAVOURS)
    terminals = [f"T{number}" for number in range(1, rng.choice([1, 1, 1, 2, 3]) + 1)]
    numbers = rng.sample(["1", "2", "7", "999999"], rng.choice([1, 1, 2, 2, 3, 4]))
    draft = _Draft(rng, _policy(rng), flavour, terminals, numbers, rng.choice([0.4, 0.6, 0.8, 0.9]))
    for _ in range(rng.randint(3, 14)):
        draft.now += _step(draft)
        _add(draft)
    return History(seed, draft.policy, draft.records, flavour)


def chain_history(seed: int) -> History:
    """Make 6 to 24 records of a few vouchers that void, refund, complete and reverse each other."""
    rng = random.Random(seed)
    numbers = rng.sample(["1", "2", "3", "7", "999999"], rng.choice([2, 3, 4]))
    terminals = ["T1"] if rng.random() < 0.8 else ["T1", "T2"]
    draft = _Draft(rng, _policy(rng), "chains", terminals, numbers, rng.choice([0.6, 0.8, 0.9]))
    while sum(map(len, draft.records)) < rng.randint(6, 24):
        draft.now += _step(draft)
        source = rng.randint(0, 1)
        fields = _event(draft, source)
        _append(draft, source, json.dumps(fields).encode())
        if rng.random() < 0.75:  # the other side, mostly in agreement
            draft.now += rng.choice([0, 1, 500, 3 * SECOND])
            other = dict(fields, event_id=f"{'th'[1 - source]}{draft.ids}b")
            if rng.random() < 0.2:
                other["response_code"] = rng.choice(["00", "25", "12", "51"])
            _append(draft, 1 - source, json.dumps(other).encode())
    return History(seed, draft.policy, draft.records, "chains")


def large_history(seed: int, size: int | None = None) -> History:
    """Make 500 to 5,000 records of many vouchers, with steps between them that are mostly short."""
    rng = random.Random(seed)
    size = rng.randint(500, 5_000) if size is None else size
    terminals = [f"T{number}" for number in range(1, rng.randint(2, 12))]
    draft = _Draft(rng, _policy(rng), "mixed", terminals, [])
    longest = max(draft.policy.pair_window_ms.values())
    for step in range(size):
        first = step // (4 * len(terminals))  # the tills move on to new numbers, and wrap after 60
        draft.numbers = [str((first + ahead) % 60 + 1) for ahead in range(3)]
        draft.now += _step(draft) if rng.random() < 0.01 else rng.randint(0, max(1, longest // 20))
        _add(draft)
    return History(seed, draft.policy, draft.records)


def _policy(rng: random.Random) -> OraclePolicy:
    """Take the defaults, or short windows in an order that the defaults do not have."""
    linked = {"west": OracleLink(batch_in_key=True), "east": OracleLink(compare_fields=("amount", "rrn"))}
    links = linked if rng.random() < 0.3 else {}
    both_unknown = rng.choice(["matched", "matched", "wait"])
    if rng.random() < 0.5:
        return OraclePolicy(links=links, both_unknown=both_unknown)
    seconds = [rng.choice([5, 10, 20, 40]) for _ in range(6)]
    windows = dict.fromkeys(KINDS, seconds[0] * SECOND)
    windows["reversal"], windows["refund"] = seconds[1] * SECOND, seconds[2] * SECOND
    return OraclePolicy(
        pair_window_ms=windows,
        in_progress_window_ms=seconds[3] * SECOND,
        reversal_window_ms=seconds[4] * rng.choice([1, 2, 5]) * SECOND,
        redelivery_horizon_ms=seconds[5] * SECOND,
        resolve_horizon_ms=rng.choice([30, 100, 300, 3_600]) * SECOND,
        originals_horizon_ms=rng.choice([30, 100, 300, 3_600]) * SECOND,
        completion_max_percent=rng.choice([100, 115]),
        terminal_default_outcome=rng.choice(["approved", "unknown"]),
        links=links,
        both_unknown=both_unknown,
    )


def _step(draft: _Draft) -> int:
    """Choose how far the next record is: at once, a little, or onto the edge of some window."""
    policy, rng = draft.policy, draft.rng
    if rng.random() < draft.calm:
        return rng.choice([0, 0, 0, 1, 2, 500, SECOND, 3 * SECOND])
    edges = [
        policy.pair_window_ms["sale"],
        policy.pair_window_ms["reversal"],
        policy.pair_window_ms["refund"],
        policy.in_progress_window_ms,
        policy.reversal_window_ms,
        policy.redelivery_horizon_ms,
        policy.memory_ms,
        min(policy.originals_horizon_ms, policy.resolve_horizon_ms),
    ]
    edge = policy.resolve_horizon_ms if rng.random() < 0.08 else rng.choice(edges)
    since = draft.now - START_MS if rng.random() < 0.3 else 0  # measured from the first record
    return max(0, edge - since + rng.choice([-1, 0, 0, 1, -500, 700]))


def _add(draft: _Draft) -> None:
    """Add one record to one of the feeds."""
    rng = draft.rng
    chance = rng.random()
    if chance < 0.05 and draft.made:
        source, fields = rng.choice(draft.made)
        again = dict(fields, received_at=draft.now) if rng.random() < 0.5 else dict(reversed(fields.items()))
        _append(draft, source, json.dumps(again).encode())
    elif chance < 0.08:
        _append(draft, rng.randint(0, 1), _bad(draft))
    else:
        source = rng.randint(0, 1)
        fields = _event(draft, source)
        draft.made.append((source, fields))
        _append(draft, source, json.dumps(fields).encode())


def _append(draft: _Draft, source: int, value: bytes | None) -> None:
    behind = draft.rng.choice([0] * 12 + [1, 700, 5 * SECOND])  # log time never falls, timestamps may
    log = draft.records[source]
    log.append((log[-1][0] + draft.rng.choice([1, 1, 3]) if log else 0, draft.now - behind, value))


def _bad(draft: _Draft) -> bytes | None:
    """Make a record that does not decode, one for each reason that a replay knows."""
    fields = _event(draft, 0)
    rng = draft.rng
    broken: dict[str, Any] = rng.choice(
        [
            {"amount": rng.choice([-1, 10.0, "10", True])},
            {"voucher_number": rng.choice(["", "12a", 7, "1234567890123"])},
            {"kind": rng.choice(["cancelled", "", None])},
            {"source": rng.choice(["pos", 3])},
            {"event_time": rng.choice(["yesterday", "2024-01-01T00:00:00", None])},
            {"merchant_id": rng.choice([None, "", "1234567890123456"])},
            {"currency": rng.choice(["CN", "1560", None])},
            {"outcome": "perhaps"},
            {"original": rng.choice([[], "x", {"voucher_number": 5}])},
            {"offline": "yes"},
            {"response_code": "000"},
        ]
    )
    raw = rng.choice([b"", None, b"{", b"[1]", b'"x"', b"\xff\xfe", b"{" * 70_000, b"  "])
    return raw if rng.random() < 0.4 else json.dumps({**fields, **broken}).encode()


def _event(draft: _Draft, source: int) -> dict[str, Any]:
    rng = draft.rng
    draft.ids += 1
    kind = _kind(draft)
    number = rng.choice(draft.numbers)
    fields: dict[str, Any] = {
        "event_id": f"{'th'[source]}{rng.randint(1, draft.ids) if rng.random() < 0.04 else draft.ids}",
        "kind": kind,
        "event_time": rng.choice([draft.now, "2024-05-01T10:00:00+08:00"]),
        "terminal_id": rng.choice(draft.terminals) + rng.choice(["", "", "", " "]),
        "merchant_id": rng.choice(["M1", "M1", "M1", "M1", "M1", " M1", "M2"]),
        "voucher_number": number.zfill(rng.choice([0, 0, 6])),
    }
    if kind not in ("query", "settlement", "status") or rng.random() < 0.5:
        fields["amount"] = rng.choice([1000] * 8 + [1000, 2500, 0])
        fields["currency"] = rng.choice(["156", "CNY", "CNY", "cny", "CNY", "CNY", "840"])
    _answer(draft, source, fields)
    _optional(draft, fields)
    if kind == "reversal":
        original = _original(draft)
        if original is not None:
            fields["original"] = original
    if draft.flavour == "chains":
        _chain(draft, fields)
    return fields


def _chain(draft: _Draft, fields: dict[str, Any]) -> None:
    """Let what points point, and let what both sides say of a voucher agree more often."""
    rng = draft.rng
    fields["response_code"] = rng.choice(["00"] * 8 + ["25", "12", "51", "68"])
    fields.pop("outcome", None)
    if "amount" in fields:
        fields["amount"] = rng.choice([1000, 1000, 1000, 1000, 400, 600, 1150, 1151])
    if fields["kind"] in POINTING:
        original = _original(draft) or {"voucher_number": rng.choice(draft.numbers)}
        if rng.random() < 0.3:
            original["date"] = rng.choice(["0301", "1231", "2024-02-29", "0000"])
        fields["original"] = original


def _kind(draft: _Draft) -> str:
    rng = draft.rng
    if draft.flavour == "chains":
        return rng.choice(["sale"] * 3 + ["preauth", "void", "void", "refund", "refund", "reversal", *POINTING])
    if draft.flavour == "reversals":
        return rng.choice(["sale", "sale", "reversal", "reversal", "reversal", "preauth"])
    if draft.flavour in ("pairs", "repeats", "late"):
        return rng.choice(["sale"] * 14 + ["preauth", "refund", "query", "void", "reversal"])
    if rng.random() < 0.04:
        return rng.choice(["settlement", "status"])
    return rng.choice([*KINDS, "sale", "sale", "reversal", "reversal"])


def _answer(draft: _Draft, source: int, fields: dict[str, Any]) -> None:
    """Give an outcome, a response code, both (perhaps at odds), or on the terminal's side neither."""
    rng = draft.rng
    code = rng.choice(CODES)
    if draft.flavour == "late":
        code = rng.choice(["00", "00", "51", "68", "68", "96", "09"])
    if draft.flavour == "reversals" and fields["kind"] == "reversal":
        code = rng.choice(["00", "25", "25", "12", "68", "51"])
    chance = rng.random()
    if chance < 0.10:
        fields["outcome"] = rng.choice(["approved", "declined", "rejected", "unknown", "in_progress"])
    elif chance < 0.16 and source == 0:
        return
    else:
        fields["response_code"] = "00" if rng.random() < 0.35 else code
        if chance > 0.96:
            fields["outcome"] = rng.choice(["approved", "declined", "unknown"])


def _optional(draft: _Draft, fields: dict[str, Any]) -> None:
    rng = draft.rng
    rare = 0.1 if draft.flavour in ("repeats", "reversals") else 0.3
    if rng.random() < rare:
        fields["batch_number"] = rng.choice(["1", "000001", "000001", "2", "000000", ""])
    if rng.random() < rare:
        fields["rrn"] = rng.choice(["R1", "R1", "R2", " R1", "000000000000", None, "77", "000077"])
    if rng.random() < rare / 2:
        fields["auth_code"] = rng.choice(["A1", "A2", "000000", "12", "000012"])
    if rng.random() < rare:
        fields["card"] = rng.choice(CARDS)
    if draft.policy.links:  # a till speaks over one link; where no batch is in the key, a side may leave it out
        link = ("west", "east", "north")[int(fields["terminal_id"].strip()[1:]) % 3]
        if link == "west":
            fields.setdefault("batch_number", rng.choice(["1", "1", "2"]))
        if link == "west" or rng.random() < 0.7:
            fields["link"] = link
    if rng.random() < 0.04:
        fields["offline"] = rng.choice([True, True, False])
    if rng.random() < 0.03:
        fields["shelf"] = {"deep": [1, None, "x"]}


def _original(draft: _Draft) -> dict[str, Any] | None:
    """Point at a voucher by number, batch, rrn or auth code; or not at all; or with zeros."""
    rng = draft.rng
    chance = rng.random()
    number: dict[str, Any] = {"voucher_number": rng.choice(draft.numbers).zfill(rng.choice([0, 6]))}
    if chance < 0.75:
        return None if chance < 0.45 else number
    pointers: list[dict[str, Any]] = [
        {**number, "batch_number": rng.choice(["1", "000001", "2"])},
        {**number, "batch_number": rng.choice(["1", "000001", "2"]), "rrn": "R1"},
        {"batch_number": "000000", "voucher_number": "000000", "rrn": rng.choice(["R1", "R2", "77"])},
        {"batch_number": "000000", "voucher_number": "000000", "rrn": rng.choice(["R1", "R2", "77"])},
        {"batch_number": "000000", "voucher_number": "000000", "date": "0501"},
        {"auth_code": rng.choice(["A1", "12"])},
        rng.choice([{}, {"rrn": ""}, {"batch_number": None}]),
    ]
    return rng.choice(pointers)

"""Seeded histories of usual vouchers that void, refund, complete and reverse each other.

Most of them are spelled so plainly that they stay packed; a few in each are not, or do what they may not.
"""

from __future__ import annotations

import dataclasses
import json
import random
from typing import TYPE_CHECKING, Any

from tests.unit.core.events import NOW_MS, SHOWN
from tests.unit.core.test_packed import RICH, SHORT

if TYPE_CHECKING:
    from streams.core.policy import Policy

KINDS = ("void", "void", "refund", "refund", "preauth_void", "completion", "completion", "completion_void")
CARDS = (
    SHOWN,
    "*" * 12 + SHOWN[-4:],
    SHOWN.replace("*", "X"),
    "tok-12",
    SHOWN[:6] + "*" * 7 + SHOWN[-4:],
    SHOWN[:3] + "***" + SHOWN[6:],
)
ODD_ORIGINALS: tuple[object, ...] = (
    {},
    {"rrn": " 351300000049"},
    {"voucher_number": "1/2"},
    {"voucher_number": "77"},
    {"voucher_number": "42", "voucher": "42"},
    {"voucher_number": "42", "date": "0231"},
    {"voucher_number": "42", "amount": -1},
    {"rrn": None, "auth_code": "1"},
    None,
    "42",
)
Fields = dict[str, Any]
Step = tuple[int, int, bytes]


class _Draft:
    def __init__(self, rng: random.Random, vouchers: int) -> None:
        self.rng = rng
        self.calm = rng.random() < 0.6
        self.odd = rng.choice([0, 0.01, 0.03] if self.calm else [0, 0.02, 0.1, 0.3])
        self.long_pauses = rng.choice([0.03, 0.03, 0.3])
        self.favourites = rng.choice([0, 0, 3])  # the first vouchers, that all others point at
        self.tells_time = rng.random() < 0.8  # else what lies a minute behind the first is taken for old
        self.tills = [f"T000000{number}" for number in range(1, rng.choice([2, 2, 4]))]
        self.numbers = [
            str(number) for number in rng.sample(range(1, 200), rng.choice([25, 120] if self.calm else [3, 12, 60]))
        ]
        self.now = self.ids = 0
        self.past: list[Fields] = []
        self.records: list[tuple[int, int, bytes]] = []
        for _ in range(vouchers):
            self._voucher()

    def _voucher(self) -> None:
        rng = self.rng
        pauses = [1, 500, 3_000, 5_000, 9_000, 12_000] if self.calm else [0, 0, 1, 700, 3_000, 9_000, 12_000, 31_000]
        self.now += rng.choice([31_000, 100_000]) if rng.random() < self.long_pauses else rng.choice(pauses)
        terminal = self._fresh()
        chance = rng.random()
        if self.past and chance < (0.35 if self.calm else 0.6):
            self._point(terminal)
        elif self.past and chance > (0.95 if self.calm else 0.9):
            other = rng.choice(self.past[-8:])
            terminal |= {"kind": "reversal", "terminal_id": other["terminal_id"], "amount": other["amount"]}
            terminal |= (
                {"original": self._original(other)}
                if rng.random() < 0.7
                else {"voucher_number": other["voucher_number"]}
            )
        self.past.append(terminal)
        self._send(terminal, self._answer(terminal))

    def _fresh(self) -> Fields:
        rng = self.rng
        return dict(RICH) | {
            "terminal_id": rng.choice(self.tills) + rng.choice(["", "", "", "  "]),
            "voucher_number": rng.choice(self.numbers).zfill(rng.choice([0, 6])),
            "batch_number": rng.choice(["294", "294", "294", "000294", "295"]),
            "rrn": rng.choice(["351300000049", "1", "000001", "A9", *[str(351_300_000_000 + len(self.past))] * 8]),
            "auth_code": rng.choice(["806554", "1", "000001", " 9", *[f"{len(self.past):06}"] * 6]),
            "card": rng.choice([*CARDS, *[SHOWN] * 12]),
            "amount": rng.choice([1_000] * 6 + [400, 600, 1_150, 1_151]),
            "kind": rng.choice(["sale", "sale", "sale", "preauth"]),
        }

    def _point(self, fields: Fields) -> None:
        rng = self.rng
        other = rng.choice(self.past[: self.favourites] or self.past[-40:])
        fields |= {"kind": rng.choice(KINDS), "terminal_id": other["terminal_id"], "original": self._original(other)}
        if rng.random() < 0.9:
            fields |= {"amount": other["amount"], "card": other["card"]}
        if rng.random() < 0.03:
            fields["kind"] = "sale"
        if rng.random() < 0.03:
            fields["original"] = self._original(fields)

    def _original(self, other: Fields) -> object:
        rng = self.rng
        if rng.random() < self.odd:
            return rng.choice(ODD_ORIGINALS)
        zeros = {"batch_number": "000000", "voucher_number": "000000"}
        number = {
            "voucher_number": other["voucher_number"],
            "batch_number": rng.choice([other["batch_number"], "294", ""]),
        }
        named = rng.choice([number, number, zeros | {"rrn": other["rrn"]}, zeros | {"auth_code": other["auth_code"]}])
        if rng.random() < 0.4:
            named |= {
                "date": rng.choice(["0301", "2024-02-29", "0000"]),
                "kind": other["kind"],
                "amount": other["amount"],
            }
        return dict(named)

    def _answer(self, terminal: Fields) -> Fields:
        rng = self.rng
        host = {name: value for name, value in terminal.items() if name != "software_version"} | {"source": "host"}
        for name in ("original", "batch_number", "rrn"):
            if rng.random() < 0.1:
                host.pop(name, None)
        if rng.random() < 0.03 + self.odd / 2:
            host["response_code"] = rng.choice(["25", "12", "51"])
        if rng.random() < (self.odd or 0.1):
            terminal["note"] = 1.5  # no packed leg has such a value: the voucher is an object
        for fields, name, value in (
            (terminal, "response_code", rng.choice(["25", "51", "68", "09"])),
            (terminal, "offline", rng.choice([True, False, None])),
            (host, "amount", 5),
            (host, "rrn", "5"),
        ):
            if rng.random() < self.odd:
                fields[name] = value
        return host

    def _send(self, terminal: Fields, host: Fields) -> None:
        rng = self.rng
        legs = [(0, terminal), (1, host)]
        rng.shuffle(legs)
        if rng.random() < self.odd:
            legs.pop()
        at = self.now
        for source, fields in legs:
            self._add(at, source, fields)
            if rng.random() < self.odd / 2:
                again = fields | ({"amount": 5} if rng.random() < 0.3 else {})
                self._add(at + rng.choice([1, 900, 20_000]), source, again, same_id=rng.random() < 0.5)
            at += rng.choice([0, 1, 300, 900]) if self.calm else rng.choice([0, 1, 900, 9_999, 10_000, 16_000, 25_000])

    def _add(self, at: int, source: int, fields: Fields, *, same_id: bool = False) -> None:
        self.ids += not same_id
        separators = self.rng.choice([(",", ":"), (", ", ": ")])
        if self.tells_time and not same_id:
            fields["event_time"] = NOW_MS + at
        value = json.dumps(fields | {"event_id": f"{'th'[source]}{self.ids}"}, separators=separators)
        self.records.append((at, source, value.encode()))


def chain_steps(seed: int) -> tuple[random.Random, Policy, list[Step]]:
    """Return what is left of the random numbers of a seed, a policy with short windows, and the steps of a history."""
    rng = random.Random(seed)
    policy = dataclasses.replace(
        SHORT,
        pair_window_ms=dict(SHORT.pair_window_ms)
        | {"void": rng.choice([5_000, 10_000, 20_000]), "completion": rng.choice([10_000, 15_000])},
        originals_horizon_ms=rng.choice([40_000, 90_000, 300_000, 3_600_000]),
        originals_min_cover_ms=rng.choice([0, 30_000]),
        completion_max_percent=rng.choice([100, 115]),
    )
    records = sorted(_Draft(rng, rng.choice([5, 10, 20, 40])).records, key=lambda record: record[0])
    times = [0, *(record[0] for record in records)]
    return (
        rng,
        policy,
        [(source, at - before, value) for (at, source, value), before in zip(records, times, strict=False)],
    )

"""Five nights as on-call staff read them: small histories, judged and diagnosed by the product, in both languages."""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from streams.cli.explain.words import PHRASES
from streams.core.currency import money
from streams.core.lane import HOST, TERMINAL, Lane
from streams.core.timers import NEVER
from streams.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

BEGIN_MS: Final = 1_772_478_000_000
"""3 March 2026, 03:00 in China."""
SECOND_MS: Final = 1_000
TERMINALS: Final = 64
LENGTH_S: Final = 900
BEAT_S: Final = 60
FETCH: Final = 64
VERSIONS: Final = ("3.2.0", "3.2.0", "3.1.9", "3.2.0", "3.1.4", "3.2.0", "3.2.0", "3.2.0")
OF_VOUCHERS: Final = (
    "voucher_number",
    "batch_number",
    "response_code",
    "amount",
    "currency",
    "rrn",
    "round_trip_ms",
)
"""Fields that a heartbeat lacks."""
LINKS: Final = ("north", "south", "east")
LANGUAGES: Final = ("en", "zh")
_VOUCHER_ZH: Final = "终端 {voucher[terminal_id]} 凭证 {voucher[voucher_number]}，风险金额 {money}"
_VOUCHER_EN: Final = "voucher {voucher[voucher_number]} of terminal {voucher[terminal_id]}, at risk {money}"
HEADS: Final = (
    f"{{record[kind]}}, {{record[severity]}}, {{record[status]}}: {_VOUCHER_EN}",
    f"{{record[kind]}}，{{record[severity]}}，{{record[status]}}：{_VOUCHER_ZH}",
)

Sale = tuple[int, int, str]
"""Second of the night, terminal, voucher number."""


BEAT: Final[dict[str, Any]] = {
    "kind": "status",
    **dict.fromkeys(("voucher_number", "batch_number", "response_code", "amount", "currency", "rrn", "round_trip_ms")),
}
"""What makes a heartbeat of a sale."""


@dataclass(slots=True)
class Night:
    """A quarter of an hour of a small fleet: a sale a second, heartbeats, and what goes wrong."""

    spoil: Callable[[Night, Sale], bool]
    """Sends what a spoilt sale leaves behind and returns true; false leaves it in order."""
    wanted: Callable[[dict[str, Any]], bool]
    """Whether this is the anomaly that is told."""
    records: defaultdict[int, list[tuple[int, dict[str, Any]]]] = field(default_factory=lambda: defaultdict(list))

    def send(self, source: int, sale: Sale, after_ms: int = 400, *, late_ms: int = 0, **said: object) -> None:
        """Send one side of a sale; ``late_ms`` is how long the record is on its way to us beyond the usual."""
        second, number, voucher = sale
        written = BEGIN_MS + second * SECOND_MS + after_ms
        event: dict[str, object] = {
            "event_id": f"{source}-{number}-{voucher}-{len(self.records[source])}",
            "kind": "sale",
            "event_time": written - 50,
            "terminal_id": f"1000{number:04d}",
            "merchant_id": f"81000000000{number // 3:04d}",
            "voucher_number": voucher,
            "batch_number": "000007",
            "response_code": "00",
            "amount": 1_000 + 37 * second,
            "currency": "CNY",
            "rrn": f"{second:06d}{voucher}",
            "link": LINKS[number % len(LINKS)],
            "region": "harbour",
        }
        if source == TERMINAL:
            event |= {"software_version": VERSIONS[number % len(VERSIONS)], "round_trip_ms": 300 + 7 * (second % 20)}
        event |= said
        kept = {name: value for name, value in event.items() if value is not None}
        self.records[source].append((written + late_ms, kept))

    def both(self, sale: Sale) -> None:
        """Send both sides of a sale in order."""
        self.send(HOST, sale, 200)
        self.send(TERMINAL, sale)

    def play(self) -> None:
        """Let the night pass."""
        for second in range(LENGTH_S):
            terminal = (second * 7) % TERMINALS
            sale = second, terminal, f"{second // TERMINALS + 1:06d}"
            if not self.spoil(self, sale):
                self.both(sale)
            for number in range(TERMINALS):
                if (second + 5 * number) % BEAT_S == 0:
                    self.send(TERMINAL, (second, number, "000000"), 100, **BEAT)


def _old_version(night: Night, sale: Sale) -> bool:
    if sale[0] < 300 or sale[1] % len(VERSIONS) != 2 or sale[0] % 3 == 0:  # noqa: PLR2004  3.1.9, two sales of three
        return False
    night.send(TERMINAL, sale)
    return True


def _brown_out(night: Night, sale: Sale) -> bool:
    if not 420 <= sale[0] < 600 or sale[1] % len(LINKS) != 1:  # noqa: PLR2004  three minutes of link south
        return False
    night.send(HOST, sale, 900, response_code="91")
    outcome = "approved" if sale[0] % 4 == 0 else "unknown"
    night.send(TERMINAL, sale, 1_800, response_code="00" if outcome == "approved" else "91")
    return True


def _missed_sign_on(night: Night, sale: Sale) -> bool:
    if sale[1] != 5 or sale[0] < 350:  # noqa: PLR2004  one terminal, from then on
        return False
    night.send(HOST, sale, 200, batch_number="000008")
    night.send(TERMINAL, sale)
    return True


def _late_feed(night: Night, sale: Sale) -> bool:
    if not 400 <= sale[0] < 560:  # noqa: PLR2004  the host feed of all links
        return False
    night.send(TERMINAL, sale)
    night.send(HOST, sale, 200, late_ms=(600 - sale[0]) * SECOND_MS)
    return True


def _one_lost(night: Night, sale: Sale) -> bool:
    if sale[0] != 450:  # noqa: PLR2004  one sale, and nothing else
        return False
    night.send(TERMINAL, sale)
    return True


def _is(kind: str, second: int) -> Callable[[dict[str, Any]], bool]:
    """Return what finds the first anomaly of a kind that was opened after a second of the night."""
    return lambda record: record["kind"] == kind and record["opened_at"] >= BEGIN_MS + second * SECOND_MS


def nights() -> dict[str, Night]:
    """Return the five nights by the cause that each has."""
    return {
        "outdated_terminal": Night(_old_version, _is("orphan_terminal", 700)),
        "host_fault": Night(_brown_out, _is("outcome_conflict", 500)),
        "batch_state": Night(_missed_sign_on, _is("mismatch", 500)),
        "feed_gap": Night(_late_feed, _is("orphan_terminal", 480)),
        "unknown": Night(_one_lost, _is("orphan_terminal", 0)),
    }


@lru_cache(maxsize=8)
def told(cause: str) -> dict[str, Any]:
    """Return the last record of the anomaly that a night tells of."""
    night = nights()[cause]
    night.play()
    lane = Lane(0, load_settings(None, (), {}, live=False).policy(), live=False)
    final: dict[str, bytes] = {}
    fetches = []
    for source in (TERMINAL, HOST):
        ordered = sorted(night.records[source], key=lambda record: record[0])
        rows = [(offset, at, None, json.dumps(event).encode()) for offset, (at, event) in enumerate(ordered)]
        fetches += [
            (rows[place : place + 64][-1][1], source, rows[place : place + 64]) for place in range(0, len(rows), 64)
        ]
    for _, source, records in sorted(fetches, key=lambda fetch: fetch[:2]):
        for change in lane.feed(source, records, NEVER).changes:
            final[change.anomaly_id] = change.encode(change.log_time)
    for change in lane.flush().changes:
        final[change.anomaly_id] = change.encode(change.log_time)
    records_told = sorted((json.loads(raw) for raw in final.values()), key=lambda one: (one["opened_at"], one["id"]))
    return next(record for record in records_told if night.wanted(record))


def story(cause: str) -> str:
    """Return one night as on-call staff read it, first in English, then in Chinese."""
    record = told(cause)
    return "\n\n".join(_in_language(record, place) for place in range(len(LANGUAGES)))


def _in_language(record: dict[str, Any], place: int) -> str:
    language, diagnosis = LANGUAGES[place], record["diagnosis"]
    voucher, risk = record["voucher"], money(record["amount_at_risk"], record["currency"])
    head = HEADS[place].format(record=record, voucher=voucher, money=risk)
    said = PHRASES["cause"][place].format(cause=diagnosis["name"][language], share=f"{diagnosis['confidence']:.0%}")
    lines = [head, said]
    lines += [f"  - {piece[language]}" for piece in diagnosis["evidence"]]
    for step in diagnosis["actions"]:
        who = PHRASES[f"who_{step['who']}"][place]
        lines.append(PHRASES[f"step_{step['sort']}"][place].format(who=who, sentence=step[language]))
    return "\n".join(lines)

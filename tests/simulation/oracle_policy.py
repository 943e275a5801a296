"""The settings that the oracle needs, under the names that the product uses for them.

The oracle imports nothing of the product, so it has its own copy of these names; a test builds the
product's policy from the same values.  Every duration is an integer count of milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

KINDS = ("sale", "void", "refund", "preauth", "preauth_void", "completion", "completion_void", "reversal", "query")
PLAIN_KINDS = ("settlement", "status", "notice")
COMPARED = ("amount", "currency", "kind", "merchant_id", "card", "auth_code", "rrn", "batch_number")
AUTOMATIC_REVERSAL = ("sale", "void", "preauth", "preauth_void", "completion", "completion_void")


def _codes() -> dict[str, str]:
    """Write out the table of response codes of the domain page, its ranges included."""
    rows = {
        "approved": "00 08 10 11 16 Y1 Y3",
        "declined": "01-05 07 12-15 19 20-23 25 31 33-38 41-43 51-55 57-67 75 78-89 93 90 95 Z1 Z3",
        "in_progress": "09",
        "unknown": "68 91 96 98 06 92",
        "rejected": "30 40 77 94 97 99 A0 A1 A2 A3 A4 A5 A6 A7 A8 A9",
    }
    table = {}
    for outcome, text in rows.items():
        for item in text.split():
            first, _, last = item.partition("-")
            if last:
                table.update({f"{number:02d}": outcome for number in range(int(first), int(last) + 1)})
            else:
                table[first] = outcome
    return table


RESPONSE_CODES = _codes()


def _windows() -> dict[str, int]:
    """Return the default pair window of each kind: 60 s, reversal 120 s, refund 300 s."""
    return {kind: {"reversal": 120_000, "refund": 300_000}.get(kind, 60_000) for kind in KINDS}


@dataclass(frozen=True)
class OracleLink:
    """What one link says about the pairing key and the compared fields."""

    batch_in_key: bool = False
    compare_fields: tuple[str, ...] = COMPARED


@dataclass(frozen=True)
class OraclePolicy:
    """All that decides a verdict in a file replay."""

    pair_window_ms: dict[str, int] = field(default_factory=_windows)
    in_progress_window_ms: int = 180_000
    reversal_window_ms: int = 600_000
    redelivery_horizon_ms: int = 300_000
    resolve_horizon_ms: int = 86_400_000
    originals_horizon_ms: int = 86_400_000
    completion_max_percent: int = 115
    terminal_default_outcome: str = "approved"
    both_unknown: str = "matched"
    default_link: OracleLink = OracleLink()
    links: dict[str, OracleLink] = field(default_factory=dict)
    response_codes: dict[str, str] = field(default_factory=lambda: dict(RESPONSE_CODES))

    @property
    def memory_ms(self) -> int:
        """L: the largest of pair_window + in_progress_window and redelivery_horizon."""
        return max(max(self.pair_window_ms.values()) + self.in_progress_window_ms, self.redelivery_horizon_ms)

    def link(self, name: str | None) -> OracleLink:
        """Return what the named link says, or the defaults."""
        return self.links.get(name or "", self.default_link)

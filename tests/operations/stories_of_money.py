"""Stories about amounts and about the match rate."""

from __future__ import annotations

from typing import Final

from tests.operations.healthy import at_risk, healthy, opened
from tests.operations.stories_of_kinds import QUIET
from tests.operations.story import Story, count, fires, level, selector


def largest(currency: str, kind: str) -> str:
    """Return the gauge of the largest amount at risk."""
    return selector("voucherwatch_largest_amount_at_risk", currency=currency, kind=kind)


AMOUNTS: Final = [
    Story(
        "two kinds together pass the limit of their currency, then ten times that",
        healthy(
            80,
            changed={
                at_risk("CNY", "orphan_host"): level((10, 60_000), (15, 60_001), (10, 960_001), (45, 1)),
                at_risk("CNY", "mismatch"): level((35, 40_000), (45, 0)),
            },
        ),
        firing={
            "9m": QUIET,
            "14m": QUIET,
            "15m": fires("AmountAtRisk", "warning"),
            "26m": fires("AmountAtRisk", "warning"),
            "27m": fires("AmountAtRisk", "warning") | fires("AmountAtRisk", "critical"),
            "60m": QUIET,
        },
    ),
    Story(
        "each currency has its own limit",
        healthy(
            40,
            changed={
                at_risk("JPY", "unreversed"): level((40, 2_000_000)),
                at_risk("USD", "unreversed"): level((10, 0), (15, 15_001), (15, 0)),
            },
        ),
        firing={"10m": QUIET, "20m": fires("AmountAtRisk", "warning"), "39m": fires("AmountAtRisk", "warning")},
    ),
    Story(
        "one voucher of 20,000.01 yuan is told while it stands, one of 20,000.00 is not",
        healthy(
            40,
            changed={
                largest("CNY", "unreversed"): level((10, 100), (10, 20_000.01), (20, 0)),
                largest("CNY", "orphan_terminal"): level((40, 20_000)),
            },
        ),
        firing={"11m": QUIET, "12m": fires("LargeAmount", "warning"), "30m": QUIET},
    ),
    Story(
        "money at risk in a currency that nobody set a limit for",
        healthy(20, changed={at_risk("BHD", "mismatch"): level((2, 0), (14, 5), (4, 0))}),
        firing={"65m": QUIET, "70m": fires("AmountWithoutLimit", "info"), "90m": QUIET},
        step="5m",
        evaluation="5m",
    ),
    Story(
        "one anomaly expires; duplicates always do and are not told",
        healthy(
            24,
            changed={
                selector("voucherwatch_anomalies_expired_total", kind="unreversed"): count((2, 0), (1, 1), (21, 0)),
                selector("voucherwatch_anomalies_expired_total", kind="duplicate_voucher"): count((24, 3)),
            },
        ),
        firing={"15m": QUIET, "20m": fires("AnomaliesExpired", "info"), "90m": QUIET},
        step="5m",
        evaluation="5m",
    ),
]

OBJECTIVE: Final = ("limits.yml", "objective.yml")
HOURS: Final = 12
"""Steps of five minutes in an hour."""
QUARTERS: Final = 24 * 4
"""Quarters of an hour in a day."""
MATCHED: Final = selector("voucherwatch_vouchers_closed_total", verdict="matched", link="north")
BAD: Final = opened("orphan_terminal")


def five_minutes(name: str, matched: str, bad: str, firing: dict[str, dict[tuple[str, str], int]]) -> Story:
    """Return a story of days about the match rate alone."""
    return Story(name, {MATCHED: matched, BAD: bad}, firing=firing, step="5m", evaluation="5m", files=OBJECTIVE)


MATCH_RATE: Final = [
    Story(
        "two vouchers in a hundred of a busy hour page, and it ends when it ends",
        {MATCHED: count((240, 100)), BAD: count((60, 0), (60, 2), (120, 0))},
        evaluation="2m",
        firing={
            "60m": QUIET,
            "70m": QUIET,  # the hour is not bad enough yet
            "118m": fires("MatchRate", "critical") | fires("MatchRate", "warning"),
            "230m": fires("MatchRate", "warning"),
        },
        files=OBJECTIVE,
    ),
    five_minutes(
        "eight vouchers in a thousand page after hours",
        count((24 * HOURS, 1_000)),
        count((8 * HOURS, 0), (10 * HOURS, 8), (6 * HOURS, 0)),
        {
            f"{8 * 60}m": QUIET,
            f"{12 * 60}m": fires("MatchRate", "warning"),
            f"{17 * 60}m": fires("MatchRate", "critical") | fires("MatchRate", "warning"),
            f"{19 * 60}m": fires("MatchRate", "warning"),
        },
    ),
    Story(
        "two in a thousand warn after days, half a one in a thousand never",
        {
            MATCHED: count((6 * QUARTERS, 3_000)),
            BAD: count((3 * QUARTERS, 1.5), (2 * QUARTERS, 6), (QUARTERS, 0)),
        },
        firing={
            f"{2 * 24}h": QUIET,
            f"{3 * 24}h": QUIET,
            f"{5 * 24 - 1}h": fires("MatchRate", "warning"),
            f"{6 * 24 - 1}h": QUIET,
        },
        step="15m",
        evaluation="30m",
        files=OBJECTIVE,
    ),
    five_minutes(
        "a small site: one bad voucher in twenty, but fifty in an hour",
        count((5 * HOURS, 4)),
        count((5 * HOURS, 0.2)),
        {"60m": QUIET, "180m": QUIET, "295m": QUIET},
    ),
    Story(
        "what moved no money, what was judged blind, and duplicates do not count",
        {
            MATCHED: count((10 * HOURS, 1_000)),
            BAD: count((10 * HOURS, 0)),
            opened("orphan_terminal", "info"): count((10 * HOURS, 500)),
            opened("duplicate_voucher", "warning"): count((10 * HOURS, 500)),
        },
        firing={"300m": QUIET, "590m": QUIET},
        step="5m",
        evaluation="5m",
        files=OBJECTIVE,
    ),
]

STORIES: Final = [*AMOUNTS, *MATCH_RATE]

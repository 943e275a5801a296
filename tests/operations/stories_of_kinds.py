"""Stories about the anomalies themselves."""

from __future__ import annotations

from typing import Final

from tests.operations.healthy import at_risk, closed, diagnosed, healthy, opened, standing
from tests.operations.story import Firing, Story, count, fires, level, selector

IN_SHARES: Final = ("orphan_terminal", "orphan_host", "mismatch", "outcome_conflict", "unreversed", "duplicate_voucher")
"""Kinds of which a few are cases for the list."""
ONE_BY_ONE: Final = ("original_denied", "original_not_found", "original_conflict")
"""Kinds of which one is worth a look."""
SAID_OF: Final = {
    "orphan_terminal": "feed_gap",
    "orphan_host": "terminal_fault",
    "mismatch": "batch_state",
    "outcome_conflict": "host_fault",
    "unreversed": "network_delay",
    "duplicate_voucher": "outdated_terminal",
    "original_not_found": "suspected_fraud",
    "original_conflict": "operator_error",
}
"""Kind -> the likeliest cause in the stories of shares and single ones; of the others nothing is said yet."""
QUIET: Final[Firing] = {}


def camel(kind: str) -> str:
    """Return the name of a kind's alert without its prefix."""
    return "".join(word.capitalize() for word in kind.split("_"))


def each(kinds: tuple[str, ...], *severities: str) -> Firing:
    """Return the expectation that the alerts of all these kinds fire, each once at each of the severities."""
    return {(camel(kind), severity): 1 for kind in kinds for severity in severities}


def all_of(kinds: tuple[str, ...], *parts: tuple[int, float]) -> dict[str, str]:
    """Return the counters of opened anomalies when all these kinds do the same at once."""
    return {opened(kind, _worst(kind)): count(*parts) for kind in kinds}


def explained(kinds: tuple[str, ...], *parts: tuple[int, float]) -> dict[str, str]:
    """Return the counters of diagnoses when these kinds have each its cause, and once in three times none is clear."""
    named = [(kind, SAID_OF[kind]) for kind in kinds if kind in SAID_OF]
    often = {diagnosed(kind, cause): count(*((steps, 2 * n) for steps, n in parts)) for kind, cause in named}
    return often | {diagnosed(kind, "unknown"): count(*parts) for kind, _ in named}


def left_open(kinds: tuple[str, ...], steps: int) -> dict[str, str]:
    """Return the gauges when these kinds stand open from the sixteenth minute on: five of each, with 640 yuan."""
    return {
        name: level((16, 0), (steps - 16, value))
        for kind in kinds
        for name, value in ((standing(kind, _worst(kind)), 5.0), (at_risk("CNY", kind), 640.0))
    }


def _worst(kind: str) -> str:
    return "warning" if kind == "duplicate_voucher" else "critical"


PAGING: Final = tuple(kind for kind in IN_SHARES if kind != "duplicate_voucher")
"""Kinds in shares that count money."""

SHARES: Final = [
    Story(
        "three of two hundred vouchers in 10 minutes warn, and it ends",
        healthy(
            60,
            vouchers=20,
            changed=all_of(IN_SHARES, (15, 0), (3, 1), (42, 0))
            | left_open(PAGING, 60)
            | explained(IN_SHARES, (15, 0), (3, 1), (42, 0)),
        ),
        firing={
            "17m": QUIET,
            "18m": QUIET,  # the third has come, and the minute is not over
            "19m": each(IN_SHARES, "warning"),
            "35m": each(IN_SHARES, "warning"),  # goes on for 10 minutes after the last one
            "45m": QUIET,
        },
    ),
    Story(
        "twenty of two hundred page, unless no money is counted",
        healthy(60, vouchers=20, changed=all_of(IN_SHARES, (15, 0), (5, 5), (40, 0))),
        firing={
            "18m": each(IN_SHARES, "warning"),
            "21m": each(IN_SHARES, "warning") | each(PAGING, "critical"),
            "45m": QUIET,
        },
    ),
    Story(
        "nineteen of two hundred do not page",
        healthy(40, vouchers=20, changed=all_of(IN_SHARES, (15, 0), (1, 19), (24, 0))),
        firing={"20m": each(IN_SHARES, "warning")},
    ),
    Story(
        "twenty among ten thousand vouchers warn and do not page",
        healthy(60, vouchers=1_000, changed=all_of(("orphan_terminal",), (15, 0), (10, 2), (35, 0))),
        firing={"15m": QUIET, "26m": each(("orphan_terminal",), "warning"), "55m": QUIET},
    ),
    Story(
        "shares just below and above: nine in ten thousand, eight in a thousand, fifteen in a thousand",
        healthy(
            60, vouchers=1_000, changed=all_of(("orphan_terminal",), (10, 0), (15, 0.9), (15, 8), (15, 15), (5, 0))
        ),
        firing={
            "24m": QUIET,
            "39m": each(("orphan_terminal",), "warning"),
            "55m": each(("orphan_terminal",), "warning", "critical"),
        },
        files=("recording.yml", "orphan_terminal.yml"),  # the match rate would ring as well, and rightly
    ),
    Story(
        "where one is worth a look, one warns, and it ends",
        healthy(
            60,
            changed=all_of(ONE_BY_ONE, (15, 0), (1, 1), (44, 0))
            | left_open(ONE_BY_ONE, 60)
            | explained(ONE_BY_ONE, (15, 0), (1, 1), (44, 0)),
        ),
        firing={
            "16m": QUIET,
            "17m": each(ONE_BY_ONE, "warning"),
            "35m": each(ONE_BY_ONE, "warning"),
            "45m": QUIET,
        },
    ),
    Story(
        "where one is worth a look, ten page whatever their share, and it ends",
        healthy(60, vouchers=6_000, changed=all_of(ONE_BY_ONE, (15, 0), (5, 2), (40, 0))),
        firing={"18m": each(ONE_BY_ONE, "warning"), "21m": each(ONE_BY_ONE, "warning", "critical"), "45m": QUIET},
    ),
    Story(
        "where one is worth a look, nine do not page",
        healthy(40, vouchers=6_000, changed=all_of(ONE_BY_ONE, (15, 0), (3, 3), (22, 0))),
        firing={"20m": each(ONE_BY_ONE, "warning")},
    ),
]


TWO_LINKS: Final = Story(
    "orphans of two links with money in two currencies",
    healthy(
        40,
        vouchers=20,
        changed={
            opened("orphan_terminal"): count((15, 0), (5, 5), (20, 0)),
            opened("orphan_terminal", "warning", "other"): count((15, 0), (5, 1), (20, 0)),
            **explained(("orphan_terminal",), (15, 0), (5, 2), (20, 0)),
            standing("orphan_terminal"): level((20, 0), (20, 25)),
            standing("orphan_terminal", "warning", "other"): level((20, 0), (20, 5)),
            at_risk("CNY", "orphan_terminal"): level((20, 0), (20, 1234.5)),
            at_risk("USD", "orphan_terminal"): level((20, 0), (20, 20)),
        },
    ),
    firing={"22m": fires("OrphanTerminal", "warning") | fires("OrphanTerminal", "critical")},
)
"""Whose texts are golden, too."""

QUIET_STORIES: Final = [
    Story(
        "two of each kind in shares are cases for the list",
        healthy(60, vouchers=20, changed={opened(kind): count((15, 0), (2, 1), (43, 0)) for kind in IN_SHARES}),
        firing={"18m": QUIET, "30m": QUIET},
    ),
    Story(
        "a site of a thousand vouchers a second has five cases in ten minutes, every ten minutes",
        healthy(60, vouchers=60_000, changed={opened(kind): count((60, 0.5)) for kind in IN_SHARES}),
        firing={"15m": QUIET, "30m": QUIET, "59m": QUIET},
    ),
    Story(
        "severity info moved no money",
        healthy(60, changed={opened(kind, "info"): count((60, 50)) for kind in (*IN_SHARES, *ONE_BY_ONE)}),
        firing={"15m": QUIET, "59m": QUIET},
    ),
    Story(
        "a quiet night: a voucher in ten minutes, one of them an orphan",
        healthy(
            60,
            vouchers=0.1,
            changed={
                opened("orphan_terminal"): count((20, 0), (1, 1), (39, 0)),
                closed("orphan_terminal"): count((20, 0), (1, 1), (39, 0)),
                at_risk("CNY", "orphan_terminal"): level((20, 0), (40, 128)),
                **{
                    selector("voucherwatch_watermark_lag_seconds", source=source, partition="0"): level((60, 36))
                    for source in ("terminal", "host")
                },
            },
        ),
        firing={"19m": QUIET, "22m": QUIET, "40m": QUIET, "59m": QUIET},
    ),
    Story(
        "a night without any voucher",
        healthy(60, vouchers=0),
        firing={"10m": QUIET, "59m": QUIET},
    ),
]

STALLED = selector("voucherwatch_source_stalled", source="host")
BLIND: Final = [
    Story(
        "a dead host feed is one alert, not ten thousand orphans; past the hold a second one says so",
        healthy(
            90,
            changed={
                STALLED: level((11, 0), (49, 1), (30, 0)),
                selector("voucherwatch_events_total", source="host", kind="sale", outcome="approved"): count(
                    (10, 600), (50, 0), (30, 600)
                ),
                closed(): count((11, 600), (49, 0), (30, 600)),
                selector("voucherwatch_pending_vouchers", source="terminal"): level((11, 20), (49, 20_000), (30, 20)),
                # From the end of the hold on, 600 a minute are judged without their other side, as severity info.
                opened("orphan_terminal", "info"): count((42, 0), (18, 600), (30, 0)),
                closed("orphan_terminal"): count((42, 0), (18, 600), (30, 0)),
                standing("orphan_terminal", "info"): level((42, 0), (48, 5_000)),
                at_risk("CNY", "orphan_terminal"): level((42, 0), (18, 9_000), (30, 0)),
                selector("voucherwatch_anomalies_held_total", kind="orphan_terminal"): count(
                    (42, 0), (18, 600), (30, 0)
                ),
            },
        ),
        firing={
            "11m": QUIET,
            "12m": fires("SourceStalled", "critical"),
            "40m": fires("SourceStalled", "critical"),
            "50m": fires("SourceStalled", "critical") | fires("HeldVerdicts", "warning"),
            "64m": fires("SourceStalled", "critical") | fires("HeldVerdicts", "warning"),
            "66m": fires("HeldVerdicts", "warning"),
            "85m": QUIET,
        },
    ),
    Story(
        "a stall of half a minute is not told",
        healthy(30, changed={STALLED: level((11, 0), (1, 1), (18, 0))}),
        firing={"11m": QUIET, "12m": QUIET, "13m": QUIET},
    ),
    Story(
        "a split lane is told until the workers are started again",
        healthy(40, changed={standing("partitioning_fault", link="other"): level((10, 0), (10, 1), (20, 0))}),
        firing={"10m": QUIET, "11m": fires("PartitioningFault", "critical"), "26m": QUIET},
    ),
]

STORIES: Final = [
    TWO_LINKS,
    *SHARES,
    *QUIET_STORIES,
    *BLIND,
]

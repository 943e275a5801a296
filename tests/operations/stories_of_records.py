"""What each recorded series says at noon, and that it says nothing false at night."""

from __future__ import annotations

from typing import Final

import yaml

from docs.generate.alerts import RULES
from tests.operations.healthy import at_risk, closed, diagnosed, healthy, opened, standing
from tests.operations.story import Samples, Story, count, level, selector

STEPS: Final = 41
WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
JOB: Final = 'job="voucherwatch"'


def one(labels: str, value: float) -> Samples:
    """Return the expectation of a single sample with the worker's job."""
    return {"{" + (f"{labels}," if labels else "") + JOB + "}": value}


def buckets(metric: str) -> dict[str, str]:
    """Return a histogram of which half takes up to a second and half up to two and a half."""
    steps = {"0.5": 0, "1.0": 60, "2.5": 120, "+Inf": 120}
    return {selector(f"{metric}_bucket", le=bound): count((STEPS, each)) for bound, each in steps.items()}


NOON: Final = healthy(
    STEPS,
    changed={
        closed(): count((STEPS, 540)),
        closed(link="other"): count((STEPS, 48)),
        closed("orphan_terminal"): count((STEPS, 12)),
        closed("unjudged"): count((STEPS, 300)),
        opened("orphan_terminal"): count((STEPS, 9)),
        opened("orphan_terminal", "warning", "other"): count((STEPS, 3)),
        opened("orphan_terminal", "info"): count((STEPS, 100)),
        opened("duplicate_voucher", "warning"): count((STEPS, 6)),
        diagnosed("orphan_terminal", "feed_gap"): count((STEPS, 10)),
        diagnosed("orphan_terminal", "unknown"): count((STEPS, 2)),
        standing("orphan_terminal"): level((STEPS, 7)),
        standing("orphan_terminal", "warning", "other"): level((STEPS, 2)),
        at_risk("CNY", "orphan_terminal"): level((STEPS, 100)),
        at_risk("CNY", "mismatch"): level((STEPS, 20)),
        # A second worker has the other lanes.
        at_risk("CNY", "mismatch").replace("worker:", "worker-2:"): level((STEPS, 3)),
        selector("voucherwatch_largest_amount_at_risk", currency="CNY", kind="mismatch"): level((STEPS, 15)),
        selector("voucherwatch_largest_amount_at_risk", currency="CNY", kind="mismatch").replace(
            "worker:", "worker-2:"
        ): level((STEPS, 3)),
        selector("voucherwatch_events_rejected_total", source="host", reason="malformed"): count((STEPS, 200)),
        selector("voucherwatch_watermark_lag_seconds", source="host", partition="1"): level((STEPS, 36)),
        **buckets("voucherwatch_pair_delay_seconds"),
        **buckets("voucherwatch_detection_delay_seconds"),
        **buckets("voucherwatch_event_latency_seconds"),
    },
)

RECORDED: Final[dict[str, Samples]] = {
    "job_source:voucherwatch_events:rate5m": one('source="host"', 10) | one('source="terminal"', 10),
    "job_source:voucherwatch_events_rejected:rate5m > 0": one('source="host"', 10 / 3),
    "job_source:voucherwatch_events_rejected_per_record:ratio_rate5m": one('source="host"', 0.25)
    | one('source="terminal"', 0),
    "job_verdict:voucherwatch_vouchers_closed:rate5m": one('verdict="matched"', 9.8)
    | one('verdict="orphan_terminal"', 0.2)
    | one('verdict="unjudged"', 5),
    "job_link:voucherwatch_vouchers_closed:increase10m": one('link="north"', 5_520) | one('link="other"', 480),
    "job:voucherwatch_vouchers_closed:increase10m": one("", 6_000),
    "job_kind_link:voucherwatch_anomalies_opened:increase10m > 0": one('kind="orphan_terminal",link="north"', 90)
    | one('kind="orphan_terminal",link="other"', 30)
    | one('kind="duplicate_voucher",link="north"', 60),
    "job_kind:voucherwatch_anomalies_opened:increase10m > 0": one('kind="orphan_terminal"', 120)
    | one('kind="duplicate_voucher"', 60),
    "job_kind:voucherwatch_anomalies_opened_per_closed:ratio10m > 0": one('kind="orphan_terminal"', 0.02)
    | one('kind="duplicate_voucher"', 0.01),
    "job_kind_cause:voucherwatch_diagnoses:increase10m": one('kind="orphan_terminal",cause="feed_gap"', 100)
    | one('kind="orphan_terminal",cause="unknown"', 20),
    "job_kind:voucherwatch_anomalies_open:sum > 0": one('kind="orphan_terminal"', 9),
    "job_currency_kind:voucherwatch_amount_at_risk:sum": one('currency="CNY",kind="orphan_terminal"', 100)
    | one('currency="CNY",kind="mismatch"', 23),
    "job_currency:voucherwatch_amount_at_risk:sum": one('currency="CNY"', 123),
    "job_currency_kind:voucherwatch_largest_amount_at_risk:max": one('currency="CNY",kind="mismatch"', 15),
    "job:voucherwatch_pair_delay_seconds:p50_rate5m": one("", 1),
    "job:voucherwatch_pair_delay_seconds:p99_rate5m": one("", 2.47),
    "job:voucherwatch_detection_delay_seconds:p99_rate5m": one("", 2.47),
    "job:voucherwatch_event_latency_seconds:p99_rate5m": one("", 2.47),
    "job:voucherwatch_lanes:count": one("", 2),
    "job_partition:voucherwatch_watermark_lag_seconds:max": one('partition="0"', 1.5) | one('partition="1"', 36),
    **{f"job:voucherwatch_unmatched_per_closed:ratio_rate{window}": one("", 0.02) for window in WINDOWS},
    "job_link:voucherwatch_unmatched_per_closed:ratio_rate5m": one('link="north"', 9 / 552)
    | one('link="other"', 3 / 48),
    # The series are 40 minutes old, and a counter that begins at 0 is not thought to have been there before.
    **{f"job:voucherwatch_vouchers_closed:increase{window}": one("", 24_000) for window in ("1h", "6h", "1d", "3d")},
    "voucherwatch:match_objective:ratio": {"{}": 0.999},
}
"""Query about one recorded series, named first -> its samples after 40 minutes."""


def _limits() -> dict[str, Samples]:
    """Return what the constants are to say, read from their file: that they are recorded at all is what is tested."""
    found: dict[str, Samples] = {}
    for group in yaml.safe_load((RULES / "limits.yml").read_text())["groups"]:
        for rule in group["rules"]:
            if labels := rule.get("labels"):
                said = ",".join(f'{name}="{value}"' for name, value in labels.items())
                value = float(rule["expr"].removeprefix("vector(").removesuffix(")"))
                found.setdefault(rule["record"], {})["{" + said + "}"] = value
    return found


NO_RATIOS: Final[dict[str, Samples]] = {
    name.split()[0]: {} for name in RECORDED if ":ratio_rate" in name or ":ratio10m" in name or ":p" in name
}
"""Where nothing is read there is no share of it: nothing, rather than a value that is no number."""

STORIES: Final = [
    Story(
        "noon",
        NOON,
        values={"40m": RECORDED | _limits()},
    ),
    Story("a night without any voucher has no ratios", healthy(STEPS, vouchers=0), values={"40m": NO_RATIOS}),
]

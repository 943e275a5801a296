"""PromQL over the worker's metrics; a metric or label that the worker does not have is an error here already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from streams.edges.metrics.table import COUNTERS, GAUGES, HISTOGRAMS, PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACE: Final = 'job=~"$job", instance=~"$instance"'
"""Which workers: what the variables of every dashboard say."""

LABELS: Final = {
    **{metric.name: metric.labels for metric in (*COUNTERS, *GAUGES)},
    **{f"{metric.name}_bucket": ("le",) for metric, _, _ in HISTOGRAMS},
    **{f"{metric.name}_{part}": () for metric, _, _ in HISTOGRAMS for part in ("sum", "count")},
    "build_info": ("version",),
}
"""Series name without prefix -> its labels."""

NO_VOUCHER: Final = "duplicate_voucher|source_stalled|partitioning_fault"
"""The kinds that say nothing of a voucher's match, as the alert rules have them."""


def series(name: str, *matchers: str) -> str:
    """Return the selector of a metric on the chosen workers; ``matchers`` are such as ``kind=~"$kind"``."""
    known = LABELS[name]
    for matcher in matchers:
        label = re.split(r"[=!]", matcher, maxsplit=1)[0]
        if label not in known:
            raise ValueError(f"{PREFIX}{name} has the labels {known}, but is asked for {label}")
    return f"{PREFIX}{name}{{{', '.join((PLACE, *matchers))}}}"


def total(name: str, *matchers: str, by: Sequence[str] = ()) -> str:
    """Return the sum of a gauge over all workers."""
    return f"{_sum(name, by)} ({series(name, *matchers)})"


def highest(name: str, *matchers: str, by: Sequence[str] = ()) -> str:
    """Return the highest value of a gauge over all workers."""
    return f"{_sum(name, by).replace('sum', 'max', 1)} ({series(name, *matchers)})"


def rate(name: str, *matchers: str, by: Sequence[str] = ()) -> str:
    """Return how much a counter grows in a second."""
    return f"{_sum(name, by)} (rate({series(name, *matchers)}[$__rate_interval]))"


def each_minute(name: str, *matchers: str, by: Sequence[str] = ()) -> str:
    """Return how much a counter grows in a minute."""
    return f"60 * {rate(name, *matchers, by=by)}"


def in_range(name: str, *matchers: str, by: Sequence[str] = ()) -> str:
    """Return by how much a counter grew in the time range that is shown."""
    return f"{_sum(name, by)} (increase({series(name, *matchers)}[$__range]))"


def quantile(share: float, name: str) -> str:
    """Return the value that ``share`` of a histogram's observations do not exceed."""
    return f"histogram_quantile({share:g}, {rate(f'{name}_bucket', by=('le',))})"


def or_zero(query: str, label: str = "") -> str:
    """Return a query that may find nothing at first; while it does, one line shows 0.

    ``label`` is the one by which it sums up, if any: then the line has a name of its own, and where the range begins
    before the first value both lines are there.
    """
    if not label:
        return f"{query} or vector(0)"
    return f'{query} or on() label_replace(vector(0), "{label}", "-", "", "")'


def match_rate(by: Sequence[str] = ()) -> str:
    """Return the share of judged vouchers without an anomaly that concerns money, as the alert rules measure it.

    Severity info does not count; nothing while none was closed.
    """
    unmatched = rate("anomalies_opened_total", 'severity!="info"', f'kind!~"{NO_VOUCHER}"', by=by)
    judged = rate("vouchers_closed_total", 'verdict!="unjudged"', by=by)
    return f"clamp_min(1 - {unmatched} / ({judged} > 0), 0)"


def objective() -> str:
    """Return the match rate that the alert rules hold the pipeline to."""
    return "max (voucherwatch:match_objective:ratio)"


def share_of_limit() -> str:
    """Return money at risk as a share of the sum at which the alert rules warn, by currency."""
    limit = 'max by (currency) (currency:voucherwatch_amount_at_risk:limit{severity="warning"})'
    return f"{total('amount_at_risk', by=('currency',))} / on (currency) {limit}"


def _sum(name: str, by: Sequence[str]) -> str:
    missing = set(by) - set(LABELS[name]) - {"instance"}
    if missing:
        raise ValueError(f"{PREFIX}{name} has no label {sorted(missing)}")
    return f"sum by ({', '.join(by)})" if by else "sum"

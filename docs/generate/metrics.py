"""The page of all metrics, from the table that the worker itself serves them by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.edges.metrics.bounded import MOST_NAMES
from streams.edges.metrics.table import COUNTERS, FIRST_NAMES, GAUGES, HISTOGRAMS, LINKS, PREFIX
from streams.relay import metrics as relay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.edges.metrics.table import Metric
    from streams.relay.metrics import RelayMetric

HEAD: Final = """# Metrics

This page is generated from `streams/edges/metrics/table.py`; `python -m docs.generate` writes it again.
[Operations](operations.md#what-the-metrics-tell-you) says what each one means for you.

The worker serves them at `/metrics` on `web_host`:`web_port`, as Prometheus text, or as OpenMetrics when the
scraper asks for it. No label ever holds a voucher, terminal, merchant or card number. Every label value of a
closed set is there from the start, at 0, so that the first critical anomaly is an increase and can alert.
`link` is one of the configured names (at most 20), else `other`. `version` and `region` are what senders write: the
first 20 names that come keep theirs until the worker ends, all later ones are `other`, as is what is no plain name or
a number of the voucher; `unknown` is where nothing is said. Counters are at-least-once: a crash may count a
second's work twice. The anomaly topic is the account.
"""


PROCESS: Final = """## Process

The usual `process_` metrics of Prometheus clients on Linux: processor seconds, memory, open files, and
`process_start_time_seconds`, which tells a restart.
"""
RELAY: Final = """## Relay

`voucherwatch relay` serves these at `/metrics` on `relay.host`:`relay.port`; see [its page](relay.md#metrics).
"""
OPEN: Final[dict[tuple[str, ...], str]] = {LINKS: "configured names, `other`", relay.RECEIVER: "configured names"}
"""Stand-ins for label values that the configuration names -> how they are called."""


def page() -> str:
    """Return the whole page."""
    parts = [HEAD, "## Counters\n", _table(COUNTERS), "\n## Gauges\n", _table(GAUGES), "\n## Histograms\n"]
    parts += ["| metric | meaning | buckets |\n|---|---|---|"]
    parts += [
        f"| `{PREFIX}{m.name}` | {m.meaning} | {', '.join(f'{b:g}' for b in bounds)} |" for m, bounds, _ in HISTOGRAMS
    ]
    info = f"\n## Release\n\n`{PREFIX}build_info` has the value 1 and the label `version`, the release that runs.\n"
    return "\n".join([*parts, info, PROCESS, _relay()])


def _relay() -> str:
    """Return the section of the relay's own metrics."""
    bounds = ", ".join(f"{bound:g}" for bound in relay.BOUNDS_SECONDS)
    shown = (*relay.COUNTERS, *relay.GAUGES, relay.LATENCY)
    return "\n".join(
        [RELAY, _table(shown, relay.PREFIX), f"\nBuckets of `{relay.PREFIX}{relay.LATENCY.name}`: {bounds}.\n"]
    )


def _table(metrics: Sequence[Metric | RelayMetric], prefix: str = PREFIX) -> str:
    rows = [f"| `{prefix}{metric.name}` | {_labels(metric)} | {metric.meaning} |" for metric in metrics]
    return "\n".join(["| metric | labels | meaning |", "|---|---|---|", *rows])


def _labels(metric: Metric | RelayMetric) -> str:
    """Return the labels with their values, where these are a closed set."""
    if metric.closed is None:
        return ", ".join(f"`{name}`" for name in metric.labels)
    said = []
    for name, values in zip(metric.labels, metric.closed, strict=True):
        known = OPEN.get(values) or ", ".join(f"`{value}`" for value in values)
        if values is FIRST_NAMES:
            known = f"the first {MOST_NAMES} names that come, {known}"
        said.append(f"`{name}`: {known}")
    return "; ".join(said)

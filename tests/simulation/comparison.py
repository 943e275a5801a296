"""Runs the product beside the oracle over one history and says where they differ.

The product is reached through its face alone: fetches go in, changes come out, the last revision of
each anomaly is its final state.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from streams.core.lane import Lane
from streams.core.policy import LinkPolicy, Policy
from tests.simulation.oracle import judge
from tests.simulation.oracle_decode import CURRENCIES
from tests.simulation.oracle_policy import OraclePolicy
from tests.simulation.oracle_world import COUNTED

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence

    from tests.simulation.histories import History
    from tests.simulation.oracle import Record

Anomalies = list[dict[str, Any]]
Fetches = list[tuple[int, int]]
"""Source and number of records of each fetch, in order."""

PROMISED = ("kind", "severity", "status", "resolution", "voucher", "fields", "amount_at_risk", "currency")
TIMES = ("opened_at", "resolved_at")


def product_policy(policy: OraclePolicy) -> Policy:
    """Build the product's settings from the oracle's."""
    names = {name: LinkPolicy(link.batch_in_key, link.compare_fields) for name, link in policy.links.items()}
    return Policy(
        pair_window_ms=policy.pair_window_ms,
        in_progress_window_ms=policy.in_progress_window_ms,
        reversal_window_ms=policy.reversal_window_ms,
        redelivery_horizon_ms=policy.redelivery_horizon_ms,
        resolve_horizon_ms=policy.resolve_horizon_ms,
        originals_horizon_ms=policy.originals_horizon_ms,
        completion_max_percent=policy.completion_max_percent,
        terminal_default_outcome=policy.terminal_default_outcome,
        both_unknown=policy.both_unknown,
        links=names,
        response_codes=policy.response_codes,
    )


def random_fetches(rng: random.Random, lengths: tuple[int, int]) -> Fetches:
    """Cut both logs into fetches of random size and mix them at random."""
    left = list(lengths)
    fetches = []
    largest = rng.choice([1, 2, 5, 5_000])
    while any(left):
        source = rng.choice([source for source in (0, 1) if left[source]])
        count = min(left[source], rng.randint(1, largest))
        left[source] -= count
        fetches.append((source, count))
    return fetches


def all_fetches(lengths: tuple[int, int]) -> Iterator[Fetches]:
    """Give every interleaving of two logs record by record, with runs of one source as one fetch too."""

    def interleavings(left: tuple[int, int]) -> Iterator[list[int]]:
        if not any(left):
            yield []
        for source in (0, 1):
            if left[source]:
                rest = (left[0] - (source == 0), left[1] - (source == 1))
                for tail in interleavings(rest):
                    yield [source, *tail]

    for order in interleavings(lengths):
        yield [(source, 1) for source in order]
        runs: Fetches = []
        for source in order:
            if runs and runs[-1][0] == source:
                runs[-1] = (source, runs[-1][1] + 1)
            else:
                runs.append((source, 1))
        yield runs


def run_product(history: History, fetches: Fetches) -> tuple[Anomalies, dict[str, int]]:
    """Feed the product these fetches, flush it, and return the promised part of each anomaly and the counts."""
    lane = Lane(0, product_policy(history.policy), live=False)
    last: dict[str, bytes] = {}
    at = [0, 0]
    outputs = []
    for source, count in fetches:
        records = history.records[source][at[source] : at[source] + count]
        at[source] += count
        outputs.append(lane.feed(source, [(offset, stamp, None, value) for offset, stamp, value in records]))
    outputs.append(lane.flush())
    tally: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for output in outputs:
        tally.update(output.tally)
        for change in output.changes:
            last[change.anomaly_id] = change.encode(0)
    return [_reduced(json.loads(line)) for line in last.values()], _product_counts(tally)


def _product_counts(tally: Counter[tuple[str, tuple[str, ...]]]) -> dict[str, int]:
    """Add the product's counters up to what a replay's summary says."""
    counts: Counter[str] = Counter()
    for (name, labels), number in tally.items():
        if name == "events_total":
            counts["events"] += number
        elif name == "events_redelivered_total":
            counts["redelivered"] += number
        elif name == "events_rejected_total":
            counts[f"rejected {labels[1]}"] += number
        elif name == "vouchers_closed_total" and labels[0] in (*COUNTED, "original_unverifiable"):
            counts[labels[0]] += number
    return +counts


def oracle_counts(summary: dict[str, Any]) -> dict[str, int]:
    """Flatten the oracle's summary to the same names."""
    names = ("events", "redelivered", "original_unverifiable", *COUNTED)
    counts = Counter({name: summary[name] for name in names})
    counts.update({f"rejected {reason}": number for reason, number in summary["rejected"].items()})
    return +counts


def _reduced(record: dict[str, Any]) -> dict[str, Any]:
    """Keep what the promise covers of a published record."""
    kept = {name: record.get(name) for name in (*PROMISED, *TIMES)}
    fields: list[dict[str, Any]] = [dict(item) for item in record.get("fields") or ()]
    for item in fields:
        if item["field"] == "currency":
            item.update({side: CURRENCIES.get(item[side], item[side].upper()) for side in ("terminal", "host")})
    kept["fields"] = fields
    names = ("terminal_id", "merchant_id", "batch_number", "voucher_number", "rrn", "kind")
    kept["voucher"] = {name: record["voucher"].get(name) for name in names}
    legs = record["legs"]
    kept["legs"] = {side: legs[side]["event_id"] for side in ("terminal", "host") if legs.get(side)}
    return kept


def _lines(anomalies: Anomalies) -> Counter[str]:
    return Counter(json.dumps(anomaly, sort_keys=True, ensure_ascii=False) for anomaly in anomalies)


def differences(history: History, fetches: Fetches) -> list[str]:
    """List the anomalies that only the oracle or only the product has, as JSON with a sign before."""
    outcome = judge(*history.records, history.policy)
    anomalies, counts = run_product(history, fetches)
    expected, actual = _lines(outcome.anomalies), _lines(anomalies)
    counted = oracle_counts(outcome.summary)
    unequal = sorted(name for name in counted.keys() | counts.keys() if counted.get(name, 0) != counts.get(name, 0))
    missing = [f"- oracle only:  {line}" for line in sorted((expected - actual).elements())]
    missing += [f"+ product only: {line}" for line in sorted((actual - expected).elements())]
    return missing + [f"  {name}: oracle {counted.get(name, 0)}, product {counts.get(name, 0)}" for name in unequal]


def timeline(history: History) -> str:
    """Write a history for a human eye: seconds since the first record, source, offset, event."""
    rows = [(stamp, source, offset, value) for source in (0, 1) for offset, stamp, value in history.records[source]]
    rows.sort(key=lambda row: row[:3])
    start = rows[0][0] if rows else 0
    lines = [f"seed {history.seed}, {history.flavour}, {_settings(history.policy)}"]
    for stamp, source, offset, value in rows:
        shown = (value or b"").decode(errors="replace")[:300]
        lines.append(f"  {(stamp - start) / 1000:>12.3f} s  {('terminal', 'host')[source]:<8} {offset:>3}  {shown}")
    return "\n".join(lines)


def _settings(policy: OraclePolicy) -> str:
    """Name the settings that are not the defaults."""
    usual = OraclePolicy()
    changed = {name: value for name, value in vars(policy).items() if value != getattr(usual, name)}
    windows = changed.get("pair_window_ms", {})
    changed["pair_window_ms"] = {kind: windows[kind] for kind in ("sale", "reversal", "refund") if kind in windows}
    return ", ".join(f"{name}={value}" for name, value in changed.items())


def shrunk(history: History, fails: Callable[[History], bool]) -> History:
    """Delete records, half of a log first and single ones last, as long as the history still fails."""
    length = max(len(log) for log in history.records)
    while length:
        smaller = _first_failing_without(history, length, fails)
        if smaller is None:
            length //= 2
        else:
            history = smaller
    return history


def _first_failing_without(history: History, length: int, fails: Callable[[History], bool]) -> History | None:
    for source in (0, 1):
        for at in range(0, len(history.records[source]), length):
            smaller = _without(history, source, at, length)
            if fails(smaller):
                return smaller
    return None


def _without(history: History, source: int, at: int, length: int) -> History:
    log: Sequence[Record] = history.records[source]
    records = (list(history.records[0]), list(history.records[1]))
    records[source][:] = [*log[:at], *log[at + length :]]
    return type(history)(history.seed, history.policy, records, history.flavour)


def in_two_fetches(history: History) -> Fetches:
    """Give the terminal's log in one fetch, then the host's."""
    return [(source, len(history.records[source])) for source in (0, 1) if history.records[source]]


def failing(history: History) -> bool:
    """Say whether product and oracle differ over a history, each log fetched whole."""
    return bool(differences(history, in_two_fetches(history)))


def explained(history: History, fetches: Fetches) -> str:
    """Say everything needed to look at a difference: the smallest history, its timeline, both answers."""
    if failing(history):
        history = shrunk(history, failing)
        fetches = in_two_fetches(history)
    found = "\n".join(differences(history, fetches))
    return f"{timeline(history)}\nfetches {fetches}\n{found}"

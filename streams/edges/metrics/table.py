"""The table of all metrics: name, kind, meaning, labels and the values that are shown from the start."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streams.core.anomaly import KINDS, RESOLUTIONS, SEVERITIES
from streams.core.diagnosis.model import CAUSES
from streams.core.dialects.dialect import SKIPS
from streams.core.policy import OUTCOMES, PLAIN_KINDS, TRANSACTION_KINDS
from streams.core.wire import REASONS, SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PREFIX: Final = "voucherwatch_"
OTHER_LINK: Final = "other"

_BESIDE: Final = ("duplicate_voucher", "original_not_found", "original_conflict")
VOUCHER_KINDS: Final = tuple(kind for kind in KINDS if kind not in (*_BESIDE, "partitioning_fault", "source_stalled"))
"""Kinds of anomaly that close a voucher; the others stand beside one."""

VERDICTS: Final = (
    "matched",
    "both_unknown",
    "reversed",
    "reversal_repeated",
    "reversal_host_only",
    "offline_unverified",
    "original_unverifiable",
    "late_match",
    "unjudged",
    *VOUCHER_KINDS,
)

LIMITS: Final = ("max_pending", "max_waiting", "max_open_anomalies")
"""The settings that bound what one lane holds."""

LINKS: Final = ("<links>",)
"""Stands for the configured links and ``other``."""

FIRST_NAMES: Final = ("other", "unknown")
"""What is shown from the start of a label whose names senders choose: ``bounded.py`` has the rule."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; ``closed`` gives, for each label, all its values, or is None where they are open."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    closed: tuple[tuple[str, ...], ...] | None = ()

    def starts(self, links: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Yield the label values that are shown at 0 from the start."""
        if self.closed is None:
            return
        values = [(*links, OTHER_LINK) if known is LINKS else known for known in self.closed]
        yield from itertools.product(*values)


def _source_counter(name: str, meaning: str) -> Metric:
    return Metric(name, meaning, ("source",), (SOURCES,))


COUNTERS: Final = (
    Metric(
        "events_total",
        "Events decoded, redeliveries included.",
        ("source", "kind", "outcome"),
        # Kinds without a voucher have no outcome: see EXTRA_STARTS.
        (SOURCES, TRANSACTION_KINDS, OUTCOMES),
    ),
    Metric("events_rejected_total", "Records that could not be decoded.", ("source", "reason"), (SOURCES, REASONS)),
    Metric(
        "messages_skipped_total",
        "Raw ISO 8583 messages that are no event, such as requests.",
        ("source", "reason"),
        (SOURCES, SKIPS),
    ),
    _source_counter("events_redelivered_total", "Events dropped because the same one was seen before."),
    _source_counter("event_ids_reused_total", "Events with a known event id but another content."),
    Metric(
        "card_in_clear_total",
        "Card numbers found in clear and masked.",
        ("source", "field"),
        (SOURCES, ("card", "original", "other", "extra")),
    ),
    _source_counter("response_codes_unmapped_total", "Events with a response code that the table lacks."),
    _source_counter("outcome_overridden_total", "Events whose outcome says otherwise than their response code."),
    Metric("terminal_outcome_defaulted_total", "Terminal events with neither outcome nor response code."),
    _source_counter("status_updates_total", "Events that changed the outcome of a leg."),
    _source_counter("updates_ignored_total", "Repeats of a leg that said nothing new."),
    _source_counter("behind_watermark_total", "Events that came after their log time had been passed."),
    Metric("vouchers_closed_total", "Vouchers by their first verdict.", ("verdict", "link"), (VERDICTS, LINKS)),
    Metric(
        "anomalies_opened_total",
        "Anomalies opened.",
        ("kind", "severity", "link"),
        (tuple(KINDS), SEVERITIES, LINKS),
    ),
    Metric(
        "anomalies_resolved_total",
        "Anomalies resolved by what came later.",
        ("kind", "resolution"),
        (tuple(KINDS), RESOLUTIONS),
    ),
    Metric(
        "diagnoses_total",
        "Likeliest causes of anomalies as they were said, once more where a later look found another.",
        ("kind", "cause"),
        (tuple(KINDS), CAUSES),
    ),
    Metric(
        "diagnoses_by_link_total",
        "The same by link.",
        ("cause", "link"),
        (CAUSES, LINKS),
    ),
    Metric(
        "diagnoses_by_version_total",
        "Anomalies by the cause that was said first and the software version, the first 20 versions by name.",
        ("cause", "version"),
        (CAUSES, FIRST_NAMES),
    ),
    Metric("anomalies_expired_total", "Anomalies that nothing resolved in time.", ("kind",), (tuple(KINDS),)),
    Metric(
        "anomalies_in_maintenance_total",
        "Anomalies inside an announced maintenance window or a cut-over; they count among the opened ones, too.",
        ("kind",),
        (tuple(KINDS),),
    ),
    _source_counter("notices_unreadable_total", "Notices whose maintenance window could not be read."),
    Metric("anomalies_held_total", "Anomalies judged at the end of a hold.", ("kind",), (tuple(KINDS),)),
    Metric(
        "anomalies_by_version_total",
        "Anomalies by the software version of the terminal, the first 20 versions by name.",
        ("version",),
        (FIRST_NAMES,),
    ),
    Metric(
        "anomalies_by_region_total",
        "Anomalies by the region that the records name, the first 20 regions by name.",
        ("region",),
        (FIRST_NAMES,),
    ),
    Metric("commits_total", "Commits of the lanes' cuts.", ("result",), (("ok", "failed"),)),
    Metric("rebalances_total", "Assignments of partitions to this worker."),
)

EXTRA_STARTS: Final = {
    "events_total": tuple((source, kind, "") for source in SOURCES for kind in PLAIN_KINDS),
}
"""Label values shown from the start that are no product of closed sets."""

GAUGES: Final = (
    Metric("anomalies_open", "Anomalies open now.", ("kind", "severity", "link"), (tuple(KINDS), SEVERITIES, LINKS)),
    Metric("amount_at_risk", "Money at risk in open anomalies, in major units.", ("currency", "kind"), None),
    Metric(
        "largest_amount_at_risk",
        "The open anomaly that risks most, in major units: one large voucher does not show in a sum.",
        ("currency", "kind"),
        None,
    ),
    Metric("amount_unresolved", "Money in anomalies that expired, in major units.", ("currency",), None),
    Metric("pending_vouchers", "Legs that wait for their other side.", ("source",), (SOURCES,)),
    Metric(
        "watermark_lag_seconds", "Wall clock less the watermark of a source in a lane.", ("source", "partition"), None
    ),
    Metric(
        "caught_up",
        "1 if an answer of the last two seconds showed the reading at the partition's end.",
        ("source", "partition"),
        None,
    ),
    Metric(
        "consumer_lag_records", "Records between our position and the partition's end.", ("topic", "partition"), None
    ),
    Metric("consumer_lag_seconds", "Age of the oldest position that is not at its end.", ("source",), (SOURCES,)),
    Metric(
        "limit_used_ratio",
        "How much of a limit the fullest lane uses, 1 being all of it.",
        ("limit",),
        (LIMITS,),
    ),
    Metric("replay_span_seconds", "Log time that a restart would read again, the longest of all lanes.", (), ()),
    Metric("outputs_unacknowledged", "Anomalies and dead letters that no broker has acknowledged yet.", (), ()),
    Metric(
        "originals_covered_seconds",
        "Log time for which every voucher is known that a void can point at, the shortest of all lanes.",
        (),
        (),
    ),
    Metric("ledger_disk_bytes", "What the ledgers of originals take on disk; 0 where they are in memory.", (), ()),
    Metric("source_stalled", "1 if more than half the lanes hear nothing from a source.", ("source",), (SOURCES,)),
)

HISTOGRAMS: Final = (
    (
        Metric("pair_delay_seconds", "Log time between the two legs of a pair."),
        (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600),
        1_000,
    ),
    (
        Metric("detection_delay_seconds", "From a verdict's log time to the broker's acknowledgement of the anomaly."),
        (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
        1_000,
    ),
    (
        Metric("event_latency_seconds", "From a record's log time to its handling."),
        (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300, 3_600),
        1_000,
    ),
    (
        Metric("fetch_duration_seconds", "Time taken to handle one fetch."),
        (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
        1,
    ),
    (
        Metric("fetch_events", "Records in one fetch."),
        (1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000),
        1,
    ),
)
"""Metric, bucket bounds in the unit shown, and how many units of a value make one that is shown."""

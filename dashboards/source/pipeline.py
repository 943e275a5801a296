"""The page for whoever runs it: does the worker read, judge and publish in time, and what stands in its way?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.source.frame import framed, row
from dashboards.source.panels import GREEN, ORANGE, RED, Query, figure, lines
from dashboards.source.queries import PLACE, each_minute, highest, in_range, or_zero, quantile, rate, series, total
from dashboards.source.words import pipeline as words

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard, Row
    from grafana_foundation_sdk.builders.stat import Panel as Figure
    from grafana_foundation_sdk.builders.timeseries import Panel as Lines

UID: Final = "voucherwatch-pipeline"


def built() -> Dashboard:
    """Return the dashboard."""
    page = framed(UID, words.PAGE)
    for panel in (*_figures(), *_behind(), *_doubt()):
        page = page.with_panel(panel)
    return page.with_row(_records()).with_row(_work())


def _figures() -> tuple[Figure, ...]:
    return (
        figure(
            words.READING_IS_BEHIND_BY,
            Query(highest("consumer_lag_seconds"), "oldest record / 最旧记录"),
            steps=((None, GREEN), (60, ORANGE), (300, RED)),
        ),
        figure(
            words.JUDGING_IS_BEHIND_BY,
            Query(or_zero(highest("watermark_lag_seconds")), "oldest lane / 最旧通道"),
            steps=((None, GREEN), (120, ORANGE), (600, RED)),
        ),
        figure(
            words.READ_TO_THE_END,
            Query(or_zero(total("caught_up")), "partitions / 分区"),
            digits=0,
        ),
        figure(
            words.FULLEST_LIMIT,
            Query(highest("limit_used_ratio", 'limit!="max_waiting"', by=("limit",)), "{{limit}}"),
            steps=((None, GREEN), (0.5, ORANGE), (0.8, RED)),
            digits=1,
        ),
        figure(
            words.ORIGINALS_ARE_KNOWN_FOR,
            Query(f"min ({series('originals_covered_seconds')})", "shortest lane / 最短通道"),
        ),
        figure(
            words.A_RESTART_READS_AGAIN,
            Query(highest("replay_span_seconds"), "longest lane / 最长通道"),
        ),
    )


def _behind() -> tuple[Lines, ...]:
    return (
        lines(
            words.READING_BEHIND_IN_SECONDS,
            Query(highest("consumer_lag_seconds", by=("source",)), "{{source}}"),
        ),
        lines(
            words.READING_BEHIND_IN_RECORDS,
            Query(
                or_zero(total("consumer_lag_records", by=("topic", "partition")), "topic"), "{{topic}} {{partition}}"
            ),
        ),
        lines(
            words.JUDGING_BEHIND,
            Query(
                or_zero(highest("watermark_lag_seconds", by=("source", "partition")), "source"),
                "{{source}} {{partition}}",
            ),
        ),
        lines(
            words.FROM_A_RECORD_S_TIME_TO_ITS_HANDLING,
            Query(quantile(0.5, "event_latency_seconds"), "50 %"),
            Query(quantile(0.95, "event_latency_seconds"), "95 %"),
            Query(quantile(0.99, "event_latency_seconds"), "99 %"),
        ),
    )


def _doubt() -> tuple[Lines, ...]:
    return (
        lines(
            words.WRITTEN_AND_NOT_YET_SAFE,
            Query(total("outputs_unacknowledged"), "outputs / 输出"),
            digits=0,
        ),
        lines(
            words.VOUCHERS_THAT_WAIT_FOR_THEIR_OTHER_SIDE,
            Query(total("pending_vouchers", by=("source",)), "{{source}}"),
            digits=0,
        ),
        lines(
            words.BAD_RECORDS_EACH_MINUTE_BY_REASON,
            Query(each_minute("events_rejected_total", by=("source", "reason")), "{{source}} {{reason}}"),
            stacked=True,
        ),
        lines(
            words.RAW_MESSAGES_SKIPPED_EACH_MINUTE,
            Query(each_minute("messages_skipped_total", by=("source", "reason")), "{{source}} {{reason}}"),
        ),
    )


def _records() -> Row:
    return row(
        ("What the records are like", "数据质量"),
        lines(
            words.EVENTS_EACH_SECOND_BY_KIND,
            Query(rate("events_total", by=("kind",)), "{{kind}}"),
            stacked=True,
        ),
        lines(
            words.OUTCOMES_BY_SOURCE,
            Query(rate("events_total", 'outcome!=""', by=("source", "outcome")), "{{source}} {{outcome}}"),
        ),
        lines(
            words.SENT_TWICE_EACH_MINUTE,
            Query(each_minute("events_redelivered_total", by=("source",)), "{{source}} redelivered / 重复投递"),
            Query(each_minute("event_ids_reused_total", by=("source",)), "{{source}} reused id / 事件号复用"),
        ),
        lines(
            words.CONTRADICTING_OR_SILENT_ON_THE_OUTCOME_EACH_MINUTE,
            Query(each_minute("response_codes_unmapped_total", by=("source",)), "{{source}} unmapped / 未知应答码"),
            Query(each_minute("outcome_overridden_total", by=("source",)), "{{source}} overridden / 结果矛盾"),
            Query(each_minute("terminal_outcome_defaulted_total"), "terminal defaulted / 终端未写结果"),
        ),
        lines(
            words.LATER_MESSAGES_OF_ONE_SIDE_EACH_MINUTE,
            Query(each_minute("status_updates_total", by=("source",)), "{{source}} updates / 更新"),
            Query(each_minute("updates_ignored_total", by=("source",)), "{{source}} repeats / 重复"),
            Query(each_minute("behind_watermark_total", by=("source",)), "{{source}} after their time / 过时到达"),
        ),
        lines(
            words.CARD_NUMBERS_IN_CLEAR_IN_THIS_TIME,
            Query(in_range("card_in_clear_total", by=("source", "field")), "{{source}} {{field}}"),
            digits=0,
        ),
    )


def _work() -> Row:
    def mean(name: str) -> str:
        # The shared rate functions sum over all workers, so this is the mean over all their fetches.
        return f"{rate(f'{name}_sum')} / ({rate(f'{name}_count')} > 0)"

    return row(
        ("How the worker spends its time", "worker 的工作情况"),
        lines(
            words.HANDLING_ONE_FETCH,
            Query(quantile(0.5, "fetch_duration_seconds"), "50 %"),
            Query(quantile(0.99, "fetch_duration_seconds"), "99 %"),
            Query(mean("fetch_duration_seconds"), "mean / 平均"),
        ),
        lines(
            words.MEMORY_AND_DISK,
            Query(f"max by (instance) (process_resident_memory_bytes{{{PLACE}}})", "{{instance}} memory / 内存"),
            Query(highest("ledger_disk_bytes", by=("instance",)), "{{instance}} ledger on disk / 账本磁盘"),
        ),
        lines(
            words.RECORDS_IN_ONE_FETCH,
            Query(quantile(0.5, "fetch_events"), "50 %"),
            Query(mean("fetch_events"), "mean / 平均"),
        ),
        lines(
            words.COMMITS_EACH_MINUTE,
            Query(each_minute("commits_total", by=("result",)), "{{result}}"),
        ),
        lines(
            words.ASSIGNMENTS_OF_PARTITIONS_IN_THIS_TIME,
            Query(f"sum by (instance) (increase({series('rebalances_total')}[$__range]))", "{{instance}}"),
            digits=0,
        ),
    )

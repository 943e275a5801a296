"""The life of a voucher from the topics: the two partitions its terminal belongs to, and what was published of it.

Nothing changes in the cluster: no group, no commit, no record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
from kafka import TopicPartition

from streams.core.partitioner import partition_of
from streams.core.timers import NEVER
from streams.core.wire import HOST, SOURCES
from streams.errors import UsageError
from streams.replay.kafka import lookback_ms
from streams.replay.kafka_reader import PartSpan, RangeReader, TopicReader
from streams.replay.life.account import Question, Remark, Searched, SearchedPart
from streams.replay.life.accusations import relation
from streams.replay.life.found import Found
from streams.replay.life.kept import recall
from streams.replay.life.lane import LifeLane
from streams.replay.life.reading import PartLog, judge_logs
from streams.replay.life.story import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.policy import Policy
    from streams.core.wire import RawRecord
    from streams.replay.kafka_reader import LaneSpan
    from streams.replay.life.account import LedgerPart, Life
    from streams.replay.life.found import Record
    from streams.replay.life.kept import Kept, LedgerLook
    from streams.replay.life.reading import Step

DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Spread:
    """The range of log time that is searched; ``to_ms`` is ``None`` for everything up to now.

    ``horizon_ms`` is how far back a voucher can still matter.
    """

    from_ms: int
    to_ms: int | None
    now_ms: int
    horizon_ms: int


class LifeReader(RangeReader, Protocol):
    """What the life of a voucher needs of the topics."""

    @property
    def anomaly_topic(self) -> str:
        """Return the name of the anomaly topic."""

    def published(self, partition: int, from_ms: int) -> Iterator[list[RawRecord]] | None:
        """Return the fetches of one anomaly partition from a time on, ``None`` where there is no such partition."""


class LifeTopicReader(TopicReader):
    """Reads the inputs and the anomaly topic of the settings; to be used in ``with``."""

    @property
    def anomaly_topic(self) -> str:
        """Return the name of the anomaly topic."""
        return self._settings.topic_anomalies

    def published(self, partition: int, from_ms: int) -> Iterator[list[RawRecord]] | None:
        """Return the fetches of one anomaly partition, up to its end as of now; asked after the inputs are read."""
        consumer, place = self._consumers[HOST], TopicPartition(self.anomaly_topic, partition)
        with self._asking():
            if partition not in (consumer.partitions_for_topic(self.anomaly_topic) or ()):
                return None
            end = consumer.end_offsets([place])[place]
            found = consumer.offsets_for_times({place: max(0, from_ms)}).get(place)
        first = end if found is None else found.offset
        return self.read_place(HOST, place, PartSpan(first, end, end), NEVER)


def life_in_topics(
    reader: LifeReader,
    terms: Question,
    policy: Policy,
    spread: Spread,
    step: Step,
    ledger: LedgerLook | None = None,
) -> Life:
    """Tell the life of a voucher from the topics, and from the ledger if there is one; ``terms`` names it.

    Reading begins twice the longest window before the range, and goes to the end of the partitions as of
    now; a source counts as read up to ``idle_lateness`` before now, since younger records may still come.

    Raises:
        UsageError: A topic is missing, or they have different numbers of partitions.
        UnreachableError: A broker fails.
    """
    question = replace(terms, from_ms=spread.from_ms, to_ms=spread.to_ms)
    start_ms = max(0, spread.from_ms - lookback_ms([policy]))
    end_ms = spread.now_ms + DAY_MS if spread.to_ms is None else spread.to_ms
    spans = reader.spans(start_ms, end_ms)
    key = _lane_key(question, policy)
    number = partition_of(key, len(spans))
    lane = LifeLane(number, policy, question.key, check_keys=True)
    lanes = ledger(question.terminal_id, None if policy.by_merchant else number, len(spans)) if ledger else ()
    kept = recall(lanes, reader.topics, lane.state.memory.read_again)
    parts = _parts(reader, number, spans[number], key, end_ms)
    judge_logs(lane, parts, step, min(end_ms, spread.now_ms - policy.idle_lateness_ms))
    reach = _Reach(spread, spans[number], start_ms, kept.cover(number))
    records, read = _published(reader, number, min(start_ms, reach.cover_begin), question)
    return tell(
        Found(
            question,
            lane,
            _all_searched(reader, lane, parts, reach, read if records is not None else None, kept),
            lambda source, offset: f"{reader.topics[source]}-{number}@{offset}",
            records,
            covers=reach.covers,
            kept=kept,
            covers_with_ledger=reach.covers_with_ledger,
            makes_up=reach.makes_up,
            remarks=tuple(_limits(reach, parts, policy)),
        )
    )


def _all_searched(
    reader: LifeReader, lane: LifeLane, parts: list[PartLog], reach: _Reach, read: int | None, kept: Kept
) -> Searched:
    """Return what was searched; ``read`` counts published anomalies, ``None`` without a topic of them."""
    return Searched(
        from_ms=reach.spread.from_ms,
        read_from_ms=reach.start_ms,
        to_ms=reach.spread.to_ms,
        judged_before_ms=lane.passed if lane.passed >= 0 else None,
        now_ms=reach.spread.now_ms,
        flushed=False,
        parts=tuple(_searched(reader, lane, source, parts[source], reach.spans[source]) for source in (0, 1)),
        anomaly_log=None if read is None else f"{reader.anomaly_topic}-{lane.number}",
        anomalies_read=read,
        ledger=kept.parts,
    )


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far back the topics tell of a lane, alone and with its ledger."""

    spread: Spread
    spans: LaneSpan
    start_ms: int
    cover: LedgerPart | None

    @property
    def cover_begin(self) -> int:
        """Since when the ledger has everything, ``NEVER`` without one."""
        return NEVER if self.cover is None or self.cover.covers_from is None else self.cover.covers_from

    @property
    def covers(self) -> bool:
        """Whether the range goes back over the horizon, or to the first record ever, and to the end of the logs."""
        back = self.spread.from_ms <= self._horizon_begin or all(span.first == 0 for span in self.spans)
        return back and self._ends_now

    @property
    def covers_with_ledger(self) -> bool:
        """Whether the ledger covers what is missing to that before the begin of what was read."""
        return self._ledger_begin <= self._horizon_begin and self._ends_now

    @property
    def makes_up(self) -> bool:
        """Whether the ledger covers all of the range whose records are deleted."""
        return self._ledger_begin <= self.spread.from_ms

    @property
    def _horizon_begin(self) -> int:
        return self.spread.now_ms - self.spread.horizon_ms

    @property
    def _ends_now(self) -> bool:
        return self.spread.to_ms is None or self.spread.to_ms >= self.spread.now_ms

    @property
    def _ledger_begin(self) -> int:
        """Return since when ledger and topics together have everything; ``NEVER`` where a gap is between them."""
        meet = all(self._meets(source, span) for source, span in enumerate(self.spans))
        return self.cover_begin if meet else NEVER

    def _meets(self, source: int, span: PartSpan) -> bool:
        """Tell whether the ledger goes on to where reading of a topic begins, by log time or by offset.

        By offset alone where the topic has no record left to tell a time.
        """
        cover = self.cover
        if cover is None or cover.covers_until is None or cover.offsets is None:
            return False
        return cover.covers_until >= max(self.start_ms, span.kept_from_ms or 0) or cover.offsets[source] >= span.first


def _lane_key(question: Question, policy: Policy) -> bytes:
    """Return the key of the lane that a voucher is in; raises UsageError where it is not told."""
    if not policy.by_merchant:
        return question.terminal_id.encode()
    if not question.merchant_id:
        raise UsageError("The topics are keyed by merchant (lane_key); name the voucher's with --merchant, too.")
    return question.merchant_id.encode()


def _parts(reader: LifeReader, number: int, spans: LaneSpan, key: bytes, end_ms: int) -> list[PartLog]:
    """Return both logs; a record is the terminal's if its key is, which needs no decoding."""

    def mine(record_key: bytes | None, _value: bytes | None) -> bool:
        return record_key is not None and (record_key == key or record_key.strip() == key)

    return [
        PartLog(reader.read(source, number, span, end_ms), mine, max(0, span.expected_end - span.first))
        for source, span in enumerate(spans)
    ]


def _searched(reader: LifeReader, lane: LifeLane, source: int, part: PartLog, span: PartSpan) -> SearchedPart:
    return SearchedPart(
        source=SOURCES[source],
        log=f"{reader.topics[source]}-{lane.number}",
        partition=lane.number,
        first_offset=span.first,
        end_offset=part.next_offset if part.next_offset is not None else span.first,
        log_end_offset=span.end,
        records=part.records,
        of_terminal=lane.of_terminal[source],
        first_log_time=part.first_ms,
        last_log_time=part.reached_ms if part.records else None,
        deleted_before=span.kept_from_ms,
    )


def _limits(reach: _Reach, parts: list[PartLog], policy: Policy) -> Iterator[Remark]:
    """Yield what the topics lack: records that were deleted, a source that is silent, what was left unread."""
    spread = reach.spread
    for source, (part, span) in enumerate(zip(parts, reach.spans, strict=True)):
        name = SOURCES[source]
        if span.kept_from_ms is not None and span.kept_from_ms > spread.from_ms:
            code = "records_only_kept" if reach.makes_up else "records_deleted"
            yield Remark(code, name, at_ms=span.kept_from_ms)
        other = parts[1 - source]
        if spread.to_ms is None and other.outlasts(part, policy.stall_after_ms, policy.stall_min_events):
            yield Remark("source_silent", name, at_ms=part.reached_ms if part.records else None)
        if spread.to_ms is not None and span.expected_end < span.end:
            yield Remark("not_read_to_the_end", name, at_ms=spread.to_ms, count=span.end - span.expected_end)


def _published(
    reader: LifeReader, number: int, from_ms: int, question: Question
) -> tuple[dict[str, Record] | None, int]:
    """Return the newest published record of each anomaly of the voucher, and how many records were read.

    Of one anomaly the record with the largest (generation, revision) counts, as for a worker.
    """
    fetches = reader.published(number, from_ms)
    if fetches is None:
        return None, 0
    newest: dict[str, tuple[tuple[int, int], Record]] = {}
    wanted, read = question.terminal_id.encode(), 0
    for records in fetches:
        read += len(records)
        for _, _, _, value in records:
            record = _record(value) if value is not None and wanted in value else None
            if record is None or not relation(record, question):
                continue
            order = record.get("generation", 0), record["revision"]
            known = newest.get(record["id"])
            if known is None or order >= known[0]:
                newest[record["id"]] = order, record
    return {key: record for key, (_, record) in newest.items()}, read


def _record(value: bytes) -> Record | None:
    """Return one published record; ``None`` for what is none."""
    try:
        record: Any = msgspec.json.decode(value)
    except msgspec.MsgspecError:
        return None
    fits = isinstance(record, dict) and isinstance(record.get("voucher"), dict) and isinstance(record.get("legs"), dict)
    return record if fits else None

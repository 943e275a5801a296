"""Rebuilds lanes after an assignment from the committed cuts and the anomalies published before."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from streams.core.cut import Cut
from streams.edges.batch_driver.ports import Writer
from streams.edges.batch_driver.reach import Start, reach_back
from streams.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.core.cut import Committed
    from streams.edges.batch_driver.hosted import HostedLane
    from streams.edges.batch_driver.ports import Clock, History, InputLog, Position, Published

_log = structlog.stdlib.get_logger("voucherwatch.lanes")


async def rebuild(
    lanes: Sequence[HostedLane],
    partitions: int,
    log: InputLog,
    history: History,
    clock: Clock,
    writer: Writer,
    reach_ms: int = 0,
) -> Mapping[int, Published]:
    """Bring lanes to the state of their committed cuts, mark them ready and return what their topic showed.

    A lane of which an input does not answer, for example because its partition has no leader, is left
    as it is, so that it holds up no other.
    ``reach_ms`` is how far before J a lane is read again whose ledger knows nothing.
    ``writer`` carries the group's generation.  A lane's own is at least that, and larger than any
    that its topic shows: a group that was deleted begins to count anew.
    Raises ConfigurationError when a cut was made with another number of partitions.
    """
    wanted = [partition for hosted in lanes for partition in hosted.partitions]
    committed = await log.committed(wanted)
    beginnings = await log.beginnings(wanted)
    lanes = _answering(lanes, beginnings)
    await asyncio.gather(*(asyncio.to_thread(hosted.ledger.claim) for hosted in lanes if hosted.ledger is not None))
    starts: dict[int, Start] = {}
    for hosted in lanes:
        start = await _start_of(hosted, partitions, committed, beginnings, log, clock)
        reached = await reach_back(hosted, start, reach_ms, beginnings, log)
        if reached is not None:
            starts[hosted.number] = reached
    lanes = [hosted for hosted in lanes if hosted.number in starts]
    published = await history.read_back({number: start.j_ms for number, start in starts.items()})
    for hosted in lanes:
        start = starts[hosted.number]
        shown = published[hosted.number]
        anomalies = shown.records
        hosted.j_ms = start.j_ms
        hosted.writer = Writer(max(writer.generation, shown.generation + 1), writer.name)
        if anomalies or any(partition in committed for partition in hosted.partitions):
            hosted.lane.restore(start.j_ms, start.processed, anomalies, r_ms=start.r_ms, starts=start.offsets)
        hosted.start_at(start.offsets, start.processed, clock.monotonic())
        _tell(hosted, start, len(anomalies))
    await log.seek({partition: offset for hosted in lanes for partition, offset in hosted.positions().items()})
    for hosted in lanes:
        hosted.ready = True
    return published


def _tell(hosted: HostedLane, start: Start, anomalies: int) -> None:
    pairs = zip(start.offsets, start.processed, strict=True)
    _log.info(
        "lane_rebuilt",
        lane=hosted.number,
        j_ms=start.j_ms,
        offsets=start.offsets,
        replay_records=sum(max(0, last - first) for first, last in pairs),
        anomalies=anomalies,
        generation=hosted.writer.generation,
    )


def _answering(lanes: Sequence[HostedLane], beginnings: Mapping[tuple[str, int], int]) -> Sequence[HostedLane]:
    """Return the lanes both inputs of which have answered."""
    silent = [partition for hosted in lanes for partition in hosted.partitions if partition not in beginnings]
    if silent:
        _log.warning("inputs_without_answer", partitions=[f"{topic}-{number}" for topic, number in silent])
    return [hosted for hosted in lanes if not any(partition in silent for partition in hosted.partitions)]


async def _start_of(
    hosted: HostedLane,
    partitions: int,
    committed: Mapping[tuple[str, int], Position],
    beginnings: Mapping[tuple[str, int], int],
    log: InputLog,
    clock: Clock,
) -> Start:
    """Return where one lane starts: at its cut, or at the beginning of what the topics hold."""
    first, second = hosted.partitions
    offsets = tuple(
        committed[partition][0] if partition in committed else beginnings[partition] for partition in (first, second)
    )
    start = (offsets[0], offsets[1])
    for partition, offset in zip(hosted.partitions, start, strict=True):
        if offset < beginnings[partition]:
            _log.error(
                "records_deleted_before_reading",
                topic=partition[0],
                partition=partition[1],
                committed=offset,
                first_offset=beginnings[partition],
            )
    if first not in committed and second not in committed:
        return Start(0, 0, start, start, known=False)
    cut = _cut_of(hosted, committed)
    if cut is None:
        times = [
            await log.log_time_at(partition, offset) for partition, offset in zip(hosted.partitions, start, strict=True)
        ]
        j_ms = min((time for time in times if time is not None), default=clock.wall_ms())
        _log.error("commit_metadata_unreadable", lane=hosted.number, j_ms=j_ms)
        return Start(j_ms, j_ms, start, start, known=False)
    if cut.partitions != partitions:
        raise ConfigurationError(
            f"The group's commits were made when the inputs had {cut.partitions} partitions; now they have"
            f" {partitions}."
            " Vouchers would be looked for in the wrong lane: follow 'Changing partition counts' in docs/operations.md."
        )
    return Start(cut.j_ms, cut.r_ms, start, cut.processed)


def _cut_of(hosted: HostedLane, committed: Mapping[tuple[str, int], Position]) -> Committed | None:
    """Return what the metadata of the two commits says; None when one is missing, unreadable or they differ."""
    texts = {committed[partition][1] for partition in hosted.partitions if partition in committed}
    if len(texts) != 1 or any(partition not in committed for partition in hosted.partitions):
        return None
    return Cut.parse_metadata(texts.pop())

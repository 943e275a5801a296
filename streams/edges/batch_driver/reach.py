"""How far back a lane has to be read so that its ledger knows all that can be pointed at.

A ledger stands at a cut of its own: together with a replay from there it is all that is to be known.  Usually
that is the committed one, or a newer one whose commit did not come about: all outputs before it were
acknowledged, so the lane starts there.  A ledger that is older, because the lane was elsewhere meanwhile, is
read on from its own cut.  Without one, or with one that is too old, reading begins ``reach_ms`` before J.
All of it is silent up to J, so verdicts wait until it is done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.core.cut import Cut
    from streams.edges.batch_driver.hosted import HostedLane
    from streams.edges.batch_driver.ports import InputLog

_log = structlog.stdlib.get_logger("voucherwatch.lanes")


@dataclass(frozen=True, slots=True)
class Start:
    """Where a lane starts: J and R in ms of log time, pairs as (terminal, host) offsets.

    ``offsets`` are read first, ``processed`` is how far an earlier worker had read.  ``known`` says that
    all of it comes from a commit.
    """

    j_ms: int
    r_ms: int
    offsets: tuple[int, int]
    processed: tuple[int, int]
    known: bool = True


async def reach_back(
    hosted: HostedLane, start: Start, reach_ms: int, beginnings: Mapping[tuple[str, int], int], log: InputLog
) -> Start | None:
    """Return a start from which the ledger is complete by J; None if an input did not answer."""
    ledger = hosted.ledger
    kept = None if ledger is None else ledger.cut
    if ledger is None:
        return await _from_before(hosted, start, reach_ms, log) if start.known else start
    if not start.known:
        # What is judged anew must not meet facts of a life that is not known of.
        if kept is not None:
            ledger.begin_anew("the group has no commit that tells how far it had come")
        ledger.fill(start.j_ms)
        return start
    if kept is not None and _is_as_far(kept, start):
        begins = [mine if mine is not None else other for mine, other in zip(kept.offsets, start.offsets, strict=True)]
        return Start(kept.j_ms, kept.r_ms, (begins[0], begins[1]), kept.processed)
    if kept is not None and kept.r_ms >= start.j_ms - reach_ms:
        pairs = zip(kept.offsets, hosted.partitions, strict=True)
        if all(begin is None or begin >= beginnings[place] for begin, place in pairs):
            ledger.fill(start.j_ms)
            return _earlier(hosted, start, kept.r_ms, list(kept.offsets))
    if kept is not None:
        ledger.begin_anew("it is older than what can be pointed at")
    ledger.fill(start.j_ms)
    return await _from_before(hosted, start, reach_ms, log)


def _is_as_far(kept: Cut, start: Start) -> bool:
    pairs = zip(kept.processed, start.processed, strict=True)
    return kept.j_ms >= start.j_ms and all(ours >= theirs for ours, theirs in pairs)


async def _from_before(hosted: HostedLane, start: Start, reach_ms: int, log: InputLog) -> Start | None:
    """Return a start ``reach_ms`` before J."""
    from_ms = max(0, start.j_ms - reach_ms)
    if not reach_ms or from_ms >= start.r_ms:
        return start
    found = await log.offsets_at(hosted.partitions, from_ms)
    if len(found) < len(hosted.partitions):
        return None
    return _earlier(hosted, start, from_ms, [found[place] for place in hosted.partitions])


def _earlier(hosted: HostedLane, start: Start, r_ms: int, begins: list[int | None]) -> Start:
    pairs = zip(start.offsets, begins, strict=True)
    terminal, host = (mine if other is None else min(mine, other) for mine, other in pairs)
    earlier = replace(start, r_ms=min(start.r_ms, r_ms), offsets=(terminal, host))
    _log.info("ledger_reads_back", lane=hosted.number, offsets=earlier.offsets, cut=start.offsets)
    return earlier

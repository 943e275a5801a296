"""How far back a lane has to be read so that its ledger knows all that can be pointed at.

A ledger is a snapshot: together with a replay from its own cut it is all that is to be known.  One that is
as new as the commit, or newer, costs nothing.  One that is older, because the lane was elsewhere meanwhile,
is read on from its own cut.  Without one, or with one that is too old, reading begins ``reach_ms`` before J.
All of it is silent up to J, so verdicts wait until it is done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    if not start.known:
        # What is judged anew must not meet facts of a life that is not known of.
        if ledger is not None and kept is not None:
            ledger.begin_anew("the group has no commit that tells how far it had come")
        return start
    if kept is not None and all(ours >= theirs for ours, theirs in zip(kept.processed, start.processed, strict=True)):
        return start
    if kept is not None and kept.r_ms >= start.j_ms - reach_ms:
        begins = list(kept.offsets)
        pairs = zip(begins, hosted.partitions, strict=True)
        if all(begin is None or begin >= beginnings[place] for begin, place in pairs):
            return _earlier(hosted, start, kept.r_ms, begins, "behind")
    if ledger is not None and kept is not None:
        ledger.begin_anew("it is older than what can be pointed at")
    from_ms = start.j_ms - reach_ms
    if not reach_ms or from_ms >= start.r_ms:
        return start
    found = await log.offsets_at(hosted.partitions, from_ms)
    if len(found) < len(hosted.partitions):
        return None
    return _earlier(hosted, start, from_ms, [found[place] for place in hosted.partitions], "empty")


def _earlier(hosted: HostedLane, start: Start, r_ms: int, begins: list[int | None], why: str) -> Start:
    pairs = zip(start.offsets, begins, strict=True)
    terminal, host = (mine if other is None else min(mine, other) for mine, other in pairs)
    earlier = replace(start, r_ms=min(start.r_ms, r_ms), offsets=(terminal, host))
    _log.info("ledger_reads_back", lane=hosted.number, ledger=why, offsets=earlier.offsets, cut=start.offsets)
    return earlier

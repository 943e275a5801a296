"""What the originals ledger on this machine keeps of a terminal, read beside a worker that may have it open."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from streams.core.ledger import NOT_YET
from streams.edges.rocks_ledger import UnreadableLedgerError, look, places
from streams.edges.topics import topic_ids
from streams.replay.life.account import FILLING, FOREIGN, UNREADABLE, LedgerPart
from streams.replay.life.kept import KeptLane

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.edges.rocks_ledger import Look
    from streams.replay.life.kept import LedgerLook
    from streams.settings import Settings

Topics = tuple[tuple[str, str], tuple[str, str]]
"""Both inputs, each with the id that the brokers gave it."""


def ledger_look(settings: Settings, topics: Callable[[], Topics] | None = None) -> LedgerLook | None:
    """Return what reads the ledger of the settings, ``None`` where they name no folder.

    ``topics`` tells the inputs and their ids, by default the brokers; they are asked if there is a database.
    """
    root = settings.ledger_dir
    if root is None:
        return None
    ask = cache(topics or (lambda: topic_ids(settings)))

    def read(terminal: str, lane: int | None, partitions: int) -> list[KeptLane]:
        try:
            found = places(root, settings.group_id)
        except UnreadableLedgerError as error:
            return [KeptLane(LedgerPart(None, str(root), fault=UNREADABLE, detail=str(error)))]
        return [
            _kept(number, place, terminal, (ask(), partitions), settings.originals_horizon_ms)
            for number, place in found
            if lane is None or number == lane
        ]

    return read


def _kept(lane: int, place: Path, terminal: str, wanted: tuple[Topics, int], horizon_ms: int) -> KeptLane:
    """Return what one database keeps; what is of other topics, or of another number of partitions, is not used."""
    try:
        seen = look(place, terminal)
    except UnreadableLedgerError as error:
        return KeptLane(LedgerPart(lane, str(place), fault=UNREADABLE, detail=str(error)))
    identity = seen.identity
    if (identity.topics, identity.partitions, identity.lane) != (*wanted, lane):
        names = " and ".join(name for name, _ in identity.topics)
        detail = f"{names}, {identity.partitions} partitions"
        return KeptLane(LedgerPart(lane, str(place), fault=FOREIGN, detail=detail))
    return KeptLane(_part(lane, place, seen, horizon_ms), seen.facts)


def _part(lane: int, place: Path, seen: Look, horizon_ms: int) -> LedgerPart:
    """Return what a database covers: what began before R of its cut, as far back as it goes and nothing is forgotten.

    Without a cut an earlier life is still read back to it, and it covers nothing.
    """
    cut, count = seen.cut, len({fact[2:5] for fact in seen.facts})
    if cut is None or seen.covers_from == NOT_YET:
        return LedgerPart(lane, str(place), of_terminal=count, fault=FILLING)
    covers_from = max(seen.covers_from, cut.j_ms - horizon_ms)
    terminal, host = (offset or 0 for offset in cut.offsets)
    return LedgerPart(lane, str(place), covers_from, cut.r_ms, (terminal, host), count)

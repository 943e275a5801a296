"""The example record of each kind, made by the product from small histories that anybody can replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from streams.core.lane import HOST, TERMINAL, AnomalyChange, Lane
from streams.core.partitioner import partition_of
from streams.replay.run import replay_files
from streams.settings import load_settings

FOLDER: Final = Path(__file__).resolve().parents[1] / "anomalies" / "examples"
BEGIN_MS: Final = 1_772_464_201_000
"""2 March 2026, 23:10:01 in China."""
_FOUND_AFTER_MS: Final = 300
_LANES: Final = 4


def record(kind: str) -> str:
    """Return the record of one kind as indented JSON; empty for a kind that no lane opens."""
    found = LIVE[kind]() if kind in LIVE else _replayed(kind)
    return json.dumps(_only(found, kind), indent=2, ensure_ascii=False) if found else ""


def _replayed(kind: str) -> list[dict[str, Any]]:
    policy = load_settings(None, (), {}, live=False).policy()
    result = replay_files([FOLDER / kind / "terminal.jsonl"], [FOLDER / kind / "host.jsonl"], policy)
    return [json.loads(line) for line in result.anomalies]


def _only(records: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """Return the one record there is."""
    (found,) = records
    if found["kind"] != kind:
        raise ValueError(f"the example of {kind} leads to {found['kind']}")
    return found


def _event(number: int, terminal: str, at_ms: int) -> tuple[int, int, bytes, bytes]:
    """Return one approved sale as a record at an offset."""
    document = {
        "event_id": f"e-{number}",
        "kind": "sale",
        "event_time": at_ms,
        "terminal_id": terminal,
        "merchant_id": "810000000000004",
        "voucher_number": f"{number:06d}",
        "response_code": "00",
        "amount": 12_800,
        "currency": "CNY",
    }
    return number, at_ms, terminal.encode(), json.dumps(document).encode()


def _published(lane: Lane, feeds: list[tuple[int, list[tuple[int, int, bytes, bytes]]]]) -> list[dict[str, Any]]:
    """Return the records that a live lane publishes while it is fed."""
    outputs = [lane.feed(source, records) for source, records in feeds]
    return [_shown(change) for output in outputs for change in output.changes]


def _shown(change: AnomalyChange) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(change.encode(change.log_time + _FOUND_AFTER_MS))
    return record


def _stalled() -> list[dict[str, Any]]:
    """The host falls silent while a terminal goes on."""
    policy = load_settings(None, (), {}).policy()
    lane = Lane(0, policy, partitions=1)
    own = [_event(number, "10000017", BEGIN_MS + number * 5_000) for number in range(1, 10)]
    found = _published(lane, [(HOST, [_event(1, "10000017", BEGIN_MS)]), (TERMINAL, own)])
    found += [_shown(change) for change in lane.caught_up(HOST, own[-1][1] + policy.idle_lateness_ms).changes]
    found += [_shown(change) for change in lane.source_stalled(HOST, stalled=True).changes]
    return [one for one in found if one["kind"] == "source_stalled"][:1]


def _split() -> list[dict[str, Any]]:
    """A producer without murmur2 spreads its terminals over the wrong lanes."""
    policy = load_settings(None, (), {}).policy()
    lane = Lane(0, policy, partitions=_LANES)
    names = [f"1{number:07d}" for number in range(1_000)]
    right = [name for name in names if partition_of(name.encode(), _LANES) == 0][:99]
    wrong = [name for name in names if partition_of(name.encode(), _LANES) != 0][:2]
    own = [_event(number, name, BEGIN_MS + number * 100) for number, name in enumerate([*right, *wrong], 1)]
    later = _event(1, right[0], own[-1][1] + 1)
    found = _published(lane, [(TERMINAL, [*own, _event(len(own) + 1, right[0], later[1])]), (HOST, [later])])
    return [one for one in found if one["kind"] == "partitioning_fault"][:1]


LIVE: Final = {"source_stalled": _stalled, "partitioning_fault": _split}
"""Kinds that only a live lane opens -> what leads to one."""

"""A simulation judged by the core, without files: what is held against its truth."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

from streams.core.anomaly import KINDS
from streams.core.lane import HOST, TERMINAL, Lane
from streams.core.policy import Policy, default_pair_windows
from streams.settings.codes import shipped_codes
from streams.simulator.chain_faults import CHAIN_FAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.simulator.feed import Simulation
    from streams.simulator.params import Windows

Event = dict[str, Any]
"""One decoded record."""


def read_events(simulation: Simulation) -> dict[str, Event]:
    """Play a simulation to its end and return its events by their ids; garbled records have none."""
    events = {}
    for record in simulation.records():
        with suppress(orjson.JSONDecodeError):
            event = orjson.loads(record.value)
            events[event["event_id"]] = event | {"at_ms": record.at_ms, "from": record.source}
    return events


def policy_of(windows: Windows) -> Policy:
    """Return the policy with the windows that a simulation was made for."""
    pairs = dict.fromkeys(default_pair_windows(), windows.pair_ms)
    return Policy(
        pair_window_ms=pairs | {"reversal": windows.reversal_ms, "refund": windows.refund_ms},
        in_progress_window_ms=windows.in_progress_ms,
        reversal_window_ms=windows.reversal_window_ms,
        redelivery_horizon_ms=windows.redelivery_ms,
        response_codes={code: row.outcome for code, row in shipped_codes().items()},
    )


def anomalies_of(simulation: Simulation, windows: Windows) -> list[Mapping[str, Any]]:
    """Play a simulation to its end through a lane as a file replay does; return the final records."""
    lane = Lane(0, policy_of(windows), live=False)
    sources = {"terminal": TERMINAL, "host": HOST}
    final: dict[str, Mapping[str, Any]] = {}
    batch: list[tuple[int, int, bytes | None, bytes | None]] = []
    last = ""
    for number, record in enumerate(simulation.records()):
        if batch and record.source != last:
            _take(final, lane.feed(sources[last], batch).changes)
            batch = []
        batch.append((number, record.at_ms, None, record.value))
        last = record.source
    if batch:
        _take(final, lane.feed(sources[last], batch).changes)
    _take(final, lane.flush().changes)
    return list(final.values())


def known_lines(truth: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines of truth of kinds that this core judges: one that knows no chains judges reversals alone."""
    if "original_not_found" in KINDS:
        return list(truth)
    return [
        line
        for line in truth
        if line["kind"] in KINDS and (line["fault"] not in CHAIN_FAULTS or line["fault"] == "reversal_denied")
    ]


def _take(final: dict[str, Mapping[str, Any]], changes: Sequence[Any]) -> None:
    for change in changes:
        final[change.anomaly_id] = orjson.loads(change.encode(0))

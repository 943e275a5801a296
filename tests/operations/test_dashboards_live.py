"""Every query of every dashboard, executed on a real Prometheus that scraped a real worker, returns data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from streams.simulator.params import SimulationParams
from tests.operations.programs import ProgramsNotAvailableError, programs
from tests.operations.watched_run import LINKS, finite, watched_run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.kafka_broker import KafkaBroker

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(180)]

PARAMS: Final = SimulationParams(terminals=40, rate=60.0, duration_s=20.0, seed=7, scenario="faults")
SETTINGS: Final = {"links": {name: {} for name in LINKS}, "resolve_horizon": "15s"}
NOT_ZERO: Final = (
    "Money at risk",
    "Open critical anomalies",
    "Money against its limit",
    "Opened in this time",
    "Resolved in this time",
    "Bad records in this time",
    "Workers",
    "Match rate",
    "Match rate by link",
    "Judging is behind by",
    "Events each second by source",
    "Vouchers closed each second by verdict",
    "Delay between the two sides",
    "Money at risk by currency",
    "By kind",
    "Largest open amount by kind",
    "Firing alerts",
    "Opened each minute by severity",
    "Opened each minute by link",
    "Software version",
    "Region",
    "Vouchers that wait for their other side",
    "From a record's time to its handling",
    "Handling one fetch",
    "Commits each minute",
    "Memory and disk of the worker",
)
"""Panels that must show more than zeros after twenty seconds of faults."""


def test_every_query_returns_data(kafka: KafkaBroker, tmp_path: Path) -> None:
    """An unknown metric answers success with nothing, so each answer has to hold a number; many, more than 0."""
    try:
        programs()
    except ProgramsNotAvailableError as error:
        pytest.skip(str(error))
    with watched_run(kafka.bootstrap_servers, tmp_path, PARAMS, SETTINGS) as run:
        answers = list(run.answers())
    empty = [
        (one.dashboard, one.place)
        for one, found in answers
        if not (found if one.label else any(finite(series) for series in found))
    ]
    assert empty == []
    shown = {
        one.place.split(" ", 2)[2].split(" / ")[0]
        for one, found in answers
        if one.panel is not None and any(value > 0 for series in found for value in finite(series))
    }
    assert set(NOT_ZERO) - shown == set()
    links = next(found for one, found in answers if one.place == "variable link")
    assert set(links) == {*LINKS, "other"}

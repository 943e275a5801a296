"""The published schema of the anomaly record is that of the records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import jsonschema
import pytest

from docs.generate import examples
from streams.core.anomaly import KINDS, RESOLUTIONS, SEVERITIES
from streams.core.policy import OUTCOMES
from streams.core.wire import Body
from streams.replay.run import replay_files
from streams.settings import load_settings
from streams.simulator.params import SimulationParams
from streams.simulator.run import simulate_to_files
from tests.contracts.repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA: Final[dict[str, Any]] = json.loads((ROOT / "docs" / "schema" / "anomaly.schema.json").read_text())
JUDGE: Final = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one() -> None:
    """It is valid JSON Schema."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_closed_sets_are_those_of_the_code() -> None:
    """Kinds, severities, resolutions, outcomes and the fields of a leg."""
    properties, leg = SCHEMA["properties"], SCHEMA["$defs"]["leg"]["properties"]
    assert properties["kind"]["enum"] == list(KINDS)
    assert properties["severity"]["enum"] == list(SEVERITIES)
    assert properties["resolution"]["enum"] == [*RESOLUTIONS, None]
    assert leg["outcome"]["enum"] == list(OUTCOMES)
    beside = {"answered_at", "extras", "partition", "offset", "log_time", "deadline"}
    assert set(leg) == set(Body.__struct_fields__) - {"received_at"} | beside


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_of_the_pages_fit(kind: str) -> None:
    """What the pages show is what the schema allows."""
    if shown := examples.record(kind):
        JUDGE.validate(json.loads(shown))


def test_an_hour_of_faults_fits(tmp_path: Path) -> None:
    """Every record of a simulated hour of faults is a record of the schema."""
    terminal, host = tmp_path / "terminal.jsonl", tmp_path / "host.jsonl"
    params = SimulationParams(terminals=50, rate=2.0, duration_s=3_600.0, seed=11, scenario="faults")
    simulate_to_files(params, terminal, host, tmp_path / "truth.jsonl")
    found = replay_files([terminal], [host], load_settings(None, (), {}, live=False).policy())
    assert len(found.anomalies) > 100
    for line in found.anomalies:
        JUDGE.validate(json.loads(line))


def test_what_does_not_fit_is_found() -> None:
    """A foreign property and a severity that does not exist are refused."""
    record = json.loads(examples.record("mismatch"))
    for wrong in ({"severity": "fatal"}, {"colour": "red"}):
        with pytest.raises(jsonschema.ValidationError):
            JUDGE.validate(record | wrong)

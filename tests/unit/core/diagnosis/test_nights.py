"""Diagnoses as on-call staff read them: five nights, each with its cause, texts and next steps in both languages."""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

import jsonschema
import pytest

from docs.generate import diagnoses
from streams.core.diagnosis.model import CAUSES
from streams.core.lane import Lane
from streams.core.state import LaneState
from streams.core.timers import NEVER
from streams.settings import load_settings
from tests.contracts.repository import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.core.policy import Policy

NIGHTS = pytest.mark.parametrize("cause", tuple(diagnoses.nights()))


@NIGHTS
def test_the_cause_of_a_night_comes_first(cause: str) -> None:
    """The likeliest cause is the true one; confidences fall and add up to at most 1."""
    diagnosis = diagnoses.told(cause)["diagnosis"]
    assert diagnosis["cause"] == cause
    said = [one["confidence"] for one in diagnosis["ranked"]]
    assert said == sorted(said, reverse=True)
    assert said[0] == diagnosis["confidence"]
    assert sum(said) <= 1.001
    assert all(one["cause"] in CAUSES for one in diagnosis["ranked"])


@NIGHTS
def test_the_record_of_a_night_fits_the_schema(cause: str) -> None:
    """What is published is what the schema promises, diagnosis included."""
    schema = json.loads((ROOT / "docs" / "schema" / "anomaly.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(diagnoses.told(cause))


@NIGHTS
def test_a_night_is_told_in_both_languages_with_its_numbers(cause: str) -> None:
    """Sentences and steps stand in both languages, no brace is left open, and the steps name the voucher."""
    record = diagnoses.told(cause)
    diagnosis, voucher = record["diagnosis"], record["voucher"]
    for language in ("en", "zh"):
        texts = [piece[language] for piece in diagnosis["evidence"]] + [s[language] for s in diagnosis["actions"]]
        assert texts
        assert not [text for text in texts if "{" in text or not text]
        steps = " ".join(step[language] for step in diagnosis["actions"])
        assert voucher["terminal_id"] in steps
        assert voucher["voucher_number"] in steps
    assert {step["sort"] for step in diagnosis["actions"]} >= {"check", "never"}


def test_evidence_names_the_version_and_its_share() -> None:
    """The sentence that a version's night stands on tells counts, minutes, version and the fleet's share."""
    evidence = diagnoses.told("outdated_terminal")["diagnosis"]["evidence"]
    (said,) = [one for one in evidence if one["piece"].startswith("software_version_cluster")]
    assert "run version 3.1.9" in said["en"]
    assert "fleet share" in said["en"]
    assert "3.1.9" in said["zh"]


def played(make: Callable[[Policy], Lane], cause: str) -> list[dict[str, object]]:
    """Return all that a lane says of a night."""
    night = diagnoses.nights()[cause]
    night.play()
    lane = make(load_settings(None, (), {}, live=False).policy())
    said = []
    for source in (0, 1):
        rows = sorted(night.records[source], key=lambda record: record[0])
        records = [(offset, at, None, json.dumps(event).encode()) for offset, (at, event) in enumerate(rows)]
        said += lane.feed(source, records, NEVER).changes
    return [json.loads(change.encode(0)) for change in (*said, *lane.flush().changes)]


@NIGHTS
def test_packed_or_not_the_diagnosis_is_the_same(cause: str) -> None:
    """A lane that packs its usual vouchers and one that packs none say the same, word for word."""
    packs = played(lambda policy: Lane(0, policy, live=False), cause)
    never = played(
        lambda policy: Lane(0, policy, live=False, state=LaneState(0, policy, partitions=1, live=False)), cause
    )
    assert packs == never


def test_switched_off_nothing_is_diagnosed() -> None:
    """``diagnosis: false`` leaves the field null."""
    off = load_settings(None, ["diagnosis=false"], {}, live=False).policy()
    said = played(lambda _: Lane(0, off, live=False), "unknown")
    assert [record["diagnosis"] for record in said] == [None]


def test_each_cause_that_is_said_is_counted() -> None:
    """An anomaly counts under the cause that it opens with, and once more under another that a later look finds."""
    night = diagnoses.nights()["feed_gap"]
    night.play()
    lane = Lane(0, load_settings(None, (), {}, live=False).policy(), live=False)
    counted: Counter[str] = Counter()
    said: dict[str, list[str]] = {}
    for source in (0, 1):
        rows = sorted(night.records[source], key=lambda record: record[0])
        records = [(offset, at, None, json.dumps(event).encode()) for offset, (at, event) in enumerate(rows)]
        out = lane.feed(source, records, NEVER)
        counted.update({labels[1]: n for (name, labels), n in out.tally.items() if name == "diagnoses_total"})
        for change in out.changes:
            said.setdefault(change.anomaly_id, []).append(json.loads(change.encode(0))["diagnosis"]["cause"])
    assert counted == Counter(cause for causes in said.values() for cause, _ in groupby(causes))
    assert counted["feed_gap"] > 10

"""The anomaly record is a promise: its schema, the table of kinds, and ids that never change."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

import jsonschema
import pytest

from streams.core.anomaly import KINDS
from tests.contracts.repository import ROOT
from tests.scenarios.story import FOLDER, Story, read, stories

SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "schema" / "anomaly.schema.json").read_text())
JUDGE = jsonschema.Draft202012Validator(SCHEMA)
WITHOUT_A_VOUCHER = {"source_stalled", "partitioning_fault"}

FROZEN = {
    "orphan_of_a_preauth": "69d9e44d385e96f06838a0406b1d9f8a f5e5e51d7bd40920006ef5da70f5f1e0",
    "approved_differing_amount": "071f15d3efbbecf54b9257cdb8059f98",
    "unreversed": "fa2cbe5a987f4f349dee797a54a4f4e4",
    "duplicate_voucher": "7df8717fbed43b37ff1bcd7a7da7efec",
    "reversal_answered_25_but_approved": "64f22f60411a983f3a6ba4a7ed5a9651",
    "late_answer_of_the_host": "90e5adac3663e34718b906b71b79d10c 7cf8d9147d118bfc372393337e07d137",
    "batches_in_the_key": "50ed7bbef7777493835761357971f042 826df5cfa434559dcba67736dd84f3c7",
    "split_lane": "3d056b04d7634cabace5058ff459791f 440d6290581322059d5ee40d9de09430",
}
"""Story -> the ids of its anomalies, put together.  These must never change: an id that one release wrote is looked
for by the next, by every consumer of the topic, and by whoever has acknowledged it.  A story may get another id only
together with a new version number inside the id's bytes and a migration in the changelog."""


def revisions(story: Story) -> list[dict[str, Any]]:
    """Return every record that a story publishes."""
    return story.play().history()


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.path.stem)
def test_every_record_fits_the_schema(story: Story) -> None:
    """Not the last ones alone: whatever is published."""
    for record in revisions(story):
        JUDGE.validate(record)


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.path.stem)
def test_a_record_keeps_what_it_was_opened_with(story: Story) -> None:
    """From revision to revision only the state changes, and it ends as the table of kinds allows."""
    fixed = ("kind", "severity", "voucher", "legs", "fields", "original", "amount_at_risk", "currency", "opened_at")
    first: dict[str, dict[str, Any]] = {}
    for record in revisions(story):
        opened = first.setdefault(record["id"], record)
        assert {name: record[name] for name in fixed} == {name: opened[name] for name in fixed}
        assert record["resolution"] is None or record["resolution"] in KINDS[record["kind"]].resolutions
        assert (record["resolved_at"] is None) is (record["status"] != "resolved")
        assert record["changed_at"] >= record["opened_at"]
    for anomaly_id in first:
        numbers = [record["revision"] for record in revisions(story) if record["id"] == anomaly_id]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("name", FROZEN)
def test_ids_never_change(name: str) -> None:
    """If this fails, the code is wrong, not the number."""
    ids = [record["id"] for record in read(FOLDER / f"{name}.story").play().anomalies()]
    assert " ".join(ids) == FROZEN[name]


def test_an_id_is_what_its_bytes_say() -> None:
    """The documented JSON array, hashed by any program, gives the id; numbers without zeros, terminal leg first."""
    (orphan,) = read(FOLDER / "quiet_night.story").play().anomalies()
    leg = orphan["legs"]["terminal"]
    parts = [1, "orphan_terminal", [leg["terminal_id"], "42", "transaction", ""], [["terminal", "t1", leg["log_time"]]]]
    assert orphan["id"] == hashed(parts)
    (conflict,) = read(FOLDER / "approved_declined.story").play().anomalies()
    sides = [[side, leg["event_id"], leg["log_time"]] for side, leg in sorted(conflict["legs"].items(), reverse=True)]
    assert conflict["id"] == hashed([1, "outcome_conflict", ["T0000001", "42", "transaction", ""], sides])


def hashed(parts: list[Any]) -> str:
    """Return lower-case hex of blake2b with 16 bytes over compact JSON."""
    return blake2b(json.dumps(parts, separators=(",", ":")).encode(), digest_size=16).hexdigest()


def test_every_kind_has_its_rule_and_its_page() -> None:
    """One name everywhere: row of the table, file of the rule, page; two kinds speak of a lane, not of a voucher."""
    rules = {path.stem for path in (ROOT / "streams" / "core" / "rules").glob("*.py")} - {"__init__"}
    pages = {path.stem for path in (ROOT / "docs" / "anomalies").glob("*.md")} - {"README"}
    assert rules == KINDS.keys() - WITHOUT_A_VOUCHER
    assert pages == set(KINDS)


def test_a_rule_finds_its_own_kind() -> None:
    """The file names the kind that its ``find`` returns."""
    for kind in KINDS.keys() - WITHOUT_A_VOUCHER:
        text = (ROOT / "streams" / "core" / "rules" / f"{kind}.py").read_text()
        assert f'Finding("{kind}"' in text.replace("(\n", "(").replace("        ", ""), kind
        assert text.startswith(f'"""``{kind}``: '), kind

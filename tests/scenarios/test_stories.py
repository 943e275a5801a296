"""Every golden story ends as its file says, and together they tell of all that the contract names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from streams.core.anomaly import KINDS, RESOLUTIONS, SEVERITIES
from streams.replay.run import replay_files
from tests.scenarios.refresh import refreshed
from tests.scenarios.story import Story, ended, stories

if TYPE_CHECKING:
    from pathlib import Path

STORIES = stories()


RAW_BEGINS = (b"\x02", b"\x04", b"0")
"""First bytes of the message types 02xx and 04xx, packed or as text."""


def named(story: Story) -> str:
    """Return a story's name for a test's id."""
    return story.path.stem


@pytest.mark.parametrize("story", STORIES, ids=named)
def test_a_story_ends_as_it_is_written(story: Story) -> None:
    """What comes of a story's records is what its file says; ``make goldens`` writes it anew."""
    assert story.told() == story.expected


@pytest.mark.parametrize("story", STORIES, ids=named)
def test_a_story_is_in_the_form_that_refreshing_gives(story: Story) -> None:
    """A refreshed file without a change in the code is the same to the byte."""
    assert refreshed(story) == story.path.read_text(encoding="utf-8")
    assert story.about.strip(), "a story begins with what it is about"


@pytest.mark.parametrize("story", [story for story in STORIES if story.live is None], ids=named)
def test_a_replay_of_files_tells_the_same(story: Story, tmp_path: Path) -> None:
    """The same records in files end as the same anomalies."""
    paths = []
    for number, name in enumerate(("terminal", "host")):
        path = tmp_path / f"{name}.jsonl"
        records = sorted(story.timeline.records(number), key=lambda record: record[1])
        path.write_bytes(b"".join(_stamped(value, at) for _, at, _, value in records))
        paths.append(path)
    flush = "no flush" not in story.about.splitlines()
    found = replay_files([paths[0]], [paths[1]], story.policy, flush=flush)
    sink = story.play()
    promised = ("id", "kind", "severity", "status", "resolution", "opened_at", "resolved_at", "amount_at_risk")
    replayed = [{name: json.loads(line)[name] for name in promised} for line in found.anomalies]
    assert replayed == [{name: record[name] for name in promised} for record in sink.anomalies()]
    assert found.summary["pending"] == sink.pending
    assert found.summary["events"] == sink.count("events_total")


def _stamped(value: bytes | None, at_ms: int) -> bytes:
    """Return a line of a file: an object says when it was received, and so does one that wraps a raw message.

    Anything else stands as it is.
    """
    if value and value[:1] in RAW_BEGINS:
        return json.dumps({"received_at": at_ms, "message": value.hex()}).encode() + b"\n"
    try:
        event = json.loads(value or b"")
    except ValueError:
        return (value or b"") + b"\n"
    return json.dumps({**event, "received_at": at_ms}).encode() + b"\n"


def test_every_kind_and_resolution_is_told() -> None:
    """No kind of anomaly, resolution, status or mark is without a story."""
    records = [record for story in STORIES for record in story.play().anomalies()]
    assert {record["kind"] for record in records} == set(KINDS)
    assert {record["resolution"] for record in records} == {None, *RESOLUTIONS}
    assert {record["status"] for record in records} == {"open", "resolved", "expired"}
    assert {record["severity"] for record in records} == set(SEVERITIES)
    assert {mark for record in records for mark in record["marks"]} >= {"held", "weak_match", "limited"}


def test_every_verdict_is_told() -> None:
    """No verdict that closes a voucher without an anomaly is without a story."""
    verdicts = {verdict for story in STORIES for verdict in story.play().verdicts()}
    plain = {"matched", "reversed", "both_unknown", "reversal_repeated", "reversal_host_only", "offline_unverified"}
    assert verdicts >= plain


def test_a_changed_end_is_found() -> None:
    """The comparison can fail: another amount ends in other words."""
    story = next(story for story in STORIES if named(story) == "orphan_terminal")
    other = Story(story.path, story.about, story.events.replace("10000", "10001"), story.expected)
    assert ended(other.play()) != story.expected

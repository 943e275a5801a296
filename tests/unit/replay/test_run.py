"""A replay of files: what it writes, that it is the same each time, and what it holds in memory."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from streams.core.lane import Lane
from streams.core.policy import Policy
from streams.replay import files
from streams.replay.run import PLAIN_VERDICTS, replay_files
from streams.settings.codes import shipped_codes
from streams.simulator.params import SimulationParams
from streams.simulator.run import simulate_to_files
from streams.testing import timeline
from tests.contracts.repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from streams.core.lane import LaneOutput

POLICY = Policy(response_codes={code: row.outcome for code, row in shipped_codes().items()})
KEYS = (
    "events",
    "rejected",
    "redelivered",
    *PLAIN_VERDICTS,
    "pending",
    "anomalies",
    "resolved",
    "amount_at_risk",
)


def files_of(folder: Path, story: str) -> tuple[list[Path], list[Path]]:
    """Write a timeline as two files."""
    steps = timeline(story)
    paths = (folder / "terminal.jsonl", folder / "host.jsonl")
    for source, path in enumerate(paths):
        path.write_bytes(b"".join((value or b"") + b"\n" for _, _, _, value in steps.records(source)))
    return [paths[0]], [paths[1]]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Twenty minutes of a small fleet with every fault, as two files."""
    folder = tmp_path_factory.mktemp("simulated")
    paths = (folder / "terminal.jsonl", folder / "host.jsonl")
    params = SimulationParams(terminals=40, rate=4.0, duration_s=1_200.0, seed=7, scenario="faults")
    simulate_to_files(params, *paths, folder / "truth.jsonl")
    return paths


def test_the_summary_counts_everything_once(tmp_path: Path) -> None:
    """Every key is there whatever happened, and each voucher counts under its first verdict."""
    story = """
        t=0   terminal sale 1 00
        t=1   host sale 1 00
        t=1.5 host again h1
        t=2   terminal sale 2 96
        t=3   host sale 2 96
        t=4   terminal sale 3 00 offline=true
        t=5   terminal sale 4 68
        t=6   host sale 4 00
        t=7   terminal reversal 4 00
        t=8   host reversal 4 00
        t=9   terminal sale 5 00 amount=500
        t=10  host sale 6 00 currency=HKD amount=70
        t=11  terminal sale 7 00 rrn=1
        t=120 host sale 7 00 rrn=1
        t=130 terminal raw {"event_time": 1772409730000}
        t=131 terminal settlement
    """
    found = replay_files(*files_of(tmp_path, story), POLICY)
    assert found.summary == {
        "events": 15,
        "rejected": {"missing_field": 1},
        "redelivered": 1,
        "matched": 2,
        "reversed": 1,
        "both_unknown": 1,
        "reversal_repeated": 0,
        "reversal_host_only": 0,
        "offline_unverified": 1,
        "original_unverifiable": 0,
        "pending": 0,
        "anomalies": {"orphan_host": 1, "orphan_terminal": 2},
        "resolved": {"late_match": 1},
        "amount_at_risk": {"CNY": 500, "HKD": 70},
    }


def test_no_flush_leaves_the_rest_pending(tmp_path: Path) -> None:
    """Only what the records themselves have brought to a verdict counts."""
    story = "t=0 terminal sale 1 00\nt=50 terminal sale 2 00\nt=61 host sale 3 00\nt=62 host sale 2 00"
    terminal, host = files_of(tmp_path, story)
    found = replay_files(terminal, host, POLICY, flush=False)
    assert found.summary["anomalies"] == {"orphan_terminal": 1}
    assert (found.summary["matched"], found.summary["pending"]) == (1, 1)
    flushed = replay_files(terminal, host, POLICY)
    assert flushed.summary["anomalies"] == {"orphan_terminal": 1, "orphan_host": 1}
    assert flushed.summary["pending"] == 0


def test_the_flush_does_not_pass_the_resolve_horizon(tmp_path: Path) -> None:
    """What is open at the end stays open; a horizon that ends before the last record does fire."""
    policy = dataclasses.replace(POLICY, resolve_horizon_ms=3_600_000)
    story = "t=0 terminal sale 1 00\nt=10 terminal sale 2 00\nt={0} host status"
    for last, wanted in (
        ("3660", ["open", "open"]),
        ("3660.001", ["expired", "open"]),
        ("4000", ["expired", "expired"]),
    ):
        found = replay_files(*files_of(tmp_path, story.format(last)), policy)
        assert [record["status"] for record in found.records] == wanted, last
        assert [record["resolved_at"] for record in found.records] == [None, None]


def test_anomalies_are_final_records_in_order(simulated: tuple[Path, Path]) -> None:
    """One line for each anomaly, its last revision, sorted by (``opened_at``, ``id``)."""
    found = replay_files([simulated[0]], [simulated[1]], POLICY)
    records = [json.loads(line) for line in found.anomalies]
    assert len({record["id"] for record in records}) == len(records) > 20
    order = [(record["opened_at"], record["id"]) for record in records]
    assert order == sorted(order)
    assert {record["detected_at"] - record["opened_at"] for record in records} == {0}
    assert any(record["revision"] == 2 for record in records)


def test_the_order_and_cut_of_files_change_nothing(simulated: tuple[Path, Path], tmp_path: Path) -> None:
    """Packed, cut into several files, shuffled: the same records but for offsets."""
    whole = replay_files([simulated[0]], [simulated[1]], POLICY)
    lines = [path.read_bytes().splitlines(keepends=True) for path in simulated]
    parts: list[list[Path]] = [[], []]
    for source in (0, 1):
        for part in range(3):
            path = tmp_path / f"{source}{part}.jsonl.gz"
            path.write_bytes(gzip.compress(b"".join(lines[source][part::3])))
            parts[source].append(path)
    cut = replay_files(parts[0], parts[1], POLICY)
    assert cut.summary == whole.summary
    rng = random.Random(3)
    shuffled = []
    for source in (0, 1):
        rng.shuffle(lines[source])
        path = tmp_path / f"shuffled{source}.jsonl"
        path.write_bytes(b"".join(lines[source]))
        shuffled.append(path)
    mixed = replay_files([shuffled[0]], [shuffled[1]], POLICY)
    assert mixed.summary == whole.summary
    assert essence(mixed.records) == essence(cut.records) == essence(whole.records)


def essence(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is promised of each record."""
    names = ("id", "kind", "severity", "status", "resolution", "fields", "opened_at", "resolved_at", "amount_at_risk")
    return [{name: record[name] for name in names} for record in records]


@pytest.mark.parametrize("size", [1, 3, 100_000])
def test_the_size_of_a_fetch_changes_nothing(
    simulated: tuple[Path, Path], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines a call are a matter of speed alone, to the byte."""
    usual = replay_files([simulated[0]], [simulated[1]], POLICY)
    monkeypatch.setattr(files, "CHUNK_LINES", size)
    assert replay_files([simulated[0]], [simulated[1]], POLICY) == usual


def test_two_processes_write_the_same_bytes(simulated: tuple[Path, Path], tmp_path: Path) -> None:
    """Whatever the seed of Python's hashes."""
    written = []
    for seed in ("1", "2"):
        output = tmp_path / seed
        command = ["replay", "--terminal", str(simulated[0]), "--host", str(simulated[1]), "--output", str(output)]
        done = subprocess.run(
            [sys.executable, "-m", "streams", *command],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=100,
        )
        written.append((output.read_bytes(), done.stderr))
    assert written[0] == written[1]
    assert written[0][0]


def test_dead_letters_name_file_and_line(tmp_path: Path) -> None:
    """JSON Lines of source, file, line, reason, detail and the base64 value, in the order of the replay."""
    terminal, host = files_of(tmp_path, "t=0 terminal sale 1 00\nt=0 host sale 1 00")
    second = tmp_path / "more.jsonl"
    second.write_bytes(b"\n" + terminal[0].read_bytes() + b"{\n")
    letters = tmp_path / "dead.jsonl"
    host[0].write_bytes(host[0].read_bytes() + b"[]\n")
    replay_files([*terminal, second], host, POLICY, deadletter=letters)
    rows = sorted((json.loads(text) for text in letters.read_text().splitlines()), key=lambda row: row["source"])
    assert [(row["source"], row["file"], row["line"], row["reason"]) for row in rows] == [
        ("host", str(host[0]), 2, "not_an_object"),
        ("terminal", str(second), 3, "malformed"),
    ]
    assert [base64.b64decode(row["value"]) for row in rows] == [b"[]", b"{"]
    assert all(set(row) == {"source", "file", "line", "reason", "detail", "value"} for row in rows)


def test_dead_letters_of_many_lines_keep_their_places(tmp_path: Path) -> None:
    """Over more lines than one fetch has."""
    terminal, host = files_of(tmp_path, "t=0..999 terminal sale 1+ 00\nt=0 host status")
    lines = terminal[0].read_bytes().splitlines()
    for number in range(0, 1_000, 97):
        lines[number] = b"x" + lines[number]
    terminal[0].write_bytes(b"\n".join(lines))
    letters = tmp_path / "dead.jsonl"
    replay_files(terminal, host, POLICY, deadletter=letters)
    rows = [json.loads(text) for text in letters.read_text().splitlines()]
    assert [row["line"] for row in rows] == [number + 1 for number in range(0, 1_000, 97)]


@pytest.mark.parametrize("empty", [(), ("terminal",), ("host",), ("terminal", "host")])
def test_empty_inputs(tmp_path: Path, empty: tuple[str, ...]) -> None:
    """An empty file, or none, is a source that said nothing: what the other said stands alone."""
    terminal, host = files_of(tmp_path, "t=0 terminal sale 1 00\nt=0 host sale 1 00")
    for name, paths in (("terminal", terminal), ("host", host)):
        if name in empty:
            paths[0].write_bytes(b"")
    found = replay_files(terminal, host, POLICY)
    assert tuple(found.summary) == KEYS
    kinds = {(): {}, ("terminal",): {"orphan_host": 1}, ("host",): {"orphan_terminal": 1}, ("terminal", "host"): {}}
    assert found.summary["anomalies"] == kinds[empty]
    if not empty:
        assert replay_files([], [], POLICY).summary == replay_files(*files_of(tmp_path, ""), POLICY).summary


def test_a_source_that_ends_early_is_not_waited_for(tmp_path: Path) -> None:
    """What the other one goes on to say is judged as it is read, not kept until the end."""
    terminal, host = files_of(tmp_path, "t=0..5000 terminal sale 1+ 00\nt=0 host status")
    most = 0
    feed = Lane.feed

    def watched(lane: Lane, *arguments: Any) -> LaneOutput:  # noqa: ANN401  handed through
        nonlocal most
        output = feed(lane, *arguments)
        most = max(most, sum(lane.gauges().waiting))
        return output

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lane, "feed", watched)
        found = replay_files(terminal, host, POLICY)
    assert found.summary["anomalies"] == {"orphan_terminal": 5_001}
    assert most < 1_000

"""Whole simulations into files and, through a recorded producer, into Kafka."""

from __future__ import annotations

import gzip
import sys
import time
import types
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.errors import UnreachableError
from streams.simulator import sinks
from streams.simulator.feed import Simulation
from streams.simulator.params import SimulationParams
from streams.simulator.run import simulate_to_files, simulate_to_kafka
from streams.simulator.score import read_truth

if TYPE_CHECKING:
    from pathlib import Path

PARAMS = SimulationParams(terminals=30, rate=60, duration_s=40, seed=11, scenario="faults")


def write(directory: Path, suffix: str = "") -> tuple[bytes, bytes, bytes]:
    """Simulate into a directory and return the bytes of the terminal's, the host's and the truth's file."""
    directory.mkdir()
    paths = [directory / f"{name}.jsonl{suffix}" for name in ("terminal", "host", "truth")]
    simulate_to_files(PARAMS, *paths)
    first, second, third = (path.read_bytes() for path in paths)
    return first, second, third


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_files_are_equal_byte_for_byte(tmp_path: Path, suffix: str) -> None:
    """The same parameters give the same files, packed or not, whatever the clock says."""
    assert write(tmp_path / "one", suffix) == write(tmp_path / "two", suffix)


def test_packed_files_hold_the_same_lines(tmp_path: Path) -> None:
    """A name that ends in .gz changes the packing alone."""
    plain, packed = write(tmp_path / "plain"), write(tmp_path / "packed", ".gz")
    assert tuple(map(gzip.decompress, packed)) == plain


def test_lines_of_each_file_are_sorted_by_received_at(tmp_path: Path) -> None:
    """Every object has received_at, and each file is in its order."""
    for content in write(tmp_path / "run")[:2]:
        lines = [line for line in content.splitlines() if line.startswith(b"{")]
        times = [int(line[len(b'{"received_at":') : line.index(b",")]) for line in lines]
        assert times == sorted(times)
        assert len(times) > 500


def test_a_line_is_the_record_with_its_time_in_front(tmp_path: Path) -> None:
    """What a file holds is what Kafka would hold, with the record's time as received_at."""
    terminal, host, _ = write(tmp_path / "run")
    for name, content in (("terminal", terminal), ("host", host)):
        lines = iter(content.split(b"\n"))
        for record in Simulation(PARAMS).records():
            if record.source == name and record.value.startswith(b"{"):
                line = next(line for line in lines if line.startswith(b"{"))
                assert line == b'{"received_at":%d,' % record.at_ms + record.value[1:]


def test_the_truth_ends_with_a_summary(tmp_path: Path) -> None:
    """The last line of truth is the summary, which reading the truth leaves out."""
    truth = write(tmp_path / "run")[2]
    last = orjson.loads(truth.splitlines()[-1])
    assert set(last["summary"]) == {
        *("events", "rejected", "redelivered", "vouchers", "faults", "expected", "causes", "records"),
    }
    read = read_truth(tmp_path / "run" / "truth.jsonl")
    assert len(read) == len(truth.splitlines()) - 1
    assert [line["at"] for line in read] == sorted(line["at"] for line in read)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The sentence says which file and why."""
    missing = tmp_path / "nowhere" / "t.jsonl"
    with pytest.raises(UnreachableError, match=rf"Cannot write {missing}: No such file or directory\."):
        simulate_to_files(PARAMS, missing, tmp_path / "h.jsonl", tmp_path / "truth.jsonl")


class RecordedProducer:
    """Stands for the Kafka client and remembers what was sent."""

    sent: list[tuple[str, bytes, bytes, int]]

    def __init__(self, **config: Any) -> None:  # noqa: ANN401  the client's own settings
        type(self).sent = []
        self.config = config

    def send(self, topic: str, value: bytes, key: bytes, timestamp_ms: int) -> RecordedProducer:
        """Remember one record."""
        self.sent.append((topic, value, key, timestamp_ms))
        return self

    def add_errback(self, _: object) -> None:
        """Take no notice: nothing fails here."""

    def flush(self) -> None:
        """Have nothing under way."""

    def close(self, **_: float) -> None:
        """Have nothing open."""


@pytest.fixture
def _kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the recorded producer in the client's place, and an hour hand that moves by naps alone."""
    client = types.ModuleType("kafka")
    client.KafkaProducer = RecordedProducer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kafka", client)
    now = [1_800_000_000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))


@pytest.mark.usefixtures("_kafka")
def test_paced_records_are_keyed_and_sent_at_their_time(tmp_path: Path) -> None:
    """The timeline starts now; each record goes to its side's topic under its terminal's key, never early."""
    summary = simulate_to_kafka(PARAMS, "b:1", "tt", "hh", tmp_path / "truth.jsonl", stop=lambda: False)
    sent = RecordedProducer.sent
    assert len(sent) == summary.records > 1_000
    assert {topic for topic, *_ in sent} == {"tt", "hh"}
    assert min(at_ms for *_, at_ms in sent) >= 1_800_000_000_000
    assert time.time() * 1_000 >= sent[-1][3]
    start_ms = 1_800_000_000_000
    wanted = Simulation(replace(PARAMS, start_ms=start_ms, kafka=True, fit="sent")).records()
    topics = {"terminal": "tt", "host": "hh"}
    assert sent == [(topics[record.source], record.value, record.key, record.at_ms) for record in wanted]


@pytest.mark.usefixtures("_kafka")
def test_unpaced_records_keep_the_given_start_and_do_not_wait(tmp_path: Path) -> None:
    """As fast as it goes, from the start that the parameters name."""
    simulate_to_kafka(PARAMS, "b:1", "tt", "hh", tmp_path / "truth.jsonl", stop=lambda: False, unpaced=True)
    assert RecordedProducer.sent[0][3] == pytest.approx(PARAMS.start_ms, abs=5_000)
    assert time.time() == 1_800_000_000.0


@pytest.mark.usefixtures("_kafka")
@pytest.mark.parametrize("unpaced", [True, False])
def test_a_stop_ends_the_run_and_writes_the_truth_so_far(tmp_path: Path, *, unpaced: bool) -> None:
    """Asked to stop, the run ends at once; the truth file is whole."""
    path = tmp_path / "truth.jsonl"
    summary = simulate_to_kafka(PARAMS, "b:1", "tt", "hh", path, stop=lambda: True, unpaced=unpaced)
    assert summary.records == 1
    assert RecordedProducer.sent == []
    assert b'"summary"' in path.read_bytes().splitlines()[-1]


def test_no_broker_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port where nobody listens is named within the limit."""
    monkeypatch.setattr(sinks, "ANSWER_LIMIT_MS", 300)
    with pytest.raises(UnreachableError, match=r"No broker answers at 127\.0\.0\.1:1: "):
        simulate_to_kafka(PARAMS, "127.0.0.1:1", "tt", "hh", tmp_path / "truth.jsonl", stop=lambda: False)

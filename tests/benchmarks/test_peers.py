"""The comparison with the field counts and reckons as it says; the peers themselves need environments of their own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks.peers.__main__ import arguments, turned
from benchmarks.peers.field import NAMES, ON_REQUEST, OURS
from benchmarks.peers.pairing import WINDOW_MS, Counts, Yardstick, leg_of
from benchmarks.peers.running import Look, speeds
from benchmarks.peers.table import medians, table, with_ratios
from streams.simulator.stage import SimRecord

PINS = Path(__file__).resolve().parents[2] / "benchmarks" / "peers" / "pins"


def record(at_ms: int, source: str, number: str, amount: int = 100, kind: str = "sale") -> SimRecord:
    """Return one side of a voucher."""
    event = {"kind": kind, "terminal_id": " T1 ", "voucher_number": number, "amount": amount}
    return SimRecord(at_ms, "host" if source == "host" else "terminal", b"T1", json.dumps(event).encode())


def counts_of(*records: SimRecord) -> Counts:
    """Return what the yardstick says of some records."""
    yardstick = Yardstick()
    for one in records:
        yardstick.see(one)
    return yardstick.finish()


def test_legs_pair_within_the_window_and_not_beyond() -> None:
    """The window is inclusive, padding is no difference, the class is."""
    assert counts_of(record(0, "terminal", "000042"), record(WINDOW_MS, "host", " 42")) == Counts(pairs=1)
    beyond = counts_of(record(0, "terminal", "42"), record(WINDOW_MS + 1, "host", "42"))
    assert beyond == Counts(orphans_terminal=1, orphans_host=1)
    other_class = counts_of(record(0, "host", "42"), record(1, "terminal", "42", kind="reversal"))
    assert other_class == Counts(orphans_terminal=1, orphans_host=1)


def test_a_second_delivery_pairs_once_more_as_in_a_join() -> None:
    """A join knows no redelivery; each pair's amounts are compared."""
    found = counts_of(record(0, "terminal", "7"), record(1, "host", "7", amount=99), record(2, "host", "7"))
    assert found == Counts(pairs=2, mismatched=1)


@pytest.mark.parametrize("value", [b"", b"{", b'["a"]', b'"ping"', b"{}", b'{"terminal_id":"T","voucher_number":7}'])
def test_a_record_without_a_voucher_has_no_leg(value: bytes) -> None:
    """Whatever stands in a record, the yardstick goes on."""
    assert leg_of(value) is None


def test_speeds_leave_out_what_was_handled_before_the_first_look() -> None:
    """Start-up and the first batch are outside, and so is the time after the last record."""
    looks = [Look(0, 1.0, 0), Look(1, 2.0, 100), Look(2, 3.0, 600), Look(3, 3.5, 1_100), Look(9, 4.0, 1_100)]
    found = speeds(looks)
    assert (found["wall_s"], found["cpu_s"]) == (2, 1.5)
    assert (found["events_per_wall_s"], found["events_per_cpu_s"]) == (500, 667)
    assert found["late_events_per_cpu_s"] == 1_000


def test_a_peer_that_only_reads_at_first_is_done_when_its_counts_are() -> None:
    """Records read but not yet joined are not handled."""
    looks = [Look(0, 0, 10, (0,)), Look(1, 1, 110, (5,)), Look(4, 2, 110, (90,)), Look(9, 2, 110, (90,))]
    assert speeds(looks)["wall_s"] == 1
    assert speeds(looks, settling=True)["wall_s"] == 4


def test_what_is_read_ahead_counts_from_the_reading_on() -> None:
    """A peer that parses everything before it handles anything is timed from its first record read."""
    looks = [Look(0, 0, 0), Look(1, 1, 0, (), 50), Look(5, 4, 10, (), 100), Look(6, 5, 100, (), 100)]
    assert speeds(looks)["events_per_wall_s"] == 20


def test_the_table_tells_medians_ratios_and_what_was_not_run() -> None:
    """A ratio says how many times as fast voucherwatch is; a peer that is missing is named with its reason."""
    speed = {"events_per_wall_s": 0, "events_per_cpu_s": 0, "late_events_per_cpu_s": 0, "handled": 10, "peak_mib": 1}
    ours = [{name: value or 100 * times for name, value in speed.items()} for times in (1, 2, 9)]
    theirs = {name: value or 50 for name, value in speed.items()}
    found = with_ratios({OURS: medians(ours), "faust": medians([theirs]), "flink": {"not_run": "no java"}})
    assert found["faust"]["ours_is_times"]["events_per_wall_s"] == 4
    text = table(1, found, {"long": {"pairs": 1, "mismatched": 2, "orphans_terminal": 3, "orphans_host": 4}})
    assert re.search(r"faust .* 50 +4.0 ", text)
    assert "flink                     not run: no java" in text


def test_rounds_begin_with_another_contestant_each() -> None:
    """Nobody always has the machine when it is coldest."""
    assert [turned(["a", "b", "c"], by)[0] for by in range(4)] == ["a", "b", "c", "a"]


def test_a_smoke_run_is_small_and_the_usual_one_has_the_whole_field() -> None:
    """What is only on request is left out unless it is named."""
    assert set(arguments([]).only) == set(NAMES) - ON_REQUEST
    small = arguments(["--smoke", "--only", "flink"])
    assert (small.rounds, small.both_rounds, small.only) == (1, 0, ["flink"])
    assert small.events < arguments([]).events


def test_every_version_of_the_python_peers_is_pinned() -> None:
    """An environment made tomorrow is the one that was measured."""
    for path in sorted(PINS.glob("*.txt")):
        lines = path.read_text().splitlines()
        assert lines
        assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9.+!]+", line)] == [], path.name

"""``replay`` judges a log: anomalies on standard output, the rest where it was asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from streams.cli.replay import _repeated

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Voucherwatch


def event(number: int, at_s: int, **fields: object) -> str:
    """Return one line of a sale."""
    base = {
        "event_id": f"e{number}",
        "kind": "sale",
        "event_time": "2026-03-02T08:00:00+08:00",
        "terminal_id": "T1",
        "merchant_id": "M1",
        "voucher_number": str(number),
        "amount": 100,
        "currency": "CNY",
        "response_code": "00",
        "received_at": 1_772_409_600_000 + at_s * 1000,
    }
    return json.dumps({**base, **fields}) + "\n"


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """Three terminal vouchers in two files, one of them known to the host, and one bad record."""
    (tmp_path / "t1.jsonl").write_text(event(1, 0) + event(2, 1), encoding="utf-8")
    (tmp_path / "t2.jsonl").write_text(event(3, 500) + "no json\n", encoding="utf-8")
    (tmp_path / "h.jsonl").write_text(event(1, 2), encoding="utf-8")
    return tmp_path


def test_anomalies_are_lines_on_standard_output(day: Path, voucherwatch: Voucherwatch) -> None:
    """Standard output holds records alone; the sentence for people is on standard error."""
    del day
    ended = voucherwatch("replay", "--terminal", "t1.jsonl", "t2.jsonl", "--host", "h.jsonl")
    records = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.code == 0
    assert [(record["kind"], record["voucher"]["voucher_number"]) for record in records] == [
        ("orphan_terminal", "2"),
        ("orphan_terminal", "3"),
    ]
    assert ended.err == "4 events, 1 bad records, 1 vouchers matched, 2 anomalies, 0 vouchers pending.\n"


def test_summary_dead_letters_and_output_go_to_files(day: Path, voucherwatch: Voucherwatch) -> None:
    """Each part can have its file."""
    files = ["--summary", "s.json", "--deadletter", "d.jsonl", "--output", "a.jsonl"]
    ended = voucherwatch("replay", "--terminal", "t1.jsonl", "--terminal", "t2.jsonl", "--host", "h.jsonl", *files)
    assert (ended.code, ended.out) == (0, "")
    assert json.loads((day / "s.json").read_text())["anomalies"] == {"orphan_terminal": 2}
    assert json.loads((day / "d.jsonl").read_text())["reason"] == "malformed"
    assert len((day / "a.jsonl").read_text().splitlines()) == 2


def test_without_a_flush_the_last_stays_pending(day: Path, voucherwatch: Voucherwatch) -> None:
    """``--no-flush`` leaves what has no verdict yet."""
    del day
    ended = voucherwatch("replay", "--terminal", "t1.jsonl", "t2.jsonl", "--host", "h.jsonl", "--no-flush")
    assert ended.err == "4 events, 1 bad records, 1 vouchers matched, 1 anomalies, 1 vouchers pending.\n"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [("critical", 1), ("orphan_terminal", 1), ("info,orphan_host", 0), ("mismatch, critical", 1)],
)
def test_fail_on_kind_or_severity(day: Path, wanted: str, code: int, voucherwatch: Voucherwatch) -> None:
    """Exit code 1 only for what was named."""
    del day
    ended = voucherwatch("replay", "--terminal", "t1.jsonl", "--host", "h.jsonl", "--fail-on", wanted)
    assert ended.code == code
    assert ended.out


def test_fail_on_names_what_it_does_not_know(day: Path, voucherwatch: Voucherwatch) -> None:
    """A misspelt kind would never fail a run, so it is refused."""
    del day
    ended = voucherwatch("replay", "--terminal", "t1.jsonl", "--host", "h.jsonl", "--fail-on", "orphans")
    assert ended.code == 2
    assert ended.err.startswith("--fail-on names orphans, but known are orphan_terminal, orphan_host, ")


def test_an_unreadable_file_is_three(day: Path, voucherwatch: Voucherwatch) -> None:
    """The file is named."""
    del day
    ended = voucherwatch("replay", "--terminal", "t1.jsonl", "none.jsonl", "--host", "h.jsonl")
    assert (ended.code, ended.out) == (3, "")
    assert "none.jsonl" in ended.err


def test_an_output_that_cannot_be_written_is_three(day: Path, voucherwatch: Voucherwatch) -> None:
    """The place is named."""
    del day
    ended = voucherwatch("replay", "--terminal", "t1.jsonl", "--host", "h.jsonl", "--summary", "no/where.json")
    assert ended.code == 3
    assert ended.err == "Cannot write no/where.json: no such file or directory; choose another place.\n"


def test_lines_with_and_without_received_at_are_refused(day: Path, voucherwatch: Voucherwatch) -> None:
    """One file must have one clock."""
    with (day / "t1.jsonl").open("a", encoding="utf-8") as file:
        file.write(event(9, 3, received_at=None))
    ended = voucherwatch("replay", "--terminal", "t1.jsonl", "--host", "h.jsonl")
    assert ended.code == 2
    assert "received_at" in ended.err


def test_a_setting_changes_the_verdicts(day: Path, voucherwatch: Voucherwatch) -> None:
    """A window below the time between the two sides makes two orphans of a pair."""
    del day
    ended = voucherwatch("replay", "--terminal", "t1.jsonl", "--host", "h.jsonl", "--set", "pair_window=1s")
    kinds = sorted(json.loads(line)["kind"] for line in ended.out.splitlines())
    assert ended.code == 0
    assert "orphan_terminal" in kinds


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("--terminal a b --host c", "--terminal a --terminal b --host c"),
        ("--terminal a --terminal b --host c d --no-flush", "--terminal a --terminal b --host c --host d --no-flush"),
        ("--host=a --terminal b --set x=1", "--host=a --terminal b --set x=1"),
        ("--terminal", "--terminal"),
        ("--terminal --host c", "--terminal --host c"),
    ],
)
def test_one_option_takes_several_files(given: str, seen: str) -> None:
    """``--terminal a b`` is ``--terminal a --terminal b``."""
    assert list(_repeated(given.split())) == seen.split()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            [],
            "There is nothing to read; give --terminal and --host files, or --bootstrap-servers and --from for topics.",
        ),
        (["--terminal", "t1.jsonl"], "--host is missing; a voucher has two sides, give both."),
        (["--host", "h.jsonl"], "--terminal is missing; a voucher has two sides, give both."),
        (
            ["--terminal", "t1.jsonl", "--from", "-2h"],
            "Files and --from are both given; leave one out: files need no broker.",
        ),
        (["-b", "127.0.0.1:1"], "--from is missing; say from when on vouchers are reported, such as --from -2h."),
        (["--from", "-2h", "--to", "-3h"], "exchange them."),
        (
            ["--terminal", "t1.jsonl", "--host", "h.jsonl", "--compare"],
            "--compare has nothing to compare; give --set with a setting that decides verdicts.",
        ),
        (
            ["--terminal", "t1.jsonl", "--host", "h.jsonl", "--compare", "--output", "a", "--fail-on", "critical"],
            "--compare has two results, and --output is for one; leave out --output, --fail-on.",
        ),
    ],
)
def test_what_does_not_fit_together_is_a_sentence(
    arguments: list[str], says: str, day: Path, voucherwatch: Voucherwatch
) -> None:
    """Exit code 2 before anything is read."""
    del day
    ended = voucherwatch("replay", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith(says + "\n")


def test_a_comparison_is_a_table(day: Path, voucherwatch: Voucherwatch) -> None:
    """What another window would change, exit code 0, and a word if a worker would not start with it."""
    del day
    files = ["--terminal", "t1.jsonl", "t2.jsonl", "--host", "h.jsonl"]
    ended = voucherwatch("replay", *files, "--compare", "--set", "pair_window.sale=1s")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "Changed: pair_window.sale=1s",
        "",
        "kind             base  changed  same  gained  (resolved)  lost  moved in  moved out",
        "orphan_terminal     2        3     2       1         (1)     0         0          0",
        "",
        "detection delay      anomalies  median     p99",
        "base                         2  60.0 s  60.0 s",
        "changed                      3   1.0 s   1.0 s",
        "of the same: gained          2  59.0 s  59.0 s",
        "of the same: lost            0       -       -",
        "",
        "kind  link  pairs  median    p99  p99.9  longest  pair_window  suggested",
        "sale  all     1 *   2.0 s  2.0 s  2.0 s    2.0 s           1m        31s",
        "* fewer than 1,000 pairs: their p99.9 is the longest delay there was; measure a longer time. Links with",
        "  fewer are not shown.",
        "A window is set by kind; it must be longer than stall_after, and so is every suggestion.",
    ]
    base, changed, refused = ended.err.splitlines()
    assert [base, changed] == [
        "Base: 4 events, 1 bad records, 1 vouchers matched, 2 anomalies, 0 vouchers pending.",
        "Changed: 4 events, 1 bad records, 0 vouchers matched, 3 anomalies, 0 vouchers pending.",
    ]
    assert refused.startswith(
        "A worker would refuse these settings: --set: pair_window.sale is 1s, but must be more than "
    )


def test_a_comparison_is_json_for_programs(day: Path, voucherwatch: Voucherwatch) -> None:
    """The same, with both summaries."""
    del day
    files = ["--terminal", "t1.jsonl", "t2.jsonl", "--host", "h.jsonl"]
    ended = voucherwatch("replay", *files, "--compare", "--json", "--set", "pair_window.sale=45s")
    found = json.loads(ended.out)
    assert found["settings"] == ["pair_window.sale=45s"]
    assert found["kinds"]["orphan_terminal"]["same"] == 2
    assert found["detection_delay"]["gained"] == {"count": 2, "median_ms": 15_000, "p99_ms": 15_000}
    assert found["summary"]["base"] == found["summary"]["changed"]
    assert found["windows"][0]["suggested_ms"] == 31_000
    assert "A worker would refuse" not in ended.err


def test_windows_are_suggested(day: Path, voucherwatch: Voucherwatch) -> None:
    """The table is on standard output, the anomalies only where they are asked for."""
    files = ["--terminal", "t1.jsonl", "t2.jsonl", "--host", "h.jsonl"]
    ended = voucherwatch("replay", *files, "--suggest-windows", "--json", "--output", "a.jsonl")
    (row,) = json.loads(ended.out)["windows"]
    assert (row["kind"], row["pairs"], row["p99_9_ms"], row["enough_pairs"]) == ("sale", 1, 2_000, False)
    assert len((day / "a.jsonl").read_text().splitlines()) == 2
    alone = voucherwatch("replay", "--terminal", "t1.jsonl", "--host", "t2.jsonl", "--suggest-windows")
    assert alone.out == "No pair was found, so no window can be suggested.\n"


def test_producers_time_stamps_are_no_future_in_files(day: Path, voucherwatch: Voucherwatch) -> None:
    """A file replay has no wall clock that a record could be ahead of."""
    del day
    files = ["--terminal", "t1.jsonl", "t2.jsonl", "--host", "h.jsonl"]
    ended = voucherwatch("replay", *files, "--set", "allow_create_time=true")
    assert ended.err.startswith("4 events, 1 bad records, ")

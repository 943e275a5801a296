"""A life tells what a replay finds: the same anomalies, whichever of the two logs it is read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from streams.replay.life.account import Question
from streams.replay.life.files import life_in_files
from streams.replay.life.reading import PartLog
from streams.replay.life.topics import Spread, life_in_topics
from streams.replay.run import replay_files
from tests.unit.cli.life_stories import POLICY, LifeLists
from tests.unit.replay.topics import as_files, simulated

if TYPE_CHECKING:
    from pathlib import Path

    from streams.replay.life.account import Life

DAY_MS = 86_400_000
ASKED = 40
SAME = ("id", "kind", "status", "resolution", "severity", "amount_at_risk", "opened_at", "resolved_at")


def accused(life: Life) -> set[tuple[object, ...]]:
    """Return the anomalies of the very voucher, as far as they have to be the same."""
    return {tuple(getattr(one, name) for name in SAME) for one in life.anomalies if one.of == "voucher"}


@pytest.mark.parametrize("seed", [3, 4])
def test_a_life_holds_the_anomalies_of_a_replay(tmp_path: Path, seed: int) -> None:
    """Over files and over topics; the legs of every voucher are among the records."""
    records = simulated(6, seed, terminals=12, rate=10)
    terminal, host = as_files(records, tmp_path)
    lists = LifeLists()
    for record in records:
        lists.add(0 if record.source == "terminal" else 1, record.at_ms, record.key, record.value)
    expected: dict[tuple[str, str], set[tuple[object, ...]]] = {}
    for line in replay_files([terminal], [host], POLICY).anomalies:
        found = msgspec.json.decode(line)
        key = found["voucher"]["terminal_id"], found["voucher"]["voucher_number"].lstrip("0")
        expected.setdefault(key, set()).add(tuple(found[name] for name in SAME))
    assert len(expected) > ASKED
    end_ms = records[-1].at_ms + DAY_MS // 2
    for terminal_id, number in sorted(expected)[:: len(expected) // ASKED]:
        question = Question(terminal_id, number)
        by_files = life_in_files(([terminal], [host]), question, POLICY, lambda *_: None, flush=True)
        reach = Spread(records[0].at_ms, None, end_ms, DAY_MS)
        by_topics = life_in_topics(lists, question, POLICY, reach, lambda *_: None)
        assert accused(by_files) == accused(by_topics) == expected[terminal_id, number]
        legs = {record.place for record in by_files.records}
        assert {leg for one in by_files.vouchers for leg in (one.terminal, one.host) if leg} <= legs
        assert by_files.answer == "judged"


def test_records_of_other_terminals_are_passed_over_undecoded() -> None:
    """Only the key is looked at; log time goes on with every record and never falls."""
    fetches = iter([[(0, 50, b"A", b"no JSON"), (1, 40, b" T ", b"x"), (2, 60, None, None)], [(3, 45, b"T", b"y")]])
    part = PartLog(fetches, lambda key, _: (key or b"").strip() == b"T")  # type: ignore[arg-type]  # a narrower tuple
    assert part.fetch() == [(1, 50, b" T ", b"x")]
    assert part.fetch() == [(3, 60, b"T", b"y")]
    assert (part.fetch(), part.done, part.records, part.reached_ms, part.next_offset) == ([], True, 4, 60, 4)


def test_the_vouchers_of_a_busy_terminal_are_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The oldest of other numbers go, and the answer says so."""
    monkeypatch.setattr("streams.replay.life.lane.MAX_VOUCHERS", 8)
    records = simulated(2, 5, terminals=1, rate=5)
    paths = as_files(records, tmp_path)
    terminal_id = records[0].key.decode()
    life = life_in_files(([paths[0]], [paths[1]]), Question(terminal_id, "1"), POLICY, lambda *_: None)
    assert "not_all_kept" in {remark.code for remark in life.remarks}

"""What another setting would change, and the windows that measured delays suggest."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from streams.core.event import Event
from streams.core.voucher import Run, Voucher
from streams.replay.compare import Delays, KindChange, compare, measured_files
from streams.replay.compare_delays import MAX_LINKS, PairDelays, advise, permille, rounded_up
from streams.replay.run import replay_files
from streams.settings import load_settings
from tests.unit.replay.topics import as_files, simulated

if TYPE_CHECKING:
    from pathlib import Path

    from streams.core.policy import Policy


def policy(*overrides: str) -> Policy:
    """Return the default policy with some settings changed."""
    return load_settings(None, overrides, {}, live=False).policy()


def anomaly(name: str, kind: str, opened_at: int, offset: int, status: str = "open") -> dict[str, Any]:
    """Return what a comparison looks at in a record with one leg at log time 0."""
    leg = {"source": "terminal", "partition": 0, "offset": offset, "log_time": 0}
    return {
        "id": name,
        "kind": kind,
        "status": status,
        "resolution": "late_match" if status == "resolved" else None,
        "opened_at": opened_at,
        "legs": {"terminal": leg, "host": None},
    }


def test_every_anomaly_has_one_fate() -> None:
    """The same, moved to another kind, gained or lost; and how it ends and when it is seen."""
    base = [
        anomaly("a", "orphan_terminal", 60, 1),
        anomaly("b", "orphan_terminal", 60, 2),
        anomaly("c", "mismatch", 5, 3),
        anomaly("d", "unreversed", 600, 4),
    ]
    changed = [
        anomaly("a", "orphan_terminal", 30, 1, "resolved"),
        anomaly("x", "outcome_conflict", 40, 2),
        anomaly("d", "unreversed", 700, 4),
        anomaly("y", "orphan_terminal", 30, 9, "resolved"),
    ]
    found = compare(base, changed)
    assert found.kinds == {
        "mismatch": KindChange(base=1, lost=1),
        "orphan_terminal": KindChange(base=2, changed=2, same=1, gained=1, moved_out=1, gained_resolved=1),
        "outcome_conflict": KindChange(changed=1, moved_in=1),
        "unreversed": KindChange(base=1, changed=1, same=1),
    }
    assert found.moves == {("orphan_terminal", "outcome_conflict"): 1}
    assert found.ends == {("open", "late_match"): 1}
    assert found.base_delay == Delays(4, 60, 600)
    assert found.changed_delay == Delays(4, 30, 700)
    assert (found.earlier, found.later) == (Delays(1, 30, 30), Delays(1, 100, 100))


def test_nothing_compared_with_nothing_is_nothing() -> None:
    """A quiet night has no delays."""
    found = compare([], [])
    assert found.kinds == {}
    assert found.later == Delays(0, None, None)


def test_the_same_setting_changes_nothing(tmp_path: Path) -> None:
    """A comparison of a log with itself has only the same in it."""
    terminal, host = as_files(simulated(10, 1), tmp_path)
    records = replay_files([terminal], [host], policy()).records
    found = compare(records, records)
    assert {(row.gained, row.lost, row.moved_in, row.moved_out) for row in found.kinds.values()} == {(0, 0, 0, 0)}
    assert sum(row.same for row in found.kinds.values()) == len(records) > 0


def test_a_shorter_window_is_seen_for_what_it_costs(tmp_path: Path) -> None:
    """Pairs that took longer become orphans that resolve by themselves; real orphans are seen earlier."""
    terminal, host = as_files(simulated(15, 2), tmp_path)
    base, _ = measured_files([terminal], [host], policy(), flush=True)
    short, _ = measured_files([terminal], [host], policy("pair_window.sale=5s"), flush=True)
    found = compare(base.records, short.records)
    orphans = found.kinds["orphan_terminal"]
    assert orphans.gained_resolved > 0
    assert orphans.same > 0
    assert found.earlier.median_ms == 55_000


def test_measuring_changes_no_verdict(tmp_path: Path) -> None:
    """A lane that takes notes judges like one that does not."""
    terminal, host = as_files(simulated(20, 3), tmp_path)
    plain = replay_files([terminal], [host], policy())
    noted, delays = measured_files([terminal], [host], policy(), flush=True)
    assert noted == plain
    # Whatever was matched was measured; some other pairs were, too.
    assert sum(c.total() for c in delays[0].counts.values()) > int(str(plain.summary["matched"]))


def test_late_pairs_are_measured_too(tmp_path: Path) -> None:
    """Under a window that is too short the same delays show, so that the advice does not shrink with it."""
    terminal, host = as_files(simulated(10, 4), tmp_path)
    (usual,) = measured_files([terminal], [host], policy(), flush=True)[1]
    (short,) = measured_files([terminal], [host], policy("pair_window.query=2s"), flush=True)[1]
    for link in {link for link, kind in usual.counts if kind == "query"}:
        assert short.counts[link, "query"] == usual.counts[link, "query"]


@pytest.mark.parametrize(
    ("delay_ms", "kept_ms"), [(0, 0), (999, 999), (1_000, 1_000), (1_001, 1_010), (59_999, 60_000), (123_401, 124_000)]
)
def test_delays_keep_three_digits(delay_ms: int, kept_ms: int) -> None:
    """A histogram of a day stays small, and no delay is shown shorter than it was."""
    assert rounded_up(delay_ms) == kept_ms


def test_percentiles_are_values_that_occurred() -> None:
    """The smallest that so many do not exceed."""
    counts = Counter({10: 500, 20: 490, 30: 9, 90: 1})
    assert [permille(counts, share) for share in (500, 990, 999, 1_000)] == [10, 20, 30, 90]
    assert permille({}, 500) == 0


def pair(delay_ms: int, link: str | None) -> Voucher:
    """Return a sale whose host leg came so much later."""
    body = load_body(link)
    run = Run(("T1", "1"), 0, 0, 0, [])
    legs = [
        Event(source, 0, at_ms, body, "sale", "approved", "T1", "1", 100, "CNY", None)
        for source, at_ms in ((0, 0), (1, delay_ms))
    ]
    return Voucher(run, "", is_reversal=False, lone=None, terminal=legs[0], host=legs[1])


def load_body(link: str | None) -> Any:  # noqa: ANN401  the body's fields do not matter here
    """Return a body that has only a link."""
    from streams.core.wire import Body  # noqa: PLC0415

    return Body("e", "sale", "2026-03-02T08:00:00+08:00", "T1", "M1", link=link)


def test_advice_is_by_kind_and_by_link() -> None:
    """The 99.9th percentile in whole seconds, never as short as a stall."""
    delays = PairDelays()
    for number in range(2_000):
        delays.add(pair(40_500 if number % 500 == 0 else 700, "north"))
    delays.add(pair(900, None))
    windows = policy().pair_window_ms
    together, none, north = advise([delays], windows, 30_000)
    assert (together.link, together.pairs, together.median_ms, together.p99_9_ms) == ("all", 2_001, 700, 40_500)
    assert (together.window_ms, together.suggested_ms, together.enough) == (60_000, 41_000, True)
    assert (none.link, none.pairs, none.suggested_ms, none.enough) == ("none", 1, 31_000, False)
    assert (north.link, north.pairs) == ("north", 2_000)


def test_links_are_bounded() -> None:
    """A feed with a name for every voucher does not fill the memory."""
    delays = PairDelays()
    for number in range(MAX_LINKS + 20):
        delays.add(pair(1, f"l{number}"))
    assert len(delays.counts) == MAX_LINKS + 1
    assert delays.counts["other", "sale"].total() == 20

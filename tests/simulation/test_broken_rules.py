"""A rule of recovery or order that is broken on purpose is noticed: these simulations can fail."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from streams.core import restart
from streams.core.journal import Journal
from streams.core.lane import Lane
from streams.core.memory import Memory
from streams.core.merge import Merge
from streams.core.policy import Policy
from tests.simulation.comparison import product_policy
from tests.simulation.crashes import NEVER_STALLED, Killed, run_whole
from tests.simulation.histories import small_history
from tests.simulation.test_crashes import log_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.core.cut import Cut

MOST_SEEDS = 3_000
_real_cut = Lane.cut
_real_say = Journal._say


def _one_topic_alone(patch: pytest.MonkeyPatch) -> None:
    """Commit each topic where it was read to, not at one cut of both."""

    def cut(lane: Lane) -> Cut:
        real = _real_cut(lane)
        return replace(real, offsets=real.processed)

    patch.setattr(Lane, "cut", cut)


def _two_windows_back(patch: pytest.MonkeyPatch) -> None:
    """Cut two pair windows before J, whatever runs are cut in half."""

    def cut(lane: Lane) -> Cut:
        real = _real_cut(lane)
        r_ms = real.j_ms - 2 * min(lane._policy.pair_window_ms.values())
        offsets = tuple(marks.offset_at(r_ms) for marks in lane._marks)
        return replace(real, r_ms=r_ms, offsets=(offsets[0], offsets[1]))

    patch.setattr(Lane, "cut", cut)


def _sees_the_future(patch: pytest.MonkeyPatch) -> None:
    """Take anomalies from the topic before their time, also those that the replay derives again."""
    patch.setattr(restart, "_stood_before", lambda record, point: True)  # noqa: ARG005


def _forgets_the_topic(patch: pytest.MonkeyPatch) -> None:
    """Read nothing back: an orphan of an earlier process cannot be resolved."""
    patch.setattr(restart, "_reopen", lambda state, record: None)  # noqa: ARG005


def _pairs_on_arrival(patch: pytest.MonkeyPatch) -> None:
    """Apply what was read at once, without waiting for the other source."""

    def advance(merge: Merge) -> None:
        mark = max(merge.watermark) + 1
        merge._events(mark)
        merge._timers(mark)
        merge.passed = mark

    patch.setattr(Merge, "advance", advance)


def _timers_before_records(patch: pytest.MonkeyPatch) -> None:
    """Let a deadline strike before a record of the same millisecond."""
    real = Merge._timers
    patch.setattr(Merge, "_timers", lambda merge, before: real(merge, before + 1))


def _replays_aloud(patch: pytest.MonkeyPatch) -> None:
    """Say again whatever the replay finds, with no regard to what is stored."""

    def say(journal: Journal, *arguments: object) -> None:
        journal.silent_until = -1
        journal.stored.clear()
        _real_say(journal, *arguments)  # type: ignore[arg-type]

    patch.setattr(Journal, "_say", say)


def _remembers_too_little(patch: pytest.MonkeyPatch) -> None:
    """Begin a restart without regard to what is in neither J's past nor the ledger yet."""
    patch.setattr(Memory, "oldest_needed", lambda memory, from_ms: from_ms)  # noqa: ARG005
    patch.setattr(Policy, "replay_ms", property(lambda policy: 0))  # noqa: ARG005


BROKEN = [
    _one_topic_alone,
    _two_windows_back,
    _sees_the_future,
    _forgets_the_topic,
    _pairs_on_arrival,
    _timers_before_records,
    _replays_aloud,
    _remembers_too_little,
]


def _is_noticed(seed: int, patch: pytest.MonkeyPatch, break_it: Callable[[pytest.MonkeyPatch], None]) -> bool:
    history = small_history(seed)
    policy = replace(product_policy(history.policy), stall_min_events=NEVER_STALLED, originals_horizon_ms=1)
    log = log_of(history)
    whole = run_whole(log, policy)
    with patch.context() as broken:
        break_it(broken)
        killed = Killed(log, policy, random.Random(seed), kills=4)
        try:
            found = killed.run()
        except Exception:  # noqa: BLE001  a crash of the broken rule is noticed, too
            return True
        return bool(killed.broker.contradictions) or found != whole


@pytest.mark.parametrize("break_it", BROKEN, ids=lambda rule: rule.__name__.strip("_"))
def test_a_broken_rule_is_noticed(monkeypatch: pytest.MonkeyPatch, break_it: Callable[..., None]) -> None:
    """Some history among the seeds shows the difference."""
    noticed = next((seed for seed in range(MOST_SEEDS) if _is_noticed(seed, monkeypatch, break_it)), None)
    assert noticed is not None

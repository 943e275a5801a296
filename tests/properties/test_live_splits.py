"""A live lane ends in one state, whatever the fetches, the interleaving and the idle news between them."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.core.lane import Lane
from streams.core.wire import HOST, TERMINAL
from streams.testing import ListSink, timeline
from tests.simulation.comparison import PROMISED, TIMES, product_policy
from tests.simulation.histories import small_history
from tests.unit.core.events import POLICY

if TYPE_CHECKING:
    from streams.core.policy import Policy
    from streams.core.wire import RawRecord
    from tests.simulation.histories import History

Logs = tuple[list["RawRecord"], list["RawRecord"]]
DAY_MS = 86_400_000
COUNTED = ("events_total", "events_rejected_total", "events_redelivered_total", "vouchers_closed_total")


def live_logs(history: History) -> Logs:
    """Return a history's records with the keys that its senders would give them."""
    return tuple(  # type: ignore[return-value]  # two sources
        [(offset, stamp, _key(value), value) for offset, stamp, value in log] for log in history.records
    )


def _key(value: bytes | None) -> bytes:
    try:
        return str(json.loads(value or b"")["terminal_id"]).strip().encode()
    except (ValueError, TypeError, KeyError):
        return b"T1"


def run(logs: Logs, policy: Policy, cuts: random.Random) -> ListSink:
    """Feed the logs in fetches of random size and order, with idle news that is true, and let all deadlines pass."""
    lane, sink, at = Lane(0, policy), ListSink(), [0, 0]
    largest = cuts.choice([1, 2, 50])
    while at[TERMINAL] < len(logs[TERMINAL]) or at[HOST] < len(logs[HOST]):
        source = cuts.choice([source for source in (TERMINAL, HOST) if at[source] < len(logs[source])])
        count = cuts.randint(1, largest)
        sink.take(lane.feed(source, logs[source][at[source] : at[source] + count]))
        at[source] += count
        if cuts.random() < 0.3 and at[source] < len(logs[source]):
            upcoming = max(stamp for _, stamp, _, _ in logs[source][: at[source] + 1])
            sink.take(lane.caught_up(source, cuts.randint(upcoming - 700_000, upcoming) + policy.idle_lateness_ms))
    last = max((stamp for log in logs for _, stamp, _, _ in log), default=0)
    for source in cuts.sample([TERMINAL, HOST], 2):
        sink.take(lane.caught_up(source, last + DAY_MS // 2))
    assert sink.count("behind_watermark_total") == 0
    assert lane.gauges().waiting == (0, 0)
    return sink


def essence(sink: ListSink) -> tuple[list[Any], Counter[Any]]:
    """Return the promised part of every anomaly in the order of their ids, and the counts."""
    records = sorted(sink.anomalies(), key=lambda record: str(record["id"]))
    kept = [{name: record[name] for name in ("id", "marks", *PROMISED, *TIMES)} for record in records]
    return kept, Counter({key: count for key, count in sink.tally.items() if key[0] in COUNTED})


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_final_state_is_that_of_the_logs(seed: int, one: int, other: int) -> None:
    """Two ways of reading the same logs, one answer: anomalies, marks and counts."""
    history = small_history(seed)
    logs, policy = live_logs(history), product_policy(history.policy)
    assert essence(run(logs, policy, random.Random(one))) == essence(run(logs, policy, random.Random(other)))


STALLS = """
t=0 terminal status
t=0 host status
t={silent}..{back}/{step} terminal sale 1+ 00
t={back} host status
t={back}..{end}/{step} host sale 1+ 00
t={end} terminal status
"""


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 50), st.integers(20, 400), st.integers(1, 7), st.integers(0, 10**6), st.integers(0, 10**6))
def test_stalls_and_holds_are_functions_of_the_logs(silent: int, long: int, step: int, one: int, other: int) -> None:
    """What was held, and until when, does not depend on how the records came."""
    back = silent + long
    story = timeline(STALLS.format(silent=silent, back=back, step=step, end=back + 30))
    logs = (
        sorted(story.records(TERMINAL), key=lambda record: record[1]),
        sorted(story.records(HOST), key=lambda record: record[1]),
    )
    assert essence(run(logs, POLICY, random.Random(one))) == essence(run(logs, POLICY, random.Random(other)))

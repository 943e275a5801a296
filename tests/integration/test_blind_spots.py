"""What a worker cannot see is no orphan: a broker that is away, partitions without leader, a worker that stood."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from streams.core.partitioner import partition_of
from tests.integration.kafka_broker import KafkaBroker
from tests.integration.short_windows import SALE, Topics, event
from tests.integration.two_brokers import SplitTopics, two_brokers
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(240)]

AWAY_SECONDS = 12.0
"""Four pair windows, and longer than the session."""
FETCH_ANSWERED_SECONDS = 2.0
"""The broker answers a fetch that waits for records within half a second; a frozen worker asks for no more."""
ROUNDS = 3
"""How often a lane that sees everything gives a verdict, a pair window each, while the other lane is blind."""


def test_partitions_without_leader_make_no_orphans(kafka: KafkaBroker, tmp_path: Path) -> None:
    """The host's records stand in the log, but nobody can read them while every window passes by the worker's clock."""
    assert kafka.bootstrap_servers, "the shared broker asks for the jars; this test kills one of its own"
    with KafkaBroker(tmp_path / "own") as broker:
        topics = Topics(broker.bootstrap_servers, "blind")
        worker = WorkerProcess(tmp_path, topics.settings)
        try:
            until(lambda: worker.lanes() == 1, 40.0)
            until(lambda: all(value == 1.0 for _, value in worker.samples("caught_up")), 20.0)
            topics.send("terminal", "T1", SALE | {"event_id": "t1"})
            until(lambda: worker.handled() == 1, 10.0, look_every=0.05)
            worker.process.send_signal(signal.SIGSTOP)
            topics.send("host", "T1", SALE | {"event_id": "h1"})
            broker.kill()
            worker.process.send_signal(signal.SIGCONT)
            time.sleep(AWAY_SECONDS)
            assert [value for _, value in worker.samples("caught_up")] in ([0.0, 0.0], [])
            broker.start()
            until(lambda: worker.lanes() == 1 and worker.handled() == 2, 60.0)
            until(lambda: worker.pending() == 0, 30.0)
            until(lambda: all(value == 1.0 for _, value in worker.samples("caught_up")), 20.0)
            assert worker.stop() == 0
            assert topics.said() == []
        finally:
            worker.kill()


def terminal_of(lane: int) -> str:
    """Return a terminal whose key belongs to a lane of two."""
    return next(name for name in (f"T{number}" for number in range(100)) if partition_of(name.encode(), 2) == lane)


def until_said(topics: Topics, count: int) -> None:
    """Wait until the anomaly topic holds so many records."""
    until(lambda: len(topics.said()) >= count, 40.0)


@pytest.fixture(scope="module")
def brokers(kafka: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KafkaBroker, KafkaBroker]]:
    """Two brokers, of which a test may kill the second if it starts it again."""
    assert kafka.bootstrap_servers, "the shared broker asks for the jars; these tests kill one of their own"
    with two_brokers(tmp_path_factory.mktemp("brokers")) as both:
        yield both


def test_one_partition_without_leader_makes_no_orphans_and_stops_no_lane(
    brokers: tuple[KafkaBroker, KafkaBroker], tmp_path: Path
) -> None:
    """Some of lane 1's host records stand unread in the lost partition, others come once it is back: all of them pair.

    The first are too few for a stalled source, so nothing but the missing answer keeps them from being orphans.
    """
    first, second = brokers
    seen, blind = terminal_of(0), terminal_of(1)
    unread = [(blind, event(blind, number, f"unread{number}")) for number in range(1, 5)]
    unwritten = [(blind, event(blind, number, f"unwritten{number}")) for number in range(11, 19)]
    topics = SplitTopics(first.bootstrap_servers, "leaderless")
    worker = WorkerProcess(tmp_path, topics.settings)
    try:
        until(lambda: [value for _, value in worker.samples("caught_up")] == [1.0] * 4, 60.0)
        worker.process.send_signal(signal.SIGSTOP)
        time.sleep(FETCH_ANSWERED_SECONDS)
        topics.send_all("terminal", unread)
        topics.send_all("host", unread)
        second.kill()
        worker.process.send_signal(signal.SIGCONT)
        until(lambda: topics.leaders("host") == [1, -1], 30.0)
        for number in range(1, ROUNDS + 1):
            topics.send("terminal", seen, event(seen, number, f"lone{number}"))
            until_said(topics, number)
            if number == 1:
                topics.send_all("terminal", unwritten)
        assert worker.handled() == len(unread + unwritten) + ROUNDS, "the host's records are to be unread"
        assert ('partition="1",source="host"', 0.0) in worker.samples("caught_up")
        until(lambda: ('partition="0",source="host"', 1.0) in worker.samples("caught_up"), 20.0)
        second.start()
        until(lambda: worker.closed().get("matched") == len(unread), 60.0)
        topics.send_all("host", unwritten)
        until(lambda: worker.closed().get("matched") == len(unread + unwritten), 60.0)
        until(lambda: all(value == 1.0 for _, value in worker.samples("caught_up")), 20.0)
        assert worker.stop() == 0
        said = [(record["kind"], record["voucher"]["terminal_id"]) for record in topics.said()]
        assert said == [("orphan_terminal", seen)] * ROUNDS
    finally:
        worker.kill()


def test_a_worker_starts_while_one_partition_has_no_leader(
    brokers: tuple[KafkaBroker, KafkaBroker], tmp_path: Path
) -> None:
    """The lane that cannot be read waits alone; the other judges, and says no word about the first."""
    first, second = brokers
    seen, blind = terminal_of(0), terminal_of(1)
    unread = [(blind, event(blind, number, f"unread{number}")) for number in range(1, 9)]
    topics = SplitTopics(first.bootstrap_servers, "start-leaderless")
    for topic in ("terminal", "host"):
        topics.send_all(topic, unread)
    second.kill()
    until(lambda: topics.leaders("host") == [1, -1], 30.0)
    worker = WorkerProcess(tmp_path, topics.settings)
    try:
        topics.send("terminal", seen, event(seen, 1, "lone"))
        until_said(topics, 1)
        assert worker.lanes() == -1, "it is not ready before all its lanes are"
        second.start()
        until(lambda: worker.lanes() == 2, 60.0)
        until(lambda: worker.closed().get("matched") == len(unread), 60.0)
        assert worker.stop() == 0
    finally:
        worker.kill()
    assert [(record["kind"], record["voucher"]["terminal_id"]) for record in topics.said()] == [
        ("orphan_terminal", seen)
    ]

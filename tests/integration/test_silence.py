"""Silence of both feeds closes windows; silence of one feed is one alert, and its backlog no storm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kafka import KafkaConsumer, TopicPartition

from tests.integration.short_windows import Topics, event
from tests.integration.told_times import LATENESS_MS, ToldTopics, heartbeats, sale, wall_ms
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.kafka_broker import KafkaBroker

pytestmark = [pytest.mark.integration, pytest.mark.slow]

BEFORE_MS = 60_000
"""How long both feeds speak at first."""
SILENCE_MS = 300_000
BETWEEN_MS = 500
"""From one voucher to the next."""
MARGIN_MS = 60_000
"""So far the backlog's times stay ahead of the idle rule while it is written and read."""
DRAIN_MS = 120_000
"""How long the backlog takes to drain: two pair windows."""
AFTER_MS = 700_000
"""From the feed's return to the end: every hold and every window is over by then."""
ROUND_TRIP_MS = 1_000
TERMINALS = 40


def test_a_quiet_topic_closes_its_windows(kafka: KafkaBroker, tmp_path: Path) -> None:
    """A lone voucher is told although no record follows in either topic, as of the end of its window."""
    topics = Topics(kafka.bootstrap_servers, "quiet")
    worker = WorkerProcess(tmp_path, topics.settings)
    try:
        until(lambda: worker.lanes() == 1, 60.0)
        pair = ("T1", event("T1", 1, "paired"))
        topics.send_all("terminal", [pair, ("T1", event("T1", 2, "lone"))])
        topics.send_all("host", [pair])
        until(topics.said, 60.0)
        assert worker.stop() == 0
    finally:
        worker.kill()
    (orphan,) = topics.said()
    assert (orphan["kind"], orphan["voucher"]["voucher_number"]) == ("orphan_terminal", "2")
    assert orphan["opened_at"] == orphan["legs"]["terminal"]["log_time"] + 3_000
    assert ends(topics) == [2, 1], "a later record would have moved time on by itself"


def ends(topics: Topics) -> list[int]:
    """Return how many records the two inputs hold."""
    consumer = KafkaConsumer(bootstrap_servers=topics.servers)
    places = [TopicPartition(topics.names[name], 0) for name in ("terminal", "host")]
    found = consumer.end_offsets(places)
    consumer.close()
    return [found[place] for place in places]


@pytest.mark.parametrize("order", ["oldest first", "newest first"])
def test_a_silent_host_is_one_alert_and_its_backlog_no_storm(kafka: KafkaBroker, tmp_path: Path, order: str) -> None:
    """Five minutes of silence hold hundreds of verdicts; the backlog has as long to come in, in whatever order."""
    topics = ToldTopics(kafka.bootstrap_servers, f"silence-{order[:6]}")
    start_ms = wall_ms() - LATENESS_MS - SILENCE_MS
    times = range(start_ms - BEFORE_MS, start_ms + SILENCE_MS + MARGIN_MS + 2 * DRAIN_MS, BETWEEN_MS)
    vouchers = [(at_ms, f"T{count % TERMINALS}", count) for count, at_ms in enumerate(times, 1)]
    topics.write("terminal", [sale(at, terminal, number) for at, terminal, number in vouchers])
    topics.write(
        "host", [sale(at + ROUND_TRIP_MS, terminal, number) for at, terminal, number in vouchers if at < start_ms]
    )
    worker = WorkerProcess(tmp_path, topics.settings)
    try:
        until(topics.said, 60.0)
        (alert,) = topics.said()
        assert (alert["kind"], alert["severity"], alert["status"]) == ("source_stalled", "critical", "open")
        assert alert["source"] == "host"
        due = sum(start_ms <= at_ms < wall_ms() - LATENESS_MS - 2 * MARGIN_MS for at_ms, _, _ in vouchers)
        assert due > SILENCE_MS // BETWEEN_MS // 2, "without verdicts that are due there is nothing to hold"
        assert sum(count for labels, count in worker.samples("pending_vouchers") if "terminal" in labels) > due

        back_ms = wall_ms() - LATENESS_MS + MARGIN_MS
        backlog = [(terminal, number) for at, terminal, number in vouchers if start_ms <= at < back_ms]
        if order == "newest first":
            backlog.reverse()
        drained = [sale(back_ms + DRAIN_MS * place // len(backlog), *names) for place, names in enumerate(backlog)]
        live = [sale(at + ROUND_TRIP_MS, terminal, number) for at, terminal, number in vouchers if at >= back_ms]
        topics.write("host", [*drained, *live])
        for topic in ("terminal", "host"):
            topics.write(topic, heartbeats(back_ms + AFTER_MS))
        until(lambda: sum(worker.closed().values()) >= len(vouchers), 60.0)
        until(lambda: len(topics.said()) > 1, 30.0)
        assert worker.closed() == {"matched": len(vouchers)}
        assert sum(count for _, count in worker.samples("behind_watermark_total", "pending_vouchers")) == 0
        assert worker.stop() == 0
    finally:
        worker.kill()
    opened, resolved = topics.said()
    assert opened == alert
    assert (resolved["id"], resolved["status"], resolved["resolution"]) == (alert["id"], "resolved", "recovered")

"""Faults of Faust and aiokafka that the worker steps around, each by the number of its issue where it has one.

Every test asks for what would be right and is expected to fail.  When an upgrade mends a fault, the
test passes, which the test run reports as a failure: then look whether the step around it can go.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock

import faust
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.structs import TopicPartition
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.auth import AuthProtocol
from yarl import URL

if TYPE_CHECKING:
    from collections.abc import Awaitable

PARTITION = TP("terminal-events", 0)


def mended_by_an_upgrade(reason: str) -> pytest.MarkDecorator:
    """Mark a test that passes once the fault is mended; strict, so that this is noticed."""
    return pytest.mark.xfail(strict=True, raises=AssertionError, reason=reason)


def stub(**attributes: object) -> Any:  # noqa: ANN401  it stands for any class
    """Return something that has these attributes."""
    return SimpleNamespace(**attributes)


def run(story: Awaitable[Any]) -> Any:  # noqa: ANN401  whatever the story returns
    """Run one coroutine."""

    async def scene() -> Any:  # noqa: ANN401  as above
        return await story

    return asyncio.run(scene())


@mended_by_an_upgrade("faust 606: our own commits of a cut do not look at acknowledgements")
def test_606_new_offset_waits_for_records_in_flight() -> None:
    """Record 5 is done while 0 to 4 are not: nothing may be committed yet."""
    consumer = stub(
        _acked={PARTITION: [5]},
        _acked_index={PARTITION: {5}},
        _gap={PARTITION: ()},
        _committed_offset={PARTITION: None},
    )
    assert Consumer._new_offset(consumer, PARTITION) is None


@mended_by_an_upgrade("faust 316: the result of our commits is checked, and a failed one is tried again")
def test_316_a_failed_commit_is_not_remembered_as_committed() -> None:
    """The broker refused it, so the next commit must include it again."""

    async def nothing(*_: object) -> None: ...

    async def refused(*_: object) -> bool:
        return False

    consumer = stub(
        log=MagicMock(),
        assignment=lambda: {PARTITION},
        in_transaction=False,
        app=stub(producer=stub(flush=nothing), tables=MagicMock(), monitor=MagicMock()),
        _commit=refused,
        _committed_offset={PARTITION: 3},
    )
    assert run(Consumer._commit_offsets(consumer, {PARTITION: 9})) is False
    assert consumer._committed_offset == {PARTITION: 3}


@mended_by_an_upgrade("faust 596: records of a stopped flow are dropped and sought again from our own offset")
def test_596_a_fetch_under_way_can_be_waited_for() -> None:
    """``wait_for_stopped_flow`` waits for an event that must not be set while a fetch is under way."""

    async def fetch() -> bool:
        waiting = asyncio.Event()
        seen = []

        async def getmany(**_: object) -> dict[TP, list[Any]]:
            seen.append(waiting.is_set())
            return {}

        consumer = stub(
            flow_active=True,
            not_waiting_next_records=waiting,
            app=stub(client_only=False),
            _get_active_partitions=lambda: {PARTITION},
            _getmany=getmany,
        )
        await Consumer._wait_next_records(consumer, 1.0)
        return seen[0]

    assert run(fetch()) is False


@pytest.mark.parametrize("issue", [175, 629, 640])
@mended_by_an_upgrade("faust 175, 629, 640: our own liveness check asks the brokers where the partitions end")
def test_175_a_fetch_that_stopped_is_noticed(issue: int) -> None:
    """The last fetch was an hour ago by the epoch, with which the detector's monotonic clock cannot be compared."""
    assert issue
    state = stub(timestamp=(time.time() - 3_600) * 1_000)
    assignment = stub(active=True, state_value=lambda _: state)
    subscription = stub(assignment=assignment)
    consumer = stub(_fetcher=stub(_subscriptions=stub(subscription=subscription)))
    thread = stub(
        _ensure_consumer=lambda: consumer,
        time_started=time.monotonic() - 7_200,
        tp_fetch_request_timeout_secs=60.0,
        log=MagicMock(),
    )
    noticed = driver.AIOKafkaConsumerThread._verify_aiokafka_event_path(thread, time.monotonic(), PARTITION)
    assert noticed is True


@pytest.mark.parametrize(
    "standby_replicas",
    [pytest.param(0, marks=mended_by_an_upgrade("round robin without standby replicas: we keep the default")), 1],
)
def test_the_assignor_gives_a_worker_equal_partitions_of_both_topics(
    standby_replicas: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lane is one partition number of both topics, so the assignor has to be Faust's own."""
    built: dict[str, Any] = {}
    monkeypatch.setattr(
        "faust.transport.drivers.aiokafka.aiokafka.AIOKafkaConsumer", lambda **options: built.update(options)
    )
    app = faust.App("traps", broker="kafka://127.0.0.1", store="memory://", table_standby_replicas=standby_replicas)
    thread = stub(app=app, consumer=stub(in_transaction=False))
    transport = stub(url=[URL("kafka://127.0.0.1:9092")], default_port=9092)
    driver.AIOKafkaConsumerThread._create_worker_consumer(thread, transport)
    assert built["partition_assignment_strategy"] == [app.assignor]


@mended_by_an_upgrade("aiokafka: the inputs are sought by the lanes' own offsets, and the first one is committed too")
def test_seek_to_committed_knows_offset_0() -> None:
    """A commit of 0 is a commit; a position that was moved on must go back to it."""

    async def committed(_: TopicPartition) -> int:
        return 0

    sought: list[tuple[TopicPartition, int]] = []
    place = TopicPartition(*PARTITION)
    consumer = stub(
        committed=committed,
        _subscription=stub(assigned_partitions=lambda: {place}),
        _fetcher=stub(seek_to=lambda *where: sought.append(where)),
    )
    run(AIOKafkaConsumer.seek_to_committed(consumer, place))
    assert sought == [(place, 0)]


@pytest.mark.parametrize("issue", [323, 517])
@mended_by_an_upgrade("faust 323, 517: no transactions; ids and the owner's last word give the effect")
def test_323_a_transaction_that_fails_says_so(issue: int) -> None:
    """Whoever commits must hear that nothing was committed."""
    assert issue

    async def fail() -> None:
        raise ConnectionError("the transaction was not committed")

    async def heard() -> bool:
        producer = stub(
            _trn_locks=defaultdict(asyncio.Lock), _transaction_producers={"t": stub(commit_transaction=fail)}
        )
        try:
            await driver.Producer.commit_transaction(producer, "t")
        except ConnectionError:
            return True
        return False

    assert run(heard())


@mended_by_an_upgrade("faust: the settings refuse a password without TLS unless SASL_PLAINTEXT is asked for by name")
def test_a_password_without_tls_is_not_sent_silently() -> None:
    """Without a TLS context the credentials mean a password in the clear."""
    credentials = faust.SASLCredentials(username="voucherwatch", password="none")  # noqa: S106  no password
    assert credentials.protocol is not AuthProtocol.SASL_PLAINTEXT


@mended_by_an_upgrade("aiokafka: leaving the group is bounded, and what escapes from it does not end the thread")
def test_closing_the_fetcher_keeps_its_cancellations_to_itself() -> None:
    """A request under way is cancelled at the end; the one who closes was not."""

    async def close() -> bool:
        request = asyncio.ensure_future(asyncio.sleep(60))
        loop_task = asyncio.ensure_future(asyncio.sleep(60))
        await asyncio.sleep(0)
        fetcher = stub(_fetch_task=loop_task, _fetch_waiters=set(), _pending_tasks={request})
        try:
            await Fetcher.close(fetcher)
        except asyncio.CancelledError:
            return False
        return True

    assert run(close())

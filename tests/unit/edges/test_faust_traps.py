"""Faults of Faust and aiokafka that the worker steps around, each by the number of its issue where it has one.

Every test asks for what would be right and is expected to fail.  When an upgrade mends a fault, the
test passes, which the test run reports as a failure: then look whether the step around it can go.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections import defaultdict
from contextlib import nullcontext
from importlib.metadata import requires
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock

import faust
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.producer.message_accumulator import MessageAccumulator
from aiokafka.structs import TopicPartition
from faust import TumblingWindow
from faust.assignor.client_assignment import ClientAssignment, ClientMetadata
from faust.assignor.partition_assignor import PartitionAssignor
from faust.events import Event
from faust.tables.base import Collection
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message
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


@mended_by_an_upgrade("faust 502: our own cuts are committed before Faust forgets the partitions")
def test_502_acknowledgements_outlive_the_commit_before_a_rebalance() -> None:
    """The callback that commits what is done must still find what is done."""
    found: list[list[int]] = []

    async def commit(_: set[TP]) -> None:
        found.append(list(consumer._acked.get(PARTITION, [])))

    consumer = stub(
        app=stub(_start_span_from_rebalancing=lambda _: MagicMock()),
        diag=MagicMock(),
        _active_partitions={PARTITION},
        _paused_partitions=set(),
        _gap={},
        _acked={PARTITION: [5]},
        _acked_index={PARTITION: {5}},
        _read_offset={PARTITION: 5},
        _committed_offset={PARTITION: 5},
        _on_partitions_revoked=commit,
    )
    run(Consumer.on_partitions_revoked(consumer, {PARTITION}))
    assert found == [[5]]


@mended_by_an_upgrade("aiokafka: the outbox keeps every future of a send and awaits it before the commit")
def test_a_flush_tells_of_a_record_that_was_not_taken() -> None:
    """Whoever flushes and then commits must hear that a record did not arrive."""

    async def heard() -> bool:
        lost = asyncio.get_running_loop().create_future()
        lost.set_exception(ConnectionError("the record was not taken"))
        accumulator = stub(_batches={PARTITION: [stub(future=lost)]}, _pending_batches=set())

        async def flush() -> None:
            await MessageAccumulator.flush(accumulator)

        async def nothing() -> None: ...

        producer = stub(buffer=stub(flush=nothing), _producer=stub(flush=flush), _transaction_producers={})
        try:
            await driver.Producer.flush(producer)
        except ConnectionError:
            return True
        return False

    assert run(heard())


@mended_by_an_upgrade("faust: no agents; the control topic has a consumer of our own")
def test_an_agent_does_not_acknowledge_what_it_failed_on() -> None:
    """A handler that raises leaves its record to be read again."""

    async def acknowledged() -> int:
        app = faust.App("traps", broker="kafka://127.0.0.1", store="memory://")
        app.flow_control.resume()
        message = Message("control", 0, 7, 0.0, 0, None, None, None, None, generation_id=app.consumer_generation_id)
        message.incref()
        channel = app.channel()
        stream = app.stream(channel)
        await channel.put(Event(app, None, b"{}", None, message))

        async def agent() -> None:
            async for _ in stream:
                raise ZeroDivisionError("the handler failed")

        with pytest.raises(ZeroDivisionError):
            await agent()
        # The stream is finished only when its generator is.
        gc.collect()
        await asyncio.sleep(0.1)
        return int(message.refcount == 0)

    assert run(acknowledged()) == 0


def windowed_table(closed: list[str]) -> Any:  # noqa: ANN401  as above
    """Return a table with one window of a minute that ended an hour ago, a key in each of two partitions."""
    end = time.time() - 3_600
    keys = {number: (f"voucher-{number}", (end - 60, end)) for number in (0, 1)}

    async def note(key: Any, _: object) -> None:  # noqa: ANN401  as Faust has it
        closed.append(key[0])

    return stub(
        window=TumblingWindow(60, expires=600),
        data={key: [1] for key in keys.values()},
        last_closed_window=0.0,
        _window_ranges=lambda _: [(end - 60, end)],
        _partition_timestamps={number: [end] for number in keys},
        _partition_latest_timestamp=dict.fromkeys(keys, end),
        _partition_timestamp_keys={(number, end): {key} for number, key in keys.items()},
        on_window_close=note,
    )


@pytest.mark.parametrize("issue", [193, 385])
@mended_by_an_upgrade("faust 193, 385: no windowed tables; a lane has timers of its own")
def test_193_a_window_closes_in_every_partition(issue: int) -> None:
    """Whoever counts on the callback must hear of every key that is deleted."""
    assert issue
    closed: list[str] = []
    table = windowed_table(closed)
    run(Collection._del_old_keys(table))
    assert not table.data
    assert sorted(closed) == ["voucher-0", "voucher-1"]


@mended_by_an_upgrade("faust: no windowed tables; deadlines are judged in log time")
def test_windows_close_by_the_time_of_the_log() -> None:
    """Nothing later was read than the window itself, as in a worker that comes back after an hour."""
    closed: list[str] = []
    run(Collection._del_old_keys(windowed_table(closed)))
    assert closed == []


@mended_by_an_upgrade("faust: the lock keeps click below 8.4")
def test_faust_takes_click_8_4() -> None:
    """Tools that want a newer click need an environment of their own until then."""
    wanted = [rule for rule in requires("faust-streaming") or () if rule.startswith("click")]
    assert wanted
    assert not any("<8.4" in rule for rule in wanted)


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


@mended_by_an_upgrade("faust: a worker with a fixed name has a URL that is as fixed")
def test_an_assignment_comes_back_to_a_worker_with_another_url() -> None:
    """The group keeps it by the member's fixed name; a container that is made again has another host name."""
    topics = {"terminal-events": [0], "host-events": [0]}
    kept = ClientMetadata(
        assignment=ClientAssignment(actives=topics, standbys={}),
        url="http://yesterday:6066",
        changelog_distribution={},
        external_topic_distribution={},
        topic_groups=dict.fromkeys(topics, 0),
    )
    app = faust.App("traps", broker="kafka://127.0.0.1", store="memory://", canonical_url="http://today:6066")
    assignor = PartitionAssignor(app)
    assignor.on_assignment(stub(user_data=assignor._compress(kept.dumps()), assignment=list(topics.items())))


@mended_by_an_upgrade("aiokafka through faust: the worker asks once a second what became of the group")
def test_a_fetch_tells_that_the_group_is_lost() -> None:
    """Aiokafka keeps the error for the next call of ``getmany``, and joins no more until then."""

    def lost() -> None:
        raise ConnectionError("not a member any more")

    async def fetched(*_: object, **__: object) -> dict[TP, list[Any]]:
        return {}

    async def heard() -> bool:
        fetcher = stub(_closed=False, _subscriptions=stub(fetch_context=nullcontext), fetched_records=fetched)
        consumer = stub(_closed=False, _fetcher=fetcher, _coordinator=stub(check_errors=lost))
        thread = stub(consumer=stub(flow_active=True))
        try:
            await driver.AIOKafkaConsumerThread._fetch_records(thread, consumer, {PARTITION})
        except ConnectionError:
            return True
        return False

    assert run(heard())


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

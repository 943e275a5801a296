"""The private names that the batch driver stands on; an upgrade that changes one of them fails here."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import Fetcher, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import Assignment, SubscriptionState, TopicPartitionState
from faust.app.base import App
from faust.transport import consumer as base
from faust.transport.drivers import TRANSPORTS, by_url
from faust.transport.drivers import aiokafka as driver
from mode import Worker
from yarl import URL

from streams.edges.batch_driver import SCHEME, Transport, register

SIGNATURES = {
    base.Consumer._drain_messages: "(self, fetcher)",
    base.Consumer._wait_next_records: "(self, timeout)",
    base.Consumer._get_active_partitions: "(self)",
    base.Consumer._add_gap: "(self, tp, offset_from, offset_to)",
    base.Consumer.perform_seek: "(self)",
    base.Consumer.on_partitions_assigned: "(self, assigned, generation_id=0)",
    base.Consumer.on_partitions_revoked: "(self, revoked)",
    base.Consumer.on_stop: "(self)",
    base.ThreadDelegateConsumer._getmany: "(self, active_partitions, timeout)",
    base.ConsumerThread.call_thread: "(self, fun, *args, **kwargs)",
    driver.Consumer._new_consumer_thread: "(self)",
    driver.Consumer._to_message: "(self, tp, record)",
    driver.Consumer.verify_event_path: "(self, now, tp)",
    driver.AIOKafkaConsumerThread._fetch_records: (
        "(self, consumer, active_partitions, timeout=None, max_records=None)"
    ),
    driver.AIOKafkaConsumerThread._ensure_consumer: "(self)",
    driver.AIOKafkaConsumerThread.on_thread_stop: "(self)",
    driver.AIOKafkaConsumerThread.seek_to_committed: "(self)",
    driver.Producer._settings_extra: "(self)",
    driver.Producer.flush: "(self)",
    driver.Producer.on_stop: "(self)",
    driver.Producer.send: "(self, topic, key, value, partition, timestamp, headers, *, transactional_id=None)",
    App._on_partitions_assigned: "(self, assigned, generation_id=0)",
    App._on_partitions_revoked: "(self, revoked)",
    PartitionRecords._consumer_record: "(self, tp, record)",
    PartitionRecords._unpack_records: "(self)",
    driver.AIOKafkaConsumerThread.on_start: "(self)",
    Fetcher.fetched_records: "(self, partitions, timeout=0, max_records=None)",
    GroupCoordinator.fetch_committed_offsets: "(self, partitions)",
    AIOKafkaClient._wait_on_metadata: "(self, topic)",
    AIOKafkaConsumer.commit: "(self, offsets=None)",
    AIOKafkaConsumer.seek: "(self, partition, offset)",
    Worker._on_sigint: "(self)",
    Worker._on_sigterm: "(self)",
    Worker.stop_and_shutdown: "(self)",
}


@pytest.mark.parametrize("function", SIGNATURES, ids=lambda function: function.__qualname__)
def test_signature(function: object) -> None:
    """Name and parameters are those that the driver was written against."""
    signature = inspect.signature(function)  # type: ignore[arg-type]
    bare = signature.replace(
        parameters=[
            parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()
        ],
        return_annotation=inspect.Signature.empty,
    )
    assert str(bare) == SIGNATURES[function]


def test_attributes_that_the_thread_reads() -> None:
    """Positions and high watermarks come from aiokafka's subscription state."""
    assert {"position", "has_valid_position"} <= set(dir(TopicPartitionState))
    assert "highwater" in inspect.getsource(TopicPartitionState.__init__)
    assert {"state_value", "tps", "active"} <= set(dir(Assignment))
    assert "subscription" in dir(SubscriptionState)
    assert driver.DEFAULT_GENERATION_ID == -1
    source = inspect.getsource(AIOKafkaConsumer.__init__)
    assert "self._subscription =" in source
    assert "self._coordinator" in source
    source = inspect.getsource(GroupCoordinator)
    assert "self._coordination_task = create_task(" in source
    assert "self._pending_exception = exc" in source


def test_an_empty_set_of_partitions_still_means_all() -> None:
    """The reason why no fetch is made while every partition is withheld."""
    assert "if partitions and tp not in partitions" in inspect.getsource(Fetcher.fetched_records)


def test_faust_is_of_the_pinned_line() -> None:
    """The names above were read in 0.15."""
    assert version("faust-streaming").startswith("0.15.")


def test_the_scheme_leads_to_our_transport() -> None:
    """Also from a plain checkout, where no package metadata tells Faust."""
    register()
    assert TRANSPORTS.aliases[SCHEME]
    assert by_url(URL(f"{SCHEME}://127.0.0.1:9092")) is Transport

"""The composition root: settings, core and edges become one Faust app.

This is the only module that names concrete edges.  ``faust -A streams.app worker`` reads the
configuration that the environment names (``VOUCHERWATCH_CONFIG``); ``voucherwatch worker`` calls
:func:`run_worker`.  Nothing happens when this module is imported.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from faust import SASLCredentials, SSLCredentials
from prometheus_client import CollectorRegistry, ProcessCollector
from yarl import URL

import streams
from streams.core.lane import Lane
from streams.edges import http, logs
from streams.edges.anomaly_topic import AnomalyTopic
from streams.edges.batch_driver import (
    SCHEME,
    BrokerAnswers,
    DriverParts,
    EndWatch,
    LaneHost,
    NoLedgers,
    Outbox,
    SystemClock,
    register,
)
from streams.edges.control_topic import ControlTopic
from streams.edges.dead_letter import DeadLetterTopic
from streams.edges.faust_worker import VoucherApp, VoucherWorker
from streams.edges.metrics import LaneReading, Metrics, WorkerReading
from streams.edges.rocks_ledger import Shelf
from streams.edges.topics import check_topics, topic_ids
from streams.errors import ConfigurationError
from streams.settings import CONFIG_VARIABLE, SASL_PROTOCOLS, TLS_PROTOCOLS, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from streams.core.lane import AnomalyChange
    from streams.core.policy import Policy
    from streams.core.wire import DeadLetter
    from streams.edges.batch_driver.ports import MakeLane, Outgoing, Writer

HEARTBEATS_PER_SESSION = 10
MIB = 1024 * 1024
LARGEST_REQUEST_BYTES = 2 * 1024 * 1024
"""A dead letter is as large as the bad record, which may fill a record of Kafka's default limit."""
BATCH_BYTES = 256 * 1024
LINGER_S = 0.005
"""How much goes to the broker at once, and how long it waits for more: an anomaly fills 3 kB, and five of them
would fill the library's own batches; see ``benchmarks/README.md``."""


def __getattr__(name: str) -> VoucherApp:
    """Build ``app`` when Faust's command line asks for it, from the file that the environment names."""
    if name != "app":
        raise AttributeError(name)
    path = os.environ.get(CONFIG_VARIABLE)
    app = create_app(load_settings(Path(path) if path else None))
    globals()["app"] = app
    return app


def run_worker(settings: Settings, duration: float | None = None) -> int:
    """Run a worker until it is told to stop, or for ``duration`` seconds; return 0.

    Raises the VoucherwatchError that stopped it, or whatever bug did.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        app = create_app(settings)
        VoucherWorker(app, loop=loop).run(duration)
    finally:
        asyncio.set_event_loop(None)
    return 0


def create_app(settings: Settings, make_lane: MakeLane | None = None) -> VoucherApp:
    """Wire everything together; nothing connects before the app starts.

    ``make_lane`` builds another pipeline than the real one from a lane number and a partition count.
    """
    register()
    # Faust wants a folder for tables, of which there are none.
    scratch = tempfile.TemporaryDirectory(prefix="voucherwatch-")
    app = VoucherApp(settings.group_id, datadir=scratch.name, **_faust_options(settings))
    clock = SystemClock()
    connect = connector(settings)
    anomalies = AnomalyTopic(settings.topic_anomalies, settings.resolve_horizon_ms, connect)
    letters = DeadLetterTopic(settings.topic_deadletter, (settings.topic_terminal, settings.topic_host))
    policy = settings.policy()
    registry = _registry()
    limits = (policy.max_pending, policy.max_waiting, policy.max_open_anomalies)
    shelf = _shelf(settings)
    metrics = Metrics(
        registry, lambda: _read(host, clock, limits), links=tuple(policy.links), version=streams.__version__
    )
    host = LaneHost(
        (settings.topic_terminal, settings.topic_host),
        make_lane or partial(_lane, policy, shelf),
        _Publisher(anomalies, letters),
        anomalies,
        metrics,
        Outbox(_sender(app), app.fail),
        clock,
        app.fail,
    )
    if make_lane is None:
        host.ledgers = shelf or NoLedgers(_reach_ms(settings))
    answers = BrokerAnswers(connect)
    control = ControlTopic(settings.topic_control, connect, _producer(settings))
    host.on_notice = control.pass_on
    app.driver = DriverParts(
        host,
        answers,
        EndWatch(host, answers, settings.liveness_after_ms / 1_000),
        control,
        metrics,
        settings.commit_interval_ms / 1_000,
        app.fail,
    )
    app.input_topics = host.topics
    app.on_closed = [answers.close, scratch.cleanup]
    app.check = lambda: _refuse_unfit_topics(settings)
    app.configure_logging = lambda: logs.configure(settings.log_level, settings.log_format)
    http.install(app, metrics, lambda: _readiness(host, settings))
    return app


def _registry() -> CollectorRegistry:
    """Return a registry with the metrics of the process, whose start time is how a restart shows."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


def _lane(policy: Policy, shelf: Shelf | None, number: int, partitions: int) -> Lane:
    """Return the pipeline of one lane, with its ledger on disk where there is a folder for it."""
    ledger = None if shelf is None else shelf.ledger(number, partitions)
    return Lane(number, policy, partitions=partitions, ledger=ledger)


def _shelf(settings: Settings) -> Shelf | None:
    """Return where the ledgers lie, None where they are in memory."""
    if settings.ledger_dir is None:
        return None
    return Shelf(
        settings.ledger_dir,
        settings.group_id,
        cache(lambda: topic_ids(settings)),
        settings.originals_horizon_ms,
        settings.ledger_memory_mib * MIB,
        _reach_ms(settings),
    )


def _reach_ms(settings: Settings) -> int:
    """Return how far before J reading begins for a lane whose ledger is empty: vouchers go to it after L."""
    return settings.originals_horizon_ms + settings.policy(diagnosing=False).memory_ms


class _Publisher:
    """Both output topics behind the one face that the lanes know."""

    def __init__(self, anomalies: AnomalyTopic, letters: DeadLetterTopic) -> None:
        self._anomalies = anomalies
        self._letters = letters

    def anomaly(self, lane: int, change: AnomalyChange, detected_at_ms: int, writer: Writer) -> Outgoing:
        """Return the record of one change."""
        return self._anomalies.record(
            lane, change.anomaly_id.encode(), change.encode(detected_at_ms, writer.generation), writer.name
        )

    def again(self, lane: int, key: bytes, value: bytes, writer: Writer) -> Outgoing:
        """Return a record that is sent once more."""
        return self._anomalies.record(lane, key, value, writer.name)

    def dead_letter(self, lane: int, letter: DeadLetter) -> Outgoing:
        """Return the record of one bad record."""
        return self._letters.record(lane, letter)


def _sender(app: VoucherApp) -> Callable[[Outgoing], Awaitable[Awaitable[object]]]:
    """Return how a record is handed to Faust's producer."""

    async def send(record: Outgoing) -> Awaitable[object]:
        topic, partition, key, value, headers = record
        pending: Awaitable[object] = await app.producer.send(topic, key, value, partition, None, list(headers))
        return pending

    return send


def _read(host: LaneHost, clock: SystemClock, limits: tuple[int, int, int]) -> WorkerReading:
    """Return what a scrape shows of the lanes that are rebuilt."""
    now = clock.monotonic()
    return WorkerReading(
        now_ms=clock.wall_ms(),
        topics=host.topics,
        lanes=[
            LaneReading(
                hosted.number,
                hosted.lane.gauges(),
                (hosted.sources[0].caught_up(now), hosted.sources[1].caught_up(now)),
                (hosted.sources[0].lag, hosted.sources[1].lag),
                0 if hosted.ledger is None else hosted.ledger.disk_bytes,
            )
            for hosted in host.lanes.values()
            if hosted.ready
        ],
        stalled=host.stalled,
        limits=limits,
        unacknowledged=host.outbox.unacknowledged,
    )


def _readiness(host: LaneHost, settings: Settings) -> Mapping[str, object]:
    """Return the answer of ``/readyz``: assigned and rebuilt, however far behind."""
    rebuilt = sum(hosted.ready for hosted in host.lanes.values())
    return {
        "ready": host.assigned and rebuilt == len(host.lanes),
        "lanes": len(host.lanes),
        "rebuilt": rebuilt,
        "allow_create_time": settings.allow_create_time,
    }


def _refuse_unfit_topics(settings: Settings) -> None:
    """Raise ConfigurationError with every reason why the topics cannot be worked on."""
    faults = [finding.sentence for finding in check_topics(settings) if finding.fatal]
    if faults:
        raise ConfigurationError(faults)


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """Return how connections are encrypted, None where they are not."""
    if settings.security_protocol not in TLS_PROTOCOLS:
        return None
    context = ssl.create_default_context(cafile=settings.ssl_cafile and str(settings.ssl_cafile))
    if settings.ssl_certfile is not None:
        context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile, settings.ssl_key_password)
    return context


def connector(settings: Settings) -> Callable[[], AIOKafkaConsumer]:
    """Return what builds a plain consumer without a group, for questions and for reading back."""

    def connect() -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            group_id=None, enable_auto_commit=False, auto_offset_reset="earliest", **_aiokafka_options(settings)
        )

    return connect


def _producer(settings: Settings) -> Callable[[], AIOKafkaProducer]:
    """Return what builds a plain producer for the few records that are no output of a lane."""
    return lambda: AIOKafkaProducer(**_aiokafka_options(settings))


def _aiokafka_options(settings: Settings) -> dict[str, Any]:
    """Return how plain clients reach the brokers."""
    options: dict[str, Any] = {}
    if settings.security_protocol in SASL_PROTOCOLS:
        options = {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password,
        }
    return options | {
        "bootstrap_servers": list(settings.bootstrap_servers),
        "request_timeout_ms": settings.broker_timeout_ms,
        "security_protocol": settings.security_protocol,
        "ssl_context": _tls(settings),
    }


def _credentials(settings: Settings) -> SASLCredentials | SSLCredentials | None:
    """Return Faust's credentials.

    Without a TLS context SASL means SASL_PLAINTEXT to Faust; the settings take that only when asked for by name.
    """
    tls = _tls(settings)
    if settings.security_protocol in SASL_PROTOCOLS:
        return SASLCredentials(
            username=settings.sasl_username,
            password=settings.sasl_password,
            mechanism=settings.sasl_mechanism,
            ssl_context=tls,
        )
    return SSLCredentials(tls) if tls is not None else None


def _faust_options(settings: Settings) -> dict[str, Any]:
    """Return the options of the Faust app.

    A worker with a fixed name gets back the assignment that the group keeps for that name, in which
    Faust's assignor wants to find the worker's own URL; by default that holds host name and port, which
    another container or port changes.
    """
    session_seconds = settings.session_timeout_ms / 1_000
    name = settings.group_instance_id
    named = {} if name is None else {"canonical_url": f"http://voucherwatch/{name}"}
    return {
        **named,
        "broker": [URL(f"{SCHEME}://{server}") for server in settings.bootstrap_servers],
        "broker_credentials": _credentials(settings),
        "broker_session_timeout": session_seconds,
        "broker_request_timeout": max(90.0, session_seconds + 30.0),
        "broker_heartbeat_interval": min(3.0, session_seconds / HEARTBEATS_PER_SESSION),
        "consumer_auto_offset_reset": "earliest",
        "consumer_group_instance_id": settings.group_instance_id,
        "producer_acks": -1,
        "producer_max_request_size": LARGEST_REQUEST_BYTES,
        "producer_max_batch_size": BATCH_BYTES,
        "producer_linger": LINGER_S,
        "store": "memory://",
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_bind": settings.web_host,
        "web_port": settings.web_port,
        "web_router_enabled": False,
        "web_tables_enabled": False,
        "worker_redirect_stdouts": False,
        "autodiscover": False,
    }

"""A real Apache Kafka for the tests: combined KRaft mode on loopback ports, a second broker beside it on demand."""

from __future__ import annotations

import atexit
import base64
import signal
import socket
import subprocess
import time
import uuid
from typing import TYPE_CHECKING, Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from streams.embedded.leash import leashed
from tests.integration.kafka_jars import kafka_jars

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOST = "127.0.0.1"
HEAP = "-Xmx512m"
START_LIMIT_SECONDS = 60.0
"""It answers within 5 s on two idle cores."""
STOP_LIMIT_SECONDS = 30.0
PORT_TRIES = 3
"""Another program may take a port between our look and Kafka's bind."""

_LOGGING = """\
appender.file.type = File
appender.file.name = file
appender.file.fileName = {log}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d %p %c - %m%n
rootLogger.level = WARN
rootLogger.appenderRef.file.ref = file
"""


class BrokerStartError(Exception):
    """The broker ended or stayed silent; the text quotes the end of its log."""


class KafkaBroker:
    """A broker whose records outlive ``stop`` and ``kill`` until its folder is removed.

    ``folder`` is its own; ``overrides`` adds to or replaces lines of ``server.properties``.  The ports
    are chosen at the first ``start`` and kept, so that clients find the broker again after a restart.
    Topics are never created by themselves and carry LogAppendTime unless they say otherwise.

    ``beside`` is a running broker, node 1 and controller, which this one joins as node 2 of its cluster.
    """

    def __init__(
        self, folder: Path, overrides: Mapping[str, str] | None = None, *, beside: KafkaBroker | None = None
    ) -> None:
        """Note where to live; nothing is started before ``start`` or the ``with`` block."""
        self._folder = folder
        self._overrides = dict(overrides or {})
        self._beside = beside
        self._cluster_id: str = beside._cluster_id if beside is not None else _cluster_id()
        self._ports: tuple[int, int] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """The address for clients, ``host:port``; it stays the same over restarts."""
        if self._ports is None:
            raise RuntimeError("the broker has not been started yet")
        return f"{HOST}:{self._ports[0]}"

    @property
    def log_file(self) -> Path:
        """What the broker has to say, warnings and worse; its standard output is in ``output.txt`` beside it."""
        return self._folder / "server.log"

    @property
    def pid(self) -> int | None:
        """The process number, None while the broker is not running."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the broker and return once it answers; raises ``BrokerStartError``."""
        atexit.register(self.kill)
        if self._ports is not None:
            self._launch()
            return
        for tries_left in reversed(range(PORT_TRIES)):
            self._ports = _free_ports()
            try:
                self._format()
                self._launch()
            except BrokerStartError as error:
                if tries_left and "Address already in use" in str(error):
                    continue
                raise
            return

    def stop(self) -> None:
        """End the broker as a shutdown does, its logs flushed; kills it after ``STOP_LIMIT_SECONDS``."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the broker as a crash does (``kill -9``)."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start again on the same records and ports."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        """Start the broker."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the broker."""
        self.stop()

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        atexit.unregister(self.kill)
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _properties(self) -> str:
        ports = self._ports or (0, 0)
        lines = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "listeners": f"PLAINTEXT://{HOST}:{ports[0]},CONTROLLER://{HOST}:{ports[1]}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{ports[0]}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.bootstrap.servers": f"{HOST}:{ports[1]}",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(self._folder / "records"),
            "auto.create.topics.enable": "false",
            "log.message.timestamp.type": "LogAppendTime",
            "group.initial.rebalance.delay.ms": "0",
            # One node holds one replica, and few partitions of Kafka's own topics start faster.
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            # The default of 128 MiB is a quarter of this heap.
            "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
        }
        if self._beside is not None:
            lines |= {
                "process.roles": "broker",
                "node.id": "2",
                "listeners": f"PLAINTEXT://{HOST}:{ports[0]}",
                "controller.quorum.bootstrap.servers": f"{HOST}:{(self._beside._ports or (0, 0))[1]}",
            }
        lines |= self._overrides
        return "".join(f"{key}={value}\n" for key, value in lines.items())

    def _java(self, main_class: str, *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self._folder / 'log4j2.properties'}"
        return ["java", HEAP, logging, "-cp", f"{kafka_jars()}/*", main_class, *arguments]

    def _format(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        properties = self._folder / "server.properties"
        properties.write_text(self._properties())
        (self._folder / "log4j2.properties").write_text(_LOGGING.format(log=self.log_file))
        role = ("--standalone",) if self._beside is None else ()
        command = self._java("kafka.tools.StorageTool", "format", *role, "--ignore-formatted")
        done = subprocess.run(
            [*command, "--cluster-id", self._cluster_id, "--config", str(properties)],
            capture_output=True,
            text=True,
            check=False,
            timeout=START_LIMIT_SECONDS,
        )
        if done.returncode:
            raise BrokerStartError(f"the storage folder could not be formatted: {done.stdout}{done.stderr}")

    def _launch(self) -> None:
        command = self._java("kafka.Kafka", str(self._folder / "server.properties"))
        with (self._folder / "output.txt").open("wb") as output:
            self._process = subprocess.Popen(
                leashed(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_it_answers(self._process)
        except BaseException:
            self.kill()
            raise

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while not self._answers():
            if process.poll() is not None:
                raise BrokerStartError(f"the broker ended with {process.returncode}: {self._last_words()}")
            if time.monotonic() > deadline:
                raise BrokerStartError(f"no answer within {START_LIMIT_SECONDS:g} s: {self._last_words()}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        """Ask for the topics: unlike an open port, an answer means that the broker has registered."""
        with socket.socket() as probe:
            if probe.connect_ex((HOST, (self._ports or (0, 0))[0])):
                return False
        try:
            admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers, request_timeout_ms=5_000)
        except KafkaError:
            return False
        try:
            admin.list_topics()
        except KafkaError:
            return False
        finally:
            admin.close()
        return True

    def _last_words(self) -> str:
        places = (self._folder / "output.txt", self.log_file)
        return "\n".join(place.read_text(errors="replace")[-2_000:] for place in places if place.exists())


def _free_ports() -> tuple[int, int]:
    """Return two loopback ports that nothing listens on at this moment."""
    with socket.socket() as first, socket.socket() as second:
        first.bind((HOST, 0))
        second.bind((HOST, 0))
        return first.getsockname()[1], second.getsockname()[1]


def _cluster_id() -> str:
    """Return an id as Kafka writes them: 16 random bytes in URL-safe base64, never with a leading dash."""
    while (written := base64.urlsafe_b64encode(uuid.uuid4().bytes)[:22].decode()).startswith("-"):
        pass
    return written

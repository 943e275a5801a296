"""What stands in the way of a newcomer is said in a sentence, with its exit code and never a stack trace."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest
from kafka.admin import KafkaAdminClient, NewTopic

from streams.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.kafka_broker import KafkaBroker

pytestmark = pytest.mark.e2e

NOBODY: Final = "127.0.0.1:1"
"""No program listens there; a port this low needs rights that nobody has by chance."""
QUICKLY: Final = ["--set", "broker_timeout=1s"]
CONNECTING: Final[dict[str, list[str]]] = {
    "worker": ["worker"],
    "topics check": ["topics", "check"],
    "topics create": ["topics", "create"],
    "doctor": ["doctor"],
}
ROLES: Final = ("terminal", "host", "anomalies", "deadletter", "control")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> list[str]:
        """The lines on both outputs."""
        return [*self.out.splitlines(), *self.err.splitlines()]


def voucherwatch(folder: Path, *arguments: str) -> Ended:
    """Run one command as a program of its own; it may say anything but a stack trace."""
    done = subprocess.run(
        [sys.executable, "-m", "streams", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        timeout=100,
        env=environment(folder),
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def environment(folder: Path) -> dict[str, str]:
    """Return an environment without settings of ours, in which temporary files lie in ``folder``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VOUCHERWATCH_")}
    return {**kept, "TMPDIR": str(folder)}


@pytest.mark.parametrize("command", CONNECTING)
def test_no_broker_is_three(command: str, tmp_path: Path) -> None:
    """Where nothing listens, every command that needs a broker says so in one sentence, within its timeout."""
    ended = voucherwatch(tmp_path, *CONNECTING[command], "--bootstrap-servers", NOBODY, *QUICKLY)
    assert ended.code == ExitCode.UNREACHABLE
    (sentence,) = ended.said
    assert sentence.startswith(f"No answer from the brokers {NOBODY} within 1 s")
    assert sentence.endswith("check the address, the network and security_protocol.")


@pytest.mark.parametrize(
    "arguments", [["simulate", "--duration", "1s"], ["demo", "--duration", "30s"]], ids=["simulate", "demo"]
)
def test_no_broker_for_the_fleet_is_three(arguments: list[str], tmp_path: Path) -> None:
    """The simulator and the demo on a cluster that is not there name its address."""
    truth = ["--truth", str(tmp_path / "truth.jsonl")] if arguments[0] == "simulate" else []
    ended = voucherwatch(tmp_path, *arguments, "--bootstrap-servers", NOBODY, *truth)
    assert ended.code == ExitCode.UNREACHABLE
    assert NOBODY in ended.said[-1]


def hang_up(connection: socket.socket) -> None:
    """Close at once."""
    connection.close()


def say_nothing(connection: socket.socket) -> None:
    """Listen until the other side has gone."""
    while connection.recv(4_096):
        pass


def answer_as_a_web_server(connection: socket.socket) -> None:
    """Answer anything with a page."""
    connection.recv(4_096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    connection.close()


@pytest.fixture(params=[hang_up, say_nothing, answer_as_a_web_server], ids=lambda how: how.__name__)
def other_program(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a program that is no Kafka."""
    behaviour: Callable[[socket.socket], None] = request.param

    def meet(connection: socket.socket) -> None:
        with connection:
            try:
                behaviour(connection)
            except OSError:
                return

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=meet, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("command", ["worker", "topics check"])
def test_a_port_of_another_program_is_three(command: str, other_program: str, tmp_path: Path) -> None:
    """A wrong port where something else listens is no answer either, and never a worker that waits for ever."""
    ended = voucherwatch(tmp_path, *CONNECTING[command], "--bootstrap-servers", other_program, *QUICKLY)
    assert ended.code == ExitCode.UNREACHABLE
    (sentence,) = ended.said
    assert sentence.startswith(f"No answer from the brokers {other_program} within 1 s")


@pytest.mark.parametrize("command", ["worker", "replay", "topics check", "doctor", "simulate", "config check"])
def test_an_unknown_key_is_two_with_a_suggestion(command: str, tmp_path: Path) -> None:
    """Every command that takes a configuration refuses it for a key that nobody declared, and names all faults."""
    path = tmp_path / "own.yaml"
    path.write_text("bootstrap_server: [127.0.0.1:9092]\npair_window: {default: 90s}\ntopics: {termnal: t}\n")
    files = ["--terminal", "t.jsonl", "--host", "h.jsonl"] if command == "replay" else []
    config = [str(path)] if command == "config check" else ["--config", str(path)]
    ended = voucherwatch(tmp_path, *command.split(), *config, *files)
    assert ended.code == ExitCode.USAGE
    assert f"{path} line 1: unknown setting bootstrap_server; did you mean bootstrap_servers?" in ended.said
    assert f"{path} line 3: unknown setting topics.termnal; did you mean terminal?" in ended.said


def unreadable(folder: Path, how: str) -> Path:
    """Return a file that cannot be read to its end."""
    path = folder / f"{how}.jsonl.gz"
    if how == "folder":
        path.mkdir()
    elif how == "cut":
        path.write_bytes(gzip.compress(b'{"event_id":"e1"}\n' * 5_000)[:-20])
    elif how == "not_packed":
        path.write_bytes(b'{"event_id":"e1"}\n')
    return path


@pytest.mark.parametrize("how", ["missing", "folder", "cut", "not_packed"])
def test_an_unreadable_file_is_three(how: str, tmp_path: Path) -> None:
    """A replay names the file that it cannot read, and prints no half of an answer."""
    path = unreadable(tmp_path, how)
    good = tmp_path / "host.jsonl"
    good.write_text("")
    ended = voucherwatch(tmp_path, "replay", "--terminal", str(path), "--host", str(good))
    assert (ended.code, ended.out) == (ExitCode.UNREACHABLE, "")
    assert len(ended.said) == 1
    assert str(path) in ended.err


@pytest.mark.parametrize("how", ["missing", "folder"])
def test_an_unreadable_configuration_is_three(how: str, tmp_path: Path) -> None:
    """A worker names the configuration file that it cannot read."""
    path = unreadable(tmp_path, how)
    ended = voucherwatch(tmp_path, "worker", "--config", str(path))
    assert ended.code == ExitCode.UNREACHABLE
    (sentence,) = ended.said
    assert sentence.startswith(f"Cannot read the configuration file {path}: ")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Topic names of one test on a real Kafka."""

    servers: str
    run: str

    @property
    def options(self) -> list[str]:
        """The options that name cluster, topics and group."""
        names = (f"topics.{role}={self.topic(role)}" for role in ROLES)
        settings = [word for name in (*names, f"group_id=group-{self.run}") for word in ("--set", name)]
        return ["--bootstrap-servers", self.servers, *settings]

    def topic(self, role: str) -> str:
        """Return the name of one topic."""
        return f"{role}-{self.run}"

    def create(self, role: str, partitions: int, **configs: str) -> None:
        """Create one topic with a number of partitions."""
        named = {name.replace("_", "."): value for name, value in configs.items()}
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        admin.create_topics([NewTopic(self.topic(role), partitions, 1, topic_configs=named)])
        admin.close()


@pytest.fixture
def cluster(kafka: KafkaBroker) -> Cluster:
    """Topics of this test's own; none is there yet."""
    return Cluster(kafka.bootstrap_servers, uuid.uuid4().hex[:8])


@pytest.mark.integration
def test_missing_topics_are_two_and_all_named(cluster: Cluster, tmp_path: Path) -> None:
    """A worker does not wait for topics that are not there: it names each, and the command that makes them."""
    ended = voucherwatch(tmp_path, "worker", *cluster.options)
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.said == [
        f"topic {cluster.topic(role)}: does not exist; create it with 'voucherwatch topics create'."
        for role in ROLES
        if role != "control"
    ]


@pytest.mark.integration
def test_a_missing_topic_for_the_fleet_is_three(cluster: Cluster, tmp_path: Path) -> None:
    """The simulator names the topic that does not take its records."""
    truth = ["--truth", str(tmp_path / "truth.jsonl")]
    ended = voucherwatch(tmp_path, "simulate", *cluster.options, "--duration", "5s", "--unpaced", *truth)
    assert ended.code == ExitCode.UNREACHABLE
    (sentence,) = ended.said
    assert cluster.topic("terminal") in sentence or cluster.topic("host") in sentence


@pytest.mark.integration
@pytest.mark.parametrize("unequal", ["host", "anomalies"])
def test_unequal_partition_counts_are_two(unequal: str, cluster: Cluster, tmp_path: Path) -> None:
    """Lanes need equal numbers: the worker says which topic has how many; ``topics check`` finds the same."""
    for role in ("terminal", "host", "anomalies", "deadletter"):
        cluster.create(role, 3 if role == unequal else 2)
    sentence = (
        f"topic {cluster.topic(unequal)}: it has 3 partitions, but {cluster.topic('terminal')} has 2;"
        " give both the same number; see 'Changing partition counts' in docs/operations.md."
    )
    ended = voucherwatch(tmp_path, "worker", *cluster.options)
    assert (ended.code, ended.said) == (ExitCode.USAGE, [sentence])
    ended = voucherwatch(tmp_path, "topics", "check", *cluster.options)
    assert ended.code == ExitCode.FINDINGS
    assert "it has 3 partitions" in ended.out


@pytest.mark.integration
def test_times_of_producers_are_two(cluster: Cluster, tmp_path: Path) -> None:
    """Inputs whose producers set the time are refused unless that is asked for by name."""
    for role in ("terminal", "host", "anomalies", "deadletter"):
        cluster.create(role, 2, message_timestamp_type="CreateTime" if role == "host" else "LogAppendTime")
    ended = voucherwatch(tmp_path, "worker", *cluster.options)
    assert ended.code == ExitCode.USAGE
    (sentence,) = ended.said
    assert sentence.startswith(f"topic {cluster.topic('host')}: message.timestamp.type is CreateTime, so ")
    assert "allow_create_time: true" in sentence

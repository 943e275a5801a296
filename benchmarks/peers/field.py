"""The field: every peer, how its processes are started, and what it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from benchmarks.peers.environments import classpath_of, python_of

if TYPE_CHECKING:
    from collections.abc import Callable

OURS: Final = "voucherwatch"
HEAP: Final = ("-Xms2g", "-Xmx2g")
QUIET_LOG: Final = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
OPENED: Final = ("--add-opens=java.base/java.util=ALL-UNNAMED", "--add-opens=java.base/java.lang=ALL-UNNAMED")
"""What Flink's own scripts open on Java 17."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One contestant.

    ``command`` takes the number of cores and returns the program; it fetches what is missing.  A peer that is no
    ``threaded`` one uses a second core by a second process.
    """

    name: str
    command: Callable[[int], list[str]]
    day: Literal["long", "short"] = "long"
    threaded: bool = True
    shown: float = 1.0
    """The share of records that shows at least in its count of those handled; some drop what does not fit a schema."""
    settles_s: float | None = None
    """How long its counts may stand still before they are final, where its records handled are only read."""
    environ: Callable[[int], dict[str, str]] = field(default=lambda _cores: {})


def _python(environment: str, module: str) -> Callable[[int], list[str]]:
    return lambda _cores: [python_of(environment), "-m", f"benchmarks.peers.{module}"]


def _java(environment: str, main: str, *options: str) -> Callable[[int], list[str]]:
    def command(cores: int) -> list[str]:
        collector = "-XX:+UseSerialGC" if cores == 1 else "-XX:+UseParallelGC"
        classes = classpath_of(environment)
        return ["java", *HEAP, collector, QUIET_LOG, *OPENED, *options, "-cp", classes, main]

    return command


PEERS: Final = (
    Peer("flink", _java("flink", "FlinkPeer")),
    Peer("kafka-streams", _java("kafka-streams", "KafkaStreamsPeer")),
    Peer("kafka-streams-repartition", _java("kafka-streams", "KafkaStreamsPeer", "-Dpeer.repartition=true")),
    Peer(
        "pathway",
        _python("pathway", "pathway_join"),
        shown=0.999,
        settles_s=15.0,
        environ=lambda cores: {"PATHWAY_THREADS": str(cores)},
    ),
    Peer("quixstreams", _python("quixstreams", "quix_join"), day="short", threaded=False),
    Peer(
        "quixstreams-rekeyed",
        _python("quixstreams", "quix_join"),
        day="short",
        threaded=False,
        environ=lambda _cores: {"PEER_REKEYED": "1"},
    ),
    Peer(
        "faust",
        _python("faust", "faust_agent"),
        day="short",
        threaded=False,
        environ=lambda _cores: {"FAUST_LOOP": "uvloop"},
    ),
)
NAMES: Final = (OURS, *(peer.name for peer in PEERS))
ON_REQUEST: Final = frozenset({"kafka-streams-repartition"})
"""As the manual has it, and not to be recommended: see the README."""

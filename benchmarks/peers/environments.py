"""What the peers need, fetched on demand into the checkout's cache: environments of pip, jars of Maven, classes."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE: Final = Path(__file__).resolve().parent
JAVA: Final = HERE / "java"
CACHE: Final = HERE.parents[1] / ".cache" / "bench-peers"
FETCH_LIMIT_S: Final = 1_200.0
SHARED_SOURCES: Final = ("Leg.java", "Progress.java", "Task.java")
OWN_SOURCES: Final = {
    "kafka-streams": ("VoucherKeys.java", "LegSerde.java", "KafkaStreamsPeer.java"),
    "flink": ("FlinkPeer.java",),
}


class PeerNotAvailableError(Exception):
    """This machine cannot run a peer; the text says why."""


def python_of(name: str) -> str:
    """Return the interpreter of a peer's own environment, made from its pinned versions if it is not there.

    Raises:
        PeerNotAvailableError: pip could not install them.
    """
    pins = HERE / "pins" / f"{name}.txt"
    folder = CACHE / name
    with _locked(name):
        if _stale(folder, pins):
            shutil.rmtree(folder, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(folder)])
            _run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "-r", str(pins)])
            _mark(folder, pins)
    return str(folder / "bin" / "python")


def classpath_of(name: str) -> str:
    """Return the class path of a peer in Java: its jars by Maven, its classes compiled here.

    Raises:
        PeerNotAvailableError: There is no JDK or no Maven, or one of them failed.
    """
    jars, classes = CACHE / f"{name}-jars", CACHE / f"{name}-classes"
    for program, remedy in (("mvn", "maven"), ("javac", "openjdk-17-jdk-headless")):
        if shutil.which(program) is None:
            raise PeerNotAvailableError(f"{name} needs {program} on the PATH (apt-get install {remedy})")
    with _locked(name):
        pom = JAVA / "pom.xml"
        if _stale(jars, pom):
            shutil.rmtree(jars, ignore_errors=True)
            maven = ["mvn", "-q", "-B", "-f", str(pom), "-P", name, "dependency:copy-dependencies"]
            _run([*maven, "-DincludeScope=runtime", f"-DoutputDirectory={jars}"])
            _mark(jars, pom)
        sources = [str(JAVA / source) for source in (*SHARED_SOURCES, *OWN_SOURCES[name])]
        shutil.rmtree(classes, ignore_errors=True)
        _run(["javac", "-nowarn", "-d", str(classes), "-cp", f"{jars}/*", *sources])
    return f"{classes}:{jars}/*"


def _stale(folder: Path, made_from: Path) -> bool:
    """Tell whether a folder was made from anything but what a file says now."""
    mark = folder / "made-from"
    return not mark.exists() or mark.read_text() != made_from.read_text()


def _mark(folder: Path, made_from: Path) -> None:
    (folder / "made-from").write_text(made_from.read_text())


@contextmanager
def _locked(name: str) -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:  # two runs may start together
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603  pip, Maven and javac with arguments of our own
            command, capture_output=True, text=True, check=False, timeout=FETCH_LIMIT_S
        )
    except subprocess.TimeoutExpired as error:
        raise PeerNotAvailableError(f"{command[0]} did not finish within {FETCH_LIMIT_S:g} s") from error
    if done.returncode:
        raise PeerNotAvailableError(f"{command[0]} failed: {(done.stderr or done.stdout)[-500:]}")

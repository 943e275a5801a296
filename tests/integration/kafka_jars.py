"""Fetches a real Apache Kafka as Maven artifacts, once, into the checkout's cache folder."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
from pathlib import Path

KAFKA_VERSION = "4.4.0"
"""The newest 4.x; the whole line runs on Java 17."""
LOG4J_VERSION = "2.25.5"
"""What that Kafka brings itself; only the bridge from its logging face has to be added."""
JAVA_MINIMUM = 17
FETCH_LIMIT_SECONDS = 600.0
"""43 MB in 9 s on a fast line."""
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "kafka"

_POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>voucherwatch</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>{LOG4J_VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""


class KafkaNotAvailableError(Exception):
    """This machine cannot run a real Kafka; the text is one sentence with the reason and the remedy."""


def kafka_jars(cache: Path = CACHE) -> Path:
    """Return the folder with the jars of Apache Kafka, fetched through Maven if the cache has none.

    Raises ``KafkaNotAvailableError`` without a Java of at least ``JAVA_MINIMUM``, without Maven while
    the cache is empty, or if the fetch fails.
    """
    _check_java()
    jars = cache / KAFKA_VERSION
    if jars.is_dir():
        return jars
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:  # two test runs may start together
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.is_dir():
            _fetch(cache, jars)
    return jars


def cached(cache: Path = CACHE) -> bool:
    """Tell whether ``kafka_jars`` would return without fetching anything."""
    return (cache / KAFKA_VERSION).is_dir()


def _check_java() -> None:
    remedy = "apt-get install openjdk-17-jre-headless"
    if shutil.which("java") is None:
        raise KafkaNotAvailableError(f"a real Apache Kafka needs java on the PATH ({remedy})")
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False, timeout=60).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < JAVA_MINIMUM:
        found = said.splitlines()[0] if said else "nothing"
        raise KafkaNotAvailableError(f"a real Apache Kafka needs java {JAVA_MINIMUM} or newer, not {found} ({remedy})")


def _fetch(cache: Path, jars: Path) -> None:
    if shutil.which("mvn") is None:
        raise KafkaNotAvailableError("fetching Apache Kafka needs mvn on the PATH (apt-get install maven)")
    pom = cache / "pom.xml"
    pom.write_text(_POM)
    arriving = cache / f"{KAFKA_VERSION}.arriving"
    shutil.rmtree(arriving, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    try:
        subprocess.run(
            [*command, f"-DoutputDirectory={arriving}"],
            check=True,
            capture_output=True,
            text=True,
            timeout=FETCH_LIMIT_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        complaint = next((line for line in error.stdout.splitlines() if "ERROR" in line), "it gave no reason")
        raise KafkaNotAvailableError(f"mvn could not fetch Apache Kafka {KAFKA_VERSION}: {complaint}") from error
    except subprocess.TimeoutExpired as error:
        raise KafkaNotAvailableError(
            f"mvn did not fetch Apache Kafka {KAFKA_VERSION} within {FETCH_LIMIT_SECONDS:g} s",
        ) from error
    arriving.rename(jars)  # only a whole set carries the name that is looked for

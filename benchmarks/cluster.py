"""The brokers of a measurement: those that are named, or one real Apache Kafka of our own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.integration.kafka_broker import KafkaBroker
from tests.integration.kafka_jars import KafkaNotAvailableError, kafka_jars

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack
    from pathlib import Path


def brokers(stack: ExitStack, folder: Path, named: str | None, settings: Mapping[str, str] | None = None) -> str:
    """Return the addresses of the ``named`` cluster, else of a broker that lives until the stack ends.

    Where none can be had here the program says why, and ends with 1.
    """
    if named is not None:
        return named
    try:
        kafka_jars()
    except KafkaNotAvailableError as error:
        sys.stdout.write(f"not run: {error}\n")
        raise SystemExit(1) from None
    return stack.enter_context(KafkaBroker(folder / "broker", settings)).bootstrap_servers

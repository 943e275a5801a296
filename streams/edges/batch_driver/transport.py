"""Registers the batch driver as a Faust transport: broker URL ``voucherwatch://host:port``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver

from streams.edges.batch_driver.consumer import BatchConsumer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faust.types.transports import ConsumerT, ProducerT

SCHEME = "voucherwatch"


class IdempotentProducer(driver.Producer):
    """Faust's producer; a record that the broker has twice is still there once."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class Transport(driver.Transport):
    """Faust's aiokafka transport with the batch consumer."""

    Consumer: ClassVar[type[ConsumerT]] = BatchConsumer
    Producer: ClassVar[type[ProducerT]] = IdempotentProducer


def register() -> None:
    """Make the scheme known to Faust without installed package metadata, as in a plain checkout."""
    TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"

"""Registers the batch driver as a Faust transport: broker URL ``voucherwatch://host:port``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

import structlog
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver

from streams.edges.batch_driver.consumer import BatchConsumer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from faust.types.transports import ConsumerT, ProducerT

SCHEME = "voucherwatch"


CLOSE_SECONDS = 1.0
"""Longest wait at the end for what is not acknowledged yet; the lanes have waited for theirs before."""

_log = structlog.stdlib.get_logger("voucherwatch.driver")


class IdempotentProducer(driver.Producer):
    """Faust's producer; a record that the broker has twice is still there once."""

    async def flush(self) -> None:
        """Wait for what is under way, but not for a broker that does not answer."""
        await self._in_time(super().flush())

    async def on_stop(self) -> None:
        """Close the connections, also when nobody is there to take what is left."""
        await self._in_time(super().on_stop())

    @staticmethod
    async def _in_time(closing: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await closing
        except TimeoutError:
            _log.warning("outputs_abandoned", seconds=CLOSE_SECONDS)

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class Transport(driver.Transport):
    """Faust's aiokafka transport with the batch consumer."""

    Consumer: ClassVar[type[ConsumerT]] = BatchConsumer
    Producer: ClassVar[type[ProducerT]] = IdempotentProducer


def register() -> None:
    """Make the scheme known to Faust without installed package metadata, as in a plain checkout."""
    TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"

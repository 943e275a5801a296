"""Plain questions to the brokers: one partition without leader spoils no other's answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest
from aiokafka.errors import KafkaTimeoutError, LeaderNotAvailableError

from streams.edges.batch_driver import BrokerAnswers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiokafka import AIOKafkaConsumer
    from aiokafka.structs import TopicPartition

Place = tuple[str, int]

PLACES: list[Place] = [("host-events", 0), ("host-events", 1), ("host-events", 2)]


class OneWithoutLeader:
    """A consumer that cannot answer for partition 1: it says so, or says nothing."""

    def __init__(self, error: Exception | None) -> None:
        self.started = 0
        self._error = error

    async def start(self) -> None:
        """Connect."""
        self.started += 1
        await asyncio.sleep(0)

    async def beginning_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Answer for all or for none, as aiokafka does."""
        if any(place.partition == 1 for place in places):
            if self._error is not None:
                raise self._error
            await asyncio.sleep(60)
        return {place: 10 + place.partition for place in places}

    async def end_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Answer likewise."""
        return {place: 2 * offset for place, offset in (await self.beginning_offsets(places)).items()}


@pytest.mark.parametrize("error", [None, LeaderNotAvailableError(), KafkaTimeoutError()])
def test_the_others_answer(error: Exception | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both questions leave out the partition without leader, over one connection."""
    for limit in ("ANSWER_SECONDS", "BEGINNING_SECONDS"):
        monkeypatch.setattr(f"streams.edges.batch_driver.ends.{limit}", 0.05)
    consumer = OneWithoutLeader(error)

    async def both() -> tuple[Mapping[Place, int], Mapping[Place, int]]:
        answers = BrokerAnswers(lambda: cast("AIOKafkaConsumer", consumer))
        ends, beginnings = await asyncio.gather(answers.ask(PLACES), answers.beginnings(PLACES))
        return ends, beginnings

    assert asyncio.run(both()) == ({PLACES[0]: 20, PLACES[2]: 24}, {PLACES[0]: 10, PLACES[2]: 12})
    assert consumer.started == 1

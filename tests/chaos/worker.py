"""A real worker whose commits are dropped or refused, and whose producer fails, now and then.

    python worker.py SEED KEY=VALUE...

A refused commit is not made; a dropped one is made, but its answer is lost.  A send that fails for
good ends the worker with 5, as a broker that takes no record would.
"""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any

from aiokafka.errors import KafkaError, KafkaTimeoutError

from streams.app import create_app
from streams.edges.batch_driver.thread import BatchConsumerThread
from streams.edges.faust_worker import VoucherWorker
from streams.errors import VoucherwatchError
from streams.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.edges.batch_driver.ports import Position

REFUSED = 0.05
DROPPED = 0.05
FAILED_SENDS = 0.0005


def refuse_commits(rng: random.Random) -> None:
    """Let some commits fail, before or after they are made."""
    commit = BatchConsumerThread.commit_inputs

    async def unreliable(
        self: BatchConsumerThread, positions: Mapping[tuple[str, int], Position]
    ) -> BaseException | None:
        chance = rng.random()
        refused: BaseException = KafkaError("refused by the test")
        if chance < REFUSED:
            return refused
        done = await commit(self, positions)
        return refused if chance < REFUSED + DROPPED else done

    BatchConsumerThread.commit_inputs = unreliable  # type: ignore[method-assign]  # that is what it is for


def fail_sends(driver: Any, rng: random.Random) -> None:  # noqa: ANN401  Faust's app calls it an object
    """Let some records be refused for good."""
    outbox = driver.lane_host.outbox
    send = outbox._send

    async def unreliable(record: Any) -> Any:  # noqa: ANN401  as the outbox has it
        if rng.random() < FAILED_SENDS:
            raise KafkaTimeoutError("refused by the test")
        return await send(record)

    outbox._send = unreliable


def main() -> int:
    """Run until told to stop and return the exit code."""
    rng = random.Random(int(sys.argv[1]))
    app = create_app(load_settings(None, sys.argv[2:], {}))
    refuse_commits(rng)
    fail_sends(app.driver, rng)
    try:
        VoucherWorker(app).run()
    except VoucherwatchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KafkaError as error:
        sys.stderr.write(f"{error!r}\n")
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main())

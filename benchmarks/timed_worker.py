"""A worker with clocks inside: ``python -m benchmarks.timed_worker CONFIG OUT`` works as ``voucherwatch worker``.

At its end it writes to OUT, as JSON, the processor time that its lanes took, and the time that the sending
of anomalies and dead letters took.  The clocks stand around whole calls: a lane's of up to 256 records, and
whatever the event loop runs at a time.  Figures of speed are never taken from such a worker.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from pathlib import Path
from time import thread_time
from typing import TYPE_CHECKING, Any, Final

from streams.app import create_app
from streams.core.lane import Lane
from streams.edges.faust_worker import VoucherWorker
from streams.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.lane import LaneOutput
    from streams.core.wire import RawRecord
    from streams.settings import Settings

SENDING: Final = ("batch_driver/outbox.py", "batch_driver/last_word.py", "edges/anomaly_topic.py", "/aiokafka/")
"""Parts of the paths of the modules whose coroutines send on the main thread, or see that what was sent has arrived.

The inputs are fetched on a thread of their own.
"""


class Clocks:
    """Processor time in seconds, of the main thread."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.lanes_s = 0.0
        self.emit_s = 0.0


class TimedLane(Lane):
    """A lane that adds up the time of its calls."""

    clocks = Clocks()

    def feed(self, source: int, records: Sequence[RawRecord], now_ms: int = 0) -> LaneOutput:
        """Time one fetch."""
        began = thread_time()
        out = super().feed(source, records, now_ms)
        self.clocks.lanes_s += thread_time() - began
        return out

    def caught_up(self, source: int, at_ms: int) -> LaneOutput:
        """Time one advance without records."""
        began = thread_time()
        out = super().caught_up(source, at_ms)
        self.clocks.lanes_s += thread_time() - began
        return out


def _sends(callback: Any) -> bool:  # noqa: ANN401  whatever an event loop may call
    """Tell whether a callback of the loop is a step of a task, or a protocol's or outbox' own, that sends."""
    owner = getattr(callback, "__self__", None)
    if not isinstance(owner, asyncio.Task):
        function = getattr(callback, "func", callback)
        return "outbox" in (getattr(function, "__module__", None) or "")
    awaited: Any = owner.get_coro()
    while awaited is not None:
        code = getattr(awaited, "cr_code", None)
        if code is not None and any(part in code.co_filename for part in SENDING):
            return True
        awaited = getattr(awaited, "cr_await", None)
    return False


def _watch_the_loop(clocks: Clocks) -> None:
    """Let every step of the main thread's event loop be timed and the sending ones be added up."""
    run = asyncio.Handle._run  # noqa: SLF001  the one place through which asyncio runs everything
    main = threading.main_thread()

    def timed(handle: asyncio.Handle) -> None:
        if threading.current_thread() is not main or not _sends(handle._callback):  # type: ignore[attr-defined]  # noqa: SLF001  as above
            run(handle)
            return
        began = thread_time()
        run(handle)
        clocks.emit_s += thread_time() - began

    asyncio.Handle._run = timed  # type: ignore[assignment, method-assign]  # noqa: SLF001  as above


def main(config: Path, out: Path) -> None:
    """Work until told to stop, then write the times."""
    settings: Settings = load_settings(config, (), {})
    policy, clocks = settings.policy(), TimedLane.clocks
    _watch_the_loop(clocks)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = create_app(settings, lambda number, partitions: TimedLane(number, policy, partitions=partitions))
    VoucherWorker(app, loop=loop).run(None)
    out.write_text(json.dumps({"lanes_s": clocks.lanes_s, "emit_s": clocks.emit_s}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

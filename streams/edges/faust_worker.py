"""The Faust app and worker of voucherwatch: how they start, fail and end.

Faust's worker ends with exit code 0 or a stack trace; this one ends with the exit codes of the
command line.  Whatever goes wrong anywhere in the worker is told to :meth:`VoucherApp.fail`, which
stops the worker in order and keeps the first error.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any, NoReturn

import faust
import structlog
from faust.worker import Worker
from mode.utils.futures import maybe_async

from streams.errors import ExitCode, VoucherwatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STOP_SECONDS = 9.8
"""Longest stop.  Sends and the last commit have 5 s, leaving the group 2 s, the producer 1 s; a stop that hangs
all the same is ended by force."""

COLLECT_AFTER = (100_000, 20, 50)
"""When Python looks for cycles: a lane holds millions of objects that live for minutes.

With Python's own thresholds that look took a quarter of the time (72,000 events/s instead of 97,000).
"""

_log = structlog.stdlib.get_logger("voucherwatch.worker")


class VoucherApp(faust.App):
    """A Faust app with two input topics that no agent reads, and one way to fail."""

    driver: object = None
    """What the transport driver needs beside Faust's own; see the batch driver."""
    input_topics: tuple[str, ...] = ()
    check: Callable[[], None] = staticmethod(lambda: None)
    """What is looked at before the worker starts; raises a VoucherwatchError."""
    configure_logging: Callable[[], None] = staticmethod(lambda: None)
    on_closed: Sequence[Callable[[], Any]] = ()
    """Called, and awaited where they can be, at the end of the stop."""
    failure: BaseException | None = None

    async def on_start(self) -> None:
        """Subscribe the inputs; the conductor takes every registered topic into the subscription."""
        for name in self.input_topics:
            # Without acknowledgements, so that Faust never counts, watches or commits them.
            self.topics.add(self.topic(name, acks=False, value_type=bytes, value_serializer="raw"))
        await super().on_start()

    async def on_shutdown(self) -> None:
        """Close our own connections once everything else has ended."""
        await super().on_shutdown()
        for close in self.on_closed:
            await maybe_async(close())

    def fail(self, error: BaseException) -> None:
        """Stop the worker because of ``error``; the first error decides the exit code."""
        if self.failure is not None:
            return
        self.failure = error
        _log.error("worker_failed", error=type(error).__name__, text=str(error))
        root = self.beacon.root
        worker = root.data if root is not None else None
        if isinstance(worker, VoucherWorker):
            worker.end()


class VoucherWorker(Worker):
    """Faust's worker with our log and exit codes."""

    app: VoucherApp

    def __init__(self, app: VoucherApp, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Faust's signature
        """Build the worker as Faust does, but without its spinner, its logging and its redirection of output."""
        options = {**kwargs, "override_logging": False, "redirect_stdouts": False, "quiet": True}
        super().__init__(app, *args, **options)
        self.spinner = None
        self._deadline: threading.Timer | None = None

    def end(self) -> None:
        """Begin to stop in order, once; by force if that takes too long."""
        if self._signal_stop_future is None:
            self._signal_stop_time = self.loop.time()
            self._shutdown_immediately = True
            self._arm()
            self._signal_stop_future = asyncio.ensure_future(self._stop_in_order(), loop=self.loop)

    def _on_sigint(self) -> None:
        _log.info("stopping", signal="SIGINT")
        self.end()

    def _on_sigterm(self) -> None:
        _log.info("stopping", signal="SIGTERM")
        self.end()

    async def _stop_in_order(self) -> None:
        await self.stop()
        if self._starting_fut is not None:
            self._starting_fut.cancel()

    def _arm(self) -> None:
        failure = self.app.failure
        code = getattr(failure, "exit_code", ExitCode.INTERNAL)

        def by_force() -> None:
            _log.critical("stop_took_too_long", seconds=STOP_SECONDS)
            os._exit(code)

        self._deadline = threading.Timer(STOP_SECONDS, by_force)
        self._deadline.daemon = True
        self._deadline.start()

    def run(self, duration: float | None = None) -> None:
        """Run until a signal, a failure or the end of ``duration`` seconds; raises what made it fail."""
        self.app.configure_logging()
        self.app.check()
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        if duration is not None:
            self.loop.call_later(duration, self.end)
        try:
            self._starting_fut = asyncio.ensure_future(self.start(), loop=self.loop)
            try:
                self.loop.run_until_complete(self._starting_fut)
            except asyncio.CancelledError:
                pass
            except Exception as error:  # noqa: BLE001  raised below, after the stop
                self.app.failure = self.app.failure or error
            if self._deadline is None:
                self._arm()
            try:
                self.stop_and_shutdown()
            except asyncio.CancelledError:
                # A fetch that was under way when we were told to stop looks like a crash to Faust.
                if self._signal_stop_future is None:
                    raise
            except Exception as error:  # noqa: BLE001  a crash of a Faust service is raised there
                self.app.failure = self.app.failure or error
        finally:
            if self._deadline is not None:
                self._deadline.cancel()
        if self.app.failure is not None:
            raise self.app.failure
        _log.info("stopped")

    def execute_from_commandline(self) -> NoReturn:
        """Run for Faust's own command line and leave the process with our exit codes."""
        try:
            self.run()
        except VoucherwatchError as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(error.exit_code)
        except Exception:  # noqa: BLE001  the outermost place
            traceback.print_exc()
            sys.exit(ExitCode.INTERNAL)
        sys.exit(ExitCode.DONE)

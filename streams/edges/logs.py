"""The log: one event name a line, as JSON in containers and as plain text on a terminal."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from typing import TextIO

NOISY = ("faust", "mode", "aiokafka", "kafka", "aiohttp.access", "asyncio", "streams")
"""Loggers that tell at level info what only their authors want to know.

``streams`` is among them because Faust names a service's logger after the module of its class; our own
events come from loggers named ``voucherwatch``.
"""

OUR_NAME = "voucherwatch"
REPEAT_SECONDS = 30.0
MOST_REMEMBERED = 1_000


def configure(level: str = "info", form: str = "auto", stream: TextIO | None = None) -> None:
    """Send structlog and the libraries' logging to ``stream`` (standard error by default).

    ``form`` is ``json``, ``console`` or ``auto``: text on a terminal, else JSON.
    """
    stream = stream or sys.stderr
    as_text = form == "console" or (form == "auto" and stream.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
        if as_text
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(stream)
    handler.addFilter(_OncePerPause())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _name_library_event],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


class _OncePerPause(logging.Filter):
    """Lets a library say the same thing once in ``REPEAT_SECONDS``: aiokafka complains ten times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop a library's repeat of the same text, whatever its values."""
        if record.name.startswith(OUR_NAME):
            return True
        key, now = (record.name, str(record.msg)), time.monotonic()
        said = self._said.get(key)
        if said is not None and now - said < REPEAT_SECONDS:
            return False
        if len(self._said) >= MOST_REMEMBERED:
            self._said.clear()
        self._said[key] = now
        return True


def _name_library_event(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Give a library's free text the event name ``library_message``, so that every line has a fixed one."""
    event["text"] = event.get("event")
    event["event"] = "library_message"
    return event

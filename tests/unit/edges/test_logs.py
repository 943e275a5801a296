"""The log: one event name a line."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

import pytest
import structlog

from streams.edges import logs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def undo_logging() -> Iterator[None]:
    """Leave logging as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.NOISY}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)
    structlog.reset_defaults()


def test_an_event_is_one_json_object() -> None:
    """Name, level, logger and time stand beside what is told."""
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    structlog.stdlib.get_logger("voucherwatch.lanes").info("lanes_assigned", lanes=[0, 1])
    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "lanes_assigned", "lanes": [0, 1], "level": "info", "logger": "voucherwatch.lanes"}


def test_libraries_speak_from_warning_on_under_one_name() -> None:
    """Their texts vary, so they are no event names."""
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    logging.getLogger("aiokafka.conn").info("connected")
    logging.getLogger("aiokafka.conn").warning("connection to %s lost", "broker 1")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["text"]) == ("library_message", "connection to broker 1 lost")


def test_a_library_does_not_repeat_itself() -> None:
    """While a broker is away the same complaint comes ten times a second, each time with another value."""
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    for attempt in range(5):
        logging.getLogger("aiokafka").error("Unable connect to node %s", attempt)
        structlog.stdlib.get_logger("voucherwatch").warning("commit_failed")
    events = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert events == ["library_message", *["commit_failed"] * 5]


def test_auto_is_json_where_nobody_watches() -> None:
    """A container's log is read by programs."""
    stream = io.StringIO()
    logs.configure(stream=stream)
    structlog.stdlib.get_logger("voucherwatch").warning("said")
    assert json.loads(stream.getvalue())["event"] == "said"


def test_plain_text_on_request() -> None:
    """For a person at a terminal."""
    stream = io.StringIO()
    logs.configure("debug", "console", stream)
    structlog.stdlib.get_logger("voucherwatch").debug("said", number=1)
    assert "said" in stream.getvalue()
    assert "number=1" in stream.getvalue()

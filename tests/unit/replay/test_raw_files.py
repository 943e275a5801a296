"""Raw messages in files: an object with ``received_at`` and hex digits, or plain hex digits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from streams.errors import UsageError
from streams.replay.run import replay_files
from streams.settings import load_settings
from streams.testing import START_MS
from tests.unit.core.dialects.messages import card, message

if TYPE_CHECKING:
    from pathlib import Path

NAME = "unionpay-bcd"
POLICY = load_settings(None, [f"dialect.terminal={NAME}", f"dialect.host={NAME}"], {}).policy()


def line(raw: bytes, at: int) -> str:
    """Return a line with one message."""
    return json.dumps({"received_at": START_MS + at, "message": raw.hex()})


def written(path: Path, *lines: str) -> Path:
    """Write a file of lines and return its path."""
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def test_a_day_of_raw_messages(tmp_path: Path) -> None:
    """Requests are skipped, answers pair, a differing amount is found, and what is no message is set aside."""
    sale, other = message(NAME, "0210", {"2": card()}), message(NAME, "0210", {"11": "43"})
    terminal = written(
        tmp_path / "t.jsonl",
        line(message(NAME, "0200", {"39": ""}), 0),
        line(sale, 1_000),
        line(other, 2_000),
        message(NAME, "0210", {"11": "44"}).hex(),
        "no message",
    )
    host = written(
        tmp_path / "h.jsonl",
        line(sale, 500),
        line(message(NAME, "0210", {"11": "43", "4": "12900"}), 1_500),
        line(message(NAME, "0210", {"11": "44"}), 2_500),
    )
    bad = tmp_path / "bad.jsonl"
    result = replay_files([terminal], [host], POLICY, deadletter=bad)
    assert result.summary["events"] == 6
    assert result.summary["matched"] == 2
    assert result.summary["skipped"] == {"request": 1}
    assert result.summary["anomalies"] == {"mismatch": 1}
    assert result.summary["rejected"] == {"iso8583": 1}
    told = b"".join(result.anomalies).decode() + bad.read_text()
    assert card() not in told
    assert json.loads(bad.read_text())["line"] == 5


def test_a_message_without_received_at_is_refused(tmp_path: Path) -> None:
    """It has no time that could stand for the log's."""
    path = written(tmp_path / "t.jsonl", json.dumps({"message": message(NAME, "0210").hex()}))
    with pytest.raises(UsageError, match="has a message without received_at in line 1"):
        replay_files([path], [], POLICY)

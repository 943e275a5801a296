"""Scripts of records that must become dead letters, one for each reason that bytes can give.

Each is a record beside the vouchers: its voucher has no other leg, so once it is put aside nothing
is left to judge.  Only ``garbled_host_record`` takes a real leg away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from streams.simulator.truth import BadRecord, Claim
from streams.simulator.voucher import host_value, terminal_value

if TYPE_CHECKING:
    from streams.simulator.params import SourceName
    from streams.simulator.stage import Stage
    from streams.simulator.voucher import Voucher

OVERSIZE: Final = 70_000
"""Length of a text that takes any record above the limit of 64 KiB."""

NEEDED: Final = (
    "event_id",
    "kind",
    "event_time",
    "terminal_id",
    "merchant_id",
    "voucher_number",
    "amount",
    "currency",
)
INVALID: Final[tuple[tuple[str, Any], ...]] = (
    ("event_id", "x" * 65),
    ("event_time", "yesterday"),
    ("terminal_id", ""),
    ("voucher_number", "12A4"),
    ("amount", -5),
    ("amount", 12.5),
    ("currency", "EURO"),
    ("outcome", "fine"),
)
NOT_OBJECTS: Final = (b"[]", b"17", b'"ping"', b'["a","b"]', b"true")

Bad = tuple[Claim | BadRecord, ...]


def empty(stage: Stage) -> Bad:
    """Send a record without a value."""
    source, voucher, event_id, _ = _good(stage)
    return (_send(stage, source, voucher, event_id, b"", "empty"),)


def too_large(stage: Stage) -> Bad:
    """Send a record above the size limit."""
    source, voucher, event_id, value = _good(stage)
    value = value[:-1] + b',"trace":"' + b"n" * OVERSIZE + b'"}'
    return (_send(stage, source, voucher, event_id, value, "too_large"),)


def malformed(stage: Stage) -> Bad:
    """Cut a record short, or spoil its UTF-8."""
    source, voucher, event_id, value = _good(stage)
    return (_send(stage, source, voucher, event_id, _spoil(stage, value), "malformed"),)


def not_an_object(stage: Stage) -> Bad:
    """Send JSON that is no object."""
    source, voucher, event_id, _ = _good(stage)
    return (_send(stage, source, voucher, event_id, stage.rng.choice(NOT_OBJECTS), "not_an_object"),)


def missing_field(stage: Stage) -> Bad:
    """Leave out one needed field."""
    source, voucher, event_id, value = _good(stage)
    document = orjson.loads(value)
    del document[stage.rng.choice(NEEDED)]
    return (_send(stage, source, voucher, event_id, orjson.dumps(document), "missing_field"),)


def invalid_field(stage: Stage) -> Bad:
    """Give one field a value that it cannot have."""
    source, voucher, event_id, value = _good(stage)
    name, wrong = stage.rng.choice(INVALID)
    document = orjson.loads(value) | {name: wrong}
    return (_send(stage, source, voucher, event_id, orjson.dumps(document), "invalid_field"),)


def unknown_kind(stage: Stage) -> Bad:
    """Send a kind that the contract does not know."""
    source, voucher, event_id, value = _good(stage)
    value = value.replace(b'"kind":"sale"', b'"kind":"cashback"')
    return (_send(stage, source, voucher, event_id, value, "unknown_kind"),)


def source_mismatch(stage: Stage) -> Bad:
    """Send one side's record on the other side's topic."""
    source, voucher, event_id, value = _good(stage)
    other = b"host" if source == "terminal" else b"terminal"
    value = value[:-1] + b',"source":"' + other + b'"}'
    return (_send(stage, source, voucher, event_id, value, "source_mismatch"),)


def key_mismatch(stage: Stage) -> Bad:
    """Send a record under another terminal's key."""
    source, voucher, event_id, value = _good(stage)
    bad = BadRecord(voucher, event_id, source, "key_mismatch")
    stage.send_bad(source, stage.prompt(), b"9" + voucher.terminal.key[1:], value, bad.reason)
    return (bad,)


def garbled_host_record(stage: Stage) -> Bad:
    """Spoil the host's record of an approved voucher."""
    voucher = stage.voucher()
    event_id = stage.bad_event_id("host")
    terminal = stage.terminal_leg(voucher, stage.prompt())
    value = _spoil(stage, host_value(voucher, event_id, "00", "", 0, ""))
    return Claim(voucher, (terminal,)), _send(stage, "host", voucher, event_id, value, "malformed")


def _good(stage: Stage) -> tuple[SourceName, Voucher, str, bytes]:
    source: SourceName = "terminal" if stage.random() < 0.5 else "host"  # noqa: PLR2004  a coin
    voucher = stage.voucher()
    event_id = stage.bad_event_id(source)
    render = terminal_value if source == "terminal" else host_value
    return source, voucher, event_id, render(voucher, event_id, "00", "", 0, "")


def _spoil(stage: Stage, value: bytes) -> bytes:
    if stage.random() < 0.5:  # noqa: PLR2004  a coin
        return value[: stage.rng.randrange(30, len(value) - 1)]
    return value.replace(b'"link":"', b'"link":"\xff\xfe', 1)


def _send(stage: Stage, source: SourceName, voucher: Voucher, event_id: str, value: bytes, reason: str) -> BadRecord:
    stage.send_bad(source, stage.prompt(), voucher.terminal.key, value, reason)
    return BadRecord(voucher, event_id, source, reason)

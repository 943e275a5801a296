"""A maintenance window as the control topic holds it: one JSON record, its key, and how both are read."""

from __future__ import annotations

from typing import Final

import msgspec

from streams.core.diagnosis.calendar import CONTROL, LONGEST_TEXT, NOTICE, Window
from streams.core.fields import parse_time
from streams.core.masking import mask_text

TYPE: Final = "maintenance"
KEY: Final = "maintenance:"
LATEST_MS: Final = 253_402_300_799_999
"""The end of the year 9999 in UTC: no sentence can tell a later time."""
_TEXTS: Final = ("id", "link", "institution", "reason", "source")


class UnreadableError(ValueError):
    """A control record says nothing that can be used; the text says why."""


def window_key(name: str) -> bytes:
    """Return the key of the record of a window."""
    return f"{KEY}{name}".encode()


def window_value(window: Window) -> bytes:
    """Return the value of the record of a window."""
    told: dict[str, object] = {
        "type": TYPE,
        "id": window.id,
        "from": window.from_ms,
        "until": window.until_ms,
        "link": window.link,
        "institution": window.institution,
        "reason": window.reason,
        "source": window.source,
    }
    return msgspec.json.encode({name: value for name, value in told.items() if value not in {"", CONTROL}})


def type_of(value: bytes) -> tuple[str, dict[str, object]]:
    """Return the type of a control record and all that it says.

    Raises:
        UnreadableError: It is no JSON object with a type.
    """
    try:
        told: object = msgspec.json.decode(value)
    except (msgspec.MsgspecError, ValueError, RecursionError):  # bytes that are no UTF-8 are a ValueError
        raise UnreadableError("it is no JSON") from None
    kind = told.get("type") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(kind, str):
        raise UnreadableError("it is no object with a type")
    return kind, told


def read_window(value: bytes) -> Window | None:
    """Return the window of a control record, ``None`` for a record of another type.

    Raises:
        UnreadableError: It is no control record, or its window is none.
    """
    kind, told = type_of(value)
    if kind != TYPE:
        return None
    texts = {name: told.get(name, "") for name in _TEXTS}
    if not all(isinstance(text, str) for text in texts.values()):
        raise UnreadableError("id, link, institution and reason must be texts")
    name, link, institution, reason, source = (mask_text(str(text).strip())[0] for text in texts.values())
    if max(map(len, (name, link, institution, reason))) > LONGEST_TEXT:
        raise UnreadableError(f"a text has more than {LONGEST_TEXT} characters")
    if not name or not (link or institution):
        raise UnreadableError("a window needs an id, and a link or an institution")
    from_ms, until_ms = parse_time(told.get("from")), parse_time(told.get("until"))
    if from_ms is None or until_ms is None or not 0 <= from_ms <= until_ms <= LATEST_MS:
        raise UnreadableError("from and until are no times from 1970 to 9999, or in the wrong order")
    return Window(name, from_ms, until_ms, link, institution, reason, NOTICE if source == NOTICE else CONTROL)


def keep_window(windows: dict[bytes, Window], key: bytes | None, value: bytes | None) -> bool:
    """Let a control record change the windows that stand, by key; tell whether it is about one.

    Raises:
        UnreadableError: As ``read_window``; nothing is changed then.
    """
    if value is None:
        windows.pop(key or b"", None)
        return True
    window = read_window(value)
    if window is not None:
        windows[key or window_key(window.id)] = window
    return window is not None

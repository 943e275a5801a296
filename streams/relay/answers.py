"""What a vendor's answer means for the message: taken, or why not, and what helps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_TEXT: Final = 300
"""Characters kept of a vendor's own words."""
_TOO_MANY: Final = 429
_OK: Final = (200, 299)


class Meaning(StrEnum):
    """What to do after an answer."""

    TAKEN = "taken"
    """The message is in the group."""
    BUSY = "busy"
    """The vendor or the way to it is disturbed: the same again, later."""
    TOO_FAST = "too_fast"
    """The vendor's limit: the same again after the pause that it wants."""
    ROBOT = "robot"
    """The robot's address, secret or rules: a person has to mend it, the message waits."""
    MESSAGE = "message"
    """This message will never be taken; others will."""
    UNKNOWN = "unknown"
    """A refusal that nobody listed: tried a few times."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer, or what came in its place."""

    meaning: Meaning
    code: str
    """The vendor's code, ``http 502``, or the name of what went wrong on the way."""
    text: str = ""
    hold_ms: int = 0
    """How long the vendor wants to hear nothing."""
    maybe_sent: bool = False
    """Whether the group may have the message all the same, since no answer came to a request that went out."""

    @property
    def refused(self) -> bool:
        """Whether the vendor said no, rather than not answering."""
        return self.meaning in (Meaning.TOO_FAST, Meaning.ROBOT, Meaning.MESSAGE, Meaning.UNKNOWN)


def judge(
    status: int,
    body: bytes,
    code_keys: tuple[str, ...],
    text_keys: tuple[str, ...],
    table: Mapping[int, tuple[Meaning, int]],
) -> Answer:
    """Return what an answer means: the vendor's code decides, whatever the status of HTTP.

    ``code_keys`` and ``text_keys`` are the names under which the vendor gives its code and words, ``table``
    has code -> meaning and pause (ms).  A success without a code is none: a proxy's page says 200, too.
    """
    answer = _object(body)
    code = next((answer[key] for key in code_keys if isinstance(answer.get(key), int)), None)
    text = next((str(answer[key]) for key in text_keys if answer.get(key)), "")[:LONGEST_TEXT]
    if isinstance(code, int) and code != 0:
        meaning, hold_ms = table.get(code, (Meaning.UNKNOWN, 0))
        return Answer(meaning, str(code), text, hold_ms)
    if status == _TOO_MANY:
        return Answer(Meaning.TOO_FAST, f"http {status}", text, 60_000)
    if not _OK[0] <= status <= _OK[1]:
        refused = 400 <= status < 500  # noqa: PLR2004  the client errors of HTTP
        return Answer(Meaning.ROBOT if refused else Meaning.BUSY, f"http {status}", text)
    if code is None:
        return Answer(Meaning.BUSY, f"http {status}", "the answer holds no code")
    return Answer(Meaning.TAKEN, "0", text)


def _object(body: bytes) -> dict[str, object]:
    try:
        read = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}

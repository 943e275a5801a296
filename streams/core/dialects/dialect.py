"""What a dialect says, as one frozen value: how bytes become fields, which message is which event.

The settings build it from ``config/dialects``; nothing here knows a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

EDITIONS: Final = {1987: "0", 1993: "1", 2003: "2"}
"""Edition of ISO 8583 -> first digit of its message types."""
SKIPS: Final = ("request", "advice", "acknowledgement", "upload", "other")
"""Why a message makes no event: it only asks, or the other side's own message says the same."""


@dataclass(frozen=True, slots=True)
class KindRow:
    """One row of the table of kinds; an empty text fits every message."""

    kind: str
    message_class: str
    """Second digit of the message type."""
    function: str = ""
    """``request`` (third digit 0 or 1) or ``advice`` (2 to 5)."""
    processing: str = ""
    """What field 3 begins with."""
    condition: str = ""
    """Field 25."""
    asks: bool = False
    """Whether an advice is answered like a request, so that the answer alone says what happened."""
    offline: bool = False


@dataclass(frozen=True, slots=True)
class FieldName:
    """What a field is called, and whether its value is digits alone."""

    english: str
    chinese: str
    digits: bool


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to write ISO 8583."""

    name: str
    title: str
    edition: int
    spec: Mapping[str, Mapping[str, Any]]
    """The specification as pyiso8583 takes it."""
    rows: tuple[KindRow, ...]
    speaks: tuple[frozenset[str], frozenset[str]]
    """Third digits of the message types by which terminal and host say what happened."""
    original: str = "90"
    """The field that points at the original: 90, 61 or 56."""
    names: Mapping[str, FieldName] = field(default_factory=dict)
    action_codes: Mapping[str, str] = field(default_factory=dict)
    """Beginning of an action code of three or four digits -> response code of two signs."""
    header_bytes: int = 0
    tpdu_bytes: int = 0
    """Bytes before the message type of messages whose first byte is hexadecimal 60."""

    @property
    def version(self) -> str:
        """Return the first digit of the edition's message types."""
        return EDITIONS[self.edition]

    @property
    def packed(self) -> bool:
        """Tell whether digits are packed, two in a byte."""
        return bool(self.spec["t"]["data_enc"] == "b")

    def row_for(self, message_type: str, processing: str, condition: str) -> KindRow | None:
        """Return the row that a message fits, the first of several."""
        function = "request" if message_type[2] in "01" else "advice"
        for row in self.rows:
            if (
                row.message_class == message_type[1]
                and row.function in ("", function)
                and processing.startswith(row.processing)
                and row.condition in ("", condition)
            ):
                return row
        return None


@dataclass(frozen=True, slots=True)
class RawFeed:
    """How the raw messages of one source are read."""

    dialect: Dialect | None
    """``None`` where the source sends JSON and only some of its links send raw messages."""
    link: str = ""
    """The link of every message that does not name one."""
    by_link: Mapping[str, Dialect] = field(default_factory=dict)
    """The dialects of links whose messages come in an object that names the link."""
    offset_minutes: int = 480
    """The zone of local times (fields 12 and 13), minutes east of UTC."""

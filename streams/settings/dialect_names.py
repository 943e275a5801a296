"""The two kinds of value that say how raw messages are read: the name of a dialect, and a zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.errors import ConfigurationError, UnreachableError
from streams.settings.dialects import JSON, load_dialect, shipped_dialects
from streams.settings.kinds import Refused, Scalar

if TYPE_CHECKING:
    from streams.settings.tree import Leaf

__all__ = ["JSON", "DialectName", "Zone"]

_ZONE = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)")


@dataclass(frozen=True)
class DialectName(Scalar[str]):
    """``json``, a dialect that is shipped, or the path of a YAML file with one."""

    title = "dialect"

    @property
    def constraint(self) -> str:
        """The names."""
        return f"one of {', '.join((JSON, *shipped_dialects()))}, or the path of a .yaml file"

    def convert(self, value: object, leaf: Leaf) -> str:
        """Return the name, or the path; the file is read to see whether it is one."""
        text = str(leaf.value if leaf.as_text else value).strip()
        known = (JSON, *shipped_dialects())
        if text.lower() in known:
            return text.lower()
        if not text.endswith((".yaml", ".yml")):
            raise Refused(self.constraint, "write one of them")
        path = str(leaf.folder / text)
        try:
            load_dialect(path)
        except (ConfigurationError, UnreachableError) as error:
            raise Refused("a file with a dialect", str(error)) from None
        return path


@dataclass(frozen=True)
class Zone(Scalar[int]):
    """An offset from UTC, held as minutes east of it."""

    title = "offset from UTC"

    @property
    def constraint(self) -> str:
        """The form."""
        return "such as +08:00"

    def convert(self, value: object, leaf: Leaf) -> int:
        """Return the minutes."""
        text = str(leaf.value if leaf.as_text else value).strip()
        match = _ZONE.fullmatch("+00:00" if text == "Z" else text)
        if match is None:
            raise Refused("an offset from UTC such as +08:00", 'write it in quotes, as in "+08:00"')
        minutes = int(match[2]) * 60 + int(match[3])
        return -minutes if match[1] == "-" else minutes

    def plain(self, value: int) -> object:
        """Return the offset as text."""
        hours, minutes = divmod(abs(value), 60)
        return f"{'-' if value < 0 else '+'}{hours:02d}:{minutes:02d}"

"""A message before a vendor's form is put on it, and how it is made to fit a number of bytes."""

# ruff: noqa: RUF001  signs of Chinese text and of arithmetic

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_TAG: Final = re.compile(r"<(?=[@/!a-zA-Z])")
_ADDRESS: Final = re.compile(r"https?://[^\s()<>\"\\]+")


@dataclass(frozen=True, slots=True)
class Message:
    """What a group is to read: a title, lines of Markdown, and links that stay when lines are cut."""

    title: str
    lines: tuple[str, ...]
    links: tuple[str, ...] = ()
    tone: str = "critical"
    """``critical``, ``warning``, ``info`` or ``resolved``: the colour of the head where a vendor has one."""
    cut_note: str = ""
    """What stands where the text was cut."""

    def text(self, newline: str, limit_bytes: int, head: str = "") -> str:
        """Return head, lines and links as one text of at most ``limit_bytes`` bytes of UTF-8.

        Lines are cut between two characters, and the note says so; the links stay unless they alone
        take more than half of the room.
        """
        body = newline.join([part for part in (head, *self.lines) if part])
        tail = newline.join(["", *self.links]) if self.links else ""
        if len((body + tail).encode()) <= limit_bytes:
            return body + tail
        note = f"{newline}{self.cut_note}"
        room = limit_bytes - len((note + tail).encode())
        if room < limit_bytes // 2:
            return cut(body + note + tail, limit_bytes)
        return cut(body, room) + note + tail


def cut(text: str, limit_bytes: int) -> str:
    """Return the longest beginning of a text that has at most ``limit_bytes`` bytes and ends with a whole character."""
    encoded = text.encode()
    return text if len(encoded) <= limit_bytes else encoded[: max(0, limit_bytes)].decode(errors="ignore")


def plain(text: str) -> str:
    """Return foreign text on one line, without signs that would mention somebody or open a tag."""
    return _TAG.sub("＜", _CONTROL.sub(" ", text)).strip()


def link(word: str, address: str) -> str:
    """Return a Markdown link; what is no web address is shown as text."""
    address = address.strip()
    return f"[{word}]({address})" if _ADDRESS.fullmatch(address) else f"{word} {plain(address)}"

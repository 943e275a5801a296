"""What the documentation tests read: pages, their code blocks and code spans."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tests.contracts.repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FENCE: Final = re.compile(r"^ *```(\S*)[^\n]*\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
SPAN: Final = re.compile(r"`([^`\n]+)`")


def pages() -> list[Path]:
    """Return every page that a reader of the project meets."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def prose(text: str) -> str:
    """Return a page without its fenced blocks."""
    return FENCE.sub("", text)


def fences(text: str, language: str) -> list[str]:
    """Return the fenced blocks of one language, without their indentation."""
    return [re.sub(r"(?m)^   ", "", block) if block.startswith("   ") else block for block in _blocks(text, language)]


def _blocks(text: str, language: str) -> list[str]:
    return [match.group(2) for match in FENCE.finditer(text) if match.group(1) == language]


def spans(text: str) -> list[str]:
    """Return the code spans of a page's prose."""
    return SPAN.findall(prose(text))


def commands(text: str) -> list[str]:
    """Return every ``voucherwatch`` command line of a page, from spans and indented blocks, without comments."""
    joined = re.sub(r"\\\n\s+", " ", text)
    lines = [line.strip() for line in joined.splitlines() if line.startswith("    ")]
    said = [*SPAN.findall(joined), *lines]
    return [line.split("  #")[0].strip() for line in said if re.match(r"voucherwatch [a-z]", line)]

"""Nothing grows past what a reader can hold: functions of 50 lines, files of 400."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.contracts.repository import ROOT, code_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_LIMIT_LINES = 400
FUNCTION_LIMIT_LINES = 50

EXCEPTIONS: dict[str, str] = {}
"""``path`` or ``path::function`` -> why it may be longer."""


def too_long(name: str, source: str) -> Iterator[tuple[str, int]]:
    """Yield what exceeds its limit in the file ``name``, with its length in lines."""
    if (lines := len(source.splitlines())) > FILE_LIMIT_LINES:
        yield name, lines
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LIMIT_LINES:
                yield f"{name}::{node.name}", lines


def findings() -> dict[str, int]:
    """Return everything of the project that is too long."""
    return {
        what: lines for path in code_files() for what, lines in too_long(str(path.relative_to(ROOT)), path.read_text())
    }


@pytest.mark.parametrize("path", code_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_file_and_functions_keep_the_limits(path: Path) -> None:
    """A file and each of its functions stay within the limits, or stand in the table with a reason."""
    found = dict(too_long(str(path.relative_to(ROOT)), path.read_text()))
    assert {what: lines for what, lines in found.items() if what not in EXCEPTIONS} == {}


def test_every_exception_is_still_needed() -> None:
    """The table holds nothing that has become short enough."""
    assert EXCEPTIONS.keys() - findings().keys() == set()


def test_the_limits_can_be_exceeded() -> None:
    """One line over either limit is found."""
    body = "    x = 1\n"
    fits = "def fits():\n" + body * (FUNCTION_LIMIT_LINES - 1)
    assert list(too_long("a.py", fits)) == []
    assert list(too_long("a.py", fits + body)) == [("a.py::fits", FUNCTION_LIMIT_LINES + 1)]
    assert list(too_long("a.py", "x = 1\n" * (FILE_LIMIT_LINES + 1))) == [("a.py", FILE_LIMIT_LINES + 1)]

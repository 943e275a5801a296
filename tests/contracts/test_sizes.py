"""Nothing grows past what a reader can hold: functions of 50 lines, files of 400."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.contracts.repository import ROOT, code_files, cython_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_LIMIT_LINES = 400
FUNCTION_LIMIT_LINES = 50
ALL_FILES = [*code_files(), *cython_files()]
CYTHON_FUNCTION = re.compile(r"( *)(?:cdef|cpdef|def)\b[^=(]*?(\w+)\(")

EXCEPTIONS: dict[str, str] = {
    "streams/core/packed.pyx": "one class over C structs, whose methods Cython wants in one place",
    "streams/core/packed.pyx::read": "the hot loop over a fetch: a call a record and step would cost what it saves",
    "streams/core/packed_scan.pxi::scan": "one pass over a record's bytes, in one frame",
    "streams/core/packed_scan.pxi::take_text": "one check a field, in the order of the fields",
    "streams/core/packed_values.pxi::field_of": "a table of names, written as comparisons by length",
}
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


def too_long_in_cython(name: str, source: str) -> Iterator[tuple[str, int]]:
    """Yield the same of a file that Python cannot parse: a function ends where the indentation falls back."""
    lines = source.splitlines()
    if len(lines) > FILE_LIMIT_LINES:
        yield name, len(lines)
    for first, line in enumerate(lines):
        head = CYTHON_FUNCTION.match(line)
        if head is None:
            continue
        last = first
        for place, later in enumerate(lines[first + 1 :], first + 1):
            if later.strip() and not later.startswith((head[1] + " ", head[1] + ")")):
                break
            last = place if later.strip() else last
        if last - first + 1 > FUNCTION_LIMIT_LINES:
            yield f"{name}::{head[2]}", last - first + 1


def exceeded(path: Path) -> dict[str, int]:
    """Return what is too long in one file."""
    look = too_long if path.suffix == ".py" else too_long_in_cython
    return dict(look(str(path.relative_to(ROOT)), path.read_text()))


def findings() -> dict[str, int]:
    """Return everything of the project that is too long."""
    return {what: lines for path in ALL_FILES for what, lines in exceeded(path).items()}


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_and_functions_keep_the_limits(path: Path) -> None:
    """A file and each of its functions stay within the limits, or stand in the table with a reason."""
    found = exceeded(path)
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


def test_the_limits_can_be_exceeded_in_cython() -> None:
    """The same of what Python cannot parse, signatures over several lines and blank lines included."""
    head, body = "    cdef int fits(\n        self, int x\n    ) noexcept:\n", "        x = 1\n"
    fits = "cdef class A:\n" + head + "\n" + body * (FUNCTION_LIMIT_LINES - 4)
    assert list(too_long_in_cython("a.pyx", fits)) == []
    assert list(too_long_in_cython("a.pyx", fits + body + "\n    cdef int y\n")) == [
        ("a.pyx::fits", FUNCTION_LIMIT_LINES + 1)
    ]
    assert list(too_long_in_cython("a.pyx", "x = 1\n" * (FILE_LIMIT_LINES + 1))) == [("a.pyx", FILE_LIMIT_LINES + 1)]

"""Response codes (ISO 8583 field 39) as a data file: code, outcome, what it means, where that is written."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.core.policy import OUTCOMES
from streams.errors import ConfigurationError, UnreachableError
from streams.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COLUMNS = ("code", "outcome", "meaning_en", "meaning_zh", "source")
SHIPPED_TABLE = "config/response_codes.csv"


@dataclass(frozen=True, slots=True)
class ResponseCode:
    """One row of the table."""

    code: str
    outcome: str
    meaning_en: str
    meaning_zh: str
    source: str


def shipped_codes() -> Mapping[str, ResponseCode]:
    """Return the table that travels with the package."""
    return read_codes(shipped(SHIPPED_TABLE))


def read_codes(path: Path) -> dict[str, ResponseCode]:
    """Return the table of a CSV file by code.

    Raises UnreachableError for a file that cannot be read and ConfigurationError with every fault
    of its rows.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise UnreachableError(f"Cannot read the response codes {path}: {reason}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path} is not a CSV file in UTF-8; save it as one.") from error
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ConfigurationError(
            f"{path} line 1: the columns must be {','.join(COLUMNS)}; write this as the first line."
        )
    table: dict[str, ResponseCode] = {}
    faults: list[str] = []
    for line, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        fault = _fault(row, table)
        if fault:
            faults.append(f"{path} line {line}: {fault}")
        else:
            table[row[0]] = ResponseCode(*row)
    if faults:
        raise ConfigurationError(faults)
    return table


def _fault(row: list[str], table: Mapping[str, ResponseCode]) -> str:
    """Return what is wrong with one row, empty if nothing is."""
    if len(row) != len(COLUMNS):
        return f"{len(row)} values, but there are {len(COLUMNS)} columns; put texts with commas in double quotes."
    code, outcome = row[0], row[1]
    if re.fullmatch("[0-9A-Z]{2}", code) is None:
        return f"the code is {code!r}, but must be two digits or capital letters; write it as in field 39."
    if outcome not in OUTCOMES:
        return f"the outcome of {code} is {outcome!r}, but must be one of {', '.join(OUTCOMES)}; choose one of them."
    if code in table:
        return f"the code {code} is listed twice; keep one row."
    return ""

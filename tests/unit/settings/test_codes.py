"""The response-code table is data: every code of the design, each row with meaning and source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.errors import ConfigurationError
from streams.settings import load_settings, read_codes, shipped_codes

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "code,outcome,meaning_en,meaning_zh,source\n"


def spread(text: str) -> set[str]:
    """Return the codes of a list such as ``01-05 07``."""
    found = set()
    for part in text.split():
        first, _, last = part.partition("-")
        found |= {f"{number:02d}" for number in range(int(first), int(last) + 1)} if last else {first}
    return found


TABLE = {
    "approved": spread("00 08 10 11 16 Y1 Y3"),
    "declined": spread("01-05 07 12-15 19-23 25 31 33-38 41-43 51-55 57-67 75 78-90 93 95 Z1 Z3"),
    "in_progress": {"09"},
    "unknown": spread("06 68 91 92 96 98"),
    "rejected": spread("30 40 77 94 97 99 A0 A1 A2 A3 A4 A5 A6 A7 A8 A9"),
}


@pytest.mark.parametrize("outcome", TABLE)
def test_each_outcome_has_its_codes(outcome: str) -> None:
    """The shipped table lists every code that has a known meaning, and no other."""
    assert {code for code, row in shipped_codes().items() if row.outcome == outcome} == TABLE[outcome]


def test_every_row_is_complete() -> None:
    """Each code says what it means in two languages and where that is written."""
    empty = [row.code for row in shipped_codes().values() if not (row.meaning_en and row.meaning_zh and row.source)]
    assert empty == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("code,outcome\n", ("FILE line 1: the columns must be code,outcome,meaning_en,meaning_zh,source;"
         " write this as the first line.")),
        (HEAD + "0,approved,a,b,c\n", ("FILE line 2: the code is '0', but must be two digits or capital letters;"
         " write it as in field 39.")),
        (HEAD + "00,fine,a,b,c\n", ("FILE line 2: the outcome of 00 is 'fine', but must be one of approved, declined,"
         " rejected, unknown, in_progress; choose one of them.")),
        (HEAD + "00,approved,a,b,c\n00,declined,a,b,c\n", "FILE line 3: the code 00 is listed twice; keep one row."),
        (HEAD + "00,approved,a,b\n", ("FILE line 2: 4 values, but there are 5 columns;"
         " put texts with commas in double quotes.")),
    ],
)  # fmt: skip
def test_a_faulty_row_is_one_exact_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    """A table of one's own is checked row by row."""
    path = tmp_path / "codes.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        read_codes(path)
    assert str(raised.value).replace(str(path), "FILE") == sentence


def test_a_table_of_ones_own_replaces_the_shipped_one(tmp_path: Path) -> None:
    """A relative path starts at the folder of the configuration file."""
    (tmp_path / "codes.csv").write_text(HEAD + "00,approved,fine,好,here\n", encoding="utf-8")
    path = tmp_path / "w.yaml"
    path.write_text("response_codes: codes.csv", encoding="utf-8")
    assert load_settings(path, (), {}).policy().response_codes == {"00": "approved"}


def test_a_missing_table_is_named_beside_other_faults(tmp_path: Path) -> None:
    """An unreadable table does not hide the other faults."""
    with pytest.raises(ConfigurationError) as raised:
        load_settings(None, [f"response_codes={tmp_path}/none.csv", "web_port=0"], {})
    assert raised.value.faults[1] == (
        f"Cannot read the response codes {tmp_path}/none.csv: no such file or directory."
        " Mend the setting response_codes."
    )

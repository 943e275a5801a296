"""What a response code means here, and what to check first."""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from streams.cli.advice import advice_for
from streams.cli.explain.words import OUTCOMES_ZH
from streams.cli.shape import Language
from streams.errors import UsageError
from streams.settings import ResponseCode

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS: Final = {
    Language.ENGLISH: ("Response code", "Outcome", "Check first", "Source"),
    Language.CHINESE: ("应答码", "结果", "先查", "来源"),
}


def code_row(written: str, codes: Mapping[str, ResponseCode]) -> ResponseCode:
    """Return the row of a code as it was written on the command line; raises UsageError for what is none."""
    code = written.strip().upper()
    if re.fullmatch("[0-9A-Z]{2}", code) is None:
        raise UsageError(
            f"--code is {code!r}, but a response code is two digits or letters; give it as field 39 holds it."
        )
    return codes.get(code) or _unmapped(code)


def code_json(row: ResponseCode) -> dict[str, object]:
    """Return the explanation for programs."""
    advice = advice_for(row.code, row.outcome)
    return {
        "code": row.code,
        "outcome": row.outcome,
        "meaning": {"en": row.meaning_en, "zh": row.meaning_zh},
        "check_first": {"en": list(advice.english), "zh": list(advice.chinese)},
        "source": row.source,
    }


def _unmapped(code: str) -> ResponseCode:
    """Return what a code that the table does not list counts as."""
    return ResponseCode(
        code, "unknown", "not in the table: counts as unknown", "不在应答码表中：按结果不明处理", "none"
    )


def code_text(row: ResponseCode, language: Language) -> str:
    """Return the explanation for a reader; the meaning stands in both languages, as terminals show either."""
    title, outcome, first, source = _WORDS[language]
    chinese = language is Language.CHINESE
    meaning, other = (row.meaning_zh, row.meaning_en) if chinese else (row.meaning_en, row.meaning_zh)
    said = f"{OUTCOMES_ZH.get(row.outcome, '')} ({row.outcome})" if chinese else row.outcome
    steps = advice_for(row.code, row.outcome).steps(language)
    lines = [f"{title} {row.code}: {meaning}", f"  ({other})", f"{outcome}: {said}", "", f"{first}:"]
    lines += [f"  {number}. {step}" for number, step in enumerate(steps, start=1)]
    return "\n".join([*lines, "", f"{source}: {row.source}", ""])

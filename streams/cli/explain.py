"""``explain``: what a response code means here and what to check first, or what a raw message says."""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

import os
import re
import sys
from typing import Annotated, Final

import typer

from streams.cli.advice import advice_for
from streams.cli.explain_message import as_document, in_words, read_message
from streams.cli.output import print_json
from streams.cli.shape import AsJson, Config, Lang, Language, Overrides, chosen_language
from streams.errors import UsageError
from streams.settings import ResponseCode, Settings, load_settings

_OUTCOMES_ZH: Final = {
    "approved": "批准",
    "declined": "拒绝",
    "rejected": "处理前被拒",
    "unknown": "结果不明",
    "in_progress": "处理中",
}
_WORDS: Final = {
    Language.ENGLISH: ("Response code", "Outcome", "Check first", "Source"),
    Language.CHINESE: ("应答码", "结果", "先查", "来源"),
}


def explain(
    code: Annotated[
        str | None, typer.Option("--code", metavar="CODE", help="Response code (ISO 8583 field 39), such as 25.")
    ] = None,
    message: Annotated[
        str | None, typer.Option("--message", metavar="HEX", help="A raw ISO 8583 message in hex digits.")
    ] = None,
    dialect: Annotated[
        str | None,
        typer.Option("--dialect", metavar="NAME", help="How that message is written; else the first that fits."),
    ] = None,
    config: Config = None,
    overrides: Overrides = None,
    lang: Lang = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say what a response code means here and what to check first, or what a raw message says."""
    if (code is None) == (message is None):
        raise UsageError("explain takes one of --code and --message; write --code 25, or --message and hex digits.")
    settings = load_settings(config, overrides or (), os.environ, live=False)
    if message is not None:
        reading = read_message(message, dialect, settings)
        if as_json:
            print_json(as_document(reading, settings))
        else:
            sys.stdout.write(in_words(reading, settings, chosen_language(lang)))
    elif code is not None:
        _explain_code(code, settings, lang, as_json=as_json)


def _explain_code(code: str, settings: Settings, lang: Language | None, *, as_json: bool) -> None:
    """Say what a response code means here, and what to check first."""
    code = code.strip().upper()
    if re.fullmatch("[0-9A-Z]{2}", code) is None:
        raise UsageError(
            f"--code is {code!r}, but a response code is two digits or letters; give it as field 39 holds it."
        )
    row = settings.codes.get(code) or _unmapped(code)
    if as_json:
        advice = advice_for(code, row.outcome)
        print_json(
            {
                "code": row.code,
                "outcome": row.outcome,
                "meaning": {"en": row.meaning_en, "zh": row.meaning_zh},
                "check_first": {"en": list(advice.english), "zh": list(advice.chinese)},
                "source": row.source,
            }
        )
    else:
        sys.stdout.write(_text(row, chosen_language(lang)))


def _unmapped(code: str) -> ResponseCode:
    """Return what a code that the table does not list counts as."""
    return ResponseCode(
        code, "unknown", "not in the table: counts as unknown", "不在应答码表中：按结果不明处理", "none"
    )


def _text(row: ResponseCode, language: Language) -> str:
    """Return the explanation for a reader; the meaning stands in both languages, as terminals show either."""
    title, outcome, first, source = _WORDS[language]
    chinese = language is Language.CHINESE
    meaning, other = (row.meaning_zh, row.meaning_en) if chinese else (row.meaning_en, row.meaning_zh)
    said = f"{_OUTCOMES_ZH.get(row.outcome, '')} ({row.outcome})" if chinese else row.outcome
    steps = advice_for(row.code, row.outcome).steps(language)
    lines = [f"{title} {row.code}: {meaning}", f"  ({other})", f"{outcome}: {said}", "", f"{first}:"]
    lines += [f"  {number}. {step}" for number, step in enumerate(steps, start=1)]
    return "\n".join([*lines, "", f"{source}: {row.source}", ""])

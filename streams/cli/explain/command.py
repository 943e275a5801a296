"""The command ``explain``: what a code or a raw message means, else the life of one voucher."""

# ruff: noqa: PLC0415  heavy libraries are imported by the command that needs them

import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.explain.code import code_json, code_row, code_text
from streams.cli.output import print_json, write_out
from streams.cli.replay import Host, Terminal
from streams.cli.shape import AsJson, Brokers, Config, Lang, Language, Overrides, chosen_languages, overrides_with
from streams.errors import UsageError
from streams.settings import ResponseCode, Settings, load_settings

if TYPE_CHECKING:
    from streams.cli.explain.moments import Zone
    from streams.replay.life.account import Life, Question

TerminalId = Annotated[str | None, typer.Argument(metavar="TERMINAL", help="Terminal number (field 41).")]
VoucherNumber = Annotated[str | None, typer.Argument(metavar="VOUCHER", help="Voucher number, as on the slip.")]
Code = Annotated[
    str | None, typer.Option("--code", metavar="CODE", help="Explain a response code (field 39) instead, such as 25.")
]
RawMessage = Annotated[
    str | None, typer.Option("--message", metavar="HEX", help="Explain a raw ISO 8583 message instead, in hex digits.")
]
DialectName = Annotated[
    str | None,
    typer.Option("--dialect", metavar="NAME", help="How that message is written; else the first that fits."),
]
Batch = Annotated[
    str | None, typer.Option("--batch", metavar="N", help="Batch number, where the number is not enough.")
]
Merchant = Annotated[
    str | None,
    typer.Option("--merchant", metavar="ID", help="Merchant id, where the topics are keyed by merchant (lane_key)."),
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="Search from this time on; by default back originals_horizon."),
]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Search up to this time; by default now.")]
Since = Annotated[str | None, typer.Option("--since", metavar="DURATION", help="Search this far back, such as 6h.")]
TimeZone = Annotated[
    str,
    typer.Option(
        "--time-zone", metavar="ZONE", help="Zone of all times: UTC, local, +08:00, or a name such as Asia/Shanghai."
    ),
]
Flush = Annotated[
    bool, typer.Option("--flush/--no-flush", help="Of files: judge at the end what has no verdict yet, or let it wait.")
]
_BATCH_DIGITS = 6
_VOUCHER_DIGITS = 12
_TERMINAL_SIGNS = 16


def explain(  # noqa: PLR0913  one parameter for each option of the command
    terminal_id: TerminalId = None,
    voucher_number: VoucherNumber = None,
    *,
    batch: Batch = None,
    merchant: Merchant = None,
    code: Code = None,
    message: RawMessage = None,
    dialect: DialectName = None,
    terminal: Terminal = None,
    host: Host = None,
    brokers: Brokers = None,
    from_time: From = None,
    to_time: To = None,
    since: Since = None,
    time_zone: TimeZone = "UTC",
    config: Config = None,
    overrides: Overrides = None,
    lang: Lang = None,
    as_json: AsJson = False,
    flush: Flush = False,
) -> None:
    """Tell the life of one voucher from the topics or from files, or say what a code or a raw message means.

    What came of it, what it was judged and what it waits for, its anomalies, what it points at, and what was
    searched. Topics are only read, and so is the ledger in the ledger_dir of this machine. A TIME is as in replay;
    without an offset it is one of --time-zone. Exit code 0 also if nothing is found: the answer then says whether it
    was never seen, is expired or has not arrived yet.
    """
    settings = load_settings(config, overrides_with(overrides, brokers), os.environ, live=False)
    if code is not None or message is not None:
        _alone(terminal_id, terminal, host, batch, merchant, code and message)
        if code is not None:
            _explain_code(code_row(code, settings.codes), chosen_languages(lang), as_json=as_json)
        elif message is not None:
            _explain_message(message, dialect, settings, chosen_languages(lang), as_json=as_json)
        return
    from streams.cli.explain.moments import Zone

    question, zone = _question(terminal_id, voucher_number, batch, merchant), Zone(time_zone)
    times = from_time, to_time, since
    if terminal or host:
        _refuse_beside_files(terminal, host, brokers, times)
        life = _of_files(terminal or [], host or [], question, settings, flush=flush)
    elif flush:
        raise UsageError("--flush is for files; topics go on, so what has no verdict yet waits.")
    else:
        life = _of_topics(question, settings, zone, times)
    _print_life(life, zone, settings, chosen_languages(lang), as_json=as_json)


def _print_life(
    life: "Life", zone: "Zone", settings: Settings, languages: tuple[Language, ...], *, as_json: bool
) -> None:
    if as_json:
        print_json(asdict(life))
    else:
        write_out("\n".join(_pages(life, zone, settings.codes, languages)).encode())


def _alone(*given: object) -> None:
    """Refuse what belongs to a voucher beside ``--code`` or ``--message``, and both of them."""
    if any(each for each in given):
        raise UsageError(
            "--code explains a response code and --message a raw message; ask for one of them alone,"
            " or leave both out to ask for a voucher."
        )


def _explain_code(row: ResponseCode, languages: tuple[Language, ...], *, as_json: bool) -> None:
    if as_json:
        print_json(code_json(row))
    else:
        sys.stdout.write("\n".join(code_text(row, language) for language in languages))


def _explain_message(
    message: str, dialect: str | None, settings: Settings, languages: tuple[Language, ...], *, as_json: bool
) -> None:
    from streams.cli.explain.message import as_document, in_words, read_message

    reading = read_message(message, dialect, settings)
    if as_json:
        print_json(as_document(reading, settings))
    else:
        sys.stdout.write("\n".join(in_words(reading, settings, language) for language in languages))


def _question(
    terminal_id: str | None, voucher_number: str | None, batch: str | None, merchant: str | None
) -> "Question":
    """Return what was asked; raises UsageError for what can be no terminal, voucher or batch."""
    from streams.replay.life.account import Question

    if terminal_id is None or voucher_number is None:
        missing = "TERMINAL and VOUCHER are" if terminal_id is None else "VOUCHER is"
        raise UsageError(
            f"{missing} missing; write them before any --terminal and --host files, such as 'explain 10000017 000042',"
            " or give --code or --message."
        )
    terminal_id, voucher_number = terminal_id.strip(), voucher_number.strip()
    if not 1 <= len(terminal_id) <= _TERMINAL_SIGNS:
        raise UsageError(f"TERMINAL has {len(terminal_id)} signs, but a terminal number has 1 to {_TERMINAL_SIGNS}.")
    for name, text, most in (("VOUCHER", voucher_number, _VOUCHER_DIGITS), ("--batch", batch or "0", _BATCH_DIGITS)):
        # What was written is not shown: it may be a card number that went astray.
        if re.fullmatch("[0-9]+", text.strip()) is None or len(text.strip()) > most:
            raise UsageError(f"{name} must be 1 to {most} digits; give it as the slip shows it.")
    merchant = merchant.strip() if merchant else None
    return Question(terminal_id, voucher_number, batch.strip() if batch else None, merchant_id=merchant)


def _refuse_beside_files(
    terminal: list[Path] | None,
    host: list[Path] | None,
    brokers: str | None,
    times: tuple[str | None, str | None, str | None],
) -> None:
    """Refuse half of the files, and what belongs to topics."""
    names = ("--bootstrap-servers", "--from", "--to", "--since")
    given = [name for name, value in zip(names, (brokers, *times), strict=True) if value is not None]
    if given:
        raise UsageError(f"Files and {given[0]} are both given; leave one out: files are read whole, without a broker.")
    if not (terminal and host):
        raise UsageError(f"{'--host' if terminal else '--terminal'} is missing; a voucher has two sides, give both.")


def _of_files(
    terminal: list[Path], host: list[Path], question: "Question", settings: Settings, *, flush: bool
) -> "Life":
    from streams.cli.replay_log import Steps
    from streams.replay.life.files import life_in_files

    steps = Steps()
    try:
        return life_in_files((terminal, host), question, settings.policy(), steps, flush=flush)
    finally:
        steps.end()


def _of_topics(
    question: "Question", settings: Settings, zone: "Zone", times: tuple[str | None, str | None, str | None]
) -> "Life":
    from streams.cli.explain.ledger import ledger_look
    from streams.cli.explain.moments import spread
    from streams.cli.replay_log import Steps
    from streams.replay.life.topics import LifeTopicReader, life_in_topics

    reach = spread(settings, zone, int(time.time() * 1_000), times)
    steps = Steps()
    try:
        with LifeTopicReader(settings) as reader:
            return life_in_topics(reader, question, settings.policy(), reach, steps, ledger_look(settings))
    finally:
        steps.end()


def _pages(
    life: "Life", zone: "Zone", codes: Mapping[str, ResponseCode], languages: tuple[Language, ...]
) -> Iterator[str]:
    """Yield the lines of the account in every language; on a terminal headings are bold and the answer is coloured."""
    from streams.cli.explain.page import HEAD, Page
    from streams.cli.explain.words import Words

    styled = sys.stdout.isatty()
    colour = typer.colors.GREEN if life.answer == "judged" else typer.colors.YELLOW
    for language in languages:
        words = Words(language)
        for depth, text in Page(life, words, zone, codes).lines():
            shade = colour if text == words.say(life.answer) else None
            plain = depth != HEAD or not styled
            yield ("  " * depth + text).rstrip() if plain else typer.style(text, fg=shade, bold=True)
        yield ""

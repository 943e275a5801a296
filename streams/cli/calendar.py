"""``calendar add``, ``list``, ``remove`` and ``import``: when links or institutions are under maintenance."""

# ruff: noqa: PLC0415, RUF001  heavy libraries are imported by the command that needs them; Chinese punctuation is wide

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.output import print_json
from streams.cli.shape import AsJson, Brokers, Config, Lang, Language, Overrides, chosen_languages, overrides_with
from streams.core.diagnosis.calendar import LONGEST_MS
from streams.core.fields import parse_time
from streams.errors import UsageError
from streams.settings import Settings, load_settings, parse_duration

if TYPE_CHECKING:
    from streams.core.diagnosis.calendar import Window

app = typer.Typer(
    help="Announce maintenance windows: anomalies inside are marked, never hidden.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Link = Annotated[str, typer.Option("--link", help="The link that is under maintenance.")]
Institution = Annotated[
    str, typer.Option("--institution", help="Whose links are under maintenance; see institution of a link.")
]


@app.command("add")
def add(  # noqa: PLR0913  one parameter for each option of the command
    *,
    link: Link = "",
    institution: Institution = "",
    begins: Annotated[str, typer.Option("--from", metavar="TIME", help="RFC 3339 with offset, or now.")] = "now",
    ends: Annotated[str | None, typer.Option("--until", metavar="TIME", help="RFC 3339 with offset.")] = None,
    lasts: Annotated[str | None, typer.Option("--for", metavar="DURATION", help="Instead of --until, as 2h.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="What for; shown in every anomaly inside.")] = "",
    name: Annotated[str, typer.Option("--id", metavar="NAME", help="By default made of its place and time.")] = "",
    config: Config = None,
    overrides: Overrides = None,
    brokers: Brokers = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Announce one window; one with the same id takes its place."""
    from streams.core.diagnosis.calendar import Window
    from streams.edges.calendar_topic import write_calendar

    _check_scope(link, institution)
    from_ms = int(time.time() * 1_000) if begins == "now" else _time("--from", begins)
    until_ms = _end(from_ms, ends, lasts)
    window = Window(name or _name(link or institution, from_ms), from_ms, until_ms, link, institution, reason)
    _check_texts(window)
    write_calendar(_settings(config, overrides, brokers), add=[window])
    _show([window], as_json=as_json, lang=lang)


@app.command("list")
def list_windows(
    *,
    past: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    config: Config = None,
    overrides: Overrides = None,
    brokers: Brokers = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """List the windows that are not over yet, by their beginnings."""
    from streams.edges.calendar_topic import read_calendar

    now_ms = int(time.time() * 1_000)
    windows = read_calendar(_settings(config, overrides, brokers)).values()
    standing = [window for window in windows if past or window.until_ms >= now_ms]
    _show(sorted(standing, key=lambda window: (window.from_ms, window.id)), as_json=as_json, lang=lang)


@app.command("remove")
def remove(
    names: Annotated[list[str], typer.Argument(metavar="ID", help="The ids that 'calendar list' shows.")],
    *,
    config: Config = None,
    overrides: Overrides = None,
    brokers: Brokers = None,
) -> None:
    """Take windows back; anomalies that are still open are no longer inside them."""
    from streams.edges.calendar_topic import read_calendar, write_calendar

    settings = _settings(config, overrides, brokers)
    standing = read_calendar(settings)
    known = {window.id for window in standing.values()}
    for name in names:
        if name not in known:
            raise UsageError(f"There is no window {name!r}; 'voucherwatch calendar list --all' shows all ids.")
    write_calendar(settings, remove=[key for key, window in standing.items() if window.id in names])
    typer.echo(f"Removed {', '.join(names)}.")


@app.command("import")
def import_file(  # noqa: PLR0913  one parameter for each option of the command
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An iCalendar file (.ics).")],
    *,
    link: Link = "",
    institution: Institution = "",
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How far ahead repeated events count.")] = 90,
    config: Config = None,
    overrides: Overrides = None,
    brokers: Brokers = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Announce the events of an iCalendar file; reading it again changes only what changed in it."""
    from streams.edges.calendar_topic import write_calendar
    from streams.edges.ical import read_ical

    _check_scope(link, institution)
    windows = read_ical(file, link, institution, int(time.time() * 1_000), days)
    for window in windows:
        _check_texts(window)
    write_calendar(_settings(config, overrides, brokers), add=windows)
    _show(windows, as_json=as_json, lang=lang)


def _settings(config: Path | None, overrides: list[str] | None, brokers: str | None) -> Settings:
    return load_settings(config, overrides_with(overrides, brokers), os.environ)


def _check_scope(link: str, institution: str) -> None:
    if not (link or institution):
        raise UsageError("A window needs a --link or an --institution; a window of everything says nothing.")


def _check_texts(window: "Window") -> None:
    from streams.core.diagnosis.control_record import UnreadableError, read_window, window_value

    try:
        read_window(window_value(window))
    except UnreadableError as error:
        raise UsageError(f"The window cannot be announced: {error}.") from error


def _time(option: str, text: str) -> int:
    at_ms = parse_time(text)
    if at_ms is None:
        raise UsageError(f"{option} is {text}, but must be a time with offset, such as 2026-03-02T01:00:00+08:00.")
    return at_ms


def _end(from_ms: int, ends: str | None, lasts: str | None) -> int:
    """Return the last moment of a window that is told by its end or by its length."""
    if (ends is None) == (lasts is None):
        raise UsageError("Give the end of the window: either --until TIME or --for DURATION.")
    if lasts is not None:
        try:
            until_ms = from_ms + parse_duration(lasts)
        except ValueError:
            raise UsageError(f"--for is {lasts}, but must be a duration, such as 90m or 2h.") from None
    else:
        until_ms = _time("--until", str(ends))
    if not from_ms < until_ms <= from_ms + LONGEST_MS:
        raise UsageError("The window ends before it begins, or lasts more than 31 days; check both times.")
    return until_ms


def _name(scope: str, from_ms: int) -> str:
    return f"{scope}-{datetime.fromtimestamp(from_ms / 1_000, UTC):%Y%m%dT%H%M%SZ}"


def _show(windows: list["Window"], *, as_json: bool, lang: Lang) -> None:
    """Print windows: JSON, or a line each in the languages wanted."""
    if as_json:
        print_json([_row(window) for window in windows])
        return
    for language in chosen_languages(lang):
        if not windows:
            typer.echo("No maintenance window." if language is Language.ENGLISH else "没有维护窗口。")
        for window in windows:
            typer.echo(_line(window, language))


def _row(window: "Window") -> dict[str, object]:
    return {
        "id": window.id,
        "from": _stamp(window.from_ms),
        "until": _stamp(window.until_ms),
        "link": window.link or None,
        "institution": window.institution or None,
        "reason": window.reason or None,
        "source": window.source,
    }


def _line(window: "Window", language: Language) -> str:
    english = language is Language.ENGLISH
    scope = [
        f"{'link' if english else '链路'} {window.link}" if window.link else "",
        f"{'institution' if english else '机构'} {window.institution}" if window.institution else "",
    ]
    where = (" and " if english else "，").join(text for text in scope if text)
    span = f"{_stamp(window.from_ms)} {'to' if english else '至'} {_stamp(window.until_ms)}"
    told = ("announced by a notice" if english else "来自通知") if window.source == "notice" else ""
    rest = [text for text in (where, window.reason, told) if text]
    return f"{window.id}: {span}{', ' if english else '，'}{(', ' if english else '，').join(rest)}"


def _stamp(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

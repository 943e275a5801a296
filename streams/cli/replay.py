"""``replay``: the same pipeline over files, or over a range of the topics that it only reads."""

# ruff: noqa: PLC0415  heavy libraries are imported by the command that needs them

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from streams.cli.output import print_json, write_out
from streams.cli.replay_log import Files, Log, Topics
from streams.cli.shape import AsJson, Brokers, Config, Overrides, overrides_with
from streams.cli.what_if import advice_json, advice_lines, comparison_json, comparison_lines, echo
from streams.core.anomaly import KINDS, SEVERITIES
from streams.errors import ConfigurationError, ExitCode, UnreachableError, UsageError
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from streams.replay.compare_delays import PairDelays, WindowAdvice

_SEVERAL = ("--terminal", "--host")


class ReplayCommand(TyperCommand):
    """Lets ``--terminal a.jsonl b.jsonl`` name several files, as well as the option repeated."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  the context type is private to typer
        """Repeat the option before every file that follows it."""
        return super().parse_args(ctx, list(_repeated(args)))


def _repeated(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the arguments with ``--terminal``/``--host`` before each of their values."""
    option, first = "", False
    for argument in arguments:
        if argument in _SEVERAL:
            option, first = argument, True
        elif option and argument.startswith("-") and argument != "-":
            option = ""
        elif option and not first:
            yield option
        else:
            first = False
        yield argument


Terminal = Annotated[
    list[Path] | None,
    typer.Option("--terminal", metavar="FILE...", help="Terminal events, JSON Lines (.gz allowed)."),
]
Host = Annotated[
    list[Path] | None, typer.Option("--host", metavar="FILE...", help="Host events, JSON Lines (.gz allowed).")
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="Of topics: report vouchers from this time on, such as -2h."),
]
To = Annotated[
    str | None, typer.Option("--to", metavar="TIME", help="Of topics: read up to this time; by default now.")
]
Summary = Annotated[Path | None, typer.Option("--summary", metavar="FILE", help="Write the counts as JSON.")]
DeadLetters = Annotated[
    Path | None, typer.Option("--deadletter", metavar="FILE", help="Write the bad records as JSON Lines.")
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write the anomalies here, not to standard output."),
]
FailOn = Annotated[
    str | None,
    typer.Option("--fail-on", metavar="KIND|SEVERITY,...", help="Exit with 1 if such an anomaly is left unresolved."),
]
Flush = Annotated[
    bool | None,
    typer.Option(
        "--flush/--no-flush",
        help="Judge at the end what has no verdict yet, or leave it pending.  [default: flush files, not topics]",
    ),
]
Compare = Annotated[bool, typer.Option("--compare", help="Show what the settings of --set would change.")]
Suggest = Annotated[bool, typer.Option("--suggest-windows", help="Show how long pairs take, and the windows that fit.")]


def replay(  # noqa: PLR0913  one parameter for each option of the command
    *,
    terminal: Terminal = None,
    host: Host = None,
    brokers: Brokers = None,
    from_time: From = None,
    to_time: To = None,
    summary: Summary = None,
    deadletter: DeadLetters = None,
    output: Output = None,
    config: Config = None,
    overrides: Overrides = None,
    fail_on: FailOn = None,
    compare: Compare = False,
    suggest_windows: Suggest = False,
    as_json: AsJson = False,
    flush: Flush = None,
) -> None:
    """Judge files or a range of topics: the final record of each anomaly as JSON Lines.

    Sorted by opened_at and id; equal records and settings give equal bytes. Topics are only read. A TIME is
    RFC 3339 with offset, epoch milliseconds, now, or a time before now such as -2h.
    """
    wanted = _fail_on(fail_on)
    _check_input(terminal, host, brokers, from_time, to_time)
    settings = load_settings(config, overrides_with(overrides, brokers), os.environ, live=False)
    log: Log = (
        Files(terminal, host, flush=flush is not False)
        if terminal and host
        else Topics(settings, from_time or "", to_time or "now", flush=flush is True)
    )
    if compare:
        _refuse_beside_compare(summary, deadletter, output, fail_on)
        base = load_settings(config, overrides_with(None, brokers), os.environ, live=False)
        _compare(log, base, settings, overrides or [], as_json=as_json)
        _warn_of_worker(config, overrides_with(overrides, brokers))
        return
    ((result, delays),) = log.judge([settings.policy()], deadletter, measure=suggest_windows)
    if output is not None or not suggest_windows:
        _write(output, b"".join(line.rstrip(b"\n") + b"\n" for line in result.anomalies))
    if suggest_windows:
        _suggest(settings, delays, as_json=as_json)
    if summary is not None:
        _write(summary, (json.dumps(result.summary, ensure_ascii=False, indent=2) + "\n").encode())
    sys.stderr.write(_sentence(result.summary, len(result.anomalies)))
    if wanted and _unresolved(result.anomalies, wanted):
        raise typer.Exit(ExitCode.ANOMALIES)


def _check_input(
    terminal: list[Path] | None,
    host: list[Path] | None,
    brokers: str | None,
    from_time: str | None,
    to_time: str | None,
) -> None:
    """Refuse a command line that names neither files nor topics, or both, or half of either."""
    of_topics = {"--bootstrap-servers": brokers, "--from": from_time, "--to": to_time}
    given = [name for name, value in of_topics.items() if value is not None]
    if (terminal or host) and given:
        raise UsageError(f"Files and {given[0]} are both given; leave one out: files need no broker.")
    if not (terminal or host or given):
        raise UsageError(
            "There is nothing to read; give --terminal and --host files, or --bootstrap-servers and --from for topics."
        )
    if given:
        if from_time is None:
            raise UsageError("--from is missing; say from when on vouchers are reported, such as --from -2h.")
    elif not (terminal and host):
        raise UsageError(f"{'--host' if terminal else '--terminal'} is missing; a voucher has two sides, give both.")


def _refuse_beside_compare(*unfit: object) -> None:
    """Refuse options that ask for the anomalies of one replay, where there are two."""
    names = ("--summary", "--deadletter", "--output", "--fail-on")
    given = [name for name, value in zip(names, unfit, strict=True) if value is not None]
    if given:
        raise UsageError(f"--compare has two results, and {given[0]} is for one; leave out {', '.join(given)}.")


def _compare(log: Log, base: Settings, changed: Settings, said: Sequence[str], *, as_json: bool) -> None:
    """Judge the same records under both settings and print what changes."""
    from streams.replay.compare import compare

    policies = [base.policy(), changed.policy()]
    if policies[0] == policies[1]:
        raise UsageError("--compare has nothing to compare; give --set with a setting that decides verdicts.")
    (before, delays), (after, _) = log.judge(policies, None, measure=True)
    found = compare(before.records, after.records)
    advice = _advice(base, delays)
    if as_json:
        summaries = {"base": before.summary, "changed": after.summary}
        print_json({**comparison_json(found, said), "summary": summaries, "windows": advice_json(advice)})
    else:
        echo([*comparison_lines(found, said), "", *advice_lines(advice)])
    for name, judged in (("Base: ", before), ("Changed: ", after)):
        sys.stderr.write(name + _sentence(judged.summary, len(judged.anomalies)))


def _warn_of_worker(config: Path | None, overrides: Sequence[str]) -> None:
    """Say on standard error if a worker would not start with the settings that were tried."""
    try:
        load_settings(config, overrides, os.environ)
    except ConfigurationError as error:
        sys.stderr.write(f"A worker would refuse these settings: {error}\n")


def _advice(settings: Settings, delays: Iterable["PairDelays"]) -> list["WindowAdvice"]:
    """Return the windows that measured delays suggest."""
    from streams.replay.compare_delays import advise

    return list(advise(delays, settings.pair_window_ms, settings.stall_after_ms))


def _suggest(settings: Settings, delays: Iterable["PairDelays"], *, as_json: bool) -> None:
    """Print the windows that measured delays suggest."""
    advice = _advice(settings, delays)
    if as_json:
        print_json({"windows": advice_json(advice)})
    else:
        echo(advice_lines(advice))


def _fail_on(text: str | None) -> frozenset[str]:
    """Return the kinds and severities of ``--fail-on``."""
    known = (*KINDS, *SEVERITIES)
    names = frozenset(name.strip() for name in (text or "").split(",") if name.strip())
    if text is not None and not names:
        raise UsageError("--fail-on is empty; name kinds or severities, such as --fail-on critical,orphan_host.")
    for name in sorted(names):
        if name not in known:
            raise UsageError(f"--fail-on names {name}, but known are {', '.join(known)}; choose from these.")
    return names


def _unresolved(anomalies: Iterable[bytes], wanted: frozenset[str]) -> bool:
    """Tell whether an anomaly of a wanted kind or severity is open or expired."""
    for line in anomalies:
        record = json.loads(line)
        if record["status"] != "resolved" and (record["kind"] in wanted or record["severity"] in wanted):
            return True
    return False


def _sentence(summary: dict[str, object], anomalies: int) -> str:
    """Return the one line on standard error that tells a person how it went."""
    rejected = summary.get("rejected")
    bad = sum(rejected.values()) if isinstance(rejected, dict) else 0
    return (
        f"{summary.get('events', 0)} events, {bad} bad records, {summary.get('matched', 0)} vouchers matched,"
        f" {anomalies} anomalies, {summary.get('pending', 0)} vouchers pending.\n"
    )


def _write(path: Path | None, content: bytes) -> None:
    """Write a file, or standard output; a place that cannot be written is exit code 3."""
    if path is None:
        write_out(content)
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise UnreachableError(f"Cannot write {path}: {reason}; choose another place.") from error

"""``replay``: the same pipeline over files, without a broker."""

# ruff: noqa: PLC0415  heavy libraries are imported by the command that needs them

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from streams.cli.output import write_out
from streams.cli.shape import Config, Overrides
from streams.core.anomaly import KINDS, SEVERITIES
from streams.errors import ExitCode, UnreachableError, UsageError
from streams.settings import load_settings

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


def replay(  # noqa: PLR0913  one parameter for each option of the command
    terminal: Annotated[
        list[Path], typer.Option("--terminal", metavar="FILE...", help="Terminal events, JSON Lines (.gz allowed).")
    ],
    host: Annotated[
        list[Path], typer.Option("--host", metavar="FILE...", help="Host events, JSON Lines (.gz allowed).")
    ],
    summary: Annotated[Path | None, typer.Option("--summary", metavar="FILE", help="Write the counts as JSON.")] = None,
    deadletter: Annotated[
        Path | None, typer.Option("--deadletter", metavar="FILE", help="Write the bad records as JSON Lines.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the anomalies here, not to standard output."),
    ] = None,
    config: Config = None,
    overrides: Overrides = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on", metavar="KIND|SEVERITY,...", help="Exit with 1 if such an anomaly is left unresolved."
        ),
    ] = None,
    *,
    no_flush: Annotated[
        bool, typer.Option("--no-flush", help="Leave pending at the end what has no verdict yet.")
    ] = False,
) -> None:
    """Judge files: the final record of each anomaly as JSON Lines on standard output.

    Sorted by opened_at and id; equal files and settings give equal bytes.
    """
    wanted = _fail_on(fail_on)
    settings = load_settings(config, overrides or (), os.environ, live=False)
    from streams.replay.run import replay_files

    result = replay_files(terminal, host, settings.policy(), flush=not no_flush, deadletter=deadletter)
    lines = b"".join(line.rstrip(b"\n") + b"\n" for line in result.anomalies)
    if output is None:
        write_out(lines)
    else:
        _write(output, lines)
    if summary is not None:
        _write(summary, (json.dumps(result.summary, ensure_ascii=False, indent=2) + "\n").encode())
    sys.stderr.write(_sentence(result.summary, len(result.anomalies)))
    if wanted and _unresolved(result.anomalies, wanted):
        raise typer.Exit(ExitCode.ANOMALIES)


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


def _write(path: Path, content: bytes) -> None:
    """Write a file; a place that cannot be written is exit code 3."""
    try:
        path.write_bytes(content)
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise UnreachableError(f"Cannot write {path}: {reason}; choose another place.") from error

"""What commands have in common: their options, how they end, and how they speak."""

import os
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from streams.cli.output import abandon_output
from streams.errors import ExitCode
from streams.settings import CONFIG_VARIABLE, parse_duration


class Commands(TyperGroup):
    """The group of all commands, which ends an interrupted one with its own exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  the context type is private to typer
        """Run the command; Ctrl-C is 4 and a reader who left is no fault, where typer would say 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            abandon_output()
            raise typer.Exit(ExitCode.DONE) from None
        except KeyboardInterrupt:
            sys.stderr.write("Interrupted.\n")
            raise typer.Exit(ExitCode.INTERRUPTED) from None


class Language(StrEnum):
    """The languages of what staff read at night."""

    ENGLISH = "en"
    CHINESE = "zh"


class Spoken(StrEnum):
    """What ``--language`` may say."""

    ENGLISH = "en"
    CHINESE = "zh"
    BOTH = "both"


def _duration(text: str) -> float:
    """Return seconds for a duration such as 90s or 10m."""
    try:
        duration_ms = parse_duration(text)
    except ValueError:
        duration_ms = 0
    if duration_ms <= 0:
        raise typer.BadParameter(
            f"{text} is not a duration above 0; write a number with ms, s, m, h or d, such as 90s."
        )
    return duration_ms / 1000


Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", envvar=CONFIG_VARIABLE, help="Configuration file; without one, defaults."
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set one setting, over file and environment; may be repeated."),
]
Brokers = Annotated[
    str | None,
    typer.Option("--bootstrap-servers", "-b", metavar="HOST:PORT,...", help="Kafka brokers, over the configuration."),
]
Seconds = Annotated[
    float | None,
    typer.Option("--duration", metavar="DURATION", parser=_duration, help="End after this long, such as 90s."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Lang = Annotated[Spoken | None, typer.Option("--language", "--lang", help="Language; by default that of the locale.")]


def chosen_languages(wanted: Spoken | None, environ: Mapping[str, str] = os.environ) -> tuple[Language, ...]:
    """Return the languages asked for, else that of the locale: Chinese or English."""
    if wanted is Spoken.BOTH:
        return Language.ENGLISH, Language.CHINESE
    if wanted is not None:
        return (Language(wanted.value),)
    locale = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return (Language.CHINESE if locale.lower().startswith("zh") else Language.ENGLISH,)


def overrides_with(overrides: Iterable[str] | None, brokers: str | None) -> list[str]:
    """Return the overrides with the brokers of ``--bootstrap-servers`` as the last word."""
    said = list(overrides or [])
    return said if brokers is None else [*said, f"bootstrap_servers={brokers}"]

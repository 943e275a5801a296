"""One thing that ``check`` or ``doctor`` found: what is wrong, and what to change."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from streams.cli.output import print_json
from streams.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Remark:
    """What was looked at and how it is; ``change`` is empty where nothing needs to be changed."""

    about: str
    """What was looked at, for example ``topic terminal-events``."""
    says: str
    """How it is, with the value and, if it is broken, the limit."""
    change: str = ""

    @property
    def is_finding(self) -> bool:
        """Whether something has to be changed."""
        return bool(self.change)

    def sentence(self) -> str:
        """Return the whole as one sentence."""
        return f"{self.about}: {self.says}; {self.change}." if self.change else f"{self.about}: {self.says}."


def report(remarks: Iterable[Remark], *, as_json: bool) -> None:
    """Print all remarks and end with exit code 7 if one of them is a finding."""
    said = list(remarks)
    findings = [remark for remark in said if remark.is_finding]
    if as_json:
        print_json(
            {
                "findings": [{"about": r.about, "says": r.says, "change": r.change} for r in findings],
                "fine": [{"about": r.about, "says": r.says} for r in said if not r.is_finding],
            }
        )
    else:
        _print(said, len(findings))
    if findings:
        raise typer.Exit(ExitCode.FINDINGS)


def _print(remarks: Sequence[Remark], findings: int) -> None:
    """Print one line for each remark, findings marked, and the count."""
    colour = sys.stdout.isatty()
    for remark in remarks:
        mark = "change" if remark.is_finding else "fine"
        shade = (typer.colors.YELLOW if remark.is_finding else typer.colors.GREEN) if colour else None
        typer.echo(f"{typer.style(f'{mark:>6}', fg=shade) if shade else f'{mark:>6}'}  {remark.sentence()}")
    typer.echo("Nothing to change." if not findings else f"{findings} to change.")

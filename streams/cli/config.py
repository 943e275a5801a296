"""``config check`` and ``config show``: what a configuration says, before anything runs on it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.output import print_json
from streams.cli.shape import AsJson, Config, Overrides
from streams.errors import ConfigurationError, ExitCode
from streams.settings import load_settings
from streams.settings.document import as_yaml, plain

app = typer.Typer(
    help="Check a configuration file, or show what is in force.", rich_markup_mode=None, no_args_is_help=True
)


@app.command("check")
def check(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Configuration file.")] = None,
    config: Config = None,
    overrides: Overrides = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Name every fault of a configuration at once; exit code 2 if there is one."""
    path = file or config
    try:
        load_settings(path, overrides or (), os.environ)
    except ConfigurationError as error:
        if not as_json:
            raise
        print_json({"file": str(path) if path else None, "faults": list(error.faults)})
        raise typer.Exit(ExitCode.USAGE) from None
    if as_json:
        print_json({"file": str(path) if path else None, "faults": []})
    else:
        typer.echo(f"{path or 'The configuration'}: no faults.")


@app.command("show")
def show(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Configuration file.")] = None,
    config: Config = None,
    overrides: Overrides = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the settings in force and where each was written; secrets are hidden."""
    settings = load_settings(file or config, overrides or (), os.environ)
    if as_json:
        print_json({"settings": plain(settings), "origins": dict(settings.origins)})
    else:
        typer.echo(as_yaml(settings), nl=False)

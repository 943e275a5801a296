"""``topics create`` and ``topics check``: the topics as the contract wants them."""

# ruff: noqa: PLC0415  heavy libraries are imported by the command that needs them

import os
from collections.abc import Iterator
from typing import Annotated

import typer

from streams.cli.finding import Remark, report
from streams.cli.output import print_json
from streams.cli.shape import AsJson, Brokers, Config, Overrides, overrides_with
from streams.settings import Settings, load_settings

app = typer.Typer(help="Create the topics, or check those there are.", rich_markup_mode=None, no_args_is_help=True)


@app.command("create")
def create(
    config: Config = None,
    overrides: Overrides = None,
    brokers: Brokers = None,
    partitions: Annotated[
        int,
        typer.Option("--partitions", min=1, max=10_000, help="Partitions of inputs and outputs: the number of lanes."),
    ] = 4,
    replication: Annotated[
        int,
        typer.Option("--replication", min=-1, max=100, help="Copies of each partition; -1 is the brokers' default."),
    ] = -1,
    *,
    as_json: AsJson = False,
) -> None:
    """Create the topics that are missing; those there are stay as they are."""
    settings = load_settings(config, overrides_with(overrides, brokers), os.environ)
    from streams.edges.topics import create_topics

    created = create_topics(settings, partitions, replication)
    if as_json:
        print_json({"created": created})
    elif created:
        typer.echo(f"Created {', '.join(created)}.")
    else:
        typer.echo("All topics exist already; 'voucherwatch topics check' tells whether they fit.")


@app.command("check")
def check(
    config: Config = None, overrides: Overrides = None, brokers: Brokers = None, *, as_json: AsJson = False
) -> None:
    """Check partition counts, timestamp type, retention and compaction; exit code 7 if one has to be changed."""
    settings = load_settings(config, overrides_with(overrides, brokers), os.environ)
    report(topic_remarks(settings), as_json=as_json)


def topic_remarks(settings: Settings) -> Iterator[Remark]:
    """Yield what was found of every topic."""
    from streams.edges.topics import check_topics

    for finding in check_topics(settings):
        yield Remark(finding.about, finding.says, finding.change)

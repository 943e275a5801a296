"""All commands in one table; each is loaded from its own file when the program starts.

Heavy libraries (Faust, Kafka clients) are imported inside the commands that need them, so that
``voucherwatch --help`` answers at once.
"""

from typing import Annotated

import typer

from streams import __version__
from streams.cli import calendar, config, demo, doctor, evaluate, explain, relay, replay, simulate, topics, worker
from streams.cli.shape import Commands

app = typer.Typer(
    cls=Commands,
    help="Pairs the vouchers of card terminals with those of the host and reports what disagrees.",
    epilog="Exit codes: 0 done, 1 anomalies (--fail-on), 2 usage or configuration, 3 broker or file unreachable,"
    " 4 interrupted, 5 internal error, 6 no progress, 7 findings of check and doctor.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("demo", short_help="See it at work on simulated traffic for a minute.")(demo.demo)
app.command("worker", short_help="Watch the two feeds.")(worker.worker)
app.add_typer(relay.app, name="relay", short_help="Bring alerts to group robots.")
app.command("replay", cls=replay.ReplayCommand, short_help="Judge files, or a range of the topics.")(replay.replay)
app.command("simulate", short_help="Simulate a fleet with labelled faults.")(simulate.simulate)
app.command("evaluate", short_help="Judge diagnoses by simulated causes, or fit them.")(evaluate.evaluate)
app.add_typer(topics.app, name="topics", short_help="Create or check the topics.")
app.add_typer(calendar.app, name="calendar", short_help="Announce maintenance windows, or list those there are.")
app.command("doctor", short_help="Find out what is wrong, and what to change.")(doctor.doctor)
app.add_typer(config.app, name="config", short_help="Check a configuration, or show what is in force.")
app.command("explain", cls=replay.ReplayCommand, short_help="Tell the life of a voucher, a code or a message.")(
    explain.explain
)


def _version(*, wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        typer.echo(f"voucherwatch {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda wanted: _version(wanted=wanted),
            is_eager=True,
            help="Show the version and leave.",
        ),
    ] = False,
) -> None:
    """Pairs the vouchers of card terminals with those of the host and reports what disagrees."""
    del version

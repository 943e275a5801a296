"""``relay`` and ``relay test``: Alertmanager's notifications to group robots."""

# ruff: noqa: PLC0415  heavy libraries are imported by the command that needs them

import os
from functools import partial
from typing import Annotated, Any

import typer

from streams.cli.output import print_json
from streams.cli.shape import AsJson, Config, Overrides, Seconds
from streams.errors import ExitCode
from streams.settings import Settings, load_settings

app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)


@app.callback()
def relay(ctx: typer.Context, config: Config = None, overrides: Overrides = None, duration: Seconds = None) -> None:
    """Take Alertmanager's notifications at /alertmanager[/RECEIVER] and bring them to group robots, until told to stop.

    The robots of WeCom, DingTalk and Feishu stand in the configuration under relay.receivers. Serves /metrics,
    /healthz and /readyz, too. SIGTERM and Ctrl-C stop in order: what a robot takes at once is sent, the rest
    waits on disk.
    """
    ctx.obj = (config, overrides)
    if ctx.invoked_subcommand is not None:
        return
    settings = load_settings(config, overrides or (), os.environ)
    from streams.cli.explain.words import VERDICTS
    from streams.edges.logs import configure
    from streams.relay.program import run_relay

    configure(settings.log_level, settings.log_format)

    run_relay(settings, partial(_consumer, settings), duration, kinds=VERDICTS)


def _consumer(settings: Settings) -> Any:  # noqa: ANN401  aiokafka is untyped
    """Return a Kafka consumer; the worker's libraries are loaded only where the relay reads a topic."""
    from streams.app import connector

    return connector(settings)()


@app.command("test")
def send_one(
    ctx: typer.Context,
    receiver: Annotated[str, typer.Option("--receiver", metavar="NAME", help="Robot of relay.receivers.")],
    config: Config = None,
    overrides: Overrides = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Send one test message to a robot and say what the vendor answers; exit code 7 if it refuses."""
    config_before, overrides_before = ctx.obj
    settings = load_settings(config or config_before, [*(overrides_before or ()), *(overrides or ())], os.environ)
    from streams.relay.program import send_test

    tried = send_test(settings, receiver)
    if as_json:
        print_json(
            {
                "receiver": tried.receiver,
                "vendor": tried.vendor,
                "taken": tried.taken,
                "code": tried.code,
                "text": tried.text,
            }
        )
    elif tried.taken:
        typer.echo(f"{receiver}: {tried.vendor} took the message.")
    else:
        words = f": {tried.text}" if tried.text else ""
        typer.echo(
            f"{receiver}: {tried.vendor} did not take the message, {tried.code}{words}. docs/relay.md has the codes."
        )
    if not tried.taken:
        raise typer.Exit(ExitCode.FINDINGS if tried.refused else ExitCode.UNREACHABLE)

"""``worker``: the Faust worker for a configuration file."""

# ruff: noqa: PLC0415  heavy libraries are imported by the command that needs them

import os

from streams.cli.shape import Brokers, Config, Overrides, Seconds, overrides_with
from streams.settings import load_settings


def worker(
    config: Config = None, overrides: Overrides = None, brokers: Brokers = None, duration: Seconds = None
) -> None:
    """Watch the two feeds until told to stop, or for --duration.

    Serves /metrics, /healthz and /readyz on web_host and web_port. SIGTERM and Ctrl-C stop in order:
    what was read is judged, sent and committed first.
    """
    settings = load_settings(config, overrides_with(overrides, brokers), os.environ)
    from streams.app import run_worker

    run_worker(settings, duration)

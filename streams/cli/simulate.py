"""``simulate``: a fleet with labelled faults, to files or to Kafka, the truth beside it."""

# ruff: noqa: PLC0415  heavy libraries are imported by the command that needs them

import dataclasses
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.output import print_json
from streams.cli.shape import AsJson, Brokers, Config, Overrides, Seconds, overrides_with
from streams.errors import ExitCode, UnreachableError, UsageError
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from streams.simulator.feed import SimulationSummary
    from streams.simulator.params import SimulationParams, Windows

DEFAULT_SECONDS = 60.0
Causes = Annotated[
    list[str] | None,
    typer.Option("--cause", metavar="ID", help="Scenario causes: only troubles of this cause; may be given again."),
]
Ranges = Annotated[str, typer.Option("--ranges", help="Scenario causes: all ranges, or only fit or evaluate.")]


def simulate(  # noqa: PLR0913  one parameter for each option of the command
    *,
    terminals: Annotated[int, typer.Option("--terminals", help="Number of terminals.")] = 200,
    rate: Annotated[float, typer.Option("--rate", help="Events a second, both sources together.")] = 100.0,
    duration: Seconds = None,
    seed: Annotated[int, typer.Option("--seed", help="Equal seeds give equal files.")] = 1,
    scenario: Annotated[str, typer.Option("--scenario", help="How the day goes; see --list.")] = "steady",
    causes: Causes = None,
    ranges: Ranges = "all",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Write terminal.jsonl, host.jsonl and truth.jsonl here."),
    ] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="FILE", help="Where the truth goes; by default truth.jsonl.")
    ] = None,
    config: Config = None,
    overrides: Overrides = None,
    brokers: Brokers = None,
    fit: Annotated[
        str, typer.Option("--fit", help="What of a fault must lie before the end: free (nothing), sent, or settled.")
    ] = "free",
    compress: Annotated[bool, typer.Option("--gzip", help="Write .jsonl.gz.")] = False,
    unpaced: Annotated[bool, typer.Option("--unpaced", help="To Kafka: as fast as it goes.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the scenarios and leave.")] = False,
    as_json: AsJson = False,
) -> None:
    """Simulate terminals and host with labelled faults, and write down what must be found.

    To files with --output, to the input topics with --bootstrap-servers or --config. The windows of the
    configuration decide how long delays are.
    """
    if listed:
        _list()
        return
    settings = load_settings(config, overrides_with(overrides, brokers), os.environ, live=output is None)
    params = _params(settings, terminals=terminals, rate=rate, seed=seed, scenario=scenario, fit=fit)
    params = _with_troubles(params, duration or DEFAULT_SECONDS, causes, ranges)
    if output is not None:
        if brokers is not None:
            raise UsageError("--output and --bootstrap-servers are both given; keep one of them.")
        summary = _to_files(params, output, truth, ".jsonl.gz" if compress else ".jsonl")
        _tell(summary, as_json=as_json)
    elif brokers is None and config is None:
        raise UsageError("There is nowhere to write to; give --output FOLDER or --bootstrap-servers HOST:PORT.")
    else:
        _to_kafka(params, settings, truth or Path("truth.jsonl"), unpaced=unpaced, as_json=as_json)


def _list() -> None:
    """Print the scenarios."""
    from streams.simulator.scenarios import SCENARIOS

    for name, scenario in SCENARIOS.items():
        typer.echo(f"{name:12} {scenario.about}")


def simulated_windows(settings: Settings) -> "Windows":
    """Return the windows of the configuration as the simulator takes them."""
    from streams.simulator.params import Windows

    return Windows(
        pair_ms=min(ms for kind, ms in settings.pair_window_ms.items() if kind not in ("reversal", "refund")),
        reversal_ms=settings.pair_window_ms["reversal"],
        refund_ms=settings.pair_window_ms["refund"],
        in_progress_ms=settings.in_progress_window_ms,
        reversal_window_ms=settings.reversal_window_ms,
        redelivery_ms=settings.redelivery_horizon_ms,
        stall_after_ms=settings.stall_after_ms,
    )


def _params(
    settings: Settings, *, terminals: int, rate: float, seed: int, scenario: str, fit: str
) -> "SimulationParams":
    """Return the parameters, checked before anything is opened."""
    from streams.simulator.params import SimulationParams
    from streams.simulator.scenarios import scenario_named

    scenario_named(scenario)
    if fit not in ("free", "sent", "settled"):
        raise UsageError(f"--fit is {fit}, but must be free, sent or settled; choose one of them.")
    return SimulationParams(
        terminals=terminals,
        rate=rate,
        seed=seed,
        scenario=scenario,
        windows=simulated_windows(settings),
        by_merchant=settings.lane_key == "merchant_id",
        fit=fit,  # type: ignore[arg-type]  # checked above
    )


def _with_troubles(
    params: "SimulationParams", duration_s: float, causes: list[str] | None, ranges: str
) -> "SimulationParams":
    """Return the parameters with their length and the troubles wanted, checked before anything is opened."""
    from streams.simulator.causes.plan import check_causes
    from streams.simulator.params import RANGES

    if ranges not in RANGES:
        raise UsageError(f"--ranges is {ranges}, but must be {', '.join(RANGES[:-1])} or {RANGES[-1]}; choose one.")
    chosen = tuple(causes or ())
    check_causes(chosen)
    return dataclasses.replace(params, duration_s=duration_s, causes=chosen, ranges=ranges)


def _to_files(params: "SimulationParams", folder: Path, truth: Path | None, ending: str) -> "SimulationSummary":
    """Write the three files into a folder, which is made if it is missing."""
    from streams.simulator.run import simulate_to_files

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or "it cannot be made").lower()
        raise UnreachableError(f"Cannot make the folder {folder}: {reason}; choose another place.") from error
    truth_path = truth or folder / "truth.jsonl"
    return simulate_to_files(params, folder / f"terminal{ending}", folder / f"host{ending}", truth_path)


def _to_kafka(params: "SimulationParams", settings: Settings, truth: Path, *, unpaced: bool, as_json: bool) -> None:
    """Send both sources until the end or until told to stop; what was sent is acknowledged before leaving."""
    from streams.simulator.run import simulate_to_kafka

    if settings.security_protocol != "PLAINTEXT":
        raise UsageError(
            f"security_protocol is {settings.security_protocol}, but the simulator speaks PLAINTEXT alone;"
            " simulate to files, or to a test cluster."
        )
    stop = threading.Event()

    def leave(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    summary = simulate_to_kafka(
        params,
        ",".join(settings.bootstrap_servers),
        settings.topic_terminal,
        settings.topic_host,
        truth,
        stop=stop.is_set,
        unpaced=unpaced,
    )
    _tell(summary, as_json=as_json)
    if stop.is_set():
        raise typer.Exit(ExitCode.INTERRUPTED)


def _tell(summary: "SimulationSummary", *, as_json: bool) -> None:
    """Print what was sent and what must be found."""
    if as_json:
        print_json(dataclasses.asdict(summary))
        return
    sys.stderr.write(
        f"{summary.records} records, {summary.vouchers} vouchers, {sum(summary.faults.values())} faults;"
        f" {sum(summary.expected.values())} anomalies must be found, {sum(summary.rejected.values())} bad records.\n"
    )

"""The command ``demo``: broker, topics, fleet and worker, watched for a minute and judged at the end."""

# ruff: noqa: PLC0415  heavy libraries are imported by the command that needs them

import dataclasses
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from streams.cli.demo.children import Child
from streams.cli.demo.plan import DRAIN_SECONDS, PARTITIONS, SHORTEST_SECONDS, Plan, write_settings
from streams.cli.demo.view import LiveView, PlainView, account
from streams.cli.output import print_json
from streams.cli.shape import AsJson, Seconds
from streams.errors import UnreachableError, UsageError
from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from streams.cli.demo.watch import Watch

DEFAULT_SECONDS = 60.0
READY_SECONDS = 45.0
LOOK_SECONDS = 0.4


def demo(
    duration: Seconds = None,
    seed: Annotated[int, typer.Option("--seed", help="Equal seeds simulate equal traffic.")] = 1,
    brokers: Annotated[
        str | None,
        typer.Option(
            "--bootstrap-servers", "-b", metavar="HOST:PORT,...", help="Run on this cluster, on topics of its own."
        ),
    ] = None,
    terminals: Annotated[int, typer.Option("--terminals", help="Number of simulated terminals.")] = 200,
    rate: Annotated[float, typer.Option("--rate", help="Events a second, both sources together.")] = 200.0,
    scenario: Annotated[str, typer.Option("--scenario", help="How the day goes; see simulate --list.")] = "faults",
    *,
    as_json: AsJson = False,
) -> None:
    """See the product at work for a minute: a simulated fleet, a worker, a live view, the account.

    Starts a small broker of its own, or uses --bootstrap-servers with topics that it removes at the end.
    """
    length = duration or DEFAULT_SECONDS
    if length < SHORTEST_SECONDS:
        raise UsageError(f"--duration is {length:g} s, but a demo needs {SHORTEST_SECONDS:g} s or more; give it that.")
    plan = Plan(length, seed, terminals, rate, scenario, brokers or "")
    _refuse_unfit(plan)
    signal.signal(signal.SIGTERM, _leave)
    with ExitStack() as stack:
        # Removed after everything that writes into it has stopped.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="voucherwatch-demo-")))
        _Demo(plan, folder, stack).play(as_json=as_json)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """Treat a request to stop like Ctrl-C: everything started is stopped on the way out."""
    del number, frame
    raise KeyboardInterrupt


def _refuse_unfit(plan: Plan) -> None:
    """Raise UsageError for a fleet that cannot be simulated or an address that is none, before anything starts."""
    from streams.simulator.params import SimulationParams
    from streams.simulator.scenarios import scenario_named

    scenario_named(plan.scenario)
    SimulationParams(terminals=plan.terminals, rate=plan.rate, seed=plan.seed, scenario=plan.scenario)
    if plan.brokers:
        load_settings(None, [f"bootstrap_servers={plan.brokers}"], {})


class _Demo:
    """One demo from the first process to the last word; the stack stops in reverse order what was started."""

    def __init__(self, plan: Plan, folder: Path, stack: ExitStack) -> None:
        self._plan = plan
        self._folder = folder
        self._stack = stack
        self._ends_at = time.monotonic() + plan.duration_s
        self._truth = folder / "truth.jsonl"
        self._children: list[Child] = []

    def play(self, *, as_json: bool) -> None:
        """Start everything, watch until the time is up, then say what was found."""
        from streams.cli.demo.watch import Watch

        plain = PlainView()
        config, settings = write_settings(self._plan, self._broker(plain), self._folder)
        plain.say("Creating the topics ...")
        self._topics(settings)
        plain.say("Starting the worker ...")
        self._start("worker", ["worker", "--config", str(config)])
        watch = Watch(settings, PARTITIONS)
        self._stack.callback(watch.close)
        self._wait_until(watch.is_ready)
        plain.say(f"The worker serves {watch.address}/metrics; simulating {self._plan.terminals} terminals ...")
        fleet = self._simulator(config)
        view = LiveView(watch.address) if sys.stderr.isatty() and not as_json else plain
        with view:
            self._look_on(watch, view)
        self._finish(fleet, watch, as_json=as_json)

    def _broker(self, plain: PlainView) -> str:
        """Return the address of the cluster to run on, started here if none was named."""
        if self._plan.brokers:
            return self._plan.brokers
        from streams.embedded.broker import EmbeddedBroker

        plain.say("Starting a broker ...")
        return self._stack.enter_context(EmbeddedBroker()).bootstrap_servers

    def _topics(self, settings: Settings) -> None:
        """Create the topics; on a cluster of others they go again at the end."""
        from streams.edges.topics import create_topics

        with ExitStack() as undo:
            # Before they are created: an interruption half-way leaves none behind either.
            if self._plan.brokers:
                undo.callback(_remove_topics, settings)
            try:
                create_topics(settings, PARTITIONS, -1 if self._plan.brokers else 1)
            except UnreachableError:
                undo.pop_all()
                raise
            self._stack.push(undo.pop_all())

    def _start(self, name: str, arguments: list[str]) -> Child:
        child = Child(name, arguments, self._folder / f"{name}.log")
        self._stack.callback(child.stop)
        self._children.append(child)
        return child

    def _simulator(self, config: Path) -> Child:
        """Start the fleet for what is left of the time."""
        plan = self._plan
        seconds = self._ends_at - time.monotonic() - DRAIN_SECONDS
        if seconds <= 1:
            raise UnreachableError(f"The worker was not ready in time for {plan.duration_s:g} s; give --duration 2m.")
        sizes = ["--terminals", str(plan.terminals), "--rate", str(plan.rate), "--seed", str(plan.seed)]
        timing = ["--duration", f"{seconds:.1f}s", "--scenario", plan.scenario, "--fit", "settled"]
        return self._start(
            "simulate", ["simulate", "--config", str(config), "--truth", str(self._truth), *sizes, *timing]
        )

    def _wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait for the worker to have its lanes."""
        until = time.monotonic() + READY_SECONDS
        while not ready():
            self._check()
            if time.monotonic() > until:
                words = self._children[0].last_words()
                raise UnreachableError(f"The demo's worker was not ready within {READY_SECONDS:g} s: {words}")
            time.sleep(LOOK_SECONDS)

    def _look_on(self, watch: "Watch", view: PlainView) -> None:
        while (left := self._ends_at - time.monotonic()) > 0:
            self._check()
            watch.look()
            view.show(watch.sight, left)
            time.sleep(min(LOOK_SECONDS, left))

    def _check(self) -> None:
        for child in self._children:
            child.check()

    def _finish(self, fleet: Child, watch: "Watch", *, as_json: bool) -> None:
        """Compare what was found with the truth and print the account on standard output."""
        from streams.simulator.score import read_truth, score

        fleet.stop()
        watch.look()
        truth = read_truth(self._truth)
        result = score(watch.sight.anomalies.values(), truth)
        bad = sum("reason" in line for line in truth)
        rejected = watch.sight.rejected.total()
        if as_json:
            kinds = {kind: _with_shares(of) for kind, of in result.kinds.items()}
            told = {"kinds": kinds, "bad_records": {"expected": bad, "found": rejected}, "perfect": result.perfect}
            print_json(told | {"diagnoses": {"compared": result.diagnosed, "right": result.rightly}})
        else:
            sys.stdout.write(account(result, rejected, bad))


def _with_shares(of: Any) -> dict[str, Any]:  # noqa: ANN401  a score, whose module is not imported for --help
    """Return one kind's score with the derived figures."""
    shares = {"missed": of.missed, "precision": of.precision, "recall": of.recall}
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(of)))
    return {**plain, **shares}


def _remove_topics(settings: Settings) -> None:
    """Delete the topics of this demo; a cluster that does not let us keeps them, and says so."""
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    from streams.edges.topics import wanted_settings
    from streams.settings import kafka_python_options

    names = list(wanted_settings(settings))
    try:
        admin = KafkaAdminClient(**kafka_python_options(settings))
        try:
            there = {topic["name"] for topic in admin.describe_topics() if not topic.get("error_code")}
            if present := [name for name in names if name in there]:
                admin.delete_topics(present)
        finally:
            admin.close()
    except (KafkaError, OSError) as error:
        sys.stderr.write(
            f"The demo's topics {', '.join(names)} are still there ({type(error).__name__}); delete them.\n"
        )

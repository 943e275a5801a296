"""``evaluate``: how good diagnoses are on simulated truth, and the fit of their weights."""

# ruff: noqa: PLC0415  the simulator is imported by the command that needs it

import dataclasses
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.output import print_json
from streams.cli.shape import AsJson, Config, Overrides
from streams.errors import UnreachableError, UsageError
from streams.settings import load_settings

if TYPE_CHECKING:
    from streams.core.policy import Policy
    from streams.evaluation.measures import Measures
    from streams.evaluation.sets import SetName
    from streams.evaluation.trial import Sample


def evaluate(
    *,
    trials: Annotated[
        int | None,
        typer.Option("--trials", min=1, max=1_000, help="Number of simulated runs; by default 10, to fit 20."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=64, help="Processes that share the runs.")] = 1,
    fit: Annotated[
        Path | None,
        typer.Option("--fit", metavar="FILE", help="Fit the weights of this diagnosis.yaml and write it anew."),
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw the result as SVG.")] = None,
    config: Config = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Judge diagnoses by simulated runs whose causes are known, on seeds, mixes and parameters never fitted on.

    Prints accuracy by cause, the confusion matrix, and whether confidences can be trusted. --fit tunes the
    weights on other runs first.
    """
    settings = load_settings(config, overrides or (), os.environ, live=False)
    policy = settings.policy()
    if policy.diagnosis is None:
        raise UsageError("diagnosis is false, so there is nothing to evaluate; leave it out or set it to true.")
    if fit is not None:
        _fit(fit, policy, trials, jobs)
        return
    measures = _measured(policy, trials, jobs)
    if plot is not None:
        from streams.evaluation.plot import picture

        _write(plot, picture(measures, "Diagnoses of simulated causes that the fit never saw"))
    if as_json:
        told = dataclasses.asdict(measures)
        told["confusion"] = [{"truth": t, "said": s, "count": n} for (t, s), n in sorted(measures.confusion.items())]
        print_json(told)
    else:
        sys.stdout.write(page(measures))


def _run(name: "SetName", policy: "Policy", trials: int | None, jobs: int) -> "list[Sample]":
    from streams.evaluation.sets import DEFAULT_TRIALS, run_set

    wanted = trials or DEFAULT_TRIALS[name]
    samples: list[Sample] = []
    for number, found in enumerate(run_set(name, wanted, policy, jobs), 1):
        samples += found
        sys.stderr.write(f"run {number} of {wanted}: {len(found)} anomalies with a known cause\n")
    return samples


def _measured(policy: "Policy", trials: int | None, jobs: int) -> "Measures":
    from streams.evaluation.measures import measure

    return measure(_run("evaluate", policy, trials, jobs))


def _fit(path: Path, policy: "Policy", trials: int | None, jobs: int) -> None:
    from streams.evaluation.fit import fit
    from streams.evaluation.sets import DEFAULT_TRIALS, FIRST_SEED, MIXES, SCENARIO
    from streams.evaluation.weights import hand_weights, with_fitted, write_weights
    from streams.settings.documents import read_document

    document = read_document(path)
    wanted = trials or DEFAULT_TRIALS["fit"]
    samples = _run("fit", policy, wanted, jobs)
    weights = fit(samples, hand_weights(document), _tell_round)
    provenance: dict[str, Any] = {
        "command": f"voucherwatch evaluate --fit {path} --trials {wanted}",
        "date": datetime.now(UTC).date().isoformat(),
        "scenario": SCENARIO,
        "seeds": f"{FIRST_SEED['fit']} to {FIRST_SEED['fit'] + wanted - 1}",
        "ranges": "fit",
        "mixes": [dataclasses.asdict(mix) | {"causes": ", ".join(mix.causes) or "all"} for mix in MIXES["fit"]],
        "samples": len(samples),
    }
    try:
        write_weights(path, with_fitted(document, weights, provenance))
    except OSError as error:
        raise UnreachableError(f"cannot write {path}: {(error.strerror or 'it failed').lower()}") from error
    sys.stderr.write(f"{path} holds the weights fitted on {len(samples)} anomalies.\n")


def _tell_round(number: int, loss: float) -> None:
    sys.stderr.write(f"round {number}: loss {loss:.4f}\n")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UnreachableError(f"cannot write {path}: {(error.strerror or 'it failed').lower()}") from error


def page(measures: "Measures") -> str:
    """Return the measures as the text that the command prints."""
    lines = [
        f"anomalies with a known cause   {measures.samples}",
        f"top-1 where there is evidence  {measures.top1:.1%}   (mean over causes {measures.top1_of_causes:.1%})",
        f"top-3 where there is evidence  {measures.top3:.1%}   (mean over causes {measures.top3_of_causes:.1%})",
        f"unknown first where there is none  {measures.unknown_first:.1%}",
        f"unknown said of all            {measures.said_unknown:.1%}",
        f"expected calibration error     {measures.calibration_error:.3f}",
        "",
        f"{'cause':<18}{'count':>7}{'top-1':>8}{'top-3':>8}   taken for",
    ]
    for score in measures.causes:
        others = sorted(
            ((count, said) for (truth, said), count in measures.confusion.items() if truth == score.cause != said),
            reverse=True,
        )
        taken = ", ".join(f"{said} {count}" for count, said in others)
        lines.append(f"{score.cause:<18}{score.count:>7}{score.top1:>8.1%}{score.top3:>8.1%}   {taken}")
    lines += ["", f"{'confidence':<14}{'count':>7}{'said':>8}{'right':>8}"]
    for one in measures.bins:
        lines.append(f"{one.low:.1f} to {one.high:.1f}    {one.count:>7}{one.confidence:>8.1%}{one.right:>8.1%}")
    return "\n".join(lines) + "\n"

"""The command ``doctor`` puts configuration, topics, group and samples together."""

# ruff: noqa: PLC0415  heavy libraries are imported by the command that needs them

import os
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from streams.cli.finding import Remark, report
from streams.cli.shape import AsJson, Brokers, Config, Overrides, overrides_with
from streams.settings import Settings, load_settings


def doctor(
    config: Config = None,
    overrides: Overrides = None,
    brokers: Brokers = None,
    sample: Annotated[
        int, typer.Option("--sample", min=1, max=100_000, help="Newest records of each input to look at.")
    ] = 1000,
    *,
    as_json: AsJson = False,
) -> None:
    """Look at configuration, brokers, topics, group, clocks and the newest records.

    Exit code 7 if something has to be changed; changes nothing itself.
    """
    settings = load_settings(config, overrides_with(overrides, brokers), os.environ)
    report(_remarks(settings, sample), as_json=as_json)


def _remarks(settings: Settings, sample: int) -> Iterator[Remark]:
    """Yield everything that was looked at, in the order in which a fault explains the next."""
    from streams.cli.doctor.facts import read_facts
    from streams.cli.doctor.group import judge_brokers, judge_clock, judge_group
    from streams.cli.doctor.samples import judge_samples
    from streams.cli.topics import topic_remarks
    from streams.core import COMPILED

    yield Remark("configuration", "no faults")
    yield Remark("core", "compiled" if COMPILED else "interpreted, which is slower (docs/operations.md, Install)")
    facts = read_facts(settings, sample, int(time.time() * 1000))
    yield from judge_brokers(settings, facts)
    yield from topic_remarks(settings)
    yield from judge_group(settings, facts)
    yield from judge_clock(facts)
    yield from judge_samples(facts, settings.policy(diagnosing=False))

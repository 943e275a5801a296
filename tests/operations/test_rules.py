"""Every rule fires when it should, not before, and ends: promtool judges the shipped files by our stories."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import pytest

from docs.generate.alerts import RULES, alert_rules, recording_rules, rule_files
from tests.operations import stories_of_kinds
from tests.operations.run_story import complaint
from tests.operations.stories import STORIES
from tests.operations.story import ALWAYS, Story, fires
from tests.operations.texts import GOLDEN, golden, texts_of, witnesses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.operations.programs import Programs

UNIT_MINUTES = {"h": 60, "m": 1}


def minutes(time: str) -> int:
    """Return a story's time in minutes."""
    return int(time[:-1]) * UNIT_MINUTES[time[-1]]


def promtool(programs: Programs, *arguments: str) -> str:
    """Return what promtool says; fail where it finds a fault."""
    done = subprocess.run([str(programs.promtool), *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_configuration_and_all_rules(programs: Programs) -> None:
    """The tool checks the file that Prometheus reads, and finds every rule file through it."""
    said = promtool(programs, "check", "config", str(RULES.parent / "prometheus.yml"))
    assert said.count("rules found") == len(rule_files())
    assert "is valid prometheus config file syntax" in said


def test_promtool_lints_nothing(programs: Programs) -> None:
    """No rule stands there twice."""
    promtool(programs, "check", "rules", "--lint=all", "--lint-fatal", *map(str, rule_files()))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_rings_as_told(story: Story, programs: Programs, tmp_path: Path) -> None:
    """At each time that a story names exactly these alerts fire, with these words, and these values are recorded."""
    assert complaint(programs.promtool, story, tmp_path, texts_of(story)) == ""


def test_a_story_can_fail(programs: Programs, tmp_path: Path) -> None:
    """An alert too many, one too few and a wrong value are all found."""
    story = stories_of_kinds.TWO_LINKS
    expected = story.firing["22m"]
    for wrong in ({}, expected | fires("Mismatch", "warning")):
        assert "FAILED" in complaint(programs.promtool, dataclasses.replace(story, firing={"22m": wrong}), tmp_path)
    value = {"10m": {"vector(1)": {"{}": 2.0}}}
    assert "FAILED" in complaint(programs.promtool, dataclasses.replace(story, firing={}, values=value), tmp_path)


def test_every_alert_has_its_words_tested() -> None:
    """The golden texts tell of each alert but the watchdog, without a gap where a value was to be."""
    assert set(golden()) == {rule.name for rule in alert_rules()} - {ALWAYS}
    assert set(witnesses()) == set(golden())
    text = GOLDEN.read_text()
    assert not re.search(r"<error|<no value>|%!|NaN|\+Inf", text)


def turns(stories: list[Story]) -> Iterator[tuple[tuple[str, str], bool]]:
    """Yield each alert that begins to fire between two times of a story (True), or ends (False)."""
    for story in stories:
        for before, after in pairwise(sorted(story.firing, key=minutes)):
            yield from ((alert, True) for alert in story.firing[after].keys() - story.firing[before].keys())
            yield from ((alert, False) for alert in story.firing[before].keys() - story.firing[after].keys())


def test_every_alert_is_seen_to_begin_and_to_end() -> None:
    """Each rule, by name and severity, stays quiet, fires and ends in some story; the watchdog fires always."""
    rules = {(rule.name.removeprefix("Voucherwatch"), rule.severity) for rule in alert_rules() if rule.name != ALWAYS}
    seen = set(turns(STORIES))
    assert {rule for rule in rules if (rule, True) not in seen} == set(), "never seen to begin"
    assert {rule for rule in rules if (rule, False) not in seen} == set(), "never seen to end"
    named = {alert for story in STORIES for firing in story.firing.values() for alert in firing}
    assert named - rules == set()


def test_a_turn_that_is_missing_is_found() -> None:
    """The account of begun and ended alerts tells a story with both from one with half."""
    quiet: dict[tuple[str, str], int] = {}
    both = Story("both", {}, firing={"2h": quiet, "1m": quiet, "30m": fires("X", "info")})
    assert set(turns([both])) == {(("X", "info"), True), (("X", "info"), False)}
    assert list(turns([Story("half", {}, firing={"1m": fires("X", "info")})])) == []


def test_the_watchdog_fires_always(programs: Programs, tmp_path: Path) -> None:
    """From the first evaluation on, with no series at all."""
    query = f'ALERTS{{alertname="{ALWAYS}",alertstate="firing"}}'
    labels = f'{{alertname="{ALWAYS}",alertstate="firing",severity="info",team="platform"}}'
    story = Story("watchdog", {"up": "1 1 1"}, values={"0m": {query: {labels: 1}}, "2m": {query: {labels: 1}}})
    assert complaint(programs.promtool, story, tmp_path) == ""


def test_every_recorded_series_has_its_value_tested() -> None:
    """Each recording rule stands in a story with values, and each ratio in one where there is nothing to divide by."""
    told = [queries for story in STORIES for queries in story.values.values()]
    valued = {re.split(r"[ {]", query)[0] for query, samples in chain(*(q.items() for q in told)) if samples}
    empty = {query for query, samples in chain(*(q.items() for q in told)) if not samples}
    names = set(recording_rules())
    assert names - valued == set()
    divided = {name for name, expr in recording_rules().items() if "/" in expr or "quantile" in expr}
    assert divided - empty == set()

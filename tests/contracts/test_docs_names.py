"""What the pages name exists, and what exists is named: kinds, metrics, commands, settings, fields, codes."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
import typer
import yaml

from streams.cli.commands import app
from streams.core.anomaly import KINDS
from streams.core.wire import REASONS, Body
from streams.edges.metrics.table import COUNTERS, GAUGES, HISTOGRAMS, PREFIX
from streams.errors import ExitCode
from streams.relay import metrics as relay
from streams.settings import load_settings
from streams.settings.declarations import declared
from tests.contracts.docs_pages import commands, fences, pages, spans
from tests.contracts.repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"
ANOMALIES = DOCS / "anomalies"
RELAY = {relay.PREFIX + metric.name for metric in (*relay.COUNTERS, *relay.GAUGES, relay.LATENCY)}
METRICS = (
    {PREFIX + metric.name for metric in (*COUNTERS, *GAUGES, *(row[0] for row in HISTOGRAMS))}
    | {PREFIX + "build_info"}
    | RELAY
)
IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
OUTSIDE = {
    "murmur2_random": "a setting of librdkafka",
    "deadline_ms": "an example of a name",
}
"""Names in code spans that are not ours -> whose they are."""
HEADINGS = (
    "What it means for money",
    "Likely causes",
    "Confirm",
    "Do",
    "Do not",
    "When it ends",
    "Example record",
)

PAGES = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))


def code_words() -> set[str]:
    """Return every word of the code, of the shipped files and of the documents' generator."""
    files = [*(ROOT / "streams").rglob("*.py"), *(ROOT / "config").rglob("*.*")]
    settings = {word for setting in declared() for word in setting.key.split(".")}
    return {word for path in files for word in re.findall(r"\w+", path.read_text())} | settings | set(OUTSIDE)


def test_every_kind_has_its_page_and_every_page_its_kind() -> None:
    """The page of a kind bears its name."""
    assert {path.stem for path in ANOMALIES.glob("*.md")} - {"README"} == set(KINDS)
    for kind in KINDS:
        assert (ANOMALIES / f"{kind}.md").read_text().startswith(f"# `{kind}`: ")


@pytest.mark.parametrize("kind", KINDS)
def test_a_runbook_page_answers_the_same_questions_in_two_languages(kind: str) -> None:
    """Each page has the same headings in this order, each in English and Chinese, and Chinese beneath it."""
    sections = (ANOMALIES / f"{kind}.md").read_text().split("\n## ")[1:]
    assert [section.split(" / ")[0] for section in sections] == list(HEADINGS)
    for section in sections[:-1]:
        heading, _, body = section.partition("\n")
        assert re.search(r"[\u4e00-\u9fff]", heading), heading
        assert re.search(r"[\u4e00-\u9fff]", body), heading


@PAGES
def test_every_metric_that_is_named_exists(page: Path) -> None:
    """A name with our prefix is one of the metrics, as it stands or as a histogram's part."""
    named = set(re.findall(rf"\b{PREFIX}\w+", page.read_text()))
    known = METRICS | {f"{name}_{part}" for name in METRICS for part in ("bucket", "count", "sum")}
    assert named - known == set()


def test_operations_says_what_each_metric_means() -> None:
    """Nothing is measured that nobody is told how to read."""
    named = set(re.findall(rf"\b{PREFIX}\w+", (DOCS / "operations.md").read_text()))
    assert METRICS - named == set()


@PAGES
def test_every_name_in_a_code_span_exists(page: Path) -> None:
    """A snake_case name in backticks is a word of the code or of the shipped configuration."""
    words = code_words() | METRICS
    named = {name for span in spans(page.read_text()) for name in IDENTIFIER.findall(span) if "/" not in span}
    assert named - words == set()


@PAGES
def test_every_file_in_a_code_span_exists(page: Path) -> None:
    """A path of the project in backticks leads to a file or folder."""
    named = [
        span for span in spans(page.read_text()) if re.match(r"(streams|tests|docs|config|core|edges)/[\w./]*$", span)
    ]
    assert [name for name in named if not (ROOT / name).exists() and not (ROOT / "streams" / name).exists()] == []


@PAGES
def test_every_command_line_is_understood(page: Path) -> None:
    """Commands exist, and so do the options given to them."""
    for line in commands(page.read_text()):
        command: Any = typer.main.get_command(app)
        words = shlex.split(line)[1:]
        while words and hasattr(command, "commands") and not words[0].startswith("-"):
            name = words.pop(0)
            assert name in command.commands, line
            command = command.commands[name]
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


def test_the_readme_names_every_command() -> None:
    """The overview is complete."""
    command: Any = typer.main.get_command(app)
    known = set()
    for name, child in command.commands.items():
        known |= {f"{name} {below}" for below in child.commands} if hasattr(child, "commands") else {name}
    text = (ROOT / "README.md").read_text()
    assert {name for name in known if f"| `voucherwatch {name}" not in text} == set()


@PAGES
def test_every_configuration_shown_is_accepted(page: Path, tmp_path: Path) -> None:
    """A YAML block of ours loads without a fault; Prometheus' and Alertmanager's own are YAML at least."""
    for block in fences(page.read_text(), "yaml"):
        document = yaml.safe_load(block)
        if document.keys() & {"scrape_configs", "receivers"}:
            continue
        for name in re.findall(r"_file: ([\w./-]+)", block):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("https://robot.example.com/some-secret\n")
        path = tmp_path / "voucherwatch.yaml"
        path.write_text(block)
        load_settings(path, (), {})


@PAGES
def test_every_json_block_is_json(page: Path) -> None:
    """What looks like a record can be parsed."""
    for block in fences(page.read_text(), "json"):
        json.loads(block)


def test_the_event_page_names_every_field_and_no_other() -> None:
    """The table of fields is that of the decoder."""
    text = (DOCS / "events.md").read_text()
    table = text.split("| field | type | needed |")[1].split("\n\n")[0]
    named = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == set(Body.__struct_fields__)


def test_the_event_page_names_every_field_of_a_record() -> None:
    """The table of the anomaly record has what a record has, and nothing else."""
    text = (DOCS / "events.md").read_text().split("## The anomaly record")[1]
    named = {
        name
        for row in text.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`(\w+)`", row[: row.index("|", 2)])
    }
    (block,) = fences((ANOMALIES / "mismatch.md").read_text(), "json")
    assert named == set(json.loads(block))


def test_reasons_and_exit_codes_stand_in_their_pages() -> None:
    """Every reason has a place on the event page and every exit code in the README."""
    events, readme = (DOCS / "events.md").read_text(), (ROOT / "README.md").read_text()
    assert [reason for reason in REASONS if f"`{reason}`" not in events] == []
    assert [code for code in ExitCode if f"| {code.value} | " not in readme] == []

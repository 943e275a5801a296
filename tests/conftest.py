"""What every test may ask for, and the honest account of what could not run on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.core_in_use import COMPILED
from tests.integration.kafka_broker import KafkaBroker
from tests.integration.kafka_jars import KAFKA_VERSION, KafkaNotAvailableError, cached, kafka_jars
from tests.operations import programs as monitoring

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

REQUIRE_ALL = "VOUCHERWATCH_REQUIRE_ALL"
"""Set to 1, it turns every skipped test into a failed one."""

collect_ignore = (
    [] if COMPILED else ["unit/core/test_packed.py", "unit/core/test_packed_chains.py", "unit/replay/test_straight.py"]
)
"""Packed vouchers are compiled or not there at all: ``make test`` runs the core's tests both ways."""

_no_kafka = pytest.StashKey[str]()
_no_programs = pytest.StashKey[str]()


def pytest_report_header() -> str:
    """Say which core is tested."""
    return "core: compiled" if COMPILED else "core: interpreted"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch Kafka and Prometheus before the first test that needs them, outside any test's time limit."""
    wanted = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    if session.config.option.collectonly:
        return
    say = getattr(session.config.pluginmanager.get_plugin("terminalreporter"), "write_line", print)
    if "kafka" in wanted:
        if not cached():
            say(f"fetching Apache Kafka {KAFKA_VERSION} through Maven, once ...")
        try:
            kafka_jars()
        except KafkaNotAvailableError as error:
            session.config.stash[_no_kafka] = str(error)
    if "programs" in wanted:
        if not monitoring.cached():
            say("fetching Prometheus and Alertmanager as Debian packages, once ...")
        try:
            monitoring.programs()
        except monitoring.ProgramsNotAvailableError as error:
            session.config.stash[_no_programs] = str(error)


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A running Apache Kafka that the whole test run shares; take topic names of your own."""
    if reason := request.config.stash.get(_no_kafka, None):
        pytest.skip(reason)
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="session")
def programs(request: pytest.FixtureRequest) -> monitoring.Programs:
    """Where Prometheus, Alertmanager, promtool and amtool stand."""
    if reason := request.config.stash.get(_no_programs, None):
        pytest.skip(reason)
    return monitoring.programs()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a skipped test where everything is required."""
    report = yield
    if not hasattr(report, "wasxfail"):
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a skipped file where everything is required."""
    report = yield
    _refuse_skip(report)
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:  # noqa: ANN401 - pytest keeps its type private
    """Name in one line for each reason how many tests did not run."""
    counts: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = _reason(report)
        counts[reason] = counts.get(reason, 0) + 1
    for reason, count in sorted(counts.items()):
        terminalreporter.write_line(f"NOT RUN: {count} test{'s' if count > 1 else ''}, {reason}", yellow=True)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return why pytest skipped this, without the place in the code."""
    why = report.longrepr
    return why[2].removeprefix("Skipped: ") if isinstance(why, tuple) else str(why)


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.outcome == "skipped" and os.environ.get(REQUIRE_ALL) == "1":
        report.longrepr = f"{REQUIRE_ALL}=1 allows no skip, but this did not run: {_reason(report)}"
        report.outcome = "failed"

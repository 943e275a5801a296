"""A test that does not run is named with its reason, and is a failure where everything is required."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.contracts.repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = """
import pytest

def test_runs():
    pass

@pytest.mark.skip(reason="no moon tonight")
def test_by_mark():
    pass

def test_by_call():
    pytest.skip("no moon tonight")

@pytest.mark.xfail(reason="known")
def test_expected_to_fail():
    raise ValueError
"""
NEEDS_KAFKA = """
def test_kafka(kafka):
    pass
"""


def run_example(folder: Path, source: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``source`` as a test file under the project's own conftest."""
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    (folder / "test_example.py").write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\n")
    inherited = {key: value for key, value in os.environ.items() if key != "VOUCHERWATCH_REQUIRE_ALL"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(folder)],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


def test_skips_are_summed_up_by_reason(tmp_path: Path) -> None:
    """One line for each reason stands at the end, and the run passes."""
    done = run_example(tmp_path, EXAMPLE)
    assert "NOT RUN: 2 tests, no moon tonight" in done.stdout
    assert done.returncode == 0


def test_no_skip_is_allowed_where_all_is_required(tmp_path: Path) -> None:
    """With VOUCHERWATCH_REQUIRE_ALL=1 a skip by mark or by call fails, an expected failure does not."""
    done = run_example(tmp_path, EXAMPLE, VOUCHERWATCH_REQUIRE_ALL="1")
    assert "1 failed, 1 passed, 1 xfailed" in done.stdout
    assert "1 error" in done.stdout, "a mark skips in the set-up, where a failure counts as an error"
    assert done.stdout.count("allows no skip, but this did not run: no moon tonight") >= 2
    assert done.returncode == 1


def test_a_file_that_skips_itself_fails_too(tmp_path: Path) -> None:
    """A missing import may not hide a whole file."""
    done = run_example(tmp_path, "import pytest\npytest.importorskip('no_such_module')\n", VOUCHERWATCH_REQUIRE_ALL="1")
    assert "no_such_module" in done.stdout
    assert done.returncode not in {0, pytest.ExitCode.NO_TESTS_COLLECTED}


@pytest.mark.parametrize(("required", "ends"), [("0", 0), ("1", 1)])
def test_a_machine_without_java_says_so(tmp_path: Path, required: str, ends: int) -> None:
    """Without java a Kafka test is skipped with the remedy, or fails where all is required."""
    done = run_example(tmp_path, NEEDS_KAFKA, PATH=str(tmp_path), VOUCHERWATCH_REQUIRE_ALL=required)
    assert "a real Apache Kafka needs java on the PATH (apt-get install openjdk-17-jre-headless)" in done.stdout
    assert done.returncode == ends

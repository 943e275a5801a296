"""The demo as a newcomer runs it: no terminal, no set-up; and whatever ends it, nothing stays behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

STARTED_SECONDS = 40.0
"""Until worker and fleet run; a few seconds on an idle machine."""


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    """Start a demo whose temporary files, and so the command lines of its children, lie in ``folder``."""
    return subprocess.Popen(
        [sys.executable, "-m", "streams", "demo", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )


def children_of(folder: Path) -> list[str]:
    """Return the command lines of all processes that name the folder, dead ones left out."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words and str(path.parent.name) != str(os.getpid()):
            found.append(words)
    return found


def wait_for(folder: Path, count: int, seconds: float) -> list[str]:
    """Wait until ``count`` children are seen (or gone, for 0) and return them."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        seen = children_of(folder)
        if (len(seen) >= count) if count else not seen:
            return seen
        time.sleep(0.2)
    return children_of(folder)


def test_every_hidden_fault_is_found_and_nothing_else(tmp_path: Path) -> None:
    """Without a terminal the demo ends by itself, with the account as JSON on standard output."""
    demo = start(tmp_path, "--duration", "35s", "--json")
    out, err = demo.communicate(timeout=100)
    assert demo.returncode == 0, err
    found = json.loads(out)
    assert found["kinds"]["orphan_terminal"]["found"] > 0
    assert found["bad_records"]["found"] == found["bad_records"]["expected"] > 0
    assert found["perfect"], found
    assert "/metrics" in err
    assert children_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_running(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C and a request to stop end broker, worker and fleet in order, and remove all files."""
    demo = start(tmp_path)
    try:
        assert len(wait_for(tmp_path, 3, STARTED_SECONDS)) == 3
        demo.send_signal(number)
        demo.wait(30)
    finally:
        demo.kill()
        _, err = demo.communicate()
    assert demo.returncode == 4, err
    assert "Traceback" not in err
    assert children_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_killed_demo_leaves_nothing_running(tmp_path: Path) -> None:
    """Even kill -9 takes the children along: the kernel ends them."""
    demo = start(tmp_path)
    assert len(wait_for(tmp_path, 3, STARTED_SECONDS)) == 3
    demo.kill()
    demo.communicate()
    assert wait_for(tmp_path, 0, 5.0) == []

"""Runs stories through promtool."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.operations.story import promtool_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operations.story import Story


def complaint(promtool: Path, story: Story, folder: Path) -> str:
    """Return what promtool holds against the rules in this story, empty if nothing."""
    done = subprocess.run(
        [str(promtool), "test", "rules", str(promtool_file(story, folder))],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr

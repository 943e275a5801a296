"""Runs stories through promtool."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.operations.story import promtool_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.operations.story import AlertText, Story


def complaint(
    promtool: Path, story: Story, folder: Path, texts: Mapping[tuple[str, str], list[AlertText]] | None = None
) -> str:
    """Return what promtool holds against the rules in this story, empty if nothing; ``texts`` as in the file."""
    done = subprocess.run(
        [str(promtool), "test", "rules", str(promtool_file(story, folder, texts))],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr

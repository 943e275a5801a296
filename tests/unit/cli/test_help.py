"""Help is fast, complete and golden."""

from __future__ import annotations

import subprocess
import sys

from tests.unit.cli.help_pages import GOLDEN, rendered


def test_the_help_of_every_command_is_as_written() -> None:
    """Options and words are an interface; ``python -m tests.unit.cli.help_pages`` accepts a change."""
    assert rendered() == GOLDEN.read_text(encoding="utf-8")


def test_help_imports_nothing_heavy() -> None:
    """Faust, Kafka clients and web server are imported by the commands that need them."""
    heavy = ("faust", "kafka", "aiokafka", "aiohttp", "prometheus_client")
    program = f"import sys, streams.cli.commands\nprint([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

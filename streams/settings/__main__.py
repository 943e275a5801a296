"""``python -m streams.settings`` writes ``docs/configuration.md`` from the declarations."""

from __future__ import annotations

import sys
from pathlib import Path

from streams.settings.document import write

if __name__ == "__main__":
    sys.stdout.write(f"{write(Path.cwd())}\n")

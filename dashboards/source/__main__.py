"""Write every dashboard again; with ``--check`` only name those that are stale (exit code 1)."""

from __future__ import annotations

import sys

from dashboards.source.pages import FOLDER, pages


def main(arguments: list[str]) -> int:
    """Write or check; return the exit code."""
    wanted = pages()
    stale = {path: text for path, text in wanted.items() if not path.is_file() or path.read_text() != text}
    extra = set(FOLDER.glob("*.json")) - wanted.keys()
    if "--check" in arguments:
        sys.stdout.writelines(f"dashboards/{path.name} is stale\n" for path in sorted({*stale, *extra}))
        return 1 if stale or extra else 0
    for path, text in stale.items():
        path.write_text(text)
        sys.stdout.write(f"wrote dashboards/{path.name}\n")
    for path in extra:
        path.unlink()
        sys.stdout.write(f"removed dashboards/{path.name}\n")
    return 0


sys.exit(main(sys.argv[1:]))

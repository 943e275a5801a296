"""Write every generated page and block again; with ``--check`` only name those that are stale (exit code 1)."""

from __future__ import annotations

import sys

from docs.generate.pages import ROOT, generated


def main(arguments: list[str]) -> int:
    """Write or check; return the exit code."""
    stale = {path: text for path, text in generated().items() if not path.is_file() or path.read_text() != text}
    if "--check" in arguments:
        sys.stdout.writelines(f"{path.relative_to(ROOT)} is stale\n" for path in stale)
        return 1 if stale else 0
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


sys.exit(main(sys.argv[1:]))

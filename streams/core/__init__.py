"""The pure core: bytes and time in, values out.  No I/O, no clock, no logging, no randomness.

Most of its modules exist twice: as Python, and compiled from the very same source in ``_compiled``.
The compiled ones are used where they fit this Python and these sources, and the answers are equal.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path
from typing import Final

INTERPRETED_VARIABLE: Final = "VOUCHERWATCH_INTERPRETED"
"""Set to 1, it lets the core run as Python: to debug, to compare, to replace a part of it in a test."""
COMPILED_PARTS: Final = ("diagnosis",)
"""Packages of the core that are compiled, too; the others are read a few times a run."""
_SUFFIX: Final = importlib.machinery.EXTENSION_SUFFIXES[0]
_SHARED: Final = "voucherwatch_core__mypyc"


def digest_of(sources: Path) -> str:
    """Return the SHA-256 of the modules in a folder and its compiled parts, in the order of their names."""
    digest = hashlib.sha256()
    patterns = ("*.py", "*.pyx", "*.pxi", *(f"{name}/*.py" for name in COMPILED_PARTS))
    for path in sorted(path for pattern in patterns for path in sources.glob(pattern)):
        digest.update(str(path.relative_to(sources)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def fits(compiled: Path) -> bool:
    """Tell whether a folder holds modules compiled for this Python from the sources beside this one."""
    try:
        return (compiled / (_SHARED + _SUFFIX)).exists() and (compiled / "DIGEST").read_text() == digest_of(
            Path(__file__).parent
        )
    except OSError:
        return False


def _take(compiled: Path) -> bool:
    """Let the compiled modules be found before their sources; tell whether they are used."""
    if os.environ.get(INTERPRETED_VARIABLE) == "1" or not fits(compiled):
        return False
    spec = importlib.util.spec_from_file_location(_SHARED, compiled / (_SHARED + _SUFFIX))
    if spec is None or spec.loader is None:
        return False
    # All modules share one library, which they look for under its name alone.
    shared = importlib.util.module_from_spec(spec)
    sys.modules[_SHARED] = shared
    spec.loader.exec_module(shared)
    __path__.insert(0, str(compiled))
    return True


COMPILED: Final = _take(Path(__file__).parent / "_compiled")
"""Whether the compiled modules are in use."""

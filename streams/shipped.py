"""Finds the files that travel with the package: ``config/`` and ``dashboards/``.

A wheel holds them inside the package under ``_shipped``; in a checkout they stand beside it.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "_shipped", _PACKAGE.parent)


def shipped(name: str) -> Path:
    """Return the path of the shipped file or folder ``name``, such as ``config/response_codes.csv``.

    Raises ``ValueError`` for a name that is absolute or climbs out of the shipped folders, and
    ``FileNotFoundError`` if this installation holds no such file.
    """
    relative = Path(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise ValueError(f"a shipped file is named by a relative path without '..', not {name!r}")
    for root in _ROOTS:
        if (candidate := root / relative).exists():
            return candidate
    raise FileNotFoundError(f"This installation of voucherwatch holds no {name}; install it again.")

"""Data files in YAML: one mapping each, with a sentence for whatever else there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from streams.errors import ConfigurationError, UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's loader in C where it was built with it: ten times as fast."""


def read_document(path: Path, what: str = "") -> dict[str, Any]:
    """Return the YAML mapping of a file; ``what`` is the word for what it should hold.

    Raises UnreachableError for a file that cannot be read and ConfigurationError for one that holds no mapping.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506  a safe loader, in C or not
    except OSError as error:
        named = f"the {what} {path}" if what else str(path)
        raise UnreachableError(f"Cannot read {named}: {(error.strerror or 'unreadable').lower()}.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} is not YAML in UTF-8; mend it.") from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path} holds no {what or 'mapping'}; write lines of the form key: value.")
    return document

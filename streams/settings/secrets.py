"""Secrets: written in place, or in a file of their own that ``<name>_file`` names."""

from __future__ import annotations

from typing import Final

from streams.settings.tree import Branch, Leaf, Node

HIDDEN: Final = "***"
"""What is shown in place of a secret."""


def secret_node(name: str, node: Node | None, file: Node | None, faults: list[str]) -> Node | None:
    """Return the node of the secret ``name``, read from the file that ``<name>_file`` names if there is one.

    Both together, a file that cannot be read and a path that is none are faults; then None is returned.
    """
    if file is None:
        return node
    if isinstance(file, Branch) or not isinstance(file.value, str):
        faults.append(f"{file.where}: {name}_file must be a path; write the path of a file.")
        return None
    if node is not None:
        faults.append(f"{file.where}: {name} and {name}_file are both given; keep one of them.")
        return None
    path = file.folder / file.value
    try:
        # A file written by an editor or by "echo" ends with a line end that is no part of the secret.
        return Leaf(path.read_text(encoding="utf-8").rstrip("\r\n"), file.where, file.folder, as_text=True)
    except (OSError, UnicodeDecodeError):
        faults.append(f"{file.where}: {name}_file is {path}, which cannot be read; check path and permission.")
        return None

"""The configuration as it was written: a tree of leaves that know where they stand.

The file, the environment and ``--set`` are laid over one another here, before anything is judged, so
that every fault can name the line, the variable or the option that holds the value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from streams.errors import ConfigurationError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value as it was written: a scalar or a list."""

    value: object
    where: str
    """The place in words, for example ``voucherwatch.yaml line 3``."""
    folder: Path
    """What a relative path in the value is relative to: the folder of the file, or the working folder."""
    as_text: bool = False
    """True for the environment and ``--set``, whose values are text that is still to be read as YAML."""

    def resolved(self) -> object:
        """Return the value; text of the environment and of ``--set`` is read as YAML first."""
        if not self.as_text or not isinstance(self.value, str):
            return self.value
        try:
            return yaml.safe_load(self.value)
        except yaml.YAMLError:
            return self.value

    def opened(self) -> Node:
        """Return a branch where the text is a YAML mapping, as in ``--set 'links={north: {}}'``."""
        value = self.resolved()
        return _grown(value, self) if isinstance(value, dict) else self


def _grown(value: dict[object, object], leaf: Leaf) -> Branch:
    """Return a branch for a mapping that was given in one text; all of it stands where the text stands."""
    children: dict[str, Node] = {}
    for name, below in value.items():
        inside = Leaf(below, leaf.where, leaf.folder)
        children[str(name)] = _grown(below, leaf) if isinstance(below, dict) else inside
    return Branch(leaf.where, children)


@dataclass(slots=True)
class Branch:
    """Named values below one key."""

    where: str
    children: dict[str, Node] = field(default_factory=dict)

    def opened(self) -> Branch:
        """Return itself: it is open."""
        return self

    def put(self, path: Sequence[str], leaf: Leaf) -> None:
        """Set the value at ``path``, replacing what stands there; names match whatever their case."""
        name = next((known for known in self.children if known.lower() == path[0].lower()), path[0])
        if len(path) == 1:
            self.children[name] = leaf
            return
        below = self.children.get(name)
        if not isinstance(below, Branch):
            # A single duration for pair_window stays the default beside one named kind.
            below = Branch(leaf.where, {} if below is None or below.value is None else {"default": below})
            self.children[name] = below
        below.put(path[1:], leaf)

    def take(self, name: str) -> Node | None:
        """Remove and return the value called ``name``; an empty value counts as not given."""
        node = self.children.pop(name, None)
        return None if isinstance(node, Leaf) and node.resolved() is None else node

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, Leaf]]:
        """Yield every leaf below with its dotted name."""
        for name, node in self.children.items():
            if isinstance(node, Branch):
                yield from node.leaves(f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", node


Node = Leaf | Branch


def read_file(path: Path, faults: list[str]) -> Branch:
    """Return the tree of a YAML file; faults of form are added, an unreadable file raises UnreachableError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise UnreachableError(f"Cannot read the configuration file {path}: {reason}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text at byte {error.start}; save it as UTF-8.") from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigurationError(_form_fault(path, error)) from error
    if root is None:
        return Branch(str(path))
    if not isinstance(root, yaml.MappingNode):
        raise ConfigurationError(f"{path} holds no settings; write lines of the form key: value.")
    return _branch(root, path, faults)


def _form_fault(path: Path, error: yaml.YAMLError) -> str:
    """Return one sentence for a file that is not YAML."""
    mark = getattr(error, "problem_mark", None)
    line = f" line {mark.line + 1}" if mark is not None else ""
    problem = getattr(error, "problem", None) or "it cannot be read"
    return f"{path}{line} is not YAML: {problem}; mend that line."


def _branch(node: yaml.MappingNode, path: Path, faults: list[str]) -> Branch:
    """Return the tree below one YAML mapping; a key written twice is a fault, since YAML takes the last in silence."""
    branch = Branch(_place(path, node))
    for key_node, value_node in node.value:
        # The key's own text, so that a link called "no" or "12" is not read as a boolean or a number.
        key = str(key_node.value)
        if key in branch.children:
            faults.append(f"{_place(path, key_node)}: {key} is given twice; keep one of them.")
        branch.children[key] = _node(value_node, path, faults)
    return branch


def _node(node: yaml.Node, path: Path, faults: list[str]) -> Node:
    """Return the leaf or the branch for one YAML value."""
    if isinstance(node, yaml.MappingNode):
        return _branch(node, path, faults)
    loader = yaml.SafeLoader("")
    try:
        value = loader.construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError):
        faults.append(f"{_place(path, node)}: this YAML value cannot be read; write a plain text, number or list.")
        value = None
    return Leaf(value, _place(path, node), path.parent)


def _place(path: Path, node: yaml.Node) -> str:
    """Return the file and line of a YAML node in words."""
    return f"{path} line {node.start_mark.line + 1}"

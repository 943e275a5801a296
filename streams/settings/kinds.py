"""The kinds of value that a setting can have: how each is read, limited, shown and described.

A kind reads one node of the configuration tree.  What it cannot accept it adds to the list of faults
as one sentence (where, which setting, the value, the limit, what to change) and returns ``None``.
"""

from __future__ import annotations

import difflib
import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from streams.settings.durations import format_duration, parse_duration
from streams.settings.secrets import HIDDEN
from streams.settings.tree import Branch, Leaf, Node

T = TypeVar("T")


class Refused(Exception):  # noqa: N818  a value that a kind refuses, never seen outside this package
    """Carries the limit that a value breaks and what to write instead."""

    def __init__(self, limit: str, change: str) -> None:
        """Take both as parts of a sentence."""
        super().__init__(change if change.endswith(("?", ".")) else f"{change}.")
        self.limit = limit


def nearest(name: str, known: Sequence[str]) -> str:
    """Return the known name that was most likely meant: a near spelling, or one that begins so; empty if none."""
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    begun = [candidate for candidate in known if len(name) > 3 and candidate.startswith(name.lower())]  # noqa: PLR2004
    return (near or begun or [""])[0]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean X?`` for the nearest known name, else the list of known names."""
    names = list(known)
    near = nearest(name, names)
    return f"did you mean {near}?" if near else "known are " + ", ".join(names) + "."


def refuse_unknown(branch: Branch, prefix: str, known: Iterable[str], faults: list[str]) -> None:
    """Add a fault for every name left in the branch; the known ones have been taken out before."""
    names = list(known)
    for name, node in branch.children.items():
        faults.append(f"{node.where}: unknown setting {prefix}{name}; {did_you_mean(name, names)}")


def shown(value: object) -> str:
    """Return a value as it is shown in a fault: short, on one line."""
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    text = " ".join(text.split())
    return repr(text) if text == "" else text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004


class Kind(Generic[T]):
    """How the values of one setting look."""

    title: str = ""
    """The type as the documentation names it."""
    secret: bool = False

    @property
    def constraint(self) -> str:
        """The limit in words, empty if there is none beyond the type."""
        return ""

    @abstractmethod
    def read(self, node: Node, name: str, faults: list[str]) -> T | None:
        """Return the value of a node, or add what is wrong to ``faults`` and return None."""

    def plain(self, value: T) -> object:
        """Return the value as it would be written in YAML."""
        return value


class Scalar(Kind[T]):
    """A setting with one value."""

    def read(self, node: Node, name: str, faults: list[str]) -> T | None:
        """Return the converted value; a refusal becomes a fault."""
        if isinstance(node, Branch):
            faults.append(f"{node.where}: {name} has settings below it, but is {self.title}; write {name}: VALUE.")
            return None
        value = node.resolved()
        try:
            return self.convert(value, node)
        except Refused as refused:
            said = HIDDEN if self.secret else shown(node.value)
            faults.append(f"{node.where}: {name} is {said}, but must be {refused.limit}; {refused}")
            return None

    @abstractmethod
    def convert(self, value: object, leaf: Leaf) -> T:
        """Return the typed value or raise Refused."""


@dataclass(frozen=True)
class Text(Scalar[str]):
    """A text, optionally of one form."""

    pattern: str = ""
    limit: str = "a text that is not empty"
    change: str = "write a text"
    secret: bool = False
    title = "text"

    @property
    def constraint(self) -> str:
        """The form that the text must have."""
        return self.limit if self.pattern else ""

    def convert(self, value: object, leaf: Leaf) -> str:
        """Return the text as it was written: an environment value of digits stays those digits."""
        text = leaf.value if leaf.as_text else value
        if isinstance(text, int | float) and not isinstance(text, bool) and not self.secret:
            text = str(text)
        if not isinstance(text, str) or not text.strip():
            change = 'put it in quotes, as in "1234"' if self.secret else self.change
            raise Refused(self.limit, change)
        if self.pattern and re.fullmatch(self.pattern, text) is None:
            raise Refused(self.limit, self.change)
        return text


@dataclass(frozen=True)
class Choice(Scalar[str]):
    """One of a few words."""

    options: tuple[str, ...]
    title = "choice"

    @property
    def constraint(self) -> str:
        """The words."""
        return "one of " + ", ".join(self.options)

    def convert(self, value: object, leaf: Leaf) -> str:
        """Return the option; case does not matter."""
        del leaf
        for option in self.options:
            if isinstance(value, str) and value.lower() == option.lower():
                return option
        raise Refused(self.constraint, "choose one of them")


@dataclass(frozen=True)
class Flag(Scalar[bool]):
    """True or false."""

    title = "true or false"

    def convert(self, value: object, leaf: Leaf) -> bool:
        """Return the truth value."""
        del leaf
        if not isinstance(value, bool):
            raise Refused("true or false", "write true or false")
        return value


@dataclass(frozen=True)
class Whole(Scalar[int]):
    """A whole number between two limits, both allowed."""

    least: int
    most: int
    title = "whole number"

    @property
    def constraint(self) -> str:
        """The two limits."""
        return f"{self.least} to {self.most}"

    def convert(self, value: object, leaf: Leaf) -> int:
        """Return the number."""
        del leaf
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            raise Refused(f"a whole number from {self.least} to {self.most}", "write a number in this range")
        return value


@dataclass(frozen=True)
class Duration(Scalar[int]):
    """A length of time, held as milliseconds."""

    least: str = "1ms"
    most: str = "3650d"
    title = "duration"

    @property
    def constraint(self) -> str:
        """The two limits in words."""
        low = "more than 0s" if self.least == "1ms" else f"at least {self.least}"
        return low if self.most == "3650d" else f"{low}, at most {self.most}"

    def convert(self, value: object, leaf: Leaf) -> int:
        """Return the milliseconds."""
        del leaf
        try:
            duration_ms = parse_duration(value)
        except ValueError:
            raise Refused("a duration", "write a number with ms, s, m, h or d, such as 30s") from None
        if not parse_duration(self.least) <= duration_ms <= parse_duration(self.most):
            raise Refused(self.constraint, "write a duration in this range")
        return duration_ms

    def plain(self, value: int) -> object:
        """Return the duration as text."""
        return format_duration(value)


@dataclass(frozen=True)
class File(Scalar[Path]):
    """A path; relative ones start at the configuration file's folder, or at the working folder."""

    title = "path"

    def convert(self, value: object, leaf: Leaf) -> Path:
        """Return the path, not yet opened."""
        text = leaf.value if leaf.as_text else value
        if not isinstance(text, str) or not text.strip():
            raise Refused("a path", "write the path of a file")
        return leaf.folder / Path(text).expanduser()

    def plain(self, value: Path) -> object:
        """Return the path as text."""
        return str(value)


@dataclass(frozen=True)
class Names(Scalar[tuple[str, ...]]):
    """A list of texts, written as a YAML list or with commas."""

    pattern: str = ""
    limit: str = ""
    change: str = ""
    options: tuple[str, ...] = ()
    may_be_empty: bool = False
    title = "list"

    @property
    def constraint(self) -> str:
        """What each name may be."""
        return "names out of " + ", ".join(self.options) if self.options else self.limit

    def convert(self, value: object, leaf: Leaf) -> tuple[str, ...]:
        """Return the names in the order given, each once."""
        del leaf
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise Refused("a list of names", "write them as [one, two] or one, two")
        names = tuple(dict.fromkeys(part.strip() for part in parts))
        for name in names:
            if self.options and name not in self.options:
                raise Refused(
                    f"a list of {self.constraint}", f"{name} is none of them, {did_you_mean(name, self.options)}"
                )
            if self.pattern and re.fullmatch(self.pattern, name) is None:
                raise Refused(self.limit, self.change)
        if not names and not self.options and not self.may_be_empty:
            raise Refused(self.limit, self.change)
        return names

    def plain(self, value: tuple[str, ...]) -> object:
        """Return a YAML list."""
        return list(value)


@dataclass(frozen=True)
class WindowPerKind(Kind[Mapping[str, int]]):
    """A duration for each kind of voucher; ``default`` stands for the kinds without a value of their own."""

    kinds: tuple[str, ...]
    own: Mapping[str, int]
    """The kinds with a default of their own, in milliseconds; ``default`` does not change these."""
    usual_ms: int
    title = "duration, or durations by kind"

    @property
    def constraint(self) -> str:
        """The limits in words."""
        return "each more than 0s and more than stall_after; keys: default, " + ", ".join(self.kinds)

    def read(self, node: Node, name: str, faults: list[str]) -> Mapping[str, int] | None:
        """Return milliseconds for every kind."""
        one = Duration()
        name_of: dict[str, str] = {}
        node = node.opened()
        if isinstance(node, Leaf):
            node = Branch(node.where, {"default": node})
            name_of["default"] = name
        before = len(faults)
        given: dict[str, int] = {}
        for key in ("default", *self.kinds):
            child = node.take(key)
            if child is not None:
                value = one.read(child, name_of.get(key, f"{name}.{key}"), faults)
                given[key] = 0 if value is None else value
        refuse_unknown(node, f"{name}.", ("default", *self.kinds), faults)
        if len(faults) > before:
            return None
        usual = given.get("default", self.usual_ms)
        return {kind: given.get(kind, self.own.get(kind, usual)) for kind in self.kinds}

    def plain(self, value: Mapping[str, int]) -> object:
        """Return the duration of every kind as text."""
        return {kind: format_duration(length) for kind, length in value.items()}

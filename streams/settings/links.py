"""The two settings with names of the customer's own: host links and field maps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from streams.core.policy import COMPARABLE_FIELDS
from streams.core.wire import Body
from streams.settings.dialect_names import DialectName
from streams.settings.kinds import Flag, Kind, Names, Text, did_you_mean, refuse_unknown
from streams.settings.maintenance import CutOvers
from streams.settings.tree import Branch, Leaf, Node

MAX_LINKS = 20
"""Links are values of a metric label, and a label must stay small."""

_OF_A_LINK = ("batch_in_key", "compare_fields", "dialect", "institution", "cut_over")
CANONICAL_FIELDS = tuple(Body.__struct_fields__)


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """What one link has otherwise than the top level; None follows the top level."""

    batch_in_key: bool | None = None
    compare_fields: tuple[str, ...] | None = None
    dialect: str | None = None
    institution: str | None = None
    cut_over: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Links(Kind[Mapping[str, LinkSettings]]):
    """Host links by name, each with the settings in which it differs."""

    title = "links by name"

    @property
    def constraint(self) -> str:
        """The limits in words."""
        return f"at most {MAX_LINKS} names of 1 to 32 characters; below each: {', '.join(_OF_A_LINK)}"

    def read(self, node: Node, name: str, faults: list[str]) -> Mapping[str, LinkSettings] | None:
        """Return what was said for each link."""
        node = node.opened()
        if isinstance(node, Leaf):
            faults.append(
                f"{node.where}: {name} is {node.value}, but must be links by name; write {name}: {{NAME: {{}}}}."
            )
            return None
        found: dict[str, LinkSettings] = {}
        for link, child in node.children.items():
            if re.fullmatch(r"[^\s\"\\]{1,32}", link) is None or link == "other":
                faults.append(
                    f"{child.where}: {name} has a link called {link!r}, but a name is 1 to 32 characters without"
                    " blanks, quotes or backslashes and not other; rename it."
                )
            found[link] = _read_link(child, f"{name}.{link}", faults)
        if len(found) > MAX_LINKS:
            faults.append(
                f"{node.where}: {name} names {len(found)} links, but at most {MAX_LINKS} can be told apart in metrics;"
                " remove the smallest, they count as other."
            )
        return found

    def plain(self, value: Mapping[str, LinkSettings]) -> object:
        """Return what was said for each link, and nothing else."""
        return {link: _plain_link(settings) for link, settings in value.items()}


def _plain_link(settings: LinkSettings) -> dict[str, object]:
    """Return the settings of one link that differ from the top level."""
    plain: dict[str, object] = {}
    if settings.batch_in_key is not None:
        plain["batch_in_key"] = settings.batch_in_key
    if settings.compare_fields is not None:
        plain["compare_fields"] = list(settings.compare_fields)
    if settings.dialect is not None:
        plain["dialect"] = settings.dialect
    if settings.institution is not None:
        plain["institution"] = settings.institution
    if settings.cut_over is not None:
        plain["cut_over"] = list(settings.cut_over)
    return plain


def _read_link(node: Node, name: str, faults: list[str]) -> LinkSettings:
    """Return the settings of one link; an empty value names a link without differences."""
    node = node.opened()
    if isinstance(node, Leaf):
        if node.resolved() is not None:
            faults.append(f"{node.where}: {name} is {node.value}, but must hold settings; write {name}: {{}}.")
        return LinkSettings()
    batch, fields, dialect, institution, cut_over = (node.take(key) for key in _OF_A_LINK)
    refuse_unknown(node, f"{name}.", _OF_A_LINK, faults)
    return LinkSettings(
        None if batch is None else Flag().read(batch, f"{name}.batch_in_key", faults),
        None if fields is None else Names(options=COMPARABLE_FIELDS).read(fields, f"{name}.compare_fields", faults),
        None if dialect is None else DialectName().read(dialect, f"{name}.dialect", faults),
        None if institution is None else Text().read(institution, f"{name}.institution", faults),
        None if cut_over is None else CutOvers().read(cut_over, f"{name}.cut_over", faults),
    )


@dataclass(frozen=True)
class FieldMap(Kind[Mapping[str, Mapping[str, str]]]):
    """For each source, the customer's JSON names and the canonical fields that they stand for."""

    title = "names by source"

    @property
    def constraint(self) -> str:
        """The limits in words."""
        return "keys: terminal, host; below each, their name: our name, each of our names once"

    def read(self, node: Node, name: str, faults: list[str]) -> Mapping[str, Mapping[str, str]] | None:
        """Return source -> their name -> our name."""
        node = node.opened()
        if isinstance(node, Leaf):
            faults.append(f"{node.where}: {name} is {node.value}, but must hold terminal and host; write {name}: {{}}.")
            return None
        found: dict[str, Mapping[str, str]] = {}
        for source in ("terminal", "host"):
            child = node.take(source)
            if isinstance(child, Branch):
                found[source] = _read_names(child, f"{name}.{source}", faults)
            elif child is not None:
                faults.append(
                    f"{child.where}: {name}.{source} is {child.value}, but must be names; write their_name: our_name."
                )
        refuse_unknown(node, f"{name}.", ("terminal", "host"), faults)
        return found

    def plain(self, value: Mapping[str, Mapping[str, str]]) -> object:
        """Return plain mappings."""
        return {source: dict(names) for source, names in value.items()}


def _read_names(branch: Branch, name: str, faults: list[str]) -> dict[str, str]:
    """Return their name -> our name of one source; two names for one field are a fault."""
    found: dict[str, str] = {}
    for theirs, leaf in branch.children.items():
        if isinstance(leaf, Branch):
            faults.append(
                f"{leaf.where}: {name}.{theirs} has names below it, but only names at the top of the JSON object"
                " can be mapped; write their_name: our_name."
            )
            continue
        ours = str(leaf.resolved())
        if ours not in CANONICAL_FIELDS:
            faults.append(
                f"{leaf.where}: {name}.{theirs} is {ours}, but must be a field of the event;"
                f" {did_you_mean(ours, CANONICAL_FIELDS)}"
            )
        elif ours in found.values():
            first = next(known for known, field in found.items() if field == ours)
            faults.append(f"{leaf.where}: {name}.{theirs} is {ours}, but {first} is {ours} already; keep one of them.")
        found[theirs] = ours
    return found

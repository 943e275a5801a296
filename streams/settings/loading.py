"""Puts file, environment and ``--set`` together and returns settings, or every fault at once."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streams.errors import ConfigurationError, UnreachableError
from streams.settings.checks import cross_check
from streams.settings.codes import read_codes, shipped_codes
from streams.settings.declarations import Settings, declared
from streams.settings.kinds import did_you_mean, nearest
from streams.settings.secrets import secret_node
from streams.settings.tree import Branch, Leaf, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PREFIX = "VOUCHERWATCH_"
CONFIG_VARIABLE = "VOUCHERWATCH_CONFIG"
"""Names the configuration file where no option can: ``faust -A streams.app worker``."""
_NOT_SETTINGS = frozenset(
    {
        CONFIG_VARIABLE,
        "VOUCHERWATCH_REQUIRE_ALL",
        "VOUCHERWATCH_COMPILE",
        "VOUCHERWATCH_INTERPRETED",
        "VOUCHERWATCH_TEST_COMPILED",
    }
)
# Kubernetes adds such variables for a service "voucherwatch" or "voucherwatch-relay" to every container beside it.
_SERVICE_VARIABLE = re.compile(r"VOUCHERWATCH_(RELAY_)?(SERVICE_(HOST|PORT\w*)|PORT(_\d+_(TCP|UDP)\w*)?)")


def load_settings(
    path: Path | None,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] = os.environ,
    *,
    live: bool = True,
) -> Settings:
    """Return the settings of a file (None: defaults), then environment, then ``KEY=VALUE`` overrides.

    ``live=False`` is for a file replay: faults of settings that act on a live stream alone are not
    looked for.  Raises ConfigurationError with all faults, and UnreachableError for an unreadable file.
    """
    faults: list[str] = []
    tree = Branch("the configuration") if path is None else read_file(path, faults)
    for name, text in sorted(environ.items()):
        if name.startswith(PREFIX) and name not in _NOT_SETTINGS and not _SERVICE_VARIABLE.fullmatch(name):
            key = name.removeprefix(PREFIX).lower().replace("__", ".")
            _put(tree, key, Leaf(text, f"environment variable {name}", Path.cwd(), as_text=True), faults)
    for override in overrides:
        key, sign, text = override.partition("=")
        if not sign or not key.strip():
            faults.append(f"--set {override}: there is no value; write --set KEY=VALUE.")
            continue
        _put(tree, key.strip(), Leaf(text, "--set", Path.cwd(), as_text=True), faults)
    origins = dict(_origins(tree))
    refused: set[str] = set()
    values = dict(_values(tree, faults, refused))
    _refuse_unknown(tree, faults)
    codes = _codes(values.get("response_codes"), faults)
    settings = Settings(**values, codes=codes, origins=origins)
    cross_check(settings, faults, live=live, refused=refused)
    if faults:
        raise ConfigurationError(faults)
    return settings


def _origins(tree: Branch) -> Iterator[tuple[str, str]]:
    """Yield where each name was written; a secret stands where the name of its file stands."""
    secrets = {f"{setting.key}_file": setting.key for setting in declared() if setting.kind.secret}
    for name, leaf in tree.leaves():
        yield secrets.get(name, name), leaf.where


def _put(tree: Branch, key: str, leaf: Leaf, faults: list[str]) -> None:
    """Lay one override over the tree; a name with an empty part is a fault."""
    path = key.split(".")
    if all(path):
        tree.put(path, leaf)
    else:
        faults.append(f"{leaf.where}: {key} is not a setting's name; write names joined by single dots.")


def _values(tree: Branch, faults: list[str], refused: set[str]) -> Iterator[tuple[str, Any]]:
    """Take every declared setting out of the tree and yield attribute and value of those given."""
    for setting in declared():
        branch, _, name = setting.key.rpartition(".")
        inside = tree.children.get(branch) if branch else tree
        if not isinstance(inside, Branch):
            continue
        node = inside.take(name)
        if setting.kind.secret:
            before = len(faults)
            node = secret_node(setting.key, node, inside.take(f"{name}_file"), faults)
            refused |= {setting.key} if len(faults) > before else set()
        if node is None:
            continue
        value = setting.kind.read(node, setting.key, faults)
        if value is not None:
            yield setting.attribute, value
        else:
            refused.add(setting.key)


def _refuse_unknown(tree: Branch, faults: list[str]) -> None:
    """Add a fault for every name that no declaration took."""
    keys = [setting.key for setting in declared()]
    keys += [f"{setting.key}_file" for setting in declared() if setting.kind.secret]
    groups = {key.partition(".")[0] for key in keys if "." in key}
    top = [key for key in keys if "." not in key] + sorted(groups)
    for name, node in tree.children.items():
        if name in groups and isinstance(node, Branch):
            known = [key.partition(".")[2] for key in keys if key.startswith(f"{name}.")]
            faults.extend(
                f"{child.where}: unknown setting {name}.{below}; {did_you_mean(below, known)}"
                for below, child in node.children.items()
            )
        elif name in groups:
            said = node.value if isinstance(node, Leaf) else ""
            if said is not None:
                faults.append(f"{node.where}: {name} is {said}, but holds settings; write {name}: and names below it.")
        else:
            faults.append(f"{node.where}: unknown setting {name}; {_suggestion(name, top)}")


def _suggestion(name: str, known: Sequence[str]) -> str:
    """Return the nearest setting, or where the settings are listed: there are too many for a sentence."""
    near = nearest(name, known)
    return f"did you mean {near}?" if near else "docs/configuration.md lists the settings."


def _codes(path: Path | None, faults: list[str]) -> Mapping[str, Any]:
    """Return the response-code table; its faults join the others."""
    if path is None:
        return shipped_codes()
    try:
        return read_codes(path)
    except ConfigurationError as error:
        faults.extend(error.faults)
    except UnreachableError as error:
        faults.append(f"{error} Mend the setting response_codes.")
    return {}

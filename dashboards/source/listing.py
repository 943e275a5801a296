"""Every query of a dashboard as Prometheus takes it, its macros and variables replaced; needs nothing but Python."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER: Final = Path(__file__).resolve().parents[1]
_MACRO: Final = re.compile(r"\$\{?(\w+)\}?")
_LABEL_VALUES: Final = re.compile(r"label_values\((?P<selector>.+),\s*(?P<label>\w+)\)")


@dataclass(frozen=True, slots=True)
class Listed:
    """One query: where it stands, what it asks, and what its answer must be able to show."""

    dashboard: str
    """The uid."""
    place: str
    """Such as ``panel 7 Money at risk, query A`` or ``variable kind``."""
    expr: str
    """PromQL; of a variable the selector whose series have the label."""
    instant: bool = False
    label: str = ""
    """Of a variable the label whose values it offers."""
    panel: int | None = None
    legend: str = ""


def read_all(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """Return every committed dashboard by its file name without ending."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def panels(dashboard: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the panels of a dashboard, those of folded rows included, the rows themselves left out."""
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", ())


def listed(dashboard: Mapping[str, Any], *, rate_interval: str, shown: str) -> list[Listed]:
    """Return every query of panels, variables and annotations of one dashboard.

    ``rate_interval`` and ``shown`` stand for ``$__rate_interval`` and ``$__range``, as in ``1m``.  A variable
    that offers several values stands for all of them.  Raises ``ValueError`` for a macro that is not known.
    """
    values = {"__rate_interval": rate_interval, "__range": shown}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            values[variable["name"]] = variable["allValue"]
    uid = dashboard["uid"]
    found = []
    for panel in panels(dashboard):
        where = f"panel {panel['id']} {panel['title']}"
        found += [
            Listed(
                uid,
                f"{where}, query {target['refId']}",
                replaced(target["expr"], values),
                instant=target["instant"],
                panel=panel["id"],
                legend=target.get("legendFormat", ""),
            )
            for target in panel["targets"]
        ]
    found += [_of_variable(uid, one, values) for one in dashboard["templating"]["list"] if one["type"] == "query"]
    found += [
        Listed(uid, f"annotation {one['name']}", replaced(one["expr"], values))
        for one in dashboard["annotations"]["list"]
    ]
    return found


def replaced(text: str, values: Mapping[str, str]) -> str:
    """Return a text with each ``$name`` and ``${name}`` replaced; raises ``ValueError`` for an unknown one."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise ValueError(f"{match[0]} in {text!r} is neither a variable of the dashboard nor a known macro")
        return values[match[1]]

    return _MACRO.sub(value, text)


def _of_variable(uid: str, variable: Mapping[str, Any], values: Mapping[str, str]) -> Listed:
    parts = _LABEL_VALUES.fullmatch(variable["query"])
    if parts is None:
        raise ValueError(f"variable {variable['name']} asks {variable['query']!r}, which is no label_values(...)")
    selector = replaced(parts["selector"], values)
    return Listed(uid, f"variable {variable['name']}", selector, instant=True, label=parts["label"])

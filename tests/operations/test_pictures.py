"""The pictures of the dashboards show the panels that there are, and say what they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from dashboards.source.listing import panels, read_all
from tests.contracts.repository import ROOT
from tests.operations.drawing import Answered, cut, picture, title_width
from tests.operations.drawn_values import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

DASHBOARDS = read_all()


def texts(svg: str) -> list[str]:
    """Return every text of a picture."""
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314  our own


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_committed_picture_is_of_its_dashboard(name: str) -> None:
    """Every panel that is not folded is in it by its title, and the last line says that nobody rendered it."""
    said = texts((ROOT / "docs" / "images" / f"dashboard-{name}.svg").read_text(encoding="utf-8"))
    titles = [cut(one["title"], title_width(one)) for one in DASHBOARDS[name]["panels"] if one["type"] != "row"]
    assert [title for title in titles if title not in said] == [], "draw them again: make pictures"
    assert "not a screenshot of Grafana" in said[-1]
    assert "NaN" not in "".join(said)


def answered(panel: dict[str, Any]) -> Sequence[Answered]:
    """Return for each query of a panel one series that falls from 5 to 2, or the value 2 of this moment."""
    found = []
    for target in panel["targets"]:
        series: dict[str, Any] = {"metric": {"kind": "mismatch", "currency": "CNY", "severity": "critical"}}
        series |= {"value": [60, "2"]} if target["instant"] else {"values": [[0, "5"], [30, "NaN"], [60, "2"]]}
        found.append(Answered(target.get("legendFormat", ""), [series]))
    return found


@pytest.mark.parametrize("name", DASHBOARDS)
def test_answers_become_figures_lines_and_rows(name: str) -> None:
    """Newest and highest values, names from labels, kinds in both languages; what is no number is left out."""
    answers = {panel["id"]: answered(panel) for panel in panels(DASHBOARDS[name])}
    said = texts(picture(DASHBOARDS[name], answers, "at the end"))
    assert said[-1] == "at the end"
    assert {"last", "max"} <= set(said)
    assert not [text for text in said if "nan" in text.lower() or "{{" in text]
    if name == "anomalies":
        assert "mismatch 内容不一致" in said


def test_a_dashboard_without_answers_is_drawn_too() -> None:
    """Nothing is 0, or what the panel says for nothing."""
    said = texts(picture(DASHBOARDS["overview"], {}, ""))
    assert "no traffic / 无流量" in said


@pytest.mark.parametrize(
    ("value", "unit", "digits", "words"),
    [
        (0.99754, "percentunit", 2, "99.75 %"),
        (0.0, "s", None, "0"),
        (0.25, "s", None, "250 ms"),
        (5_400, "s", None, "1.5 h"),
        (3 * 2**20, "bytes", None, "3.0 MiB"),
        (1_234.5, "locale", None, "1,234.50"),
        (8.04, "none", 0, "8"),
        (12.0, "cpm", None, "12.0/min"),
    ],
)
def test_values_are_shown_with_their_unit(value: float, unit: str, digits: int | None, words: str) -> None:
    """As a reader would write them."""
    assert shown(value, unit, digits) == words

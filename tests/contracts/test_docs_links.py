"""No page sends its reader to a place that is not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.contracts.docs_pages import pages, prose
from tests.contracts.repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchor(heading: str) -> str:
    """Return the anchor that code forges give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def broken(page: Path) -> list[str]:
    """Return the links of a page that lead to no file or no heading."""
    found = []
    for target in LINK.findall(prose(page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, place = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        headings = HEADING.findall(prose(file.read_text())) if place and file.exists() else []
        if not file.exists() or (place and place not in map(anchor, headings)):
            found.append(target)
    return found


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Files exist, and so do the headings that links name."""
    assert broken(page) == []


def test_every_page_is_linked() -> None:
    """A page that no other page names is found by nobody."""
    named = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in pages()
        for target in LINK.findall(prose(page.read_text()))
        if not re.match(r"[a-z]+:|#", target)
    }
    alone = [page for page in pages() if page not in named and page.parent != ROOT]
    assert [str(page.relative_to(ROOT)) for page in alone] == []


def test_headings_named_in_code_exist() -> None:
    """Error sentences that name a heading of the operations page name one that is there."""
    headings = set(HEADING.findall((ROOT / "docs" / "operations.md").read_text()))
    quoted = {
        name
        for path in (ROOT / "streams").rglob("*.py")
        for name in re.findall(r"'([^'\n]+)' in docs/operations\.md", path.read_text())
    }
    assert quoted
    assert quoted <= headings


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    """A missing file and a missing heading are both told."""
    page = tmp_path / "page.md"
    page.write_text("# One place\n[a](none.md) [b](#one-place) [c](#two) [d](https://host/x)\n")
    assert broken(page) == ["none.md", "#two"]

"""Generated pages and blocks say what the code says now."""

from __future__ import annotations

import re

import pytest

from docs.generate import examples
from docs.generate.pages import BLOCKS, generated
from streams.core.anomaly import KINDS
from tests.contracts.docs_pages import pages
from tests.contracts.repository import ROOT

GENERATED = generated()
FRESH = {str(path.relative_to(ROOT)): (path, text) for path, text in GENERATED.items()}


@pytest.mark.parametrize("name", FRESH)
def test_a_generated_page_is_fresh(name: str) -> None:
    """``python -m docs.generate`` would change nothing."""
    path, text = FRESH[name]
    assert path.read_text() == text, "stale: run python -m docs.generate"


def test_every_block_is_closed() -> None:
    """A block that is opened and not closed would never be written again."""
    for page in pages():
        text = page.read_text()
        opened = re.findall(r"<!-- generated: (\S+)", text)
        assert opened == re.findall(r"<!-- end of (\S+) -->", text), page
        assert set(opened) <= set(BLOCKS), page


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(examples.LIVE)))
def test_an_example_shows_its_kind(kind: str) -> None:
    """Each kind that files can show has two files that lead to one record of it."""
    assert f'"kind": "{kind}"' in examples.record(kind)

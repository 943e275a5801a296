"""How every alert reads: golden, refreshed by ``python -m tests.operations.texts``.

Prometheus writes the texts itself, from the rules' templates and a story's metrics; read the difference before it is
committed.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

import yaml

from tests.operations import programs
from tests.operations.run_story import complaint
from tests.operations.stories import STORIES
from tests.operations.story import ALWAYS, AlertText, Story, Texts

GOLDEN: Final = Path(__file__).with_name("texts.golden.yml")
_BLOCK: Final = re.compile(r"alertname: (\w+), time: (\w+),\s+exp:\[\s*\],\s+got:\[(.*?)\n\s+\]\n", re.DOTALL)
_ALERT: Final = re.compile(r"Labels:\{(.*)\}\s+Annotations:\{(.*)\}")
_PAIR: Final = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*")')


def witnesses() -> dict[str, tuple[Story, str]]:
    """Return alert name -> the first story in which it fires, and the time at which most of it does."""
    found: dict[str, tuple[Story, str]] = {}
    for story in STORIES:
        for name in dict.fromkeys(f"Voucherwatch{alert}" for firing in story.firing.values() for alert, _ in firing):
            found.setdefault(name, (story, max(story.firing, key=lambda time: _many(story, time, name))))
    return found


def _many(story: Story, time: str, name: str) -> int:
    return sum(many for (alert, _), many in story.firing[time].items() if f"Voucherwatch{alert}" == name)


def golden() -> Texts:
    """Return what the file says: alert name -> each alert's labels and annotations."""
    read: Texts = yaml.safe_load(GOLDEN.read_text())
    return read


def texts_of(story: Story) -> dict[tuple[str, str], list[AlertText]]:
    """Return what is expected of the texts in one story: (time, alert name) -> the alerts."""
    told = golden()
    return {(time, name): told[name] for name, (witness, time) in witnesses().items() if witness is story}


def _rendered(story: Story, asked: dict[tuple[str, str], list[AlertText]], promtool: Path) -> Texts:
    """Return the texts of one story as promtool renders them: what it holds against our expecting none."""
    with tempfile.TemporaryDirectory() as folder:
        said = complaint(promtool, story, Path(folder), asked)
    found: Texts = {}
    for name, _, block in _BLOCK.findall(said):
        found[name] = [
            {"labels": _pairs(labels), "annotations": _pairs(texts)} for labels, texts in _ALERT.findall(block)
        ]
        for alert in found[name]:
            del alert["labels"]["alertname"]
    return found


def _pairs(text: str) -> dict[str, str]:
    return {name: json.loads(quoted) for name, quoted in _PAIR.findall(text)}


def main() -> int:
    """Write the golden file anew."""
    asked: dict[int, dict[tuple[str, str], list[AlertText]]] = {}
    for name, (story, time) in witnesses().items():
        asked.setdefault(STORIES.index(story), {})[time, name] = []
    found: Texts = {}
    promtool = programs.programs().promtool
    for number, wanted in asked.items():
        found |= _rendered(STORIES[number], wanted, promtool)
    GOLDEN.write_text(yaml.safe_dump(dict(sorted(found.items())), allow_unicode=True, width=1_000_000))
    missing = witnesses().keys() - found.keys()
    sys.stdout.write(f"wrote {GOLDEN.name}: {len(found)} alerts, without {ALWAYS}, whose text is in its rule\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

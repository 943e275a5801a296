"""Lives of vouchers as stories; ``python -m tests.unit.cli.life_stories`` writes their pages again."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streams.cli.explain.moments import Zone
from streams.cli.explain.page import Page
from streams.cli.explain.words import Words
from streams.cli.shape import Language
from streams.replay.life.account import Question
from streams.replay.life.files import life_in_files
from streams.replay.life.topics import Spread, life_in_topics
from streams.settings import load_settings, shipped_codes
from streams.testing import START_MS, timeline
from tests.unit.replay.topics import ListReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.wire import RawRecord
    from streams.replay.life.account import Life

GOLDEN = Path(__file__).with_name("lives")
POLICY = load_settings(None, (), {}, live=False).policy()
TERMINAL_ID = "T0000001"
HOUR_MS = 3_600_000
COMMON = "rrn=306123000042 card=622588******0015 batch_number=31"
SALE_PAIR = f"t=1 terminal sale 000042 00 {COMMON}\nt=0.4 host sale 42 00 {COMMON} auth_code=104412"
LATER = "t=900 terminal status\nt=900 host status"


class LifeLists(ListReader):
    """Topics made of lists, the anomaly topic among them."""

    anomaly_topic = "voucher-anomalies"

    def __init__(
        self, *, deleted: dict[tuple[int, int], int] | None = None, anomalies: list[Any] | None = None
    ) -> None:
        """Two partitions; ``anomalies`` are published records, ``None`` for a topic that is not there."""
        super().__init__(2, deleted)
        self._anomalies = anomalies

    def published(self, partition: int, from_ms: int) -> Iterator[list[RawRecord]] | None:
        """Return all published records in one fetch."""
        del partition
        if self._anomalies is None:
            return None
        values = [json.dumps(record).encode() for record in self._anomalies]
        fetch: list[RawRecord] = [(offset, from_ms, b"id", value) for offset, value in enumerate(values)]
        return iter([fetch])


@dataclass(frozen=True)
class Story:
    """What came, what is asked, and from where it is read: files, or topics at ``now_s`` seconds."""

    text: str
    number: str = "42"
    batch: str | None = None
    flush: bool = False
    now_s: float | None = None
    from_s: float = -86_400
    to_s: float | None = None
    deleted: dict[tuple[int, int], int] = field(default_factory=dict)
    anomalies: list[dict[str, Any]] | None = None


STORIES = {
    "matched": Story(
        f"t=1 terminal sale 000042 00 {COMMON} event_time=2026-03-02T07:59:58.500+08:00 link=north\n"
        f"t=0.4 host sale 42 00 {COMMON} auth_code=104412\n"
        f"t=2 host again h1"
    ),
    "waiting": Story(f"t=1 terminal sale 42 00 {COMMON}\nt=20 host status\nt=20 terminal status"),
    "orphan": Story(f"t=1 terminal sale 42 00 {COMMON} currency=JPY\n{LATER}"),
    "mismatch": Story(f"t=1 terminal sale 42 00 {COMMON}\nt=0.4 host sale 42 00 {COMMON} amount=21800"),
    "reversed": Story(
        "t=1 terminal sale 42 unknown batch_number=31\nt=0.4 host sale 42 00\n"
        "t=30 terminal reversal 42 00 original.voucher_number=42 original.batch_number=31\n"
        f"t=29.5 host reversal 42 00 original.voucher_number=42\n{LATER}"
    ),
    "reversal_pending": Story(
        "t=5 terminal sale 42 unknown\nt=0.4 host sale 42 09\nt=3 host sale 42 00\n"
        "t=200 terminal status\nt=200 host status"
    ),
    "denied_void": Story(
        f"{SALE_PAIR}\nt=300 terminal void 50 25 original.voucher_number=42 original.batch_number=31\n"
        f"t=299 host void 50 25 original.voucher_number=42\n{LATER}",
        batch="000031",
    ),
    "late": Story(f"t=1 terminal sale 42 00 {COMMON}\nt=100 host sale 42 00 {COMMON}\n{LATER}"),
    "duplicate": Story(f"{SALE_PAIR}\nt=10 terminal sale 42 00 {COMMON} amount=500\n{LATER}"),
    "void": Story(
        f"{SALE_PAIR}\nt=300 terminal void 50 00 original.voucher_number=42\nt=299 host void 50 00\n{LATER}",
        number="50",
    ),
    "never_seen": Story(f"{SALE_PAIR}\nt=5 terminal sale 24 51\nt=5 host sale 24 51\n{LATER}", number="000043"),
    "other_batch": Story(SALE_PAIR, batch="7"),
    "bad_record": Story("t=1 terminal sale 42 00\nt=1 host sale 42 00 currency=12\nt=2 host status"),
    "topics_orphan": Story(
        f"t=1 terminal sale 42 00\n{LATER}",
        now_s=960,
        anomalies=[
            {
                "id": "of another voucher",
                "revision": 1,
                "voucher": {"terminal_id": TERMINAL_ID, "voucher_number": "41", "batch_number": None},
                "original": None,
                "legs": {"terminal": None, "host": None},
            }
        ],
    ),
    "topics_unsettled": Story("t=930 terminal sale 42 00\nt=935 host status", now_s=940),
    "topics_expired": Story(f"{SALE_PAIR}\n{LATER}", now_s=960, deleted={(0, 0): 1, (1, 0): 1}),
    "topics_silent": Story("t=1 host status\nt=1..200/5 terminal status", now_s=960, number="43", from_s=-3_600),
    "topics_not_in_range": Story(f"t=0 host status\n{SALE_PAIR}\n{LATER}", now_s=2_000, from_s=100, to_s=800),
}


def lines_of(story: Story, folder: Path) -> tuple[list[Path], list[Path]]:
    """Write a story as files with ``received_at`` and return them."""
    paths = folder / "terminal.jsonl", folder / "host.jsonl"
    steps = sorted(timeline(story.text).steps, key=lambda step: step.at_ms)
    for source, path in enumerate(paths):
        values = [({"received_at": s.at_ms} | json.loads(s.value or b"{}")) for s in steps if s.source == source]
        path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return [paths[0]], [paths[1]]


def life_of(story: Story) -> Life:
    """Tell a story's life, from files in the working folder or from lists."""
    question = Question(TERMINAL_ID, story.number, story.batch)
    if story.now_s is None:
        return life_in_files(lines_of(story, Path()), question, POLICY, lambda *_: None, flush=story.flush)
    reader = LifeLists(deleted=story.deleted, anomalies=story.anomalies)
    for step in sorted(timeline(story.text).steps, key=lambda step: step.at_ms):
        reader.add(step.source, step.at_ms, step.key or b"", step.value or b"")
    now_ms = START_MS + round(story.now_s * 1_000)
    to_ms = None if story.to_s is None else START_MS + round(story.to_s * 1_000)
    reach = Spread(START_MS + round(story.from_s * 1_000), to_ms, now_ms, 24 * HOUR_MS)
    return life_in_topics(reader, question, POLICY, reach, lambda *_: None)


def page_of(life: Life, language: Language, zone: str) -> str:
    """Return one page as plain text."""
    lines = Page(life, Words(language), Zone(zone), shipped_codes()).lines()
    return "".join(("  " * depth + text).rstrip() + "\n" for depth, text in lines)


def rendered(name: str) -> str:
    """Return a story's page in both languages."""
    life = life_of(STORIES[name])
    return "\n".join(page_of(life, language, "+08:00") for language in Language)


if __name__ == "__main__":
    for story_name in sys.argv[1:] or STORIES:
        with tempfile.TemporaryDirectory() as temporary, chdir(temporary):
            page = rendered(story_name)
        (GOLDEN / f"{story_name}.txt").write_text(page, encoding="utf-8")
        sys.stdout.write(f"{os.fspath(GOLDEN)}/{story_name}.txt\n")

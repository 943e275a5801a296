"""The life of a voucher from topics and the ledger on disk: what the topics have lost, and what the ledger proves."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from streams.cli.explain.ledger import ledger_look
from streams.cli.explain.words import PHRASES
from streams.cli.shape import Language
from streams.core.diagnosis.diagnosis import told
from streams.core.lane import Lane
from streams.core.masking import passes_luhn
from streams.core.partitioner import partition_of
from streams.edges.rocks_ledger import Shelf
from streams.replay.life.account import FAULTS, ORIGINS, Question
from streams.replay.life.topics import Spread, life_in_topics
from streams.settings import load_settings
from streams.testing import START_MS, run_live, timeline
from tests.unit.cli.life_stories import POLICY, TERMINAL_ID, LifeLists, page_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from streams.replay.life.account import Life

TOPICS = (("terminal-events", "id-one"), ("host-events", "id-two"))
NUMBER = partition_of(TERMINAL_ID.encode(), 2)
SALE = "t=60 terminal sale 000042 00 rrn=351426 batch_number=31\nt=60 host sale 42 00 rrn=351426 batch_number=31"
VOID = "t=300 terminal void 50 00 original.voucher_number=42\nt=301 host void 50 00 original.voucher_number=42"
REVERSED = (
    "t=100 terminal sale 60 unknown\nt=100 host sale 60 00\n"
    "t=120 terminal reversal 61 00 original.voucher_number=60\nt=120 host reversal 61 00 original.voucher_number=60"
)
ORPHAN = "t=90 terminal sale 70 00"
PAST = f"{SALE}\n{REVERSED}\n{ORPHAN}\n{VOID}"
LATER = "t=2400..7200/60 terminal status\nt=2400..7200/60 host status"
NOW_S = 7_230
HORIZON_S = 7_200
"""So that the begin of the story lies just before it."""


class Past:
    """What a worker read and forgot: its ledger in a folder, and topics that may have lost the begin of it."""

    def __init__(self, folder: Path, text: str) -> None:
        """Feed a story to a worker's lane, and write its ledger at the cut of the end."""
        steps = sorted(timeline(f"t=0 terminal status\nt=0 host status\n{text}\n{LATER}").steps, key=lambda s: s.at_ms)
        self.story = timeline("")
        self.story.steps.extend(steps)
        self.folder = folder
        shelf = Shelf(folder, "voucherwatch", lambda: TOPICS, POLICY.originals_horizon_ms, 16 << 20)
        self.ledger = shelf.ledger(NUMBER, 2)
        self.ledger.claim()
        lane = Lane(NUMBER, POLICY, partitions=2, ledger=self.ledger)
        self.said = [record.record for record in run_live(self.story, lane).changes]
        self.cut = lane.cut()
        self.ledger.seal(self.cut)
        self.ledger.write(self.cut)

    def life(
        self,
        number: str,
        *,
        batch: str | None = None,
        deleted: tuple[int, int] = (0, 0),
        from_s: int = NOW_S - HORIZON_S,
        to_s: int | None = None,
        anomalies: Sequence[dict[str, Any]] | None = (),
        topics: tuple[tuple[str, str], tuple[str, str]] = TOPICS,
    ) -> Life:
        """Tell the life of a voucher; ``deleted`` is how many records of either topic are gone."""
        gone = {(source, NUMBER): count for source, count in enumerate(deleted)}
        reader = LifeLists(deleted=gone, anomalies=None if anomalies is None else list(anomalies))
        for step in self.story.steps:
            reader.add(step.source, step.at_ms, step.key or b"", step.value or b"")
        to_ms = None if to_s is None else START_MS + to_s * 1_000
        reach = Spread(START_MS + from_s * 1_000, to_ms, START_MS + NOW_S * 1_000, HORIZON_S * 1_000)
        settings = load_settings(None, (f"ledger_dir={self.folder}",), {}, live=False)
        question, look = Question(TERMINAL_ID, number, batch), ledger_look(settings, lambda: topics)
        return life_in_topics(reader, question, POLICY, reach, lambda *_: None, look)

    def count(self, source: int, before_s: float) -> int:
        """Return how many records of a source came before a second of the story."""
        return sum(s.source == source and s.at_ms < START_MS + before_s * 1_000 for s in self.story.steps)

    def before(self, at_s: float) -> tuple[int, int]:
        """Return how many records of either source came before a second of the story."""
        return self.count(0, at_s), self.count(1, at_s)


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    """A worker with a ledger, still open."""
    made = Past(tmp_path / "ledger", PAST)
    yield made
    made.ledger.close()


def test_the_ledger_tells_what_the_topics_have_lost(past: Past) -> None:
    """Legs, verdict and who has voided it, said to be of the ledger, in both languages and as JSON."""
    life = past.life("42", deleted=past.before(2_000))
    assert (life.answer, [one.origin for one in life.records]) == ("judged", ["ledger", "ledger"])
    assert [one.place for one in life.records] == [f"terminal-events-{NUMBER}@1", f"host-events-{NUMBER}@1"]
    (voucher,) = life.vouchers
    assert (voucher.origin, voucher.verdict, voucher.terminal) == ("ledger", "matched", life.records[0].place)
    (mark,) = voucher.marks
    assert (mark.kind, mark.voucher_number, mark.amount, mark.approved) == ("void", "50", 10_000, True)
    assert [(one.voucher_number, one.origin) for one in life.pointed_at_by] == [("50", "ledger")]
    page = page_of(life, Language.ENGLISH, "UTC")
    assert "host-events-0@1 [from the ledger]".replace("-0@", f"-{NUMBER}@") in page
    assert "matched: both sides agree; the ledger does not keep when" in page
    assert "void 50 has done this to it, first at 2026-03-02 00:05:00.000, 100.00 CNY, approved by the host" in page
    assert "covers what began from 2026-03-02 00:00:00.000 to 2026-03-02 0" in page
    chinese = page_of(life, Language.CHINESE, "UTC")
    assert "[取自台账]" in chinese
    assert "原交易台账" in chinese
    said = json.loads(msgspec.json.encode(life))
    assert said["searched"]["ledger"][0]["covers_from"] == START_MS
    assert said["searched"]["ledger"][0]["covers_until"] == past.cut.r_ms


def test_what_both_have_is_told_once(past: Past) -> None:
    """The same source and offset is the same record; the topics tell it, and when it was judged."""
    life = past.life("42")
    assert [one.origin for one in life.records] == ["log", "log"]
    (voucher,) = life.vouchers
    assert (voucher.origin, voucher.verdict, voucher.marks) == ("log", "matched", ())
    assert [one.origin for one in life.pointed_at_by] == ["log"]
    without_void = past.life("42", to_s=200)
    assert [one.voucher_number for one in without_void.vouchers[0].marks] == ["50"]


def test_a_side_that_is_deleted_makes_no_orphan(past: Past) -> None:
    """The terminal's records are gone, the host's are there: the ledger has both, so nothing is accused."""
    life = past.life("42", deleted=(past.count(0, 2_000), 0))
    assert (life.answer, [(one.source, one.origin) for one in life.records]) == (
        "judged",
        [("terminal", "ledger"), ("host", "log")],
    )
    assert [(one.verdict, one.origin) for one in life.vouchers] == [("matched", "ledger")]
    assert life.anomalies == ()
    void = past.life("50", deleted=past.before(200))
    assert [(one.voucher_number, one.found, one.origin) for one in void.points_at] == [("000042", True, "ledger")]
    assert void.anomalies == ()


def test_what_lies_outside_of_the_range_is_told_by_the_ledger(past: Past) -> None:
    """A short range is no reason not to know; another batch is another voucher."""
    life = past.life("42", from_s=NOW_S - 1_200)
    assert (life.answer, life.vouchers[0].origin) == ("judged", "ledger")
    assert past.life("42", from_s=NOW_S - 1_200, batch="31").answer == "judged"
    other = past.life("42", from_s=NOW_S - 1_200, batch="32")
    assert (other.answer, [(one.how, one.origin) for one in other.near]) == ("never_seen", [("other_batch", "ledger")])


def test_a_reversal_is_known_by_its_mark(past: Past) -> None:
    """A reversal that agreed is in the ledger as what it did to its transaction alone."""
    gone = past.before(2_000)
    sale = past.life("60", deleted=gone)
    assert sale.vouchers[0].reversed_at is not None
    assert [one.kind for one in sale.vouchers[0].marks] == ["reversal"]
    reversal = past.life("61", deleted=gone)
    assert (reversal.answer, reversal.vouchers[0].marked, reversal.records) == ("judged", "60", ())
    assert "known by the mark alone that it left on 60" in page_of(reversal, Language.ENGLISH, "UTC")


def test_inside_the_cover_absence_is_a_proof(past: Past) -> None:
    """Deleted records are made up for; without the ledger the same topics can only say that they do not know."""
    gone = past.before(2_000)
    life = past.life("43", deleted=gone)
    assert (life.answer, [one.code for one in life.remarks]) == (
        "never_seen",
        ["records_only_kept", "records_only_kept", "ledger_proves"],
    )
    assert [(one.voucher_number, one.origin) for one in life.near] == [("000042", "ledger")]
    assert past.life("43", deleted=gone, from_s=-60).answer == "expired"
    assert past.life("43", deleted=past.before(7_100)).answer == "expired", "a gap between ledger and topics"
    past.ledger.close()
    (past.folder / "voucherwatch" / str(NUMBER)).rename(past.folder / "elsewhere")
    without = past.life("43", deleted=gone)
    assert (without.answer, without.searched.ledger) == ("expired", ())
    assert "so only the topics were read" in page_of(without, Language.ENGLISH, "UTC")


def test_an_open_anomaly_is_not_in_the_ledger(past: Past) -> None:
    """Such a voucher is kept in memory until its anomaly is over, so what is published counts against the proof."""
    (orphan,) = (record for record in past.said if record["kind"] == "orphan_terminal")
    gone = past.before(2_000)
    life = past.life("70", deleted=gone, anomalies=[orphan | {"diagnosis": told(orphan["diagnosis"])}])
    assert (life.answer, life.anomalies[0].kind) == ("expired", "orphan_terminal")
    assert past.life("43", deleted=gone, anomalies=None).answer == "expired"


def test_what_cannot_be_used_is_a_sentence(past: Past) -> None:
    """Another topic of the same name, or a damaged file: the topics are read all the same."""
    foreign = past.life("42", topics=(TOPICS[0], ("host-events", "made anew")))
    (past.folder / "voucherwatch" / str(NUMBER) / "0" / "CURRENT").write_bytes(b"no")
    damaged = past.life("42")
    for life, fault, sentence in (
        (
            foreign,
            "foreign",
            "it is of other topics or another number of partitions (terminal-events and host-events, 2",
        ),
        (damaged, "unreadable", "/0 cannot be read and was left out: "),
    ):
        assert life.answer == "judged"
        assert life.searched.ledger is not None
        assert [(one.fault, one.covers_from) for one in life.searched.ledger] == [(fault, None)]
        assert sentence in page_of(life, Language.ENGLISH, "UTC")


def test_a_ledger_without_a_cut_proves_nothing(past: Past) -> None:
    """While an earlier life is read back its facts are told, and nothing is concluded from what it lacks."""
    past.ledger.fill(past.cut.j_ms + 1)
    gone = past.before(2_000)
    known = past.life("42", deleted=gone)
    assert (known.answer, known.vouchers[0].origin) == ("judged", "ledger")
    assert "still being filled: it proves no absence" in page_of(known, Language.ENGLISH, "UTC")
    assert past.life("43", deleted=gone).answer == "expired"


def test_facts_of_other_settings_are_counted(past: Past) -> None:
    """A fact that cannot be read any more is not a fault of the program."""
    past.ledger.put([(TERMINAL_ID, "42", START_MS + 5_000, 0, 900, b'{"t":[1,900,{"kind":7}]}', ())])
    later = replace(past.cut, j_ms=past.cut.j_ms + 1)
    past.ledger.seal(later)
    past.ledger.write(later)
    life = past.life("42", deleted=past.before(2_000))
    assert (life.answer, [(one.code, one.count) for one in life.remarks][-1]) == ("judged", ("ledger_unread", 1))


def test_no_card_number_of_the_ledger_is_shown(tmp_path: Path) -> None:
    """The ledger keeps records as they came; what is told of them is masked as everywhere."""
    body = "62258800000000" + "0"
    card = next(body + digit for digit in "0123456789" if passes_luhn(body + digit))
    sale = f"t=1 terminal sale 42 00 card={card} operator_id={card}\nt=1 host sale 42 00 card={card}"
    past = Past(tmp_path, sale)
    life = past.life("42", deleted=past.before(2_000))
    past.ledger.close()
    said = page_of(life, Language.ENGLISH, "UTC") + msgspec.json.encode(life).decode()
    assert [one.origin for one in life.records] == ["ledger", "ledger"]
    assert "card 622588" in said
    assert card not in said


def test_every_fault_and_origin_has_its_words() -> None:
    """No state of a database is shown by its name in the code."""
    assert {f"ledger_{fault}" for fault in FAULTS} | {"ledger_covers", "no_ledger", "from_ledger"} <= set(PHRASES)
    assert ORIGINS == ("log", "ledger")

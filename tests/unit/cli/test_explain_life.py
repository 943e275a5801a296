"""``explain TERMINAL VOUCHER`` tells a voucher's life in words, and how sure it is that there is none."""

from __future__ import annotations

import json
import string
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from streams.cli.explain.moments import Zone, spread
from streams.cli.explain.words import PHRASES, VERDICTS, Words, money
from streams.cli.shape import Language
from streams.core.anomaly import KINDS
from streams.core.masking import passes_luhn
from streams.core.policy import TRANSACTION_KINDS
from streams.errors import UsageError
from streams.replay.life.account import ANSWERS, ROLES
from streams.settings import load_settings
from streams.testing import START_MS
from tests.unit.cli.life_stories import GOLDEN, HOUR_MS, STORIES, Story, life_of, lines_of, page_of, rendered

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Ended, Voucherwatch

EXAMPLES = Path(__file__).resolve().parents[3] / "docs/anomalies/examples"
ANSWER_OF = {
    "matched": "judged",
    "waiting": "waiting",
    "orphan": "judged",
    "mismatch": "judged",
    "reversed": "judged",
    "reversal_pending": "waiting",
    "denied_void": "judged",
    "late": "judged",
    "duplicate": "judged",
    "void": "judged",
    "never_seen": "never_seen",
    "other_batch": "never_seen",
    "bad_record": "waiting",
    "topics_orphan": "judged",
    "topics_unsettled": "waiting",
    "topics_expired": "expired",
    "topics_silent": "not_yet_arrived",
    "topics_not_in_range": "not_in_range",
}


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Stories write their files into the working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", STORIES)
def test_a_life_reads_as_it_did(name: str) -> None:
    """The page of each story is what a reader gets; ``python -m tests.unit.cli.life_stories`` writes it again."""
    assert rendered(name) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STORIES)
def test_what_came_is_told_from_four_kinds_of_absence(name: str) -> None:
    """Never seen, expired, not yet arrived and not in the range are different answers."""
    assert life_of(STORIES[name]).answer == ANSWER_OF[name]


def test_every_answer_is_in_a_story() -> None:
    """No answer goes unread."""
    assert set(ANSWER_OF.values()) == set(ANSWERS)


def test_both_languages_say_the_same() -> None:
    """Each phrase has the same values in English and Chinese, and every role and kind has its words."""
    for name, phrases in PHRASES.items():
        fields = [{part[1] for part in string.Formatter().parse(phrase)} - {None} for phrase in phrases]
        assert fields[0] == fields[1], name
    assert {f"role_{role}" for role in ROLES} | set(ANSWERS) <= set(PHRASES)
    assert {kind for kind, row in KINDS.items() if not row.identity.startswith("lane")} <= set(VERDICTS)
    chinese = Words(Language.CHINESE)
    assert all(len(chinese.kind(kind)) > len(f" ({kind})") for kind in TRANSACTION_KINDS)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (12_800, "CNY", "128.00 CNY"),
        (5, "USD", "0.05 USD"),
        (10_000, "JPY", "10,000 JPY"),
        (1_234_567, "KWD", "1,234.567 KWD"),
        (None, "CNY", "-"),
    ],
)
def test_money_has_the_decimals_of_its_currency(amount: int | None, currency: str, shown: str) -> None:
    """Minor units are nobody's money."""
    assert money(amount, currency) == shown


def explain_example(voucherwatch: Voucherwatch, kind: str, *arguments: str, number: str = "000042") -> Ended:
    """Explain a voucher of a runbook's example."""
    files = ("--terminal", str(EXAMPLES / kind / "terminal.jsonl"), "--host", str(EXAMPLES / kind / "host.jsonl"))
    return voucherwatch("explain", "10000017", number, *files, *arguments)


def test_the_command_over_files(voucherwatch: Voucherwatch) -> None:
    """Plain text without a terminal; the zone is the one asked for; progress is not on standard output."""
    ended = explain_example(voucherwatch, "mismatch", "--time-zone", "+08:00")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Voucher 000042 of terminal 10000017\nSEEN AND JUDGED.\n")
    assert "2026-03-02 23:10:31.000  terminal, sale, approved, code 00 (approved), 128.00 CNY\n" in ended.out
    assert "\x1b" not in ended.out


def test_both_languages_one_after_the_other(voucherwatch: Voucherwatch) -> None:
    """``--language both`` for those who hand a page on."""
    ended = explain_example(voucherwatch, "mismatch", "--language", "both")
    assert ended.out.index("SEEN AND JUDGED") < ended.out.index("终端 10000017 凭证 000042")


def test_nothing_found_is_an_answer(voucherwatch: Voucherwatch) -> None:
    """Exit code 0: the question was answered; programs look at ``answer``."""
    ended = explain_example(voucherwatch, "mismatch", "--json", number="24")
    assert ended.code == 0
    assert json.loads(ended.out)["answer"] == "never_seen"
    assert [near["how"] for near in json.loads(ended.out)["near"]] == ["transposed"]


def test_json_has_a_stable_shape(voucherwatch: Voucherwatch) -> None:
    """The names are an interface: a change here is one for the changelog."""
    said = json.loads(explain_example(voucherwatch, "unreversed", "--json", "--flush").out)
    assert list(said) == [
        "answer",
        "question",
        "searched",
        "records",
        "vouchers",
        "anomalies",
        "points_at",
        "pointed_at_by",
        "near",
        "remarks",
    ]
    assert (said["vouchers"][0]["verdict"], said["anomalies"][0]["published"]) == ("unreversed", None)
    assert {"source", "role", "place", "log_time", "skew_ms", "outcome", "card"} <= set(said["records"][0])


def test_a_flush_says_that_it_was_one(voucherwatch: Voucherwatch) -> None:
    """Without it a deadline behind the end of the files has not passed."""
    waiting = explain_example(voucherwatch, "orphan_terminal")
    assert "not yet arrived: the host's side may come until 2026-03-02 15:11:31.000" in waiting.out
    judged = explain_example(voucherwatch, "orphan_terminal", "--flush")
    assert "orphan_terminal at 2026-03-02 15:11:31.000" in judged.out
    assert "Judged as if nothing came after the end of the files." in judged.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("explain",), "TERMINAL and VOUCHER are missing; write them before any --terminal and --host files"),
        (("explain", "10000017"), "VOUCHER is missing"),
        (("explain", "10000017", "4x2"), "VOUCHER must be 1 to 12 digits; give it as the slip shows it.\n"),
        (("explain", "10000017", "42", "--batch", "1234567"), "--batch must be 1 to 6 digits"),
        (("explain", "10000017", "42", "--code", "25"), "--code explains a response code"),
        (("explain", "10000017", "42", "--terminal", "a"), "--host is missing; a voucher has two sides"),
        (("explain", "10000017", "42", "--terminal", "a", "--host", "b", "--since", "2h"), "Files and --since are"),
        (("explain", "10000017", "42", "--flush"), "--flush is for files"),
        (("explain", "10000017", "42", "--since", "soon"), "--since is soon, but must be a duration above 0"),
        (("explain", "10000017", "42", "--since", "2h", "--from", "now"), "--from and --since both say"),
        (("explain", "10000017", "42", "--from", "now"), "The range begins at 20"),
        (("explain", "10000017", "42", "--time-zone", "Mars/Base"), "--time-zone is 'Mars/Base', which"),
    ],
)
def test_bad_usage_is_a_sentence(voucherwatch: Voucherwatch, arguments: tuple[str, ...], sentence: str) -> None:
    """Exit code 2, and what to write instead."""
    ended = voucherwatch(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(sentence)


def test_a_missing_file_is_unreachable(voucherwatch: Voucherwatch) -> None:
    """Exit code 3, as everywhere."""
    ended = voucherwatch("explain", "T", "42", "--terminal", "none.jsonl", "--host", "none.jsonl")
    assert ended.code == 3
    assert ended.err.startswith("cannot read terminal file none.jsonl")


def test_a_card_number_as_voucher_is_not_repeated(voucherwatch: Voucherwatch) -> None:
    """What was typed into the wrong place is not shown."""
    body = "62258800000000" + "0"
    card = next(body + digit for digit in "0123456789" if passes_luhn(body + digit))
    ended = voucherwatch("explain", "10000017", card)
    assert ended.code == 2
    assert card not in ended.err


def test_a_clear_card_number_of_a_sender_is_masked() -> None:
    """In a field of its own and in one that nobody knows; bad records show no bytes at all."""
    body = "62258800000000" + "0"
    card = next(body + digit for digit in "0123456789" if passes_luhn(body + digit))
    life = life_of(
        Story(f"t=1 terminal sale 42 00 card={card} operator_id={card}\nt=2 host sale 42 00 amount=-1 card={card}")
    )
    said = page_of(life, Language.ENGLISH, "UTC") + msgspec.json.encode(life).decode()
    assert card not in said
    assert "card 622588" in said
    assert life.remarks[0].code == "bad_records"


def test_a_time_without_offset_is_one_of_the_zone() -> None:
    """Written as the slip has it; the default goes back over ``originals_horizon``."""
    settings, now_ms = load_settings(None, (), {}, live=False), START_MS + 10 * HOUR_MS
    shanghai = spread(settings, Zone("+08:00"), now_ms, ("2026-03-02 09:30:00", "2026-03-02T10:00:00", None))
    assert (shanghai.from_ms, shanghai.to_ms) == (START_MS + 3 * HOUR_MS // 2, START_MS + 2 * HOUR_MS)
    assert spread(settings, Zone("UTC"), now_ms, (None, None, None)).from_ms == now_ms - 24 * HOUR_MS
    assert spread(settings, Zone("UTC"), now_ms, (None, "now", "6h")).from_ms == now_ms - 6 * HOUR_MS
    with pytest.raises(UsageError):
        spread(settings, Zone("UTC"), now_ms, ("yesterday", None, None))


def published(**changed: object) -> dict[str, Any]:
    """Return the record that a worker publishes of the story of an orphan, with some fields otherwise."""
    life = life_of(replace(STORIES["topics_orphan"], anomalies=None))
    (accusation,) = life.anomalies
    row = msgspec.to_builtins(accusation)
    voucher = {"terminal_id": "T0000001", "voucher_number": "42", "batch_number": None}
    return {**row, "revision": 1, "generation": 3, "voucher": voucher, "original": None, "legs": {}, **changed}


def test_what_was_published_is_held_against_what_is_derived() -> None:
    """Marks and severity differ where a worker held its verdict; who takes care of it is known from the topic alone."""
    said = published(severity="info", marks=["held"], acknowledged_by="Li Na", acknowledged_at=START_MS + 90_000)
    older = published(generation=2, revision=9, acknowledged_by="somebody else", acknowledged_at=START_MS)
    life = life_of(replace(STORIES["topics_orphan"], anomalies=[said, older]))
    (accusation,) = life.anomalies
    assert [(one.field, one.derived, one.published) for one in accusation.differences] == [
        ("severity", "critical", "info"),
        ("marks", [], ["held"]),
    ]
    page = page_of(life, Language.ENGLISH, "UTC")
    assert "taken care of by Li Na since 2026-03-02 00:01:30.000" in page
    assert "published otherwise: severity is info there, critical here" in page
    same = life_of(replace(STORIES["topics_orphan"], anomalies=[published()]))
    assert "published as derived here" in page_of(same, Language.ENGLISH, "UTC")


def test_what_is_only_published_is_told_too() -> None:
    """The records are deleted, the anomaly is still there."""
    life = life_of(replace(STORIES["topics_expired"], anomalies=[published()]))
    assert (life.answer, life.anomalies[0].derived) == ("expired", False)
    assert "published, but not derived from this range" in page_of(life, Language.ENGLISH, "UTC")


def test_files_need_no_order(voucherwatch: Voucherwatch) -> None:
    """Unsorted files are sorted on disk, and the lines keep their numbers."""
    (terminal,), (host,) = lines_of(STORIES["orphan"], Path())
    terminal.write_text("".join(reversed(terminal.read_text().splitlines(keepends=True))))
    ended = voucherwatch("explain", "T0000001", "42", "--terminal", terminal, "--host", host)
    assert "orphan_terminal at " in ended.out
    assert "terminal.jsonl:2" in ended.out

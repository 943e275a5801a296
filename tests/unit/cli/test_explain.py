"""``explain --code`` tells at night what a code means and what to look at first, never to do it again."""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from streams.cli.advice import BY_CODE, BY_OUTCOME, advice_for
from streams.core.policy import OUTCOMES
from streams.settings import shipped_codes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Voucherwatch


def test_the_complaint_in_english(voucherwatch: Voucherwatch) -> None:
    """Code 25 is the complaint that the product is for."""
    ended = voucherwatch("explain", "--code", "25")
    assert ended.code == 0
    assert ended.out.splitlines()[:6] == [
        "Response code 25: the original transaction was not found",
        "  (未找到原交易（原交易不存在）)",
        "Outcome: declined",
        "",
        "Check first:",
        (
            "  1. Look up the original by terminal, batch and voucher number, then by reference number:"
            " does the host have it?"
        ),
    ]


@pytest.mark.parametrize("way", ["option", "locale"])
def test_the_complaint_in_chinese(way: str, voucherwatch: Voucherwatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chinese by --lang, or because the locale says so."""
    if way == "locale":
        monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    ended = voucherwatch("explain", "--code", "25", *(["--lang", "zh"] if way == "option" else []))
    assert ended.out.startswith("应答码 25: 未找到原交易（原交易不存在）\n  (the original transaction was not found)\n")
    assert "先查:\n  1. 先按终端号、批次号、凭证号，再按参考号查原交易：主机上有没有？\n" in ended.out


def test_a_code_in_no_table_counts_as_unknown(voucherwatch: Voucherwatch) -> None:
    """An unmapped code is no error: it is told what it counts as."""
    ended = voucherwatch("explain", "--code", "zz")
    assert ended.code == 0
    assert ended.out.startswith("Response code ZZ: not in the table: counts as unknown\n")


def test_what_is_no_code_is_bad_usage(voucherwatch: Voucherwatch) -> None:
    """Three digits are no field 39."""
    ended = voucherwatch("explain", "--code", "255")
    assert ended.code == 2
    assert ended.err == "--code is '255', but a response code is two digits or letters; give it as field 39 holds it.\n"


def test_a_table_of_ones_own_is_explained(voucherwatch: Voucherwatch, tmp_path: Path) -> None:
    """The answer is what the code means here, not in general."""
    table = "code,outcome,meaning_en,meaning_zh,source\nA2,approved,approved with a defect,有缺陷的成功,our network\n"
    (tmp_path / "codes.csv").write_text(table, encoding="utf-8")
    ended = voucherwatch("explain", "--json", "--code", "A2", "--set", "response_codes=codes.csv")
    said = json.loads(ended.out)
    assert (said["outcome"], said["meaning"]["en"], said["source"]) == (
        "approved",
        "approved with a defect",
        "our network",
    )


def test_no_advice_says_do_it_again() -> None:
    """While an approved original may exist, a second attempt can charge a card twice."""
    texts = [step for advice in (*BY_CODE, *BY_OUTCOME.values()) for step in (*advice.english, *advice.chinese)]
    again = re.compile(r"try again|retry|redo|repeat the|重试|重做|再试|重新交易|重刷", re.IGNORECASE)
    assert [text for text in texts if again.search(text)] == []


def test_both_languages_have_the_same_steps() -> None:
    """Nothing is told in one language alone, and every listed code is in the table."""
    for advice in (*BY_CODE, *BY_OUTCOME.values()):
        assert len(advice.english) == len(advice.chinese)
        assert advice.codes <= set(shipped_codes())
    assert all(advice_for("--", outcome) for outcome in OUTCOMES)

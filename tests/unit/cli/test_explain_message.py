"""``explain --message`` prints one raw message in words, and never a card number."""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from streams.settings import shipped_dialects
from tests.unit.core.dialects.messages import card, dialect, message

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Voucherwatch

VOID = {"2": card(), "3": "200000", "35": f"{card()}D2912", "39": "25", "61": "0000310000410302", "13": "0302"}


def test_a_void_in_english(voucherwatch: Voucherwatch) -> None:
    """What kind of message it is, its fields by name, and what each feed makes of it."""
    ended = voucherwatch("explain", "--message", message("unionpay-bcd", "0210", VOID).hex())
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[:2] == ["0210: void, answer to a request", "  unionpay-bcd: UnionPay POS, packed digits"]
    assert f"    2  card number: {card()[:6]}******{card()[-4:]}" in lines
    assert "   35  track 2: [masked]" in lines
    assert "   61  original batch, voucher, date: 0000310000410302" in lines
    assert lines.count("on the host feed: void declined") == 1
    assert any(line.startswith("  original: batch_number 000031, voucher_number 000041, date ") for line in lines)
    assert card() not in ended.out


def test_a_void_in_chinese(voucherwatch: Voucherwatch) -> None:
    """The same for a Chinese reader."""
    ended = voucherwatch("explain", "--lang", "zh", "--message", message("unionpay-bcd", "0211", VOID).hex())
    assert ended.out.startswith("0211: 撤销 (void), 请求的应答，重发\n")
    assert f"    2  主账号: {card()[:6]}******{card()[-4:]}\n" in ended.out


def test_a_request_is_skipped(voucherwatch: Voucherwatch) -> None:
    """It says so for each feed."""
    ended = voucherwatch("explain", "--message", message("iso8583-ascii", "0200").hex(), "--json")
    told = json.loads(ended.out)
    assert (told["dialect"], told["message_type"]) == ("iso8583-ascii", "0200")
    assert told["terminal"] == told["host"] == {"skipped": "request"}
    assert told["fields"]["11"] == {"name": {"en": "trace number", "zh": "受卡方系统跟踪号"}, "value": "000042"}


@pytest.mark.parametrize("name", shipped_dialects())
@pytest.mark.parametrize("extra", [(), ("--json",), ("--lang", "zh")])
def test_no_card_number_in_any_dialect(name: str, extra: tuple[str, ...], voucherwatch: Voucherwatch) -> None:
    """Number, tracks, chip data and free text are masked."""
    fields = {"2": card(), "36": f"{card()}D1", "45": f"B{card()}^", "55": "5A08" + card(), "62": f"x{card()}x"}
    raw = message(name, dialect(name).version + "210", fields)
    ended = voucherwatch("explain", "--message", raw.hex(), "--dialect", name, *extra)
    assert ended.code == 0
    assert card() not in ended.out
    assert card().encode().hex() not in ended.out


def test_a_dead_letter_is_told(voucherwatch: Voucherwatch) -> None:
    """A message that could be read, but is no event, has its reason."""
    raw = message("iso8583-ascii", "0210", {"49": ""})
    ended = voucherwatch("explain", "--message", raw.hex())
    assert "on the host feed: missing_field: currency is absent\n" in ended.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "TERMINAL and VOUCHER are missing"),
        (("--code", "25", "--message", "00"), "ask for one of them alone"),
        (("--message", "xyz"), "--message is not hex digits"),
        (("--message", "0210"), "--message can be read in no dialect"),
        (
            ("--message", "0210", "--dialect", "unionpay-bcd"),
            "--message cannot be read: field p cannot be read at byte 2",
        ),
        (("--message", "0210", "--dialect", "visa"), "--dialect is visa, but must be one of iso8583-1993"),
    ],
)
def test_bad_usage(arguments: tuple[str, ...], sentence: str, voucherwatch: Voucherwatch) -> None:
    """Exit code 2 and what to change."""
    ended = voucherwatch("explain", *arguments)
    assert ended.code == 2
    assert sentence in " ".join(ended.err.split())

"""Signatures, sizes and answers of the three vendors, as they document them."""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from streams.relay.answers import Answer, Meaning
from streams.relay.message import Message
from streams.relay.vendors import BY_NAME, DingTalk, Feishu, WeCom
from streams.settings.robots import Robot

NOW_MS = 1_772_464_201_001
SECRET = "SEC0123456789" + "abcdef"
SHORT = Message("标题", ("**一**：甲", "二"), ("[手册](https://r)",), "critical", "…")
HUGE = Message("标题", ('凭证"\n' * 20_000,), ("[手册](https://r)",), "resolved", "…(截断)")


def sent(vendor: str, message: Message, secret: str | None = None) -> tuple[str, Any, int]:
    """Return address, decoded body and its size in bytes."""
    robot = Robot("ops", vendor, "https://robot.example.com/send?key=k", secret)
    outgoing = BY_NAME[vendor].request(robot, message, NOW_MS)
    assert "key=k" not in repr(outgoing)
    return outgoing.url, json.loads(outgoing.body), len(outgoing.body)


def test_wecom_gets_markdown() -> None:
    """The title is a coloured heading, the key stays in the address."""
    url, body, _ = sent("wecom", SHORT)
    assert url == "https://robot.example.com/send?key=k"
    content = '### <font color="warning">标题</font>\n**一**：甲\n二\n[手册](https://r)'
    assert body == {"msgtype": "markdown", "markdown": {"content": content}}


def test_wecom_is_cut_at_4096_bytes_within_a_character() -> None:
    """The limit counts bytes; no character is halved and the link stays, whatever the offset of the cut."""
    for shift in range(3):
        message = Message("标" + "a" * shift, ("凭" * 3_000,), SHORT.links, "critical", "…")
        content = sent("wecom", message)[1]["markdown"]["content"]
        assert 4_094 <= len(content.encode()) <= 4_096
        assert content.endswith("凭\n…\n[手册](https://r)")
        assert "\ufffd" not in content


def test_dingtalk_signs_in_the_address() -> None:
    """Vectors of openssl dgst -sha256 -hmac; plus, slash and equals sign are encoded once."""
    assert DingTalk.sign(SECRET, 1_772_464_201_000) == "KE4Z7NC6Ujqilh5zIM4WuwIl4V9UWVe4rVdwZF3WLXE="
    url, body, _ = sent("dingtalk", SHORT, SECRET)
    assert url.endswith(f"?key=k&timestamp={NOW_MS}&sign=Ggi4NoRf4Hm7EzMja1kX9S6K2h9GkKV8NhI%2FyHoLLn4%3D")
    assert parse_qs(urlsplit(url).query)["sign"] == ["Ggi4NoRf4Hm7EzMja1kX9S6K2h9GkKV8NhI/yHoLLn4="]
    text = "### 标题  \n**一**：甲  \n二  \n[手册](https://r)"
    assert body == {"msgtype": "markdown", "markdown": {"title": "标题", "text": text}}
    assert sent("dingtalk", SHORT)[0] == "https://robot.example.com/send?key=k"


def test_feishu_signs_in_the_body() -> None:
    """Vectors of openssl dgst -sha256 -mac HMAC over nothing; seconds, as a text."""
    assert Feishu.sign("feishu-secret-01", 1_772_464_202) == "DAOPtoPPqLqWPC/ElZg2lU9QrU+stbrqNn49TWzcD/U="
    url, body, _ = sent("feishu", SHORT, "feishu-secret-01")
    assert url == "https://robot.example.com/send?key=k"
    assert (body["timestamp"], body["sign"]) == ("1772464201", "WqDSPBi5mJlA4UasogFTmRCtg8ozYU9natwAbPO0V5E=")
    assert body["msg_type"] == "interactive"
    assert body["card"]["header"] == {"title": {"tag": "plain_text", "content": "标题"}, "template": "red"}
    assert body["card"]["elements"] == [{"tag": "markdown", "content": "**一**：甲\n二\n[手册](https://r)"}]
    assert not {"timestamp", "sign"} & sent("feishu", SHORT)[1].keys()


@pytest.mark.parametrize(("vendor", "limit"), [("wecom", None), ("dingtalk", 20_000), ("feishu", 20 * 1_024)])
def test_the_whole_request_keeps_the_limit(vendor: str, limit: int | None) -> None:
    """Signs that JSON escapes are counted as they are sent, and the link stays."""
    _, body, size = sent(vendor, HUGE, "some-secret-key")
    assert limit is None or limit * 3 // 4 < size <= limit
    assert "https://r" in json.dumps(body)


ANSWERS = [
    ("wecom", 200, '{"errcode":0,"errmsg":"ok"}', Meaning.TAKEN, "0"),
    ("wecom", 200, '{"errcode":93000,"errmsg":"invalid webhook url, hint: [1]"}', Meaning.ROBOT, "93000"),
    ("wecom", 200, '{"errcode":45009,"errmsg":"api freq out of limit"}', Meaning.TOO_FAST, "45009"),
    ("wecom", 200, '{"errcode":40058,"errmsg":"markdown.content exceed max length 4096"}', Meaning.MESSAGE, "40058"),
    ("wecom", 200, '{"errcode":-1,"errmsg":"system busy"}', Meaning.BUSY, "-1"),
    ("dingtalk", 200, '{"errcode":0,"errmsg":"ok"}', Meaning.TAKEN, "0"),
    ("dingtalk", 200, '{"errcode":310000,"errmsg":"sign not match"}', Meaning.ROBOT, "310000"),
    ("dingtalk", 200, '{"errcode":310000,"errmsg":"keywords not in content"}', Meaning.ROBOT, "310000"),
    ("dingtalk", 200, '{"errcode":130101,"errmsg":"send too fast"}', Meaning.TOO_FAST, "130101"),
    ("dingtalk", 200, '{"errcode":410100}', Meaning.TOO_FAST, "410100"),
    ("dingtalk", 200, '{"errcode":300005,"errmsg":"token is not exist"}', Meaning.ROBOT, "300005"),
    ("feishu", 200, '{"StatusCode":0,"StatusMessage":"success","code":0,"msg":"success"}', Meaning.TAKEN, "0"),
    ("feishu", 200, '{"Extra":null,"StatusCode":0,"StatusMessage":"success"}', Meaning.TAKEN, "0"),
    ("feishu", 200, '{"code":19021,"msg":"sign match fail or timestamp is not within"}', Meaning.ROBOT, "19021"),
    ("feishu", 400, '{"code":19021,"msg":"sign match fail"}', Meaning.ROBOT, "19021"),
    ("feishu", 200, '{"code":19022,"msg":"Ip Not Allowed"}', Meaning.ROBOT, "19022"),
    ("feishu", 200, '{"code":19024,"msg":"Key Words Not Found"}', Meaning.ROBOT, "19024"),
    ("feishu", 200, '{"code":19001,"msg":"incoming webhook access token invalid"}', Meaning.ROBOT, "19001"),
    ("feishu", 400, '{"code":9499,"msg":"Bad Request","data":{}}', Meaning.MESSAGE, "9499"),
    ("feishu", 200, '{"code":9499,"msg":"too many request"}', Meaning.TOO_FAST, "9499"),
    ("feishu", 200, '{"code":11232,"msg":"frequency limited psm[x]appID[1500]"}', Meaning.TOO_FAST, "11232"),
    ("feishu", 200, '{"code":424242,"msg":"?"}', Meaning.UNKNOWN, "424242"),
    ("wecom", 502, "<html>bad gateway</html>", Meaning.BUSY, "http 502"),
    ("wecom", 200, "<html>log in to the proxy</html>", Meaning.BUSY, "http 200"),
    ("wecom", 200, "[0]", Meaning.BUSY, "http 200"),
    ("dingtalk", 429, "", Meaning.TOO_FAST, "http 429"),
    ("feishu", 404, "not found", Meaning.ROBOT, "http 404"),
    ("feishu", 302, "", Meaning.BUSY, "http 302"),
    ("wecom", 500, '{"errcode":0}', Meaning.BUSY, "http 500"),
]  # fmt: skip


@pytest.mark.parametrize(("vendor", "status", "body", "meaning", "code"), ANSWERS)
def test_an_answer_means_what_the_vendor_documents(
    vendor: str, status: int, body: str, meaning: Meaning, code: str
) -> None:
    """A refusal in an answer of HTTP 200 is one; a page without a code is no success."""
    answer = BY_NAME[vendor].judge(status, body.encode())
    assert (answer.meaning, answer.code) == (meaning, code)
    assert answer.refused == (meaning not in (Meaning.TAKEN, Meaning.BUSY))


def test_dingtalk_wants_ten_minutes_of_silence() -> None:
    """Who sends too fast is silenced for ten minutes there, for one elsewhere."""
    assert DingTalk().judge(200, b'{"errcode":130101}').hold_ms == 600_000
    assert WeCom().judge(200, b'{"errcode":45009}').hold_ms == 60_000


def test_a_vendors_words_are_bounded() -> None:
    """An answer of a megabyte does not become a line of the log."""
    long = json.dumps({"errcode": 1, "errmsg": "x" * 1_000_000}).encode()
    assert len(WeCom().judge(200, long).text) == 300
    assert not Answer(Meaning.BUSY, "TimeoutError").refused

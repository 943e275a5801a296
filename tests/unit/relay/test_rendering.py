"""What on-call staff read: each message whole, in both languages."""

# ruff: noqa: ANN401, RUF001  changes of a payload are JSON; Chinese text has full-width punctuation

from __future__ import annotations

from typing import Any

from streams.relay.message import Message
from streams.relay.notification import Notification, read_notification
from streams.relay.rendering import MOST_IN_DIGEST, Circumstances, render, render_digest, render_test
from streams.relay.wording import WORDS, duration_text, time_text
from tests.unit.relay.payloads import ANNOTATIONS, MINUTE_MS, START_MS, alert, body

NOW_MS = START_MS + 5 * MINUTE_MS


def around(*languages: str, **changes: Any) -> Circumstances:
    """Return the circumstances of a message in China, five minutes after the start."""
    return Circumstances(NOW_MS, 480, languages or ("zh",), **changes)


def told(*alerts: dict[str, Any], **changes: Any) -> Notification:
    """Return a notification as the relay has read it."""
    return read_notification(body(*alerts, **changes))


def test_an_alert_in_chinese() -> None:
    """What happened, how much money, since when, likely reach, what to do, where to look."""
    assert render(told(), around()) == Message(
        "[告警 严重] 大量凭证主机无记录",
        (
            "**发生了什么**：线路 north 五分钟内 12 笔。",
            "**涉及金额**：CNY 1,536.00",
            "**开始时间**：2026-03-02 23:10:01 +08:00，已持续 5 分钟",
            "**可能影响**：约 40 家商户",
            "**当前值**：12",
            "**怎么处理**：联系主机值班。",
        ),
        (
            "[处置手册](https://docs.example.com/orphan_terminal.md)",
            "[监控面板](https://grafana.example.com/d/vw)",
        ),
        "critical",
        WORDS["zh"]["cut"],
    )


def test_an_alert_in_english() -> None:
    """The same in English."""
    message = render(told(), around("en"))
    assert message.title == "[ALERT critical] Many vouchers without a record of the host"
    assert message.lines == (
        "**What happened**: 12 in 5 minutes on link north.",
        "**Money**: CNY 1,536.00",
        "**Since**: 2026-03-02 23:10:01 +08:00, for 5 min so far",
        "**Likely reach**: about 40 shops",
        "**Value**: 12",
        "**What to do**: Ask the host's operators.",
    )


def test_both_languages_stand_in_one_message() -> None:
    """Chinese first, English after it, links once."""
    message = render(told(), around("zh", "en"))
    assert (
        message.title == "[告警 严重] 大量凭证主机无记录 / [ALERT critical] Many vouchers without a record of the host"
    )
    assert len(message.lines) == 12
    assert len(message.links) == 2


def test_a_recovery_carries_value_and_duration() -> None:
    """The value that Prometheus tells now, how long it lasted, from when to when; nothing is to be done."""
    over = alert(ended_ms=START_MS + 65 * MINUTE_MS)
    message = render(told(over), around(values={"fp-OrphansMany": "0"}))
    assert message.title == "[已恢复] 大量凭证主机无记录"
    assert message.tone == "resolved"
    assert message.lines == (
        "**告警内容**：线路 north 五分钟内 12 笔。",
        "**涉及金额**：CNY 1,536.00",
        "**当前值**：0",
        "**持续时间**：1 小时 5 分钟",
        "**开始时间**：2026-03-02 23:10:01 +08:00",
        "**恢复时间**：2026-03-03 00:15:01 +08:00",
        "**可能影响**：约 40 家商户",
    )


def test_a_recovery_without_prometheus_says_which_value_it_has() -> None:
    """The value of the annotation was true while the alert fired, and is called so."""
    message = render(told(alert(ended_ms=START_MS + MINUTE_MS)), around("en"))
    assert "**Last value while it fired**: 12" in message.lines


def test_several_alerts_are_numbered_and_share_what_they_share() -> None:
    """Each has its line; money, reach and action are told once where all agree."""
    other = alert("B", annotations=ANNOTATIONS | {"description_zh": "线路 south。", "money": "CNY 9.00"})
    over = alert("C", ended_ms=START_MS + MINUTE_MS)
    message = render(told(alert(), over, other), around())
    assert message.title == "[告警 严重] 大量凭证主机无记录 ×3"
    assert message.lines[0] == "2 条未恢复，1 条已恢复"
    assert message.lines[1].startswith("1. [告警] 线路 north 五分钟内 12 笔；涉及金额 CNY 1,536.00；开始时间 ")
    assert message.lines[2].startswith("2. [告警] 线路 south；涉及金额 CNY 9.00；")
    assert message.lines[3].startswith("3. [已恢复] ")
    assert message.lines[-2:] == ("**可能影响**：约 40 家商户", "**怎么处理**：联系主机值班。")


def test_more_alerts_than_fit_are_counted() -> None:
    """Five are told, and those that Alertmanager left out count, too."""
    message = render(told(*(alert(f"A{n}") for n in range(8)), truncatedAlerts=4), around("en"))
    assert message.title.endswith(" ×12")
    assert "and 7 more alerts" in message.lines


def test_little_is_enough() -> None:
    """An alert without annotations and with a strange severity is told by its labels."""
    bare = alert(annotations={}, labels={"severity": "page<b>"})
    message = render(told(bare), around("en"))
    assert message == Message(
        "[ALERT page＜b>] OrphansMany",
        (
            "**What happened**: OrphansMany",
            "**Since**: 2026-03-02 23:10:01 +08:00, for 5 min so far",
            "**Likely reach**: link=north, kind=orphan_terminal",
        ),
        (),
        "warning",
        WORDS["en"]["cut"],
    )


def test_the_other_language_is_better_than_none() -> None:
    """A rule without Chinese texts is told in English."""
    english = {"summary": "Only English", "description": "Indeed.", "action": "Act."}
    assert render(told(alert(annotations=english)), around()).title == "[告警 严重] Only English"


def test_what_the_reader_must_know_of_the_message_comes_first() -> None:
    """Dropped messages and a possible repeat are said; the robot's keyword is in the title."""
    message = render(told(), around("en", lost=3, maybe_again=True, keyword="VW"))
    assert message.title.startswith("VW [ALERT")
    assert message.lines[0].startswith("3 earlier messages could not be delivered")
    assert message.lines[1].startswith("This message may have come before")


def test_a_digest_names_the_most_urgent_first() -> None:
    """Firing before resolved, critical before info; what is too much is counted."""
    minor = told(alert("M", labels={"severity": "info"}))
    over = told(alert("O", ended_ms=START_MS + MINUTE_MS))
    message = render_digest([over, minor, told()], around("en"), 20)
    assert message.title == "[DIGEST] 2 firing, 1 resolved"
    assert message.tone == "critical"
    assert message.lines[0].startswith("3 notifications in one message, because more than 20 a minute came")
    assert [line[:14] for line in message.lines[1:]] == ["- [ALERT criti", "- [ALERT info]", "- [RESOLVED] M"]
    many = render_digest([told()] * (MOST_IN_DIGEST + 5), around("en"), 20)
    assert many.lines[-1] == "and 5 more alerts"


def test_a_test_message_says_that_nothing_happened() -> None:
    """Nobody is to be woken by it."""
    message = render_test(around("zh", "en", keyword="监控"))
    assert message.title.startswith("监控 [测试]")
    assert message.lines[:2] == (WORDS["zh"]["test_text"], WORDS["en"]["test_text"])


def test_both_languages_have_the_same_words() -> None:
    """A word that is missing in one language would fail at night."""
    assert WORDS["en"].keys() == WORDS["zh"].keys()


def test_durations_and_times() -> None:
    """Two units at most, none below a second; the zone stands beside the time."""
    cases = {0: "0 s", 999: "0 s", 61_000: "1 min 1 s", 3_600_000: "1 h", 90_061_000: "1 d 1 h", -5: "0 s"}
    assert {length: duration_text(length, "en") for length in cases} == cases
    assert time_text(START_MS, -210) == "2026-03-02 11:40:01 -03:30"

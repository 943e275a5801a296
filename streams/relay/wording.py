"""The words of the messages in the two languages that on-call staff read."""

# ruff: noqa: RUF001  Chinese sentences have Chinese punctuation

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "firing": "ALERT",
        "resolved": "RESOLVED",
        "digest": "DIGEST",
        "test": "TEST",
        "critical": "critical",
        "warning": "warning",
        "info": "info",
        "what": "What happened",
        "was": "What it was",
        "money": "Money",
        "since": "Since",
        "reach": "Likely reach",
        "cause": "Likeliest cause",
        "do": "What to do",
        "value": "Value",
        "value_now": "Value now",
        "value_then": "Last value while it fired",
        "lasted": "Lasted",
        "ended": "Ended",
        "runbook": "Runbook",
        "dashboard": "Dashboard",
        "colon": ": ",
        "more": "and {count} more alerts",
        "counts": "{firing} firing, {resolved} resolved",
        "so_far": "{time}, for {duration} so far",
        "maybe_again": "This message may have come before: the last answer of the chat service was lost.",
        "lost": "{count} earlier messages could not be delivered and were dropped; look into Alertmanager.",
        "merged": "{count} notifications in one message, because more than {limit} a minute came"
        " or the chat service could not be reached.",
        "cut": "... (cut here, the message is too long)",
        "test_text": "voucherwatch can reach this group. Nothing has happened; there is nothing to do.",
        "separator": "; ",
    },
    "zh": {
        "firing": "告警",
        "resolved": "已恢复",
        "digest": "汇总",
        "test": "测试",
        "critical": "严重",
        "warning": "警告",
        "info": "提示",
        "what": "发生了什么",
        "was": "告警内容",
        "money": "涉及金额",
        "since": "开始时间",
        "reach": "可能影响",
        "cause": "最可能原因",
        "do": "怎么处理",
        "value": "当前值",
        "value_now": "当前值",
        "value_then": "告警期间最后的值",
        "lasted": "持续时间",
        "ended": "恢复时间",
        "runbook": "处置手册",
        "dashboard": "监控面板",
        "colon": "：",
        "more": "另有 {count} 条告警",
        "counts": "{firing} 条未恢复，{resolved} 条已恢复",
        "so_far": "{time}，已持续 {duration}",
        "maybe_again": "本消息可能是重复的：上一次发送没有收到聊天服务的应答。",
        "lost": "此前有 {count} 条消息未能送达，已被丢弃；请到 Alertmanager 查看。",
        "merged": "{count} 条通知合并为一条：一分钟内超过了 {limit} 条，或聊天服务此前不可用。",
        "cut": "……（内容过长，到此截断）",
        "test_text": "voucherwatch 可以向本群发送消息。没有发生任何故障，无需处理。",
        "separator": "；",
    },
}

_UNITS: Final = {"en": (" d", " h", " min", " s"), "zh": (" 天", " 小时", " 分钟", " 秒")}
_SECONDS: Final = (86_400, 3_600, 60, 1)


def duration_text(duration_ms: int, language: str) -> str:
    """Return a duration in its two largest units, such as ``2 h 5 min``; less than a second is 0 s."""
    left = max(0, duration_ms) // 1_000
    parts = []
    for seconds, unit in zip(_SECONDS, _UNITS[language], strict=True):
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count}{unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or f"0{_UNITS[language][-1]}"


def time_text(at_ms: int, zone_minutes: int) -> str:
    """Return a time with its zone, such as ``2026-03-02 23:10:01 +08:00``."""
    zone = timezone(timedelta(minutes=zone_minutes))
    return datetime.fromtimestamp(at_ms / 1_000, zone).isoformat(" ", "seconds")[:19] + _offset(zone_minutes)


def _offset(zone_minutes: int) -> str:
    hours, minutes = divmod(abs(zone_minutes), 60)
    return f" {'-' if zone_minutes < 0 else '+'}{hours:02d}:{minutes:02d}"

"""The three vendors: the form of a message, the signature, and what their codes mean.

Sources, read in November 2026 (docs/relay.md names the pages): WeCom "群机器人配置说明" and its table of
error codes, DingTalk "自定义机器人接入" and its error codes, Feishu "自定义机器人使用指南".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote

import msgspec

from streams.relay.answers import Answer, Meaning, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streams.relay.message import Message
    from streams.settings.robots import Robot

MINUTE_MS: Final = 60_000
HEADERS: Final = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request to a vendor; the address is a secret."""

    url: str
    body: bytes

    def __repr__(self) -> str:
        """Show neither address nor text."""
        return f"Outgoing({len(self.body)} bytes)"


class Vendor(Protocol):
    """How one vendor is spoken to."""

    def request(self, robot: Robot, message: Message, now_ms: int) -> Outgoing:
        """Return the signed request for a message; ``now_ms`` is epoch milliseconds."""

    def judge(self, status: int, body: bytes) -> Answer:
        """Return what the answer means."""


def _fitted(body: Callable[[int], bytes], limit_bytes: int) -> bytes:
    """Return a request's body of at most ``limit_bytes``; ``body`` makes one whose text has so many bytes.

    Signs that JSON escapes take more room than in the text, so the text shrinks until all of it fits.
    """
    room = limit_bytes
    while len(made := body(room)) > limit_bytes:
        room -= max(256, len(made) - limit_bytes)
    return made


class WeCom:
    """企业微信: Markdown of at most 4,096 bytes; no signature, the key in the address is the secret."""

    LIMIT_BYTES: Final = 4_096
    COLOURS: Final = {"critical": "warning", "warning": "warning", "info": "comment", "resolved": "info"}
    CODES: Final[Mapping[int, tuple[Meaning, int]]] = {
        -1: (Meaning.BUSY, 0),  # 系统繁忙
        45009: (Meaning.TOO_FAST, MINUTE_MS),  # 接口调用超过限制
        93000: (Meaning.ROBOT, 0),  # 机器人 webhookurl 不合法或者机器人已经被移除出群
        93004: (Meaning.ROBOT, 0),  # 机器人被停用
        93008: (Meaning.ROBOT, 0),  # 不在群里
        40008: (Meaning.MESSAGE, 0),  # 不合法的 msgtype 参数
        40033: (Meaning.MESSAGE, 0),  # 不合法的请求字符
        40035: (Meaning.MESSAGE, 0),  # 不合法的参数
        40058: (Meaning.MESSAGE, 0),  # 不合法的参数, content too long included
        44004: (Meaning.MESSAGE, 0),  # 文本消息 content 参数为空
        45002: (Meaning.MESSAGE, 0),  # 消息内容大小超过限制
        47001: (Meaning.MESSAGE, 0),  # JSON/XML 内容错误
    }

    def request(self, robot: Robot, message: Message, now_ms: int) -> Outgoing:
        """Return the request; the title is a heading in the colour of the state."""
        del now_ms
        head = f'### <font color="{self.COLOURS[message.tone]}">{message.title}</font>'
        content = message.text("\n", self.LIMIT_BYTES, head)
        return Outgoing(robot.url, msgspec.json.encode({"msgtype": "markdown", "markdown": {"content": content}}))

    def judge(self, status: int, body: bytes) -> Answer:
        """Return what ``errcode`` means."""
        return judge(status, body, ("errcode",), ("errmsg",), self.CODES)


class DingTalk:
    """钉钉: Markdown; the signature of time and secret stands in the address."""

    LIMIT_BYTES: Final = 20_000
    """Of the whole request."""
    HOLD_MS: Final = 10 * MINUTE_MS
    """More than 20 a minute silences a robot for ten minutes."""
    CODES: Final[Mapping[int, tuple[Meaning, int]]] = {
        -1: (Meaning.BUSY, 0),  # 系统繁忙
        130101: (Meaning.TOO_FAST, HOLD_MS),  # send too fast, exceed 20 times per minute
        410100: (Meaning.TOO_FAST, HOLD_MS),  # 发送速度太快而限流
        310000: (Meaning.ROBOT, 0),  # sign not match, keywords not in content, ip not in whitelist
        300001: (Meaning.ROBOT, 0),  # token is not exist
        300005: (Meaning.ROBOT, 0),  # token is not exist
        400013: (Meaning.ROBOT, 0),  # 群已被解散
        400101: (Meaning.ROBOT, 0),  # access_token 不存在
        400102: (Meaning.ROBOT, 0),  # 机器人已停用
        400106: (Meaning.ROBOT, 0),  # 机器人不存在
        40035: (Meaning.MESSAGE, 0),  # 缺少参数
        43004: (Meaning.MESSAGE, 0),  # 无效的 Content-Type
        400105: (Meaning.MESSAGE, 0),  # 不支持的消息类型
        430101: (Meaning.MESSAGE, 0),  # 含有不安全的外链
        430102: (Meaning.MESSAGE, 0),  # 含有不合适的文本
        460101: (Meaning.MESSAGE, 0),  # message too long, exceed 20000 bytes
    }

    @staticmethod
    def sign(secret: str, now_ms: int) -> str:
        """Return base64(HMAC-SHA256(secret, ms + newline + secret)), not yet encoded for an address."""
        told = f"{now_ms}\n{secret}".encode()
        return base64.b64encode(hmac.digest(secret.encode(), told, hashlib.sha256)).decode()

    def request(self, robot: Robot, message: Message, now_ms: int) -> Outgoing:
        """Return the request; DingTalk breaks a line at two blanks before its end."""
        url = robot.url
        if robot.secret is not None:
            signature = quote(self.sign(robot.secret, now_ms), safe="")
            url += f"{'&' if '?' in url else '?'}timestamp={now_ms}&sign={signature}"

        def body(room: int) -> bytes:
            text = message.text("  \n", room, f"### {message.title}")
            markdown = {"title": message.title, "text": text}
            return msgspec.json.encode({"msgtype": "markdown", "markdown": markdown})

        return Outgoing(url, _fitted(body, self.LIMIT_BYTES))

    def judge(self, status: int, body: bytes) -> Answer:
        """Return what ``errcode`` means."""
        return judge(status, body, ("errcode",), ("errmsg",), self.CODES)


class Feishu:
    """飞书: a card with Markdown; time (seconds) and signature stand in the body, which has at most 20 KB."""

    LIMIT_BYTES: Final = 20 * 1_024
    COLOURS: Final = {"critical": "red", "warning": "orange", "info": "blue", "resolved": "green"}
    CODES: Final[Mapping[int, tuple[Meaning, int]]] = {
        11232: (Meaning.TOO_FAST, MINUTE_MS),  # frequency limited
        19001: (Meaning.ROBOT, 0),  # incoming webhook access token invalid
        19002: (Meaning.MESSAGE, 0),  # param invalid
        19021: (Meaning.ROBOT, 0),  # sign match fail or timestamp is not within one hour from current time
        19022: (Meaning.ROBOT, 0),  # Ip Not Allowed
        19024: (Meaning.ROBOT, 0),  # Key Words Not Found
        19036: (Meaning.MESSAGE, 0),  # content exceeds the limit
        9499: (Meaning.MESSAGE, 0),  # Bad Request
    }

    @staticmethod
    def sign(secret: str, now_s: int) -> str:
        """Return base64(HMAC-SHA256(key = seconds + newline + secret, nothing))."""
        key = f"{now_s}\n{secret}".encode()
        return base64.b64encode(hmac.digest(key, b"", hashlib.sha256)).decode()

    def request(self, robot: Robot, message: Message, now_ms: int) -> Outgoing:
        """Return the request."""
        return Outgoing(robot.url, _fitted(lambda room: self._body(robot, message, now_ms, room), self.LIMIT_BYTES))

    def _body(self, robot: Robot, message: Message, now_ms: int, room: int) -> bytes:
        title = {"tag": "plain_text", "content": message.title}
        card = {
            "config": {"wide_screen_mode": True},
            "header": {"title": title, "template": self.COLOURS[message.tone]},
            "elements": [{"tag": "markdown", "content": message.text("\n", room)}],
        }
        content: dict[str, object] = {"msg_type": "interactive", "card": card}
        if robot.secret is not None:
            now_s = now_ms // 1_000
            content |= {"timestamp": str(now_s), "sign": self.sign(robot.secret, now_s)}
        return msgspec.json.encode(content)

    def judge(self, status: int, body: bytes) -> Answer:
        """Return what ``code`` means, ``StatusCode`` in older answers; 9499 is also said for a limit."""
        answer = judge(status, body, ("code", "StatusCode"), ("msg", "StatusMessage"), self.CODES)
        if answer.code == "9499" and any(word in answer.text.lower() for word in ("frequency", "too many")):
            return Answer(Meaning.TOO_FAST, answer.code, answer.text, MINUTE_MS)
        return answer


BY_NAME: Final[Mapping[str, Vendor]] = {"wecom": WeCom(), "dingtalk": DingTalk(), "feishu": Feishu()}
"""The vendors by the names that the settings know."""

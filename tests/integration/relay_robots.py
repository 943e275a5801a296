"""A local server that answers as WeCom, DingTalk and Feishu document, their refusals included.

What it checks is written from the vendors' pages anew, not taken from the code that it judges:
https://developer.work.weixin.qq.com/document/path/91770 (WeCom),
https://open.dingtalk.com/document/robots/custom-robot-access (DingTalk),
https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN (Feishu).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

WECOM_KEY = "wecom-key-" + "73febdcb"
DING_TOKEN = "ding-token-" + "566cc69d"
DING_SECRET = "SEC" + "240d7bb4c0bafc62"
FEISHU_HOOK = "feishu-hook-" + "b6a1"
FEISHU_SECRET = "feishu-secret-" + "9x2"
SECRETS = (WECOM_KEY, DING_TOKEN, DING_SECRET, FEISHU_HOOK, FEISHU_SECRET)
HOUR_SECONDS = 3_600
WECOM_LIMIT_BYTES = 4_096
FEISHU_LIMIT_BYTES = 20 * 1_024
KEYWORD = "voucherwatch"
"""The custom keyword that this DingTalk robot asks for besides the signature."""


class Robots:
    """The server; a context manager.  ``messages`` has the texts that each vendor's group shows."""

    def __init__(self, certificate: Path | None = None) -> None:
        """Take the certificate (PEM, with its key) for https."""
        self.messages: dict[str, list[str]] = {"wecom": [], "dingtalk": [], "feishu": []}
        self.requests = 0
        self.refusals: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        """Vendor -> answers (status, body) that come before it takes anything."""
        self.proxied: list[str] = []
        self.queries: list[str] = []
        robots = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                robots.answer(self)

            def do_GET(self) -> None:
                robots.answer_prometheus(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.base = f"{'https' if certificate else 'http'}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Serve from a thread of its own."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def receivers(self) -> dict[str, dict[str, Any]]:
        """Return the settings of a robot of each vendor."""
        return {
            "wecom": {"vendor": "wecom", "url": f"{self.base}/cgi-bin/webhook/send?key={WECOM_KEY}"},
            "dingtalk": {
                "vendor": "dingtalk",
                "url": f"{self.base}/robot/send?access_token={DING_TOKEN}",
                "secret": DING_SECRET,
                "keyword": KEYWORD,
                "language": "en",
            },
            "feishu": {
                "vendor": "feishu",
                "url": f"{self.base}/open-apis/bot/v2/hook/{FEISHU_HOOK}",
                "secret": FEISHU_SECRET,
                "language": "both",
            },
        }

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one message."""
        body = request.rfile.read(int(request.headers["Content-Length"]))
        self.requests += 1
        if not request.path.startswith("/"):
            self.proxied.append(request.headers.get("Proxy-Authorization", ""))
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        vendor, judge = {
            "/cgi-bin/webhook/send": ("wecom", self._wecom),
            "/robot/send": ("dingtalk", self._dingtalk),
        }.get(parts.path, ("feishu", self._feishu))
        if self.refusals.get(vendor):
            _reply(request, *self.refusals[vendor].pop(0))
            return
        _reply(request, 200, judge(parts.path, query, body))

    def answer_prometheus(self, request: BaseHTTPRequestHandler) -> None:
        """Answer an instant query as Prometheus does."""
        self.queries.append(parse_qs(urlsplit(request.path).query)["query"][0])
        result = [{"metric": {}, "value": [1772464201.123, "0.25"]}]
        _reply(request, 200, {"status": "success", "data": {"resultType": "vector", "result": result}})

    def _wecom(self, _path: str, query: dict[str, str], body: bytes) -> dict[str, Any]:
        if query.get("key") != WECOM_KEY:
            return {"errcode": 93000, "errmsg": "invalid webhook url, hint: [1]"}
        content = json.loads(body)["markdown"]["content"]
        if len(content.encode()) > WECOM_LIMIT_BYTES:
            return {"errcode": 40058, "errmsg": "markdown.content exceed max length 4096"}
        self.messages["wecom"].append(content)
        return {"errcode": 0, "errmsg": "ok"}

    def _dingtalk(self, _path: str, query: dict[str, str], body: bytes) -> dict[str, Any]:
        if query.get("access_token") != DING_TOKEN:
            return {"errcode": 300005, "errmsg": "token is not exist"}
        told = f"{query.get('timestamp')}\n{DING_SECRET}".encode()
        right = base64.b64encode(hmac.new(DING_SECRET.encode(), told, hashlib.sha256).digest()).decode()
        if abs(time.time() - int(query.get("timestamp", "0")) / 1_000) > HOUR_SECONDS:
            return {"errcode": 310000, "errmsg": "invalid timestamp"}
        if query.get("sign") != right:
            return {"errcode": 310000, "errmsg": "sign not match"}
        markdown = json.loads(body)["markdown"]
        if KEYWORD not in markdown["text"]:
            return {"errcode": 310000, "errmsg": "keywords not in content"}
        self.messages["dingtalk"].append(markdown["text"])
        return {"errcode": 0, "errmsg": "ok"}

    def _feishu(self, path: str, _query: dict[str, str], body: bytes) -> dict[str, Any]:
        if not path.endswith(f"/hook/{FEISHU_HOOK}"):
            return {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}
        if len(body) > FEISHU_LIMIT_BYTES:
            return {"code": 9499, "msg": "Bad Request", "data": {}}
        read = json.loads(body)
        key = f"{read.get('timestamp')}\n{FEISHU_SECRET}".encode()
        right = base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
        if read.get("sign") != right or abs(time.time() - int(read["timestamp"])) > HOUR_SECONDS:
            return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
        card = read["card"]
        self.messages["feishu"].append(f"{card['header']['title']['content']}\n{card['elements'][0]['content']}")
        return {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}


def _reply(request: BaseHTTPRequestHandler, status: int, answer: dict[str, Any]) -> None:
    """Send one JSON answer."""
    content = json.dumps(answer).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)

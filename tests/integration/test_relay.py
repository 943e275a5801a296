"""The relay as a program, against a server that answers as the vendors document."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from streams.relay.proof import SIGNATURE_HEADER, TIME_HEADER, signature
from tests.integration.relay_process import PATIENCE_SECONDS, RelayProcess
from tests.integration.relay_robots import DING_SECRET, KEYWORD, SECRETS, Robots
from tests.integration.worker_process import until
from tests.unit.relay.payloads import ANNOTATIONS, MINUTE_MS, START_MS, alert, body

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration
VENDORS = ("wecom", "dingtalk", "feishu")


@pytest.fixture
def robots() -> Iterator[Robots]:
    """A server with a robot of each vendor."""
    with Robots() as running:
        yield running


def shows(robots: Robots, *counts: int) -> None:
    """Wait until the groups of WeCom, DingTalk and Feishu show so many messages."""
    wanted = dict(zip(VENDORS, counts, strict=True))

    def shown() -> bool:
        return {vendor: len(texts) for vendor, texts in robots.messages.items()} == wanted

    until(shown, PATIENCE_SECONDS, look_every=0.02)


def no_secret_in(relay: RelayProcess) -> None:
    """Fail if the log or the metrics hold anything of the robots' addresses."""
    said = relay.log.read_text() + relay.get("/metrics")[1]
    assert [secret for secret in SECRETS if secret in said] == []


def test_every_group_is_told_once_and_of_the_recovery(robots: Robots, tmp_path: Path) -> None:
    """Each vendor takes the form and the signature; a retry of Alertmanager's is not sent again."""
    settings = {"receivers": robots.receivers(), "prometheus": robots.base}
    with RelayProcess(tmp_path, settings) as relay:
        assert relay.post(body()) == (200, {"receivers": dict.fromkeys(VENDORS, "queued")})
        assert relay.post(body()) == (200, {"receivers": dict.fromkeys(VENDORS, "repeated")})
        shows(robots, 1, 1, 1)
        assert "**涉及金额**" in robots.messages["wecom"][0]
        assert robots.messages["dingtalk"][0].startswith(f"### {KEYWORD} [ALERT critical] Many vouchers")
        assert "**Likely reach**: about 40 shops" in robots.messages["feishu"][0]
        over = alert(ended_ms=START_MS + 5 * MINUTE_MS, annotations=ANNOTATIONS | {"value_query": "sum(x)"})
        assert relay.post(body(over), "/alertmanager/dingtalk")[0] == 200
        shows(robots, 1, 2, 1)
        assert "**Value now**: 0.25" in robots.messages["dingtalk"][1]
        assert "**Lasted**: 5 min" in robots.messages["dingtalk"][1]
        assert robots.queries == ["sum(x)"]
        until(lambda: relay.count("dingtalk", "sent") == 2, PATIENCE_SECONDS)
        assert (relay.count("wecom", "repeated"), relay.count("wecom", "failed")) == (1, 0)
        no_secret_in(relay)
        assert relay.stop() == 0


def test_a_refusal_holds_up_nobody_else(robots: Robots, tmp_path: Path) -> None:
    """A wrong secret (310000) and a wrong key (93000) keep their messages; the third robot is told at once."""
    receivers = robots.receivers()
    receivers["dingtalk"]["secret"] = DING_SECRET[::-1]
    receivers["wecom"]["url"] += "x"
    with RelayProcess(tmp_path, {"receivers": receivers}) as relay:
        assert relay.post(body())[0] == 200
        shows(robots, 0, 0, 1)
        until(lambda: relay.count("wecom", "refused") + relay.count("dingtalk", "refused") == 2, PATIENCE_SECONDS)
        assert 'voucherwatch_relay_queue{receiver="dingtalk"} 1.0' in relay.get("/metrics")[1]
        refused = {line["receiver"]: (line["code"], line["text"]) for line in relay.lines() if "code" in line}
        assert refused["dingtalk"] == ("310000", "sign not match")
        assert refused["wecom"][0] == "93000"
        no_secret_in(relay)


def test_what_was_taken_survives_a_power_cut(robots: Robots, tmp_path: Path) -> None:
    """After kill -9 the next start sends what no vendor took, and that alone, in order."""
    robots.refusals = {"wecom": [(502, {})] * 1_000, "feishu": [(200, {"code": 11232, "msg": "frequency limited"})]}
    settings = {"receivers": robots.receivers()}
    with RelayProcess(tmp_path, settings) as relay:
        for name in ("A", "B"):
            assert relay.post(body(alert(name, annotations={})))[0] == 200
        shows(robots, 0, 2, 0)
        until(lambda: relay.count("wecom", "failed") > 0 and relay.count("feishu", "refused") == 1, PATIENCE_SECONDS)
        relay.kill()
    robots.refusals.clear()
    with RelayProcess(tmp_path, settings) as relay:
        shows(robots, 2, 2, 2)
        assert ["A" in robots.messages["wecom"][0], "B" in robots.messages["wecom"][1]] == [True, True]
        assert relay.post(body(alert("A", annotations={})))[1]["receivers"]["wecom"] == "repeated"
        assert relay.stop() == 0
    assert {vendor: len(texts) for vendor, texts in robots.messages.items()} == dict.fromkeys(VENDORS, 2)


def test_only_who_proves_it_may_post(robots: Robots, tmp_path: Path) -> None:
    """Token or fresh signature; what is wrong has its status and reaches nobody."""
    key = "signing-" + "0123456789abcdef"
    with RelayProcess(tmp_path, {"receivers": robots.receivers(), "signing_key": key}) as relay:
        now, plain = int(time.time()), body()
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {TIME_HEADER: str(now), SIGNATURE_HEADER: signature(key, str(now), plain + b" ")},
            {TIME_HEADER: str(now - 400), SIGNATURE_HEADER: signature(key, str(now - 400), plain)},
        ):
            assert relay.post(plain, headers=headers)[0] == 401
        assert relay.post(plain, "/alertmanager/nobody")[0] == 404
        assert relay.post(b"{}")[0] == 400
        assert relay.post(b"x" * (8 * 1_024 * 1_024 + 1))[0] in {413, 0}, "it may close before it has read all"
        assert robots.requests == 0
        signed = {TIME_HEADER: str(now), SIGNATURE_HEADER: signature(key, str(now), plain)}
        assert relay.post(plain, headers=signed)[0] == 200
        shows(robots, 1, 1, 1)
        assert [relay.get(page)[0] for page in ("/healthz", "/readyz", "/metrics")] == [200] * 3
        page = relay.get("/metrics")[1]
        for result, count in (("unauthorised", 4), ("unknown_receiver", 1), ("unreadable", 1), ("taken", 1)):
            assert f'voucherwatch_relay_webhooks_total{{result="{result}"}} {count}.0' in page


def test_a_page_in_a_browser_cannot_post(robots: Robots, tmp_path: Path) -> None:
    """Without a token, as on this machine alone, a foreign page's form is still not taken."""
    with RelayProcess(tmp_path, {"receivers": robots.receivers(), "token": None}) as relay:
        assert relay.post(body(), headers={"Content-Type": "text/plain"})[0] == 415
        assert relay.post(body(), headers={})[0] == 200
        shows(robots, 1, 1, 1)


def test_certificates_are_checked(tmp_path: Path) -> None:
    """A certificate that nobody vouches for is refused; with relay.cafile it is known."""
    certificate = tmp_path / "robot.pem"
    certificate.write_text(CERTIFICATE)
    with Robots(certificate) as robots:
        settings = {"receivers": {"wecom": robots.receivers()["wecom"]}}
        with RelayProcess(tmp_path, settings) as relay:
            relay.post(body())
            until(lambda: relay.count("wecom", "failed") > 0, PATIENCE_SECONDS)
            assert {line["code"] for line in relay.lines() if "code" in line} == {"ClientConnectorCertificateError"}
            assert relay.stop() == 0
        with RelayProcess(tmp_path, settings | {"cafile": str(certificate)}) as relay:
            shows(robots, 1, 0, 0)
            no_secret_in(relay)


def test_a_proxy_is_used(robots: Robots, tmp_path: Path) -> None:
    """Requests go to the proxy with its own credentials, which stay out of the log."""
    proxy = robots.base.replace("//", "//user:proxy-password@")
    receivers = {
        "wecom": robots.receivers()["wecom"] | {"url": f"http://localhost:9/cgi-bin/webhook/send?key={SECRETS[0]}"}
    }
    with RelayProcess(tmp_path, {"receivers": receivers, "proxy": proxy}) as relay:
        relay.post(body())
        shows(robots, 1, 0, 0)
        assert [said.partition(" ")[0] for said in robots.proxied] == ["Basic"]
        assert "proxy-password" not in relay.log.read_text()
        no_secret_in(relay)


CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKWr1PWo+WTCBR2/z
6vQbyIWd1geqvT/TxuYkxpyWy16hRANCAAT4eOZ8YypNNc8K1o+jDyjXaMbr3GyX
1KXm+yfmKQw3mGD+qSwMZmlP09MvTFCKHjiFk1rEKUBDroJn34v87Z2q
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBqDCCAU2gAwIBAgIUM6Md0WQ2jrdB56pEB+MH0snmClowCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPcm9ib3QgZm9yIHRlc3RzMCAXDTI2MTEyMzA4MjkzOVoYDzIx
MjYxMDMwMDgyOTM5WjAaMRgwFgYDVQQDDA9yb2JvdCBmb3IgdGVzdHMwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAT4eOZ8YypNNc8K1o+jDyjXaMbr3GyX1KXm+yfm
KQw3mGD+qSwMZmlP09MvTFCKHjiFk1rEKUBDroJn34v87Z2qo28wbTAdBgNVHQ4E
FgQUn0K2xN/N1tUHV/0txaZkKkBn/V0wHwYDVR0jBBgwFoAUn0K2xN/N1tUHV/0t
xaZkKkBn/V0wDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2Nh
bGhvc3QwCgYIKoZIzj0EAwIDSQAwRgIhAKgdHQRmajzTWF4F+1ECRgY0PuhjS5tH
Uud7vhsixoeOAiEAzZzcaV0/3OT9uskE7jLL5HtYIiWhG3F/QCkTVjNZSVg=
-----END CERTIFICATE-----
"""
"""Self-signed for 127.0.0.1, with its key; it guards nothing."""

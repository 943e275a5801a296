"""The relay's settings: robots whose addresses nobody sees, and a door that is not left open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from streams.errors import ConfigurationError
from streams.settings import load_settings
from streams.settings.document import as_yaml, plain
from streams.settings.robots import Robot
from streams.shipped import shipped

if TYPE_CHECKING:
    from pathlib import Path

KEY = "73febdcb" + "-1b38"
URL = f"https://robot.example.com/send?key={KEY}"
TOKEN = "0123456789" + "abcdef"


def faults(tmp_path: Path, text: str) -> list[str]:
    """Return the sentences for a file with this text, its path shortened to ``FILE``."""
    path = tmp_path / "w.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        load_settings(path, (), {})
    said = [fault.replace(str(path), "FILE").replace(str(tmp_path), "FOLDER") for fault in raised.value.faults]
    assert not any(KEY in fault for fault in said), "an address is a secret"
    return said


def test_a_robot_is_read_from_files(tmp_path: Path) -> None:
    """Address and secret stand in files beside the configuration; the line end is no part of them."""
    (tmp_path / "url").write_text(URL + "\n")
    (tmp_path / "secret").write_text("SECret\n")
    path = tmp_path / "w.yaml"
    path.write_text(
        "relay:\n  receivers:\n    ops: {vendor: DingTalk, url_file: url, secret_file: secret, keyword: 监控}\n"
        f"    risk: {{vendor: wecom, url: '{URL}', language: both, per_minute: 5}}\n"
    )
    assert load_settings(path, (), {}).relay_receivers == {
        "ops": Robot("ops", "dingtalk", URL, "SECret", "zh", "监控", 20),
        "risk": Robot("risk", "wecom", URL, None, "both", None, 5),
    }


def test_environment_and_option_reach_a_robot(tmp_path: Path) -> None:
    """As a container sets it."""
    (tmp_path / "url").write_text(URL)
    environ = {"VOUCHERWATCH_RELAY__RECEIVERS__OPS__URL_FILE": str(tmp_path / "url")}
    settings = load_settings(None, ["relay.receivers.ops.vendor=feishu"], environ)
    assert settings.relay_receivers["ops"].url == URL


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """Neither ``config show`` nor the settings in a traceback hold address, secret, token, key or proxy."""
    path = tmp_path / "w.yaml"
    path.write_text(
        f"relay:\n  token: {TOKEN}\n  signing_key: {TOKEN}2\n  proxy: http://u:{TOKEN}@p:3128\n"
        f"  receivers: {{ops: {{vendor: wecom, url: '{URL}', secret: {TOKEN}}}}}\n"
    )
    settings = load_settings(path, (), {})
    said = as_yaml(settings) + repr(settings) + repr(plain(settings))
    assert KEY not in said
    assert TOKEN not in said
    assert plain(settings)["relay.receivers"] == {
        "ops": {"vendor": "wecom", "url": "***", "secret": "***", "language": "zh", "per_minute": 20}
    }
    assert "url: '***'" in as_yaml(settings)


SINGLE = [
    ("{reciever: {}}", "FILE line 1: unknown setting relay.reciever; did you mean receivers?"),
    (
        "{receivers: ops}",
        "FILE line 1: relay.receivers must hold robots by name; write relay.receivers: {NAME: {vendor: ...}}.",
    ),
    (
        f"{{receivers: {{ops: {{vendor: wecom, url: '{URL}', langauge: en}}}}}}",
        "FILE line 1: unknown setting relay.receivers.ops.langauge; did you mean language?",
    ),
    (
        f"{{receivers: {{ops: {{vendor: slack, url: '{URL}'}}}}}}",
        (
            "FILE line 1: relay.receivers.ops.vendor is slack, but must be one of wecom, dingtalk, feishu;"
            " choose one of them."
        ),
    ),
    (
        "{receivers: {ops: {vendor: wecom}}}",
        "FILE line 1: relay.receivers.ops has no url; set relay.receivers.ops.url_file.",
    ),
    (
        f"{{receivers: {{ops: {{url: '{URL}'}}}}}}",
        "FILE line 1: relay.receivers.ops has no vendor; write one of wecom, dingtalk, feishu.",
    ),
    (
        f"{{receivers: {{ops: {{vendor: wecom, url: 'http://robot.example.com/{KEY}'}}}}}}",
        (
            "FILE line 1: relay.receivers.ops.url is ***, but must be an https:// address"
            " (http:// only on this machine); copy it from the robot's page in the group."
        ),
    ),
    (
        "{receivers: {ops: {vendor: wecom, url_file: none}}}",
        "FILE line 1: relay.receivers.ops.url_file is FOLDER/none, which cannot be read; check path and permission.",
    ),
    (
        f"{{receivers: {{ops: {{vendor: wecom, url: '{URL}', url_file: x}}}}}}",
        "FILE line 1: relay.receivers.ops.url and relay.receivers.ops.url_file are both given; keep one of them.",
    ),
    (
        f"{{receivers: {{'a b': {{vendor: wecom, url: '{URL}'}}}}}}",
        (
            "FILE line 1: relay.receivers has a robot called 'a b', but a name is 1 to 32 letters, digits,"
            " underscores and hyphens; rename it."
        ),
    ),
    (
        "{token: short}",
        (
            "FILE line 1: relay.token is ***, but must be 16 to 512 ASCII characters without blanks;"
            " make one with: openssl rand -hex 32."
        ),
    ),
    (
        "{host: 0.0.0.0}",
        (
            "FILE line 1: relay.host is 0.0.0.0, which others can reach, but there is neither relay.token nor"
            " relay.signing_key; set relay.token_file, or relay.host: 127.0.0.1."
        ),
    ),
    (
        "{direct_thresholds: {CNY: 5000}}",
        "FILE line 1: relay.direct_thresholds is given without relay.alertmanagers; set both or neither.",
    ),
    (
        "{alertmanagers: ['http://am:9093']}",
        "FILE line 1: relay.alertmanagers is given without relay.direct_thresholds; set both or neither.",
    ),
    (
        "{alertmanagers: ['am:9093'], direct_thresholds: {CNY: 1}}",
        (
            "FILE line 1: relay.alertmanagers is ['am:9093'], but must be http:// or https:// addresses;"
            " write each peer as http://host:port."
        ),
    ),
    (
        "{alertmanagers: ['http://am:9093'], direct_thresholds: {RMB: 1}}",
        "FILE line 1: relay.direct_thresholds.RMB is no ISO 4217 currency; did you mean CNY?",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), SINGLE)
def test_each_fault_is_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    """What, where, the limit, what to change; never an address."""
    assert faults(tmp_path, f"relay: {text}\n") == [sentence]


@pytest.mark.parametrize("amount", ["0", "-1", "1.234", "lots", "true", "[1]", "{a: 1}", "1e400", ".nan", ".inf"])
def test_an_amount_is_one(amount: str, tmp_path: Path) -> None:
    """Above nothing, in the currency's decimals."""
    (said,) = faults(tmp_path, f"relay: {{alertmanagers: ['http://a'], direct_thresholds: {{CNY: {amount}}}}}\n")
    assert said.endswith("must be an amount above 0 with at most 2 decimals; write it in major units, such as 5000.")


def test_thresholds_are_minor_units_inside(tmp_path: Path) -> None:
    """Each currency has its own decimals, and they are shown as they were written."""
    path = tmp_path / "w.yaml"
    path.write_text("relay: {alertmanagers: ['http://a'], direct_thresholds: {CNY: 5000.5, JPY: 90000, KWD: '1.005'}}")
    settings = load_settings(path, (), {})
    assert settings.relay_direct_thresholds == {"CNY": 500_050, "JPY": 90_000, "KWD": 1_005}
    assert plain(settings)["relay.direct_thresholds"] == {"CNY": "5000.50", "JPY": "90000", "KWD": "1.005"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"])
def test_this_machine_needs_no_token(host: str) -> None:
    """Only who can log in here can reach it."""
    assert load_settings(None, [f"relay.host={host}"], {}).relay_host == host


@pytest.mark.parametrize("secret", ["token", "signing_key"])
def test_with_a_proof_others_may_reach_it(secret: str) -> None:
    """Either is enough."""
    load_settings(None, ["relay.host=0.0.0.0", f"relay.{secret}={TOKEN}"], {})


def test_too_many_robots(tmp_path: Path) -> None:
    """They are label values."""
    robots = ", ".join(f"r{number}: {{vendor: wecom, url: '{URL}'}}" for number in range(21))
    (said,) = faults(tmp_path, f"relay: {{receivers: {{{robots}}}}}\n")
    assert "names 21 robots, but at most 20 can be told apart" in said


@pytest.mark.parametrize("name", ["VOUCHERWATCH_RELAY_SERVICE_HOST", "VOUCHERWATCH_RELAY_PORT_8080_TCP_ADDR"])
def test_variables_of_a_cluster_are_no_settings(name: str) -> None:
    """Kubernetes describes a service called voucherwatch-relay by variables with the same beginning."""
    load_settings(None, (), {name: "tcp://10.0.0.1:80"})


def test_the_shipped_example_loads(tmp_path: Path) -> None:
    """With its secrets in place it has no fault, and the lines that are switched off have none either."""
    for name in ("relay_token", "wecom-url", "dingtalk-url", "dingtalk-secret", "feishu-url", "feishu-secret"):
        (tmp_path / name).write_text(URL)
    text = shipped("config/relay.yaml").read_text().replace("/run/secrets/", f"{tmp_path}/")
    path = tmp_path / "relay.yaml"
    path.write_text(text)
    assert sorted(load_settings(path, (), {}).relay_receivers) == ["ops-dingtalk", "ops-feishu", "ops-wecom"]
    path.write_text(re.sub(r"^( *)# (prometheus|direct_|alertmanagers|bootstrap_)", r"\1\2", text, flags=re.MULTILINE))
    assert len(load_settings(path, (), {}).relay_alertmanagers) == 2

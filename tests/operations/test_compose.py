"""The compose file holds what it promises, as far as that shows without Docker."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from dashboards.source.frame import RUNBOOKS
from dashboards.source.proof import SOURCE
from streams.embedded.leash import leashed
from streams.settings import load_settings
from streams.simulator.fleet import LINKS
from tests.contracts.repository import ROOT
from tests.integration.worker_process import free_port, until
from tests.operations.linters import LinterNotAvailableError, linter

if TYPE_CHECKING:
    from pathlib import Path

COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
ONCE: Final = {"topics", "simulator"}
"""They end by themselves."""
WRITABLE: Final = {"kafka": "its start script writes its configuration"}
"""Services whose root file system is not read-only -> why."""
PROVISIONING: Final = ROOT / "config" / "grafana" / "provisioning"
SCRIPTS: Final = sorted((ROOT / "scripts").iterdir())


def lint(name: str, *arguments: str) -> None:
    """Run a linter that finds nothing, or skip where it cannot be had."""
    try:
        program = linter(name)
    except LinterNotAvailableError as error:
        pytest.skip(str(error))
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_the_compose_file_keeps_to_its_schema() -> None:
    """A key that is misspelt or in the wrong place is refused."""
    lint("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")


@pytest.mark.timeout(300)
def test_the_dockerfile_is_clean() -> None:
    """Hadolint has nothing to say, not even in passing."""
    lint("hadolint", "--failure-threshold", "style", "Dockerfile")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_are_clean(script: Path) -> None:
    """Shellcheck has nothing to say, and the file can be run."""
    if shutil.which("shellcheck") is None:
        pytest.skip("scripts are checked with shellcheck (apt-get install shellcheck)")
    done = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
    assert script.stat().st_mode & 0o111


def test_nothing_is_published_beyond_this_machine() -> None:
    """Every published port stands on the loopback address, and no two share one."""
    ports = [str(port) for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert [port for port in ports if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)] == []
    assert len({port.split(":")[1] for port in ports}) == len(ports)


def test_every_image_is_ours_or_pinned() -> None:
    """A foreign image carries a full version, ours is built from here."""
    for name, service in SERVICES.items():
        if "build" in service:
            assert service["image"] == "voucherwatch:local", name
        else:
            assert re.fullmatch(r"[\w/-]+:v?\d+\.\d+\.\d+(-\w+)?", service["image"]), name
    first = re.findall(r"(?m)^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert [image for image in first if not re.fullmatch(r"python:3\.\d+(-\w+)+", image)] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    """No capability, no new privileges, a read-only root, no root user; its health is asked unless it ends."""
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only", False) is (name not in WRITABLE)
    assert service.get("user", "nobody") == "nobody"
    health = service.get("healthcheck", {})
    if name in ONCE:
        assert health == {"disable": True}
        assert service["restart"] == "no"
    else:
        assert health.get("test") or name == "worker", "the worker's stands in the image"
        assert service["restart"] == "unless-stopped"


def test_our_image_runs_without_root() -> None:
    """The image's user is a number above all system users, and its health is asked."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^USER (.*)$", text) == ["65532:65532"]
    assert "HEALTHCHECK" in text


def test_secrets_come_from_files() -> None:
    """No secret stands in the file or in an environment; each is made by the script and unknown to git."""
    made = (ROOT / "scripts" / "compose-secrets").read_text(encoding="utf-8")
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f".secrets/{name}"}
        assert name in made
    assert ".secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"(?i)password|token|secret", key):
                assert key.endswith("FILE"), (name, key)
                assert str(value).removeprefix("/run/secrets/") in service["secrets"], (name, key)


def test_what_is_mounted_exists() -> None:
    """Docker would make a missing folder, owned by root and empty."""
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            source, _, rest = volume.partition(":")
            if source.startswith("./"):
                assert (ROOT / source).is_dir(), (name, source)
                assert rest.endswith(":ro"), (name, source)
            else:
                assert source in COMPOSE["volumes"], (name, source)


def test_services_wait_for_what_they_need() -> None:
    """Who depends on somebody says in which condition, and the condition can come true."""
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONCE else "service_healthy"
            assert how == {"condition": wanted}, (name, other)


@pytest.mark.parametrize("name", ["topics", "worker", "simulator"])
def test_the_settings_in_the_environment_are_taken(name: str) -> None:
    """What the file says to our own programs is what they understand."""
    settings = load_settings(None, (), SERVICES[name]["environment"])
    assert settings.bootstrap_servers == ("kafka:19092",)
    if name == "worker":
        assert set(settings.links) == {link.name for link in LINKS}


def test_the_relay_takes_its_settings(tmp_path: Path) -> None:
    """File and environment together make a relay that listens where Prometheus and Alertmanager look for it."""
    token = tmp_path / "token"
    token.write_text("x" * 32, encoding="utf-8")
    said = SERVICES["relay"]["environment"] | {"VOUCHERWATCH_RELAY__TOKEN_FILE": str(token)}
    settings = load_settings(ROOT / "config" / "relay" / "voucherwatch.yaml", (), said)
    assert (settings.relay_host, settings.relay_port) == ("0.0.0.0", 8080)  # noqa: S104  inside its container
    assert set(settings.relay_receivers) == {"chat-log"}


def test_prometheus_finds_every_target() -> None:
    """Its targets and the Alertmanager that it tells are services here; the data sources agree with it."""
    told = yaml.safe_load((ROOT / "config" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    named = [target for job in told["scrape_configs"] for one in job["static_configs"] for target in one["targets"]]
    named += [
        target
        for one in told["alerting"]["alertmanagers"]
        for two in one["static_configs"]
        for target in two["targets"]
    ]
    assert {target.split(":")[0] for target in named} <= {*SERVICES, "localhost"}
    sources = yaml.safe_load((PROVISIONING / "datasources" / "voucherwatch.yaml").read_text(encoding="utf-8"))
    first, second = sources["datasources"]
    assert first["jsonData"]["timeInterval"] == told["global"]["scrape_interval"]
    assert (first["uid"], first["url"]) == (SOURCE, "http://prometheus:9090")
    assert second["url"].removeprefix("http://") in named


def test_notifications_reach_the_relay() -> None:
    """Where it posts is where the relay listens, and both read the token from the same mounted file."""
    told = yaml.safe_load((ROOT / "config" / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8"))
    [chat] = [hook for one in told["receivers"] for hook in one.get("webhook_configs", ())]
    relay = SERVICES["relay"]["environment"]
    assert chat["url"] == f"http://relay:{relay['VOUCHERWATCH_RELAY__PORT']}/alertmanager"
    token = chat["http_config"]["authorization"]["credentials_file"]
    assert token == relay["VOUCHERWATCH_RELAY__TOKEN_FILE"]
    assert token.removeprefix("/run/secrets/") in SERVICES["alertmanager"]["secrets"]


def test_grafana_finds_the_dashboards() -> None:
    """The provider looks where the folder is mounted, and nobody edits them in the browser."""
    provider = yaml.safe_load((PROVISIONING / "dashboards" / "voucherwatch.yaml").read_text(encoding="utf-8"))
    [only] = provider["providers"]
    assert only["allowUiUpdates"] is False
    assert f"./dashboards:{only['options']['path']}:ro" in SERVICES["grafana"]["volumes"]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (ROOT / "dashboards" / home.removeprefix(only["options"]["path"] + "/")).is_file()


def test_the_links_of_the_dashboards_lead_to_the_runbooks() -> None:
    """The address that the dashboards begin with is the one that is published."""
    assert any(f"http://{port.rpartition(':')[0]}" == RUNBOOKS for port in SERVICES["runbooks"]["ports"])


def test_the_runbooks_are_served_as_text() -> None:
    """A browser shows the page of a kind instead of saving it, and its Chinese is readable."""
    [program] = SERVICES["runbooks"]["command"]
    port = free_port()
    program = program.replace("8000", str(port)).replace("/srv/docs", str(ROOT / "docs"))
    server = subprocess.Popen(leashed([sys.executable, "-c", program]), stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/anomalies/mismatch.md"
    try:
        until(lambda: reached(address), 20)
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert answer.read().decode() == (ROOT / "docs" / "anomalies" / "mismatch.md").read_text(encoding="utf-8")
    finally:
        server.kill()
        server.wait()


def test_the_chat_log_answers_as_a_robot_and_prints_the_message() -> None:
    """What the relay's configuration names is what listens there, and its answer is a vendor's yes."""
    told = yaml.safe_load((ROOT / "config" / "relay" / "voucherwatch.yaml").read_text(encoding="utf-8"))
    robot = told["relay"]["receivers"]["chat-log"]
    assert (robot["vendor"], robot["url"]) == ("wecom", "http://127.0.0.1:8090/robot")
    assert SERVICES["chat-log"]["network_mode"] == "service:relay"
    [program] = SERVICES["chat-log"]["command"]
    port = free_port()
    command = leashed([sys.executable, "-u", "-c", program.replace("8090", str(port))])
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    address = f"http://127.0.0.1:{port}/robot"
    try:
        until(lambda: reached(address), 20)
        body = json.dumps({"msgtype": "markdown", "markdown": {"content": "风险金额 12.00 CNY"}}).encode()
        with urllib.request.urlopen(address, body, timeout=10) as answer:
            assert json.load(answer) == {"errcode": 0, "errmsg": "ok"}
        assert server.stdout is not None
        assert server.stdout.readline() == "风险金额 12.00 CNY\n"
    finally:
        server.kill()
        server.communicate()


def reached(address: str) -> bool:
    """Tell whether somebody answers."""
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310  our own server
            return True
    except OSError:
        return False

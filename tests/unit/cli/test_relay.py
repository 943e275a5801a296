"""``relay`` and ``relay test`` end as the exit codes say, and show no address."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
import structlog

from tests.integration.relay_process import configuration
from tests.integration.relay_robots import SECRETS, Robots

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.cli.conftest import Ended, Voucherwatch


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """Leave logging as it was: the relay sends it to the standard error of this test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def quiet(ended: Ended) -> Ended:
    """Return how it ended; fail if it said a secret."""
    assert [secret for secret in SECRETS if secret in ended.out + ended.err] == []
    return ended


@pytest.mark.parametrize("vendor", ["wecom", "dingtalk", "feishu"])
def test_a_test_message_reaches_the_robot(vendor: str, voucherwatch: Voucherwatch, tmp_path: Path) -> None:
    """The vendor takes it, and the group shows that nothing has happened; the file may stand before ``test``."""
    with Robots() as robots:
        config = configuration(tmp_path, {"receivers": robots.receivers()})
        ended = quiet(voucherwatch("relay", "--config", config, "test", "--receiver", vendor))
        assert (ended.code, ended.out) == (0, f"{vendor}: {vendor} took the message.\n")
        assert len(robots.messages[vendor]) == 1
        assert not (tmp_path / "relay.sqlite3").exists(), "a test goes past the queue"


def test_a_refusal_is_said_with_its_code(voucherwatch: Voucherwatch, tmp_path: Path) -> None:
    """Exit code 7, the vendor's code and words, as a sentence or as JSON."""
    with Robots() as robots:
        receivers = robots.receivers()
        receivers["feishu"] |= {"secret": receivers["dingtalk"]["secret"]}
        config = configuration(tmp_path, {"receivers": receivers})
        ended = quiet(voucherwatch("relay", "test", "--receiver", "feishu", "-c", config))
        said = "sign match fail or timestamp is not within one hour from current time"
        assert ended.code == 7
        assert ended.out == f"feishu: feishu did not take the message, 19021: {said}. docs/relay.md has the codes.\n"
        ended = voucherwatch("relay", "test", "--receiver", "feishu", "-c", config, "--json")
        assert (ended.code, json.loads(ended.out)) == (
            7,
            {"receiver": "feishu", "vendor": "feishu", "taken": False, "code": "19021", "text": said},
        )


def test_a_vendor_out_of_reach_is_three(voucherwatch: Voucherwatch, tmp_path: Path) -> None:
    """Nobody listens there; the address is not said."""
    with Robots() as robots:
        config = configuration(tmp_path, {"receivers": robots.receivers()})
    ended = quiet(voucherwatch("relay", "test", "--receiver", "wecom", "-c", config))
    assert (ended.code, ended.out) == (
        3,
        "wecom: wecom did not take the message, ClientConnectorError. docs/relay.md has the codes.\n",
    )


def test_an_unknown_robot_is_bad_usage(voucherwatch: Voucherwatch, tmp_path: Path) -> None:
    """The known ones are named."""
    with Robots() as robots:
        config = configuration(tmp_path, {"receivers": robots.receivers()})
    ended = voucherwatch("relay", "test", "--receiver", "ops", "-c", config)
    assert (ended.code, ended.err) == (
        2,
        "--receiver is ops, but relay.receivers names dingtalk, feishu, wecom; choose one of them.\n",
    )


def test_an_address_in_use_is_three(voucherwatch: Voucherwatch, tmp_path: Path) -> None:
    """Another program listens there."""
    with Robots() as robots:
        port = robots.base.rpartition(":")[2]
        config = configuration(tmp_path, {"receivers": robots.receivers(), "port": int(port)})
        ended = quiet(voucherwatch("relay", "-c", config, "--duration", "1s"))
    assert ended.code == 3
    assert ended.err.splitlines()[-1].startswith(f"Cannot listen on relay.host 127.0.0.1, relay.port {port}: ")


def test_without_a_robot_it_starts_and_says_so(voucherwatch: Voucherwatch, tmp_path: Path) -> None:
    """A stack can be tried before there is a robot."""
    ended = voucherwatch("relay", "-c", configuration(tmp_path, {"port": 0}), "--duration", "10ms")
    assert ended.code == 0
    events = [json.loads(line)["event"] for line in ended.err.splitlines()]
    assert events == ["no_receivers", "relay_started", "relay_stopping", "relay_stopped"]

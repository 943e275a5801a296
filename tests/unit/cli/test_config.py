"""``config check`` and ``config show`` say what a configuration means before anything runs on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.unit.cli.conftest import Voucherwatch


def test_a_good_file_has_no_faults(voucherwatch: Voucherwatch, tmp_path: Path) -> None:
    """The file is named with the good news."""
    (tmp_path / "w.yaml").write_text("web_port: 7000", encoding="utf-8")
    ended = voucherwatch("config", "check", "w.yaml")
    assert (ended.code, ended.out) == (0, "w.yaml: no faults.\n")


def test_faults_as_json(voucherwatch: Voucherwatch) -> None:
    """A program gets the same sentences as a list, and the same exit code."""
    ended = voucherwatch("config", "check", "--json", "--set", "foo=1")
    assert ended.code == 2
    assert json.loads(ended.out) == {
        "file": None,
        "faults": ["--set: unknown setting foo; docs/configuration.md lists the settings."],
    }


def test_show_tells_what_is_in_force_and_from_where(
    voucherwatch: Voucherwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment's value wins and is named; a secret is hidden."""
    monkeypatch.setenv("VOUCHERWATCH_GROUP_ID", "night")
    monkeypatch.setenv("VOUCHERWATCH_SASL_USERNAME", "u")
    monkeypatch.setenv("VOUCHERWATCH_SASL_PASSWORD", "hunter2")
    ended = voucherwatch("config", "show", "--set", "security_protocol=SASL_SSL")
    assert "group_id: night  # environment variable VOUCHERWATCH_GROUP_ID\n" in ended.out
    assert "security_protocol: SASL_SSL  # --set\n" in ended.out
    assert "hunter2" not in ended.out
    assert yaml.safe_load(ended.out)["sasl_password"] == "***"  # noqa: S105  what stands for a hidden one


def test_show_as_json(voucherwatch: Voucherwatch) -> None:
    """A program gets settings by dotted key and their origins."""
    shown = json.loads(voucherwatch("config", "show", "--json", "--set", "topics.host=h").out)
    assert shown["settings"]["topics.host"] == "h"
    assert shown["origins"] == {"topics.host": "--set"}


def test_the_environment_names_the_file(
    voucherwatch: Voucherwatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VOUCHERWATCH_CONFIG stands for --config, as in a container."""
    (tmp_path / "w.yaml").write_text("web_port: 7001", encoding="utf-8")
    monkeypatch.setenv("VOUCHERWATCH_CONFIG", str(tmp_path / "w.yaml"))
    assert "web_port: 7001" in voucherwatch("config", "show").out

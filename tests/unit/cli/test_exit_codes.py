"""Every way to end has its exit code, and what a person can mend is a sentence without a traceback."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn

import pytest

import streams
from streams.cli import config as config_command
from streams.errors import ExitCode, LivenessError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Voucherwatch


def test_the_version_is_done(voucherwatch: Voucherwatch) -> None:
    """``--version`` prints it and is done."""
    ended = voucherwatch("--version")
    assert (ended.code, ended.out) == (0, f"voucherwatch {streams.__version__}\n")


@pytest.mark.parametrize(
    "arguments", [["nosuch"], ["worker", "--nosuch"], ["replay", "--host"], ["demo", "--seed", "x"]]
)
def test_bad_usage_is_two(arguments: list[str], voucherwatch: Voucherwatch) -> None:
    """An unknown command or option, an option without its value and a wrong value are bad usage."""
    ended = voucherwatch(*arguments)
    assert ended.code == ExitCode.USAGE
    assert "Error: " in ended.err
    assert "Traceback" not in ended.err


def test_bad_configuration_is_two_with_every_fault(voucherwatch: Voucherwatch) -> None:
    """A worker does not start on a configuration with faults, and names all of them."""
    ended = voucherwatch("worker", "--set", "web_port=x", "--set", "idle_latness=3")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err.splitlines() == [
        "--set: web_port is x, but must be a whole number from 1 to 65535; write a number in this range.",
        "--set: unknown setting idle_latness; did you mean idle_lateness?",
    ]


def test_a_missing_file_is_three(voucherwatch: Voucherwatch, tmp_path: Path) -> None:
    """A configuration file that is not there is unreachable."""
    ended = voucherwatch("config", "check", tmp_path / "none.yaml")
    assert ended.code == ExitCode.UNREACHABLE
    assert ended.err == f"Cannot read the configuration file {tmp_path}/none.yaml: no such file or directory.\n"


@pytest.mark.parametrize(
    "arguments",
    [["topics", "check"], ["topics", "create"], ["doctor"], ["demo"], ["replay", "--from", "-2h"]],
    ids=" ".join,
)
def test_no_broker_is_three(arguments: list[str], voucherwatch: Voucherwatch) -> None:
    """A port where nothing listens is one sentence with the address."""
    timeout = [] if arguments == ["demo"] else ["--set", "broker_timeout=1s"]
    ended = voucherwatch(*arguments, "--bootstrap-servers", "127.0.0.1:1", *timeout)
    assert ended.code == ExitCode.UNREACHABLE
    assert "No answer from the brokers 127.0.0.1:1 within" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "Interrupted.\n"),
        (LivenessError("Nothing was read for 60 s."), ExitCode.LIVENESS, "Nothing was read for 60 s.\n"),
        (ZeroDivisionError("a bug"), ExitCode.INTERNAL, "ZeroDivisionError: a bug\n"),
    ],
    ids=["interrupted", "liveness", "internal"],
)
def test_whatever_stops_a_command_has_its_code(
    error: BaseException, code: int, said: str, voucherwatch: Voucherwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a bug of ours shows a traceback."""

    def fail(*arguments: object, **options: object) -> NoReturn:
        del arguments, options
        raise error

    monkeypatch.setattr(config_command, "load_settings", fail)
    ended = voucherwatch("config", "show")
    assert ended.code == code
    assert ended.err.endswith(said)
    assert ("Traceback" in ended.err) is (code == ExitCode.INTERNAL)


def test_a_reader_that_leaves_is_no_error() -> None:
    """``voucherwatch ... | head`` ends without a word on standard error."""
    program = f"{sys.executable} -m streams config show | true"
    done = subprocess.run(
        ["bash", "-c", f"{program}; echo ${{PIPESTATUS[0]}}"], capture_output=True, text=True, check=True
    )
    assert (done.stdout.strip(), done.stderr) == ("0", "")

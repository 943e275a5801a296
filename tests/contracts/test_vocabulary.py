"""Committed text names no card, no machine and no download address, and keeps the words of the glossary."""

from __future__ import annotations

import ast
import re

import pytest

from tests.contracts.repository import ROOT, code_files, committed_texts

LOCKS = ("requirements.lock", "requirements-worker.lock")
LOCK_LINE = re.compile(
    r"([a-z0-9][a-z0-9.-]*==[0-9][A-Za-z0-9.+!]*( ; [a-z_'=!<>. 0-9()A-Z]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?)",
)

# Written in pieces, so that this file does not hold what it forbids.
REGISTRY_HOSTS = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "repo" + ".maven",
    "repo1" + ".maven",
    "registry" + ".npmjs",
    "deb" + ".debian.org",
    "/" + "simple/",
)
MACHINE_PATHS = re.compile(r"(?<![\w.$})])/(?:wo" + r"rk|home|root|Users|opt/wheels)/\w")

DIGIT_RUN = re.compile(r"(?<![0-9A-Za-z])\d{13,19}(?![0-9A-Za-z])")
FORBIDDEN_IN_NAMES = re.compile(r"(?i)manager|helper|util|processor")


def passes_luhn(digits: str) -> bool:
    """Tell whether the digits carry a valid check digit, as card numbers do."""
    doubled = [int(digit) * 2 if place % 2 else int(digit) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


EPOCH_DIGITS = 13


def card_like(text: str) -> list[str]:
    """Return the clear runs of 13 to 19 digits that pass Luhn.

    A run of one digit throughout is no card, and 13 digits from 17 on are a time in milliseconds of
    these years: no issuer has such numbers.
    """
    runs = [run for run in DIGIT_RUN.findall(text) if passes_luhn(run) and len(set(run)) > 1]
    return [run for run in runs if not (len(run) == EPOCH_DIGITS and run.startswith("17"))]


def badly_named(source: str) -> set[str]:
    """Return the names of classes, functions and arguments that say nothing about the domain."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
    return {name for name in names if FORBIDDEN_IN_NAMES.search(name)}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_versions_and_hashes_alone(name: str) -> None:
    """Every line is a pinned version or a hash: no address, no path, no remark."""
    lines = (ROOT / name).read_text().splitlines()
    assert lines
    assert [line for line in lines if not LOCK_LINE.fullmatch(line)] == []


def test_a_lock_with_an_address_is_found() -> None:
    """The form of a lock line admits no address, option or comment."""
    address = "https" + "://host/some-1.0.tar.gz"
    for line in (f"some @ {address}", "--index-url " + address, "# via other", "some>=1.0 \\"):
        assert not LOCK_LINE.fullmatch(line)


def test_no_text_names_a_registry_or_a_machine() -> None:
    """Nothing committed names the host of a package registry or a folder of somebody's machine."""
    found = [
        f"{name}: {what}"
        for name, text in committed_texts().items()
        for what in (*[host for host in REGISTRY_HOSTS if host in text], *MACHINE_PATHS.findall(text))
    ]
    assert found == []


def test_a_machine_path_is_found() -> None:
    """A folder of a machine is told from a path inside a container or an address."""
    assert MACHINE_PATHS.search("see /home" + "/somebody/file")
    assert not MACHINE_PATHS.search("http://host/home/page and $(HOME)/work/x")


def test_no_text_holds_a_card_number() -> None:
    """No committed text outside the locks holds 13 to 19 digits that could be a card's."""
    found = {name: card_like(text) for name, text in committed_texts().items() if name not in LOCKS}
    assert {name: runs for name, runs in found.items() if runs} == {}


def test_a_card_number_is_found() -> None:
    """The search finds a valid number and leaves its neighbour with a wrong check digit alone."""
    body = "40000000000000" + "0"
    valid = next(body + digit for digit in "0123456789" if passes_luhn(body + digit))
    wrong = body + str((int(valid[-1]) + 1) % 10)
    assert card_like(f"pan={valid}, other={wrong}, hash=a{valid}") == [valid]


def test_names_say_what_they_mean() -> None:
    """No class, function or argument is named after a role that fits everything."""
    found = {str(path.relative_to(ROOT)): badly_named(path.read_text()) for path in code_files()}
    assert {name: names for name, names in found.items() if names} == {}


def test_an_empty_name_is_found() -> None:
    """The rule can fail for a class, a function and an argument."""
    source = "class VoucherManager: ...\ndef cancel_helper(data_utils): ..."
    assert badly_named(source) == {"VoucherManager", "cancel_helper", "data_utils"}

"""Who gets in: by token, by signature, and nobody else."""

from __future__ import annotations

import pytest

from streams.relay.proof import SIGNATURE_HEADER, TIME_HEADER, Gate, signature

TOKEN = "t0k3n" + "-of-alertmanager"
KEY = "0123456789abcdef" * 2
BODY = b'{"a":1}'
SECONDS = 1_772_464_201
NOW_MS = SECONDS * 1_000
VECTOR = "sha256=d03913fe1e860fccd4b334c6cbac840d7847f9c430e00d1cff1eabe4b3524e46"
"""From openssl dgst -sha256 -hmac over ``1772464201.{"a":1}``."""


def signed(seconds: object = SECONDS, said: str = VECTOR) -> dict[str, str]:
    """Return the headers of a signed request."""
    return {TIME_HEADER: str(seconds), SIGNATURE_HEADER: said}


@pytest.mark.parametrize("said", [f"Bearer {TOKEN}", f"bearer {TOKEN}", f"Bearer  {TOKEN} "])
def test_the_token_opens(said: str) -> None:
    """As Alertmanager sends it, in any case of the scheme."""
    assert Gate(TOKEN).admits({"Authorization": said}, BODY, NOW_MS)
    assert Gate(TOKEN, KEY).admits({"Authorization": said}, BODY, NOW_MS)


@pytest.mark.parametrize(
    "said",
    ["", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer ", "Bearer ü", "Bearer \udcff"],
)
def test_anything_else_does_not(said: str) -> None:
    """No scheme, another one, another token."""
    assert not Gate(TOKEN).admits({"Authorization": said}, BODY, NOW_MS)
    assert not Gate(None, KEY).admits({"Authorization": f"Bearer {TOKEN}"}, BODY, NOW_MS)


def test_the_signature_opens() -> None:
    """The vector of another program, at its own time."""
    assert signature(KEY, str(SECONDS), BODY) == VECTOR
    assert Gate(None, KEY).admits(signed(), BODY, NOW_MS)
    assert Gate(TOKEN, KEY).admits(signed(), BODY, NOW_MS)


@pytest.mark.parametrize(("off_s", "opens"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_a_signature_lives_five_minutes(off_s: int, opens: bool) -> None:  # noqa: FBT001  a column of the table
    """Before and after our clock; the limit itself is within."""
    headers = signed(SECONDS, VECTOR)
    assert Gate(None, KEY).admits(headers, BODY, NOW_MS + off_s * 1_000) is opens


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(said=""),
        signed(said=VECTOR.removeprefix("sha256=")),
        signed(SECONDS + 1),
        signed("now"),
        signed("1" * 400),
        signed("-5"),
        signed(said="\udcff"),
        signed("١٧٧٢٤٦٤٢٠١"),
        {SIGNATURE_HEADER: VECTOR},
    ],
)
def test_a_wrong_signature_does_not_open(headers: dict[str, str]) -> None:
    """Another time than was signed, no time, no signature."""
    assert not Gate(None, KEY).admits(headers, BODY, NOW_MS)
    assert not Gate(TOKEN).admits(headers, BODY, NOW_MS)


def test_another_body_does_not_open() -> None:
    """What was signed is what is read."""
    assert not Gate(None, KEY).admits(signed(), BODY + b" ", NOW_MS)


def test_without_secrets_it_is_open() -> None:
    """The settings allow that on loopback alone."""
    assert Gate().admits({}, BODY, NOW_MS)


def test_secrets_are_not_shown() -> None:
    """A gate in a traceback tells nothing."""
    assert repr(Gate(TOKEN, KEY)) == "Gate()"

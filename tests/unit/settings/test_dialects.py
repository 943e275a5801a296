"""Dialects are named in the settings, shipped as data or brought along, and every fault is one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.core import usual
from streams.errors import ConfigurationError
from streams.settings import load_dialect, load_settings, shipped_dialects
from streams.shipped import shipped

if TYPE_CHECKING:
    from pathlib import Path


def test_json_is_the_default() -> None:
    """Without a word about it nothing is raw, and the usual vouchers stay packed."""
    policy = load_settings(None, (), {}).policy()
    assert policy.raw_feeds == {}
    assert usual.fits(policy) is usual.AVAILABLE


def test_a_dialect_for_each_topic() -> None:
    """One topic may be raw, the other JSON; link and zone are settings."""
    settings = load_settings(
        None, ["dialect.terminal=unionpay-bcd", "dialect.terminal_link=north", "dialect.zone=-03:30"], {}
    )
    policy = settings.policy()
    assert set(policy.raw_feeds) == {"terminal"}
    feed = policy.raw_feeds["terminal"]
    assert feed.dialect is load_dialect("unionpay-bcd")
    assert (feed.link, feed.offset_minutes) == ("north", -210)
    assert not usual.fits(policy)


def test_a_dialect_for_each_link() -> None:
    """The messages of a link come in objects that name it; what else comes is JSON."""
    policy = load_settings(None, ["links.north.dialect=iso8583-bcd"], {}).policy()
    assert set(policy.raw_feeds) == {"terminal", "host"}
    assert policy.raw_feeds["host"].dialect is None
    assert policy.raw_feeds["host"].by_link == {"north": load_dialect("iso8583-bcd")}


@pytest.mark.parametrize("name", shipped_dialects())
def test_every_shipped_dialect_is_whole(name: str) -> None:
    """Each has a title, its kinds and the fields of an event; packed ones have even pads."""
    dialect = load_dialect(name)
    assert dialect is not None
    assert dialect.name == name
    assert dialect.title
    assert {"2", "3", "4", "11", "12", "37", "38", "39", "41", "42", "49", dialect.original} <= dialect.names.keys()
    assert dialect.packed is name.endswith("-bcd")


def test_a_dialect_of_ones_own(tmp_path: Path) -> None:
    """A file says what it is like and what differs; its path is relative to the file that names it."""
    (tmp_path / "ours.yaml").write_text(
        "title: ours\nlike: iso8583-binary\nheader_bytes: 2\nfields:\n  62: [ans..20, ours, 自定义域]\n",
        encoding="utf-8",
    )
    (tmp_path / "w.yaml").write_text("dialect:\n  host: ours.yaml\n", encoding="utf-8")
    dialect = load_settings(tmp_path / "w.yaml", (), {}).policy().raw_feeds["host"].dialect
    assert dialect is not None
    assert (dialect.name, dialect.header_bytes, dialect.names["62"].english) == ("ours", 2, "ours")
    assert dialect.spec["62"]["max_len"] == 20


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("dialect.host=unionpay", "dialect.host is unionpay, but must be one of json, "),
        ("dialect.zone=8", "dialect.zone is 8, but must be an offset from UTC such as +08:00"),
        ("dialect.host=nowhere.yaml", "Cannot read the dialect "),
        ("links.north.dialect=x", "links.north.dialect is x, but must be one of json, "),
    ],
)
def test_faults_of_the_settings(override: str, sentence: str) -> None:
    """A wrong name, zone or file is told with what may be written."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(None, [override], {})
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- 1", "holds no dialect"),
        ("like: [", "is not YAML in UTF-8"),
        ("title: t", "is no dialect: its parts are not as in config/dialects/iso8583-ascii.yaml"),
        ("title: t\nlike: iso8583-ascii\nedition: 1990", "edition is 1990, but must be 1987, 1993 or 2003"),
        ("title: t\nlike: iso8583-ascii\nencoding: {digits: utf8}", "encoding.digits is utf8, but must be one of"),
        ("title: t\nlike: iso8583-ascii\nfields: {3: [q6, a, b]}", "field 3 is q6, but must be 2 to 128 and a form"),
        ("title: t\nlike: iso8583-ascii\nfields: {129: [n6, a, b]}", "field 129 is n6, but must be 2 to 128"),
        ("title: t\nlike: iso8583-ascii\nkinds: [{class: 2, kind: gift}]", "has the kind gift"),
        ("title: t\nlike: iso8583-ascii\nkinds: [{class: 2, kind: sale, at: 1}]", "has the unknown key at"),
        ("title: t\nlike: iso8583-ascii\ncolour: red", "unknown key colour"),
    ],
)
def test_faults_of_a_file(text: str, sentence: str, tmp_path: Path) -> None:
    """What is wrong with a dialect's file is said in words."""
    path = tmp_path / "d.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_dialect(str(path))
    assert sentence in str(caught.value)


def test_a_dialect_that_is_like_itself(tmp_path: Path) -> None:
    """A ring of files is refused, not followed."""
    path = tmp_path / "d.yaml"
    path.write_text("title: t\nlike: d.yaml\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="more than 5 dialects in a row"):
        load_dialect(str(path))


def test_the_files_travel_with_the_package() -> None:
    """They are found as any shipped file is."""
    assert {path.stem for path in shipped("config/dialects").iterdir()} == set(shipped_dialects())

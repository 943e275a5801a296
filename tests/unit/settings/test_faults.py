"""Every fault of a configuration is one exact sentence, and all of them come at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.errors import ConfigurationError, UnreachableError
from streams.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def faults(
    text: str, tmp_path: Path, overrides: Sequence[str] = (), environ: Mapping[str, str] | None = None
) -> list[str]:
    """Return the sentences for a file with this text, its path shortened to ``FILE``."""
    path = tmp_path / "w.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load_settings(path, overrides, environ or {})
    return [fault.replace(str(path), "FILE").replace(str(tmp_path), "FOLDER") for fault in raised.value.faults]


SINGLE = [
    ("idle_latness: 3s", "FILE line 1: unknown setting idle_latness; did you mean idle_lateness?"),
    ("colour: red", "FILE line 1: unknown setting colour; docs/configuration.md lists the settings."),
    ("topics: {termnal: x}", "FILE line 1: unknown setting topics.termnal; did you mean terminal?"),
    ("pair_window: {sael: 50s}", "FILE line 1: unknown setting pair_window.sael; did you mean sale?"),
    (
        "links: {north: {batch: true}}",
        "FILE line 1: unknown setting links.north.batch; did you mean batch_in_key?",
    ),
    (
        "idle_lateness: 0s",
        "FILE line 1: idle_lateness is 0s, but must be more than 0s; write a duration in this range.",
    ),
    (
        "idle_lateness: soon",
        (
            "FILE line 1: idle_lateness is soon, but must be a duration;"
            " write a number with ms, s, m, h or d, such as 30s."
        ),
    ),
    (
        "commit_interval: 2m",
        "FILE line 1: commit_interval is 2m, but must be at least 100ms, at most 1m; write a duration in this range.",
    ),
    (
        "pair_window: {void: -5}",
        (
            "FILE line 1: pair_window.void is -5, but must be a duration;"
            " write a number with ms, s, m, h or d, such as 30s."
        ),
    ),
    (
        "both_unknown: maybe",
        "FILE line 1: both_unknown is maybe, but must be one of matched, wait; choose one of them.",
    ),
    ("allow_create_time: 1", "FILE line 1: allow_create_time is 1, but must be true or false; write true or false."),
    (
        "web_port: 70000",
        "FILE line 1: web_port is 70000, but must be a whole number from 1 to 65535; write a number in this range.",
    ),
    (
        "compare_fields: [amount, curency]",
        (
            "FILE line 1: compare_fields is ['amount', 'curency'], but must be a list of names out of amount, currency,"
            " kind, merchant_id, card, auth_code, rrn, batch_number; curency is none of them, did you mean currency?"
        ),
    ),
    (
        "topics: {host: 'my topic'}",
        (
            "FILE line 1: topics.host is my topic, but must be a Kafka topic name: 1 to 249 of letters, digits, dot,"
            " underscore and hyphen; write the topic's name."
        ),
    ),
    (
        "group_instance_id: worker one",
        (
            "FILE line 1: group_instance_id is worker one, but must be a name that Kafka takes: 1 to 249 of letters,"
            " digits, dot, underscore and hyphen; write a name without other signs."
        ),
    ),
    (
        "bootstrap_servers: [kafka]",
        (
            "FILE line 1: bootstrap_servers is ['kafka'], but must be addresses of the form host:port;"
            " write them as host:port, host:port."
        ),
    ),
    ("topics: many", "FILE line 1: topics is many, but holds settings; write topics: and names below it."),
    (
        "group_id: {a: 1}",
        "FILE line 1: group_id has settings below it, but is text; write group_id: VALUE.",
    ),
    (
        "links: [north]",
        "FILE line 1: links is ['north'], but must be links by name; write links: {NAME: {}}.",
    ),
    (
        "links: {other: {}}",
        (
            "FILE line 1: links has a link called 'other', but a name is 1 to 32 characters without blanks, quotes or"
            " backslashes and not other; rename it."
        ),
    ),
    (
        "field_map: {terminal: {tid: terminal}}",
        "FILE line 1: field_map.terminal.tid is terminal, but must be a field of the event; did you mean terminal_id?",
    ),
    (
        "field_map: {host: {a: rrn, b: rrn}}",
        "FILE line 1: field_map.host.b is rrn, but a is rrn already; keep one of them.",
    ),
    (
        "stall_after: 60s",
        (
            "FILE line 1: stall_after is 1m, but must be less than every pair_window, of which the shortest is 1m;"
            " lower stall_after or widen pair_window."
        ),
    ),
    (
        "pair_window: {sale: 20s}",
        (
            "FILE line 1: pair_window.sale is 20s, but must be more than stall_after, which is 30s;"
            " widen the window or lower stall_after."
        ),
    ),
    (
        "pair_window: 20s",
        (
            "FILE line 1: pair_window is 20s, but must be more than stall_after, which is 30s;"
            " widen the window or lower stall_after."
        ),
    ),
    (
        "topics: {host: same, terminal: same}",
        "FILE line 1: topics.host is same, and so is topics.terminal; give each its own topic.",
    ),
    (
        "ssl_cafile: ca.pem\nsecurity_protocol: SSL",
        "FILE line 1: ssl_cafile is FOLDER/ca.pem, which is not a file; write the path of a PEM file.",
    ),
    (
        "sasl_password_file: nothing\nsasl_username: u\nsecurity_protocol: SASL_SSL",
        "FILE line 1: sasl_password_file is FOLDER/nothing, which cannot be read; check path and permission.",
    ),
    ("web_port: 1\nweb_port: 2", "FILE line 2: web_port is given twice; keep one of them."),
    ("- a", "FILE holds no settings; write lines of the form key: value."),
    ("a: [", "FILE line 1 is not YAML: expected the node content, but found '<stream end>'; mend that line."),
]


@pytest.mark.parametrize(("text", "sentence"), SINGLE, ids=[text.replace("\n", "; ") for text, _ in SINGLE])
def test_each_fault_is_one_exact_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    """A fault says where, which setting, the value, the limit and what to change."""
    assert faults(text, tmp_path) == [sentence]


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    """One run names the faults of file, environment and options together."""
    found = faults(
        "idle_lateness: 0\nbatch_in_keys: true\n",
        tmp_path,
        ["stall_min_events=many", "x"],
        {"VOUCHERWATCH_PAIR_WINDOW__SALE": "1s", "VOUCHERWATCH_WEBPORT": "1"},
    )
    assert found == [
        "--set x: there is no value; write --set KEY=VALUE.",
        "FILE line 1: idle_lateness is 0, but must be more than 0s; write a duration in this range.",
        "--set: stall_min_events is many, but must be a whole number from 1 to 1000000; write a number in this range.",
        "FILE line 2: unknown setting batch_in_keys; did you mean batch_in_key?",
        "environment variable VOUCHERWATCH_WEBPORT: unknown setting webport; did you mean web_port?",
        (
            "environment variable VOUCHERWATCH_PAIR_WINDOW__SALE: pair_window.sale is 1s, but must be more than"
            " stall_after, which is 30s; widen the window or lower stall_after."
        ),
    ]


def test_a_default_is_not_blamed_for_a_refused_value(tmp_path: Path) -> None:
    """With stall_after unreadable, its default is not held against a short window."""
    assert len(faults("stall_after: soon\npair_window: 20s", tmp_path)) == 1


def test_a_password_is_in_no_fault(tmp_path: Path) -> None:
    """A number where the password should be a text is refused without showing it."""
    assert faults("sasl_password: 12345\nsasl_username: u\nsecurity_protocol: SASL_SSL", tmp_path)[0] == (
        'FILE line 1: sasl_password is ***, but must be a text that is not empty; put it in quotes, as in "1234".'
    )


def test_more_than_twenty_links_are_refused(tmp_path: Path) -> None:
    """Twenty-one links would make twenty-one series of every metric with a link."""
    text = "links:\n" + "".join(f"  link{number}: {{}}\n" for number in range(21))
    assert faults(text, tmp_path) == [
        (
            "FILE line 2: links names 21 links, but at most 20 can be told apart in metrics;"
            " remove the smallest, they count as other."
        )
    ]


@pytest.mark.parametrize("protocol", ["", "security_protocol: PLAINTEXT\n", "security_protocol: SSL\n"])
def test_a_login_without_a_protocol_for_it_is_refused(protocol: str, tmp_path: Path) -> None:
    """A user name alone would be sent in clear or not at all: SASL has to be asked for by name."""
    (fault,) = faults(f"{protocol}sasl_username: u\nsasl_password: p", tmp_path)
    assert fault.endswith(
        "does not log in; set security_protocol: SASL_SSL (or SASL_PLAINTEXT, which sends the password without TLS)."
    )


def test_sasl_without_tls_is_taken_when_named(tmp_path: Path) -> None:
    """SASL_PLAINTEXT by name is a decision, not an oversight."""
    path = tmp_path / "w.yaml"
    path.write_text("security_protocol: SASL_PLAINTEXT\nsasl_username: u\nsasl_password: p", encoding="utf-8")
    assert load_settings(path, (), {}).security_protocol == "SASL_PLAINTEXT"


def test_an_incomplete_login_is_refused(tmp_path: Path) -> None:
    """A protocol with login needs user and password."""
    assert faults("security_protocol: SASL_SSL", tmp_path) == [
        "FILE line 1: security_protocol is SASL_SSL, but sasl_username is missing; set sasl_username.",
        "FILE line 1: security_protocol is SASL_SSL, but sasl_password is missing; set sasl_password.",
    ]


def test_windows_below_a_stall_are_fine_in_a_file_replay() -> None:
    """A file has no silence, so the rule about stalls does not bind its windows."""
    settings = load_settings(None, ["pair_window.sale=30s"], {}, live=False)
    assert settings.pair_window_ms["sale"] == 30_000


def test_an_unreadable_file_is_unreachable(tmp_path: Path) -> None:
    """A missing configuration file is exit code 3 and names its path."""
    path = tmp_path / "none.yaml"
    with pytest.raises(UnreachableError) as raised:
        load_settings(path, (), {})
    assert str(raised.value) == f"Cannot read the configuration file {path}: no such file or directory."
    assert raised.value.exit_code == 3

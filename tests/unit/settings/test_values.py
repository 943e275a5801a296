"""Values arrive from file, environment and options in this order, and leave as the core's policy."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from streams.core.policy import COMPARABLE_FIELDS, Policy
from streams.settings import Settings, declared, kafka_python_options, load_settings, shipped_codes
from streams.settings.diagnosis import shipped_model
from streams.settings.document import PAGE, as_yaml, page, plain
from streams.settings.secrets import HIDDEN
from streams.shipped import shipped

ROOT = Path(__file__).resolve().parents[3]


def test_defaults_are_those_of_the_policy() -> None:
    """Without a file the core is told exactly its own defaults, and the shipped response codes and causes."""
    codes = {code: row.outcome for code, row in shipped_codes().items()}
    assert load_settings(None, (), {}).policy() == Policy(response_codes=codes, diagnosis=shipped_model())


def test_who_judges_nothing_reads_no_model() -> None:
    """The files of diagnosis are the longest of all; a command that needs a window alone does not wait for them."""
    shipped_model.cache_clear()
    assert load_settings(None, (), {}).policy(diagnosing=False).diagnosis is None
    assert shipped_model.cache_info().misses == 0
    assert load_settings(None, (), {}).policy().diagnosis is not None
    assert shipped_model.cache_info().misses == 1


def test_the_shipped_file_holds_the_defaults() -> None:
    """The file that people copy changes nothing as it stands."""
    assert load_settings(shipped("config/voucherwatch.yaml"), (), {}) == Settings()


def test_options_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    """The later source wins for each key alone."""
    path = tmp_path / "w.yaml"
    path.write_text("group_id: file\nweb_port: 1000\nstall_min_events: 7\n", encoding="utf-8")
    environ = {"VOUCHERWATCH_GROUP_ID": "environment", "VOUCHERWATCH_WEB_PORT": "2000"}
    settings = load_settings(path, ["group_id=option"], environ)
    assert (settings.group_id, settings.web_port, settings.stall_min_events) == ("option", 2000, 7)
    assert settings.origins == {
        "group_id": "--set",
        "web_port": "environment variable VOUCHERWATCH_WEB_PORT",
        "stall_min_events": f"{path} line 3",
    }


def test_one_duration_stands_for_all_kinds_without_their_own() -> None:
    """``pair_window: 40s`` leaves reversal and refund at their own defaults."""
    windows = load_settings(None, ["pair_window=40s"], {}).pair_window_ms
    assert windows["sale"] == windows["query"] == 40_000
    assert (windows["reversal"], windows["refund"]) == (120_000, 300_000)


def test_one_kind_beside_one_duration() -> None:
    """A duration from the file stays the default when an option names one kind."""
    windows = load_settings(None, ["pair_window=40s", "pair_window.void=50s"], {}).pair_window_ms
    assert (windows["sale"], windows["void"]) == (40_000, 50_000)


def test_links_follow_the_top_level_where_they_say_nothing() -> None:
    """A link differs only in what is written below it."""
    settings = load_settings(
        None,
        ["links.north.batch_in_key=true", "links.south={}", "compare_fields=amount,card"],
        {"VOUCHERWATCH_LINKS__NORTH__COMPARE_FIELDS": "[amount]"},
    )
    policy = settings.policy()
    assert (policy.links["north"].batch_in_key, policy.links["north"].compare_fields) == (True, ("amount",))
    assert (policy.links["south"].batch_in_key, policy.links["south"].compare_fields) == (False, ("amount", "card"))
    assert policy.default_link.compare_fields == ("amount", "card")


def test_names_of_links_are_texts_whatever_yaml_makes_of_them(tmp_path: Path) -> None:
    """A link called ``no`` or ``12`` keeps its name."""
    path = tmp_path / "w.yaml"
    path.write_text("links: {no: {}, 12: {batch_in_key: true}}", encoding="utf-8")
    assert set(load_settings(path, (), {}).links) == {"no", "12"}


def test_a_field_map_reaches_the_policy() -> None:
    """Their names stand for ours, for each source alone."""
    settings = load_settings(None, ["field_map.host.tid=terminal_id"], {})
    assert settings.policy().field_maps == {"host": {"tid": "terminal_id"}}


def test_compared_fields_may_be_none() -> None:
    """An empty list compares nothing; by default all are compared."""
    assert load_settings(None, ["compare_fields=[]"], {}).compare_fields == ()
    assert load_settings(None, (), {}).compare_fields == COMPARABLE_FIELDS


def test_a_secret_comes_from_its_file(tmp_path: Path) -> None:
    """The line end that an editor adds is no part of the password."""
    (tmp_path / "password").write_text("s3cret\n", encoding="utf-8")
    environ = {
        "VOUCHERWATCH_SASL_PASSWORD_FILE": str(tmp_path / "password"),
        "VOUCHERWATCH_SASL_USERNAME": "0042",
        "VOUCHERWATCH_SECURITY_PROTOCOL": "sasl_ssl",
    }
    settings = load_settings(None, (), environ)
    assert (settings.sasl_username, settings.sasl_password) == ("0042", "s3cret")
    options = kafka_python_options(settings)
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("0042", "s3cret")


def test_a_secret_is_shown_nowhere() -> None:
    """Neither ``config show`` nor a log line with the settings holds the password."""
    sets = ["security_protocol=SASL_SSL", "sasl_username=u", "sasl_password=hunter2"]
    settings = load_settings(None, sets, {})
    assert "hunter2" not in as_yaml(settings) + repr(settings) + repr(plain(settings))
    assert plain(settings)["sasl_password"] == HIDDEN


def test_what_is_shown_can_be_loaded_again(tmp_path: Path) -> None:
    """``config show`` prints a file with the same meaning."""
    settings = load_settings(None, ["pair_window.sale=45s", "links.north.batch_in_key=true"], {})
    path = tmp_path / "w.yaml"
    path.write_text(as_yaml(settings), encoding="utf-8")
    assert yaml.safe_load(as_yaml(settings))["pair_window"]["sale"] == "45s"
    assert load_settings(path, (), {}) == settings


@pytest.mark.parametrize(
    "name",
    ["VOUCHERWATCH_SERVICE_HOST", "VOUCHERWATCH_PORT", "VOUCHERWATCH_PORT_6066_TCP_ADDR", "VOUCHERWATCH_REQUIRE_ALL"],
)
def test_variables_of_a_cluster_are_no_settings(name: str) -> None:
    """Kubernetes describes a service called voucherwatch by variables with the same beginning."""
    assert load_settings(None, (), {name: "tcp://10.0.0.1:80"}) == Settings()


def test_every_setting_is_described_once() -> None:
    """Each has a kind, a meaning that is a sentence, and a key of its own."""
    settings = list(declared())
    assert len({setting.key for setting in settings}) == len(settings)
    assert [setting.key for setting in settings if not setting.meaning.endswith(".")] == []


def test_the_reference_page_is_fresh() -> None:
    """docs/configuration.md is what the declarations say; ``python -m streams.settings`` writes it."""
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page()

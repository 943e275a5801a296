"""What the contract's table of topics asks for, sentence by sentence."""

from __future__ import annotations

import pytest

from streams.edges.topics import TopicState, check_topics, judge_topics, needed_retention_ms, wanted_settings
from streams.errors import UnreachableError
from streams.settings import load_settings

SETTINGS = load_settings(None, (), {})


def states(**changes: TopicState | None) -> dict[str, TopicState]:
    """Return topics as they are created, some of them replaced or missing."""
    fine = {name: TopicState(4, config) for name, config in wanted_settings(SETTINGS).items()}
    for name, state in changes.items():
        if state is None:
            del fine[name.replace("_", "-")]
        else:
            fine[name.replace("_", "-")] = state
    return fine


def test_topics_as_created_are_fine() -> None:
    """Create and check speak of the same table."""
    findings = judge_topics(SETTINGS, states())
    assert [finding.about for finding in findings] == [f"topic {name}" for name in wanted_settings(SETTINGS)]
    assert not any(finding.change for finding in findings)


@pytest.mark.parametrize(
    ("changes", "sentence", "fatal"),
    [
        (
            {"host_events": None},
            "topic host-events: does not exist; create it with 'voucherwatch topics create'.",
            True,
        ),
        (
            {"host_events": TopicState(8, wanted_settings(SETTINGS)["host-events"])},
            (
                "topic host-events: it has 8 partitions, but terminal-events has 4; give both the same number;"
                " see 'Changing partition counts' in docs/operations.md."
            ),
            True,
        ),
        (
            {"voucher_anomalies": TopicState(1, wanted_settings(SETTINGS)["voucher-anomalies"])},
            (
                "topic voucher-anomalies: it has 1 partitions, but terminal-events has 4; give both the same number;"
                " see 'Changing partition counts' in docs/operations.md."
            ),
            True,
        ),
        (
            {"terminal_events": TopicState(4, {"message.timestamp.type": "CreateTime", "retention.ms": "-1"})},
            (
                "topic terminal-events: message.timestamp.type is CreateTime, so clocks of producers would decide"
                " deadlines; set message.timestamp.type=LogAppendTime, or allow_create_time: true to accept it."
            ),
            True,
        ),
        (
            {"terminal_events": TopicState(4, {"message.timestamp.type": "LogAppendTime", "retention.ms": "3600000"})},
            (
                "topic terminal-events: retention.ms keeps records for 1h, 49h are needed;"
                " set retention.ms=176400000 or more."
            ),
            False,
        ),
        (
            {"voucher_anomalies": TopicState(4, {"cleanup.policy": "delete", "retention.ms": "-1"})},
            "topic voucher-anomalies: cleanup.policy lacks compact; set cleanup.policy=compact,delete.",
            False,
        ),
    ],
    ids=["missing", "unequal inputs", "unequal anomalies", "create time", "short retention", "not compacted"],
)
def test_each_fault_has_its_sentence(changes: dict[str, TopicState | None], sentence: str, *, fatal: bool) -> None:
    """What, how it is, the limit, what to change; a worker refuses to start with the fatal ones."""
    (finding,) = [finding for finding in judge_topics(SETTINGS, states(**changes)) if finding.change]
    assert (finding.sentence, finding.fatal) == (sentence, fatal)


def test_create_time_is_accepted_when_asked_for() -> None:
    """The setting says that anomalies may then differ from run to run."""
    settings = load_settings(None, ["allow_create_time=true"], {})
    plain = TopicState(4, {"message.timestamp.type": "CreateTime", "retention.ms": "-1"})
    assert not any(finding.change for finding in judge_topics(settings, states(terminal_events=plain)))


def test_needed_retention() -> None:
    """Originals' horizon 24 h, twice the 8 min of a run, the outage allowance of 24 h, rounded up to hours."""
    assert needed_retention_ms(SETTINGS) == 49 * 3_600_000


def test_a_broker_that_does_not_answer_is_one_sentence() -> None:
    """Port 1 of this machine answers nobody."""
    settings = load_settings(None, ["bootstrap_servers=127.0.0.1:1", "broker_timeout=1s"], {})
    with pytest.raises(UnreachableError, match=r"No answer from the brokers 127.0.0.1:1 within 1 s"):
        check_topics(settings)

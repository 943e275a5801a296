"""Single anomalies for Alertmanager: which, how many, until when."""

# ruff: noqa: ANN401, RUF001  changes of a record are JSON; Chinese text has full-width punctuation

from __future__ import annotations

from datetime import datetime
from typing import Any

from streams.relay.direct import LONGEST_MS, MOST_OPEN, DirectBook
from tests.unit.relay import payloads

T = 1_772_464_201_000
HOLD_MS = 300_000
KINDS = {"mismatch": ("not the same thing", "内容不一致")}


def record(number: int = 1, status: str = "open", amount: int = 500_000, **changes: Any) -> bytes:
    """Return a record of the anomaly topic, opened at T."""
    return payloads.record(number, status, amount, **({"opened_at": T} | changes))


def book(per_minute: int = 5, documents: dict[str, bytes] | None = None) -> DirectBook:
    """Return a book with a threshold of CNY 5,000.00."""
    return DirectBook({"CNY": 500_000, "JPY": 90_000}, per_minute, HOLD_MS, KINDS, documents)


def ends(alert: Any) -> int:
    """Return the end of an alert, seconds after T."""
    return round(datetime.fromisoformat(alert["endsAt"]).timestamp() - T / 1_000)


def test_identities_stand_in_annotations_alone() -> None:
    """Labels make the alert's identity: what groups it, and one fingerprint."""
    told = book()
    assert told.take(record(), T) == "posted"
    (alert,) = told.due(T).values()
    assert alert["labels"] == {
        "alertname": "VoucherHighValue",
        "kind": "mismatch",
        "severity": "critical",
        "currency": "CNY",
        "anomaly_id": "a1",
    }
    annotations: Any = alert["annotations"]
    assert annotations["description"] == "Terminal 10000017, voucher 000042: not the same thing."
    assert annotations["summary_zh"] == "单笔大额凭证异常：内容不一致"
    assert annotations["money"] == "CNY 5000.00"
    assert (alert["startsAt"], ends(alert)) == ("2026-03-02T15:10:01.000+00:00", 300)


def test_cause_and_steps_are_those_of_the_record() -> None:
    """What the record says of this voucher goes before the general advice, in both languages."""
    steps = [
        {"who": "on_call", "sort": "check", "en": "Ask the host: RRN 12.", "zh": "向主机确认：参考号 12。"},
        {"who": "cashier", "sort": "never", "en": "Do not redo it.", "zh": "不要重做。"},
    ]
    diagnosis = {
        "cause": "host_fault",
        "name": {"en": "host or acquirer fault", "zh": "主机或收单机构故障"},
        "confidence": 0.94,
        "evidence": [],
        "actions": steps,
        "ranked": [],
    }
    told = book()
    assert told.take(record(diagnosis=diagnosis), T) == "posted"
    (alert,) = told.due(T).values()
    annotations: Any = alert["annotations"]
    assert annotations["cause"] == "host or acquirer fault (94%)"
    assert annotations["cause_zh"] == "主机或收单机构故障（94%）"
    assert annotations["action"] == "Ask the host: RRN 12. Do not redo it."
    assert annotations["action_zh"] == "向主机确认：参考号 12。不要重做。"
    without = book()
    assert without.take(record(), T) == "posted"
    (plain,) = without.due(T).values()
    bare: Any = plain["annotations"]
    assert "cause" not in bare
    assert bare["action"].startswith("voucherwatch explain 10000017 000042")


def test_the_threshold_is_by_currency() -> None:
    """A currency without one is never posted; neither is what has no amount."""
    told = book()
    for other in (
        record(amount=499_999),
        record(currency="EUR"),
        record(currency=None),
        record(amount_at_risk=None),
        record(currency="JPY", amount=89_999),
    ):
        assert told.take(other, T) == ""
    assert told.take(record(currency="JPY", amount=90_000), T) == "posted"


def test_each_post_moves_the_end_on() -> None:
    """While it is open it is posted again well before it would end."""
    told = book()
    told.take(record(), T)
    told.concluded(told.due(T), T, taken=True)
    assert told.due(T + 99_999) == {}
    (alert,) = told.due(T + 100_000).values()
    assert ends(alert) == 400


def test_its_end_is_posted_once() -> None:
    """A resolved anomaly ends at the time of its resolution, and then it is forgotten."""
    told = book()
    told.take(record(), T)
    told.concluded(told.due(T), T, taken=True)
    assert told.take(record(status="resolved", resolved_at=T + 60_000), T + 61_000) == "ended"
    (alert,) = told.due(T + 61_000).values()
    assert ends(alert) == 60
    told.concluded(["a1"], T + 61_000, taken=True)
    assert (told.due(T + 10**9), len(told)) == ({}, 0)


def test_an_expired_one_ends_too_and_never_before_it_began() -> None:
    """Clocks of brokers and of this machine differ; Alertmanager refuses an end before the start."""
    told = book()
    told.take(record(), T)
    told.concluded(told.due(T), T, taken=True)
    assert told.take(record(status="expired"), T - 5_000) == "ended"
    (alert,) = told.due(T).values()
    assert datetime.fromisoformat(str(alert["endsAt"])) > datetime.fromisoformat(str(alert["startsAt"]))


def test_what_was_over_before_anybody_heard_is_not_posted() -> None:
    """An end without a beginning tells nobody anything."""
    told = book()
    told.take(record(), T)
    told.take(record(status="resolved"), T)
    assert (told.due(T), len(told)) == ({}, 0)
    assert told.take(record(2, "resolved"), T) == ""


def test_a_refused_post_is_tried_again_soon() -> None:
    """Beginning and end alike; a peer that took the beginning gets the end."""
    told = book()
    told.take(record(), T)
    told.concluded(told.due(T), T, taken=False)
    assert told.due(T + 4_999) == {}
    assert told.due(T + 5_000).keys() == {"a1"}
    told.take(record(status="resolved"), T + 6_000)
    told.concluded(told.due(T + 6_000), T + 6_000, taken=False)
    assert told.due(T + 11_000).keys() == {"a1"}


def test_no_more_than_the_cap_in_a_minute() -> None:
    """Beyond it they are counted; a minute later there is room again."""
    told = book(per_minute=2)
    results = [told.take(record(number), T + number) for number in range(1, 5)]
    assert results == ["posted", "posted", "capped", "capped"]
    assert told.take(record(5), T + 60_000) == "capped"
    assert told.take(record(6), T + 60_001) == "posted"


def test_no_more_than_a_hundred_are_open() -> None:
    """Alertmanager is not where anomalies are listed."""
    told = book(per_minute=60)
    for number in range(MOST_OPEN):
        assert told.take(record(number), T + number * 60_000) == "posted"
    assert told.take(record(999), T + MOST_OPEN * 60_000) == "capped"


def test_a_restart_changes_nothing() -> None:
    """What is open goes on, what is known is not new, a repeat of the topic is nothing."""
    told = book()
    told.take(record(), T)
    told.concluded(told.due(T), T, taken=True)
    again = book(documents=told.documents())
    assert again.take(record(), T) == ""
    assert again.due(T + 100_000) == told.due(T + 100_000)
    assert again.take(record(status="resolved"), T) == "ended"
    assert again.take(record(status="resolved"), T) == ""


def test_one_whose_end_never_comes_ends_all_the_same() -> None:
    """A topic that was made anew has no end for it."""
    told = book()
    told.take(record(), T)
    told.concluded(told.due(T), T, taken=True)
    (alert,) = told.due(T + LONGEST_MS).values()
    assert ends(alert) == LONGEST_MS // 1_000
    assert told.take(record(2), T + LONGEST_MS) == "", "too old to be news"


def test_an_unreadable_record_is_counted() -> None:
    """Whatever is in the topic, the feed goes on."""
    for wrong in (b"", b"\xff", b"[]", b"{}", b"[" * 100_000, record(opened_at="x")):
        assert book().take(wrong, T) == "unreadable"

"""Which single anomalies Alertmanager is told of at once, and until when: pure, on a clock of milliseconds.

An alert at ``/api/v2/alerts`` fires until its ``endsAt``.  Each post moves that ahead by the hold; when the
anomaly is resolved or expires, a last post ends it.  If this process dies, the alert ends by itself after
the hold.  Labels are the alert's identity, so they hold nothing but what groups it and one fingerprint.
"""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from streams.core.currency import major

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_OPEN: Final = 100
"""Anomalies that are posted at the same time."""
LONGEST_MS: Final = 48 * 3_600_000
"""An anomaly whose end is never heard of is no longer posted after this."""
RETRY_MS: Final = 5_000
MINUTE_MS: Final = 60_000
POSTS_A_HOLD: Final = 3
ALERT: Final = "VoucherHighValue"


class _Voucher(msgspec.Struct):
    terminal_id: str | None = None
    voucher_number: str | None = None


class _Text(msgspec.Struct):
    en: str = ""
    zh: str = ""


class _Diagnosis(msgspec.Struct):
    """Why it happened and what to do, as the record says it."""

    name: _Text
    confidence: float
    actions: list[_Text]


class _Record(msgspec.Struct):
    """What is needed of an anomaly's record; see docs/schema."""

    id: str
    kind: str
    severity: str
    status: str
    opened_at: int
    amount_at_risk: int | None = None
    currency: str | None = None
    resolved_at: int | None = None
    voucher: _Voucher | None = None
    diagnosis: _Diagnosis | None = None


class _Open(msgspec.Struct):
    """One anomaly that Alertmanager is told of; times in epoch milliseconds."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_ms: int
    ends_ms: int | None = None
    posted: bool = False
    post_at_ms: int = 0


class DirectBook:
    """The anomalies that Alertmanager is told of."""

    def __init__(
        self,
        thresholds: Mapping[str, int],
        per_minute: int,
        hold_ms: int,
        kinds: Mapping[str, tuple[str, str]] | None = None,
        documents: Mapping[str, bytes] | None = None,
    ) -> None:
        """Take currency -> least amount (minor units), the cap, the hold (ms), kinds in words, earlier documents.

        ``kinds`` has each kind in English and Chinese; ``documents`` is what :meth:`documents` gave before a restart.
        """
        self._kinds = kinds or {}
        self._thresholds = thresholds
        self._per_minute = per_minute
        self._hold_ms = hold_ms
        self._opened_ms: deque[int] = deque()
        self._open = {id_: msgspec.json.decode(said, type=_Open) for id_, said in (documents or {}).items()}

    def __len__(self) -> int:
        """Return how many anomalies are told of."""
        return len(self._open)

    def take(self, value: bytes, now_ms: int) -> str:
        """Take one record of the anomaly topic; return what it led to, empty for nothing.

        ``posted``: a new alert; ``ended``: an alert that ends; ``capped``: one too many; ``unreadable``.
        """
        try:
            record = msgspec.json.decode(value, type=_Record)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return "unreadable"
        known = self._open.get(record.id)
        if record.status != "open":
            return "" if known is None or known.ends_ms is not None else self._end(known, record, now_ms)
        if known is not None or not self._high(record) or now_ms - record.opened_at >= LONGEST_MS:
            return ""
        while self._opened_ms and self._opened_ms[0] + MINUTE_MS <= now_ms:
            self._opened_ms.popleft()
        if len(self._opened_ms) >= self._per_minute or len(self._open) >= MOST_OPEN:
            return "capped"
        self._opened_ms.append(now_ms)
        english, chinese = self._kinds.get(record.kind, (record.kind, record.kind))
        self._open[record.id] = _opened(record, english, chinese)
        return "posted"

    def _high(self, record: _Record) -> bool:
        least = self._thresholds.get(record.currency or "")
        return least is not None and (record.amount_at_risk or 0) >= least

    @staticmethod
    def _end(known: _Open, record: _Record, now_ms: int) -> str:
        known.ends_ms = max(known.starts_ms + 1, min(record.resolved_at or now_ms, now_ms))
        known.post_at_ms = now_ms
        return "ended"

    def due(self, now_ms: int) -> dict[str, dict[str, object]]:
        """Return the alerts to post now by anomaly id, as Alertmanager's API takes them."""
        for id_, one in list(self._open.items()):
            if one.ends_ms is None and now_ms - one.starts_ms >= LONGEST_MS:
                one.ends_ms = now_ms
            if one.ends_ms is not None and (not one.posted or now_ms - one.ends_ms >= LONGEST_MS):
                del self._open[id_]  # nobody was told that it began, or it ended by itself long ago
        return {id_: self._alert(one, now_ms) for id_, one in self._open.items() if one.post_at_ms <= now_ms}

    def _alert(self, one: _Open, now_ms: int) -> dict[str, object]:
        ends_ms = now_ms + self._hold_ms if one.ends_ms is None else one.ends_ms
        return {
            "labels": one.labels,
            "annotations": one.annotations,
            "startsAt": _rfc3339(one.starts_ms),
            "endsAt": _rfc3339(ends_ms),
        }

    def concluded(self, ids: Iterable[str], now_ms: int, *, taken: bool) -> None:
        """Note what came of a post: every peer took it, or it is to be tried again."""
        for id_ in ids:
            one = self._open[id_]
            # A peer may have it even though not all do, so it needs its end in any case.
            one.posted = True
            if taken and one.ends_ms is not None:
                del self._open[id_]
            else:
                one.post_at_ms = now_ms + (self._hold_ms // POSTS_A_HOLD if taken else RETRY_MS)

    def documents(self) -> dict[str, bytes]:
        """Return what to keep over a restart."""
        return {id_: msgspec.json.encode(one) for id_, one in self._open.items()}


def _opened(record: _Record, english: str, chinese: str) -> _Open:
    """Return the alert of one record: identities stand in annotations alone."""
    voucher = record.voucher or _Voucher()
    number, terminal = voucher.voucher_number or "-", voucher.terminal_id or "-"
    currency = record.currency or ""
    money = f"{currency} {major(record.amount_at_risk or 0, currency)}"
    return _Open(
        labels={
            "alertname": ALERT,
            "kind": record.kind,
            "severity": record.severity,
            "currency": currency,
            "anomaly_id": record.id,
        },
        annotations={
            "summary": f"One voucher with a high amount: {english}",
            "summary_zh": f"单笔大额凭证异常：{chinese}",
            "description": f"Terminal {terminal}, voucher {number}: {english}.",
            "description_zh": f"终端 {terminal}，凭证 {number}：{chinese}。",
            "money": money,
            "reach": "one voucher",
            "reach_zh": "一笔交易",
            "action": f"voucherwatch explain {terminal} {number} tells its life; then follow the runbook of the kind.",
            "action_zh": f"用 voucherwatch explain {terminal} {number} 查看凭证全过程，再按处置手册处理。",
            **_said(record.diagnosis),
        },
        starts_ms=record.opened_at,
    )


def _said(diagnosis: _Diagnosis | None) -> dict[str, str]:
    """Return the likeliest cause and the next steps as the record has them, nothing where it has none."""
    if diagnosis is None:
        return {}
    share = f"{diagnosis.confidence:.0%}"
    return {
        "cause": f"{diagnosis.name.en} ({share})",
        "cause_zh": f"{diagnosis.name.zh}（{share}）",
        "action": " ".join(step.en for step in diagnosis.actions),
        "action_zh": "".join(step.zh for step in diagnosis.actions),
    }


def _rfc3339(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="milliseconds")

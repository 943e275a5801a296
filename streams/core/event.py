"""The canonical event: what a record of either source says, and where it stands in the log.

``Event`` joins the ``Body`` of ``wire.py`` to its place in the log and to the few values that every
rule needs in comparable form.  An event that stands for one side of a voucher is called a *leg*;
its last attributes are that leg's state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET
from msgspec.structs import force_setattr
from mypy_extensions import mypyc_attr

if TYPE_CHECKING:
    from streams.core.voucher import Voucher
    from streams.core.wire import Body


@mypyc_attr(acyclic=True)
class Event:
    """One decoded record at its place in the log; as a leg, one side of a voucher.

    ``log_time`` and ``deadline`` are epoch milliseconds of log time, ``amount`` minor units.
    ``terminal``, ``number``, ``batch`` and ``currency`` are in comparable form (trimmed, without
    leading zeros, ISO 4217 letters).  ``raw`` are the record's bytes where this event can be decoded
    from them again, which is all that is kept of it once its voucher is closed and agrees.  Compiled
    it is not seen by the cycle collector: ``Memory.sweep`` cuts the cycles by hand.
    """

    content: int = 0
    """The hash of what was sent, ``received_at`` apart; 0 until ``content_of`` is asked for it."""
    deadline: int = 0
    limited: bool = False
    id_known: bool = False
    """Whether the source has sent this event id before."""
    extras: dict[str, object] | None = None
    updated_at: int = 0
    """Log time of the latest status update, 0 without one."""
    answer: Event | None = None
    """The late answer by which a leg judged as unknown got its outcome."""
    voucher: Voucher | None = None
    """The ``Voucher`` that this leg is one side of."""

    def __init__(  # noqa: PLR0913, PLR0917  one argument a value that every event has, by position for speed
        self,
        source: int,
        offset: int,
        log_time: int,
        body: Body,
        kind: str,
        outcome: str,
        terminal: str,
        number: str,
        amount: int | None,
        currency: str,
        card: str | None,
        raw: bytes | None = None,
        batch: str = "",
    ) -> None:
        self.source = source
        self.offset = offset
        self.log_time = log_time
        self.body = body
        self.kind = kind
        self.outcome = outcome
        self.terminal = terminal
        self.number = number
        self.amount = amount
        self.currency = currency
        self.card = card
        self.raw = raw
        self.batch = batch

    @property
    def merchant(self) -> str:
        """Return the merchant id without padding."""
        return self.body.merchant_id.strip()

    @property
    def identity(self) -> tuple[str, int]:
        """Return the event id and log time by which this leg enters an anomaly's id."""
        stands = self.answer or self
        return stands.body.event_id, stands.log_time


def content_of(event: Event) -> int:
    """Return the hash of what was sent, by which a second delivery is known; ``received_at`` is not part of it."""
    if not event.content:
        body = event.body
        if body.received_at is not UNSET:
            force_setattr(body, "received_at", UNSET)
        content = hash(body)
        if event.extras:
            content = hash((content, msgspec.json.encode(event.extras, order="sorted")))
        event.content = content
    return event.content

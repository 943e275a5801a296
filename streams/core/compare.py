"""Two legs of one voucher, field by field: which values both carry, and whether they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.currency import letters
from streams.core.masking import cards_agree, cards_comparable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.core.event import Event

HEAVY: Final = frozenset({"amount", "currency", "card", "kind", "merchant_id"})
"""The fields whose difference makes a mismatch critical."""

HINTS: Final = ("rrn", "auth_code", "card", "batch_number")
"""The fields besides amount and currency that a late counterpart has to agree in."""

Value = str | int | None


def value_of(leg: Event, name: str) -> Value:
    """Return a field of a leg as the record shows it, trimmed; ``None`` where it is absent."""
    if name == "card":
        return leg.card
    if name == "outcome":
        return leg.outcome
    value = getattr(leg.full, name)
    if isinstance(value, str):
        return value.strip() or None
    return value if isinstance(value, int) else None


def comparable(name: str, value: Value) -> Value:
    """Return a shown value without padding: no leading zeros, currencies as letters."""
    if not isinstance(value, str):
        return value
    if name == "currency":
        return letters(value)
    if name in ("rrn", "auth_code", "batch_number"):
        return value.lstrip("0") or None
    return value


def field_agrees(name: str, one: Event, other: Event) -> bool | None:
    """Tell whether two legs agree in one field; ``None`` when not both carry it comparably."""
    mine, theirs = comparable(name, value_of(one, name)), comparable(name, value_of(other, name))
    if mine is None or theirs is None:
        return None
    if name == "card":
        if not cards_comparable(str(mine), str(theirs)):
            return None
        return cards_agree(str(mine), str(theirs))
    return mine == theirs


def plainly_agree(terminal: Event, host: Event) -> bool:
    """Tell at a glance that two legs differ in nothing but perhaps the card; ``False`` means: look closer."""
    mine, theirs = terminal.body, host.body
    return (
        terminal.amount == host.amount
        and terminal.currency == host.currency
        and terminal.kind is host.kind
        and mine.merchant_id == theirs.merchant_id
        and (mine.rrn == theirs.rrn or not mine.rrn or not theirs.rrn)
        and (mine.auth_code == theirs.auth_code or not mine.auth_code or not theirs.auth_code)
        and (terminal.batch == host.batch or not terminal.batch or not host.batch)
    )


def differences(names: Iterable[str], terminal: Event, host: Event) -> tuple[str, ...]:
    """Return the names of the fields that both legs carry and that differ, in the given order."""
    if plainly_agree(terminal, host):
        mine, theirs = terminal.card, host.card
        if mine == theirs or mine is None or theirs is None:
            return ()
        if not cards_comparable(mine, theirs) or cards_agree(mine, theirs):
            return ()
    return tuple(name for name in names if field_agrees(name, terminal, host) is False)


def same_amount_and_card(one: Event, other: Event) -> bool:
    """Tell whether two events of one side speak of one amount and card, as far as both say so."""
    if one.amount is not None and other.amount is not None and one.amount != other.amount:
        return False
    return one.card == other.card or field_agrees("card", one, other) is not False


def likeness(one: Event, other: Event) -> int | None:
    """Tell how well two lone legs fit: the count of agreeing hints, ``None`` when they disagree."""
    if one.amount != other.amount:
        return None
    currency = field_agrees("currency", one, other)
    if currency is False:
        return None
    hints = [field_agrees(name, one, other) for name in HINTS]
    if False in hints:
        return None
    return sum(1 for hint in hints if hint)

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

_LAST_FOUR_ONLY: Final = "*" * 12

Value = str | int | None


def value_of(leg: Event, name: str) -> Value:
    """Return a field of a leg as the record shows it, trimmed; ``None`` where it is absent."""
    if name == "card":
        return leg.card
    if name == "outcome":
        return leg.outcome
    if name == "currency":
        return leg.currency or None
    value = getattr(leg.body, name)
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
        return (value.lstrip("0") or None) if value.isdigit() else value
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


def differences(names: Iterable[str], terminal: Event, host: Event) -> tuple[str, ...]:
    """Return the names of the fields that both legs carry and that differ, in the given order.

    A first glance at the values as they were sent finds the few that deserve a closer look.
    """
    mine, theirs = terminal.body, host.body
    suspects = []
    if terminal.amount != host.amount:
        suspects.append("amount")
    if terminal.currency != host.currency:
        suspects.append("currency")
    if terminal.kind is not host.kind:
        suspects.append("kind")
    one, other = terminal.card, host.card
    if one != other and one is not None and other is not None and not _plainly_one_card(one, other):
        suspects.append("card")
    if terminal.batch != host.batch and terminal.batch and host.batch:
        suspects.append("batch_number")
    if mine.merchant_id != theirs.merchant_id and mine.merchant_id.strip() != theirs.merchant_id.strip():
        suspects.append("merchant_id")
    if mine.auth_code != theirs.auth_code and mine.auth_code and theirs.auth_code:
        suspects.append("auth_code")
    if mine.rrn != theirs.rrn and mine.rrn and theirs.rrn:
        suspects.append("rrn")
    if not suspects:
        return ()
    return tuple(name for name in names if name in suspects and field_agrees(name, terminal, host) is False)


def _plainly_one_card(one: str, other: str) -> bool:
    """Tell at a glance that two numbers agree of which one shows its last four of sixteen digits only."""
    return len(one) == len(other) and one[-4:] == other[-4:] and _LAST_FOUR_ONLY in (one[:-4], other[:-4])


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

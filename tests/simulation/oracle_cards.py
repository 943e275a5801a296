"""Cards and fields as the contract compares them."""

from __future__ import annotations

MASK_SIGNS = "*xX#.•"
NUMBER_FIELDS = ("voucher_number", "batch_number", "rrn", "auth_code")


def without_padding(text: str | None) -> str | None:
    """Trim, and drop the leading zeros of what is all digits; a lone zero stays."""
    if text is None:
        return None
    text = text.strip()
    return (text.lstrip("0") or "0") if text.isdigit() else text


def is_number(card: str) -> bool:
    """Say whether a card is a number: "A card of digits, blanks, hyphens and mask signs is a number"."""
    return all(sign.isdigit() or sign in " -" or sign in MASK_SIGNS for sign in card)


def masked(card: str) -> str:
    """Keep "at most the first six and last four digits"; "anything else is a token and stays"."""
    card = card.strip()
    if not is_number(card):
        return card
    signs = [sign for sign in card if sign not in " -"]
    last = len(signs) - 4
    return "".join(sign if sign.isdigit() and (at < 6 or at >= last) else "*" for at, sign in enumerate(signs))


def _shown_at_start(card: str) -> str:
    return card.split("*", 1)[0]


def _shown_at_end(card: str) -> str:
    return card.rsplit("*", 1)[-1]


def card_digits_shared(one: str, two: str) -> list[tuple[str, str]]:
    """List the pairs of digits of two masked numbers that both show at the same place.

    "Two masked numbers agree when every digit shown by both is equal."  "Numbers of different length
    agree by leading and trailing digits shown."
    """
    if len(one) == len(two):
        return [(a, b) for a, b in zip(one, two, strict=True) if "*" not in (a, b)]
    heads = zip(_shown_at_start(one), _shown_at_start(two), strict=False)
    tails = zip(reversed(_shown_at_end(one)), reversed(_shown_at_end(two)), strict=False)
    return [*heads, *tails]


def comparable(name: str, one: object, two: object) -> bool:
    """Say whether both sides carry a field comparably: "a token and a masked number are not comparable"."""
    if one is None or two is None:
        return False
    if name != "card":
        return True
    card, other = str(one), str(two)
    if is_number(card) != is_number(other):
        return False
    return not is_number(card) or bool(card_digits_shared(masked(card), masked(other)))


def agree(name: str, one: object, two: object) -> bool:
    """Say whether two comparable values agree, "trimmed and without padding"."""
    if name == "card" and is_number(str(one)):
        return all(a == b for a, b in card_digits_shared(masked(str(one)), masked(str(two))))
    if name in NUMBER_FIELDS:
        return without_padding(str(one)) == without_padding(str(two))
    return one == two


def differ(name: str, one: object, two: object) -> bool:
    """Say whether both carry the field comparably and disagree."""
    return comparable(name, one, two) and not agree(name, one, two)

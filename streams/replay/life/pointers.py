"""Other vouchers of the terminal: those that name this one, those it names, and those that may have been meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core import reversals
from streams.core.compare import value_of
from streams.replay.life.account import Near, Pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.core.event import Event
    from streams.core.voucher import Voucher
    from streams.core.wire import Original
    from streams.replay.life.account import Question
    from streams.replay.life.kept import SideBySide

SHOWN_NEAR: Final = 10
SHOWN_POINTERS: Final = 20
USUAL_LENGTH: Final = 6


def pointing(both: SideBySide, mine: Sequence[Voucher], question: Question) -> Iterator[Pointer]:
    """Yield the vouchers of the terminal that name the one asked for, whether it came or not."""
    legs = [leg for voucher in mine for leg in voucher.legs if not voucher.is_reversal]
    found = 0
    for voucher in both.vouchers:
        by = _names(voucher, mine, legs, question)
        if by and found < SHOWN_POINTERS and not (voucher in mine and by != "own_number"):
            found += 1
            yield _pointer(voucher, by, both.origin(voucher))


def _names(voucher: Voucher, mine: Sequence[Voucher], legs: list[Event], question: Question) -> str:
    """Return how a voucher names the one asked for, empty if it does not."""
    target = reversals.transaction_of(voucher) if voucher.is_reversal else None
    for leg in voucher.legs:
        named = reversals.reference(leg)
        if named is None:
            continue
        if named.voucher_number:
            return "voucher_number" if _is_asked_for(named, question) else ""
        if named.rrn:
            same = any(_plain(one.body.rrn) == _plain(named.rrn) for one in legs)
            return "rrn" if same and voucher not in mine else ""
        code = _plain(named.auth_code)
        same = any(_plain(one.body.auth_code) == code and one.card == leg.card for one in legs)
        return "auth_code" if same and leg.card and voucher not in mine else ""
    return "own_number" if target is not None and target in mine else ""


def _is_asked_for(named: Original, question: Question) -> bool:
    if _plain(named.voucher_number) != question.key[1]:
        return False
    batch = (named.batch_number or "").lstrip("0")
    return not batch or not question.batch or batch == question.batch


def pointed_at(both: SideBySide, mine: Sequence[Voucher]) -> Iterator[Pointer]:
    """Yield what the voucher asked for names, found among the terminal's vouchers or not."""
    for voucher in mine:
        named, leg = next(
            ((named, leg) for leg in voucher.legs if (named := reversals.reference(leg)) is not None), (None, None)
        )
        target = reversals.transaction_of(voucher) if voucher.is_reversal else None
        by = "own_number"
        if named is not None and leg is not None:
            by = "voucher_number" if named.voucher_number else "rrn" if named.rrn else "auth_code"
            if target is None and not voucher.is_reversal:
                target = _original(both.vouchers, named, leg)
        if target is not None:
            yield _pointer(target, by, both.origin(target))
        elif named is not None:
            yield _unfound(named, by)


def _original(vouchers: Sequence[Voucher], named: Original, leg: Event) -> Voucher | None:
    """Return the latest transaction at or before a leg that its reference names."""
    found = [
        voucher
        for voucher in vouchers
        if not voucher.is_reversal
        and voucher.log_time <= leg.log_time
        and leg not in voucher.legs
        and _fits(voucher, named, leg)
    ]
    return max(found, key=lambda voucher: voucher.log_time, default=None)


def _fits(voucher: Voucher, named: Original, leg: Event) -> bool:
    if named.voucher_number:
        batch = (named.batch_number or "").lstrip("0")
        known = {one.batch for one in voucher.legs if one.batch}
        return voucher.run.key[1] == _plain(named.voucher_number) and (not batch or not known or batch in known)
    if named.rrn:
        return any(_plain(one.body.rrn) == _plain(named.rrn) for one in voucher.legs)
    code = _plain(named.auth_code)
    return any(_plain(one.body.auth_code) == code and one.card == leg.card is not None for one in voucher.legs)


def _plain(value: object) -> str:
    """Return a number without padding; empty for what is absent."""
    text = value.strip() if isinstance(value, str) else ""
    return (text.lstrip("0") or "0") if text else ""


def _first(voucher: Voucher, name: str) -> str | int | None:
    return next((value for leg in voucher.legs if (value := value_of(leg, name)) is not None), None)


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)


def _number(value: str | int | None) -> int | None:
    return value if isinstance(value, int) else None


def _pointer(voucher: Voucher, by: str, origin: str) -> Pointer:
    terminal, host = voucher.terminal, voucher.host
    return Pointer(
        kind=voucher.kind,
        by=by,
        found=True,
        voucher_number=_text(_first(voucher, "voucher_number")),
        batch_number=_text(_first(voucher, "batch_number")),
        log_time=voucher.log_time,
        terminal_outcome=None if terminal is None else terminal.outcome,
        host_outcome=None if host is None else host.outcome,
        amount=_number(_first(voucher, "amount")),
        currency=_text(_first(voucher, "currency")),
        verdict=voucher.verdict if voucher.closed else None,
        origin=origin,
    )


def _unfound(named: Original, by: str) -> Pointer:
    return Pointer(
        kind=named.kind or "",
        by=by,
        found=False,
        voucher_number=named.voucher_number or None,
        batch_number=named.batch_number or None,
        log_time=None,
        terminal_outcome=None,
        host_outcome=None,
        amount=named.amount if isinstance(named.amount, int) else None,
        currency=None,
        verdict=None,
    )


def near(both: SideBySide, question: Question) -> Iterator[Near]:
    """Yield vouchers one digit or one exchange of neighbours away, and the same number in other batches."""
    wanted = question.key[1]
    shown = 0
    for voucher in both.vouchers:
        number = voucher.run.key[1]
        how = _slip(wanted, number) if number != wanted else "other_batch" if question.batch else "before_range"
        if how and shown < SHOWN_NEAR:
            shown += 1
            yield Near(
                how=how,
                kind=voucher.kind,
                voucher_number=str(_first(voucher, "voucher_number") or number),
                batch_number=_text(_first(voucher, "batch_number")),
                log_time=voucher.log_time,
                amount=_number(_first(voucher, "amount")),
                currency=_text(_first(voucher, "currency")),
                origin=both.origin(voucher),
            )


def _slip(wanted: str, number: str) -> str:
    """Return by which slip of the hand one number becomes the other; empty if it takes more than one."""
    length = max(USUAL_LENGTH, len(wanted), len(number))
    one, other = wanted.zfill(length), number.zfill(length)
    places = [place for place in range(length) if one[place] != other[place]]
    if len(places) == 1:
        return "one_digit"
    if len(places) == 2 and places[1] == places[0] + 1:  # noqa: PLR2004  two neighbours
        first, second = places
        if one[first] == other[second] and one[second] == other[first]:
            return "transposed"
    return ""

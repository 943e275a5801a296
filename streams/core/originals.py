"""Which voucher a void, refund or completion points at, and whether the ledger could know it.

By reference alone, all of the same terminal: the voucher number (and batch) that the original names; with
neither, its rrn; with none, its authorisation code and the card.  Of several the latest.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from streams.core.fact import reference_of
from streams.core.ledger import NOT_YET
from streams.core.reversals import batch_fits, by_number, by_reference, reference

if TYPE_CHECKING:
    from streams.core.event import Event
    from streams.core.state import LaneState
    from streams.core.voucher import Voucher
    from streams.core.wire import Original

HOUR_MS: Final = 3_600_000
SIX_DIGITS: Final = 1_000_000
TWELVE_DIGITS: Final = 1_000_000_000_000
MOST_HINTS: Final = 5
VOIDABLE: Final = ("sale", "preauth", "completion")


def named_by(voucher: Voucher) -> Original | None:
    """Return what a void, refund or completion points at: as its terminal says, else as its host does.

    What was read is kept beside the body that said it.
    """
    for leg in voucher.legs:
        body = leg.body
        if voucher.named_in is not body:
            named = reference(leg)
            if named is None:
                continue
            voucher.named, voucher.named_in = named, body
        return voucher.named
    return None


def find(state: LaneState, voucher: Voucher, at: int) -> Voucher | None:
    """Find the voucher that another points at among all with a log time of at most ``at``, not itself."""
    named = named_by(voucher)
    if named is None:
        return None
    terminal = voucher.run.key[0]
    since = at - state.policy.originals_horizon_ms
    if named.voucher_number:
        found = by_number(state, terminal, named)
    else:
        cards = [leg.card for leg in voucher.legs]
        found = [one for till in tills(state, voucher, at) for one in by_reference(state, till, named, cards, since)]
    within = [other for other in found if other is not voucher and since <= other.log_time <= at]
    return max(within, key=lambda other: other.place, default=None)


def tills(state: LaneState, voucher: Voucher, at: int) -> list[str]:
    """Return the terminals where a voucher's original by rrn or authorisation code can be: its own.

    Where lanes are keyed by merchant, all that the merchant has.
    """
    own = voucher.run.key[0]
    if not state.policy.by_merchant:
        return [own]
    found = state.memory.tills.of(voucher.legs[0].merchant, at)
    return found if own in found else [own, *found]


def may_point_at(voucher: Voucher, original: Voucher) -> bool:
    """Tell at a glance whether a voucher can point at another: by another number it does not."""
    named = named_by(voucher)
    if named is None:
        return False
    if named.voucher_number:
        return named.voucher_number.lstrip("0") == original.run.key[1]
    return original.has_reference(reference_of(named.rrn or named.auth_code or ""))


def would_find(voucher: Voucher, comer: Voucher) -> bool:
    """Tell whether a voucher that pointed at nothing would have found one that bears the number it names."""
    named = named_by(voucher)
    return named is not None and comer is not voucher and batch_fits(comer, (named.batch_number or "").lstrip("0"))


def covered(state: LaneState, voucher: Voucher, named: Original, at: int) -> bool:
    """Tell whether the original would be known if it had been: the ledger covers its time.

    It has been filling for long enough; and the day that the original gives is inside it, or, without
    a day, it holds a voucher that came before the one that is named.  File replay covers every day.
    """
    since = at - state.policy.originals_horizon_ms
    if state.gathers:
        begun = state.ledger.covers_from
        if begun == NOT_YET or at - begun < state.policy.originals_min_cover_ms:
            return False
        since = max(since, begun)
    if named.date:
        return not state.gathers or _begin_of_day(named.date, voucher, at) >= since
    earlier = state.memory.ever_of_terminal(voucher.run.key[0], since)
    place = voucher.place
    return any(other.place < place and _is_before(other, named, voucher) for other in earlier if other is not voucher)


def _is_before(other: Voucher, named: Original, voucher: Voucher) -> bool:
    """Tell whether a voucher was given before the named one: a lower number of its batch, or an earlier batch."""
    batch = (named.batch_number or "").lstrip("0")
    batches = {leg.batch for leg in other.legs if leg.batch}
    number = (named.voucher_number or "").lstrip("0")
    if batch:
        if not batches or batch in batches:
            return _comes_before(other.run.key[1], number)
        return any(_comes_before(one, batch) for one in batches)
    mine = {leg.batch for leg in voucher.legs if leg.batch}
    if batches and mine and not batches & mine:
        return True
    return _comes_before(other.run.key[1], number)


def _comes_before(one: str, other: str) -> bool:
    """Tell whether a number comes before another on a dial that begins anew after its last digit."""
    dial = SIX_DIGITS if max(len(one), len(other)) <= 6 else TWELVE_DIGITS  # noqa: PLR2004  digits of a number
    return 0 < (int(other or "0") - int(one or "0")) % dial < dial // 2


def _begin_of_day(date: str, voucher: Voucher, at: int) -> int:
    """Return the log time at which a day began in the terminal's zone; the year that MMDD lacks is the latest possible.

    A day that has not come yet, by a clock that is fast, counts as of this year.
    """
    zone = _zone_of(voucher)
    today = datetime.fromtimestamp(at / 1000, zone) + timedelta(days=1)
    digits = date.replace("-", "")
    month, day = int(digits[-4:-2]), int(digits[-2:])
    years = [int(digits[:4])] if len(digits) > 4 else range(today.year, today.year - 9, -1)  # noqa: PLR2004  MMDD
    for year in years:
        try:
            begin = datetime(year, month, day, tzinfo=zone)
        except ValueError:
            continue  # 29 February of another year
        if begin <= today or len(digits) > 4:  # noqa: PLR2004  as above
            return int(begin.timestamp() * 1000)
    return 0


def _zone_of(voucher: Voucher) -> timezone:
    """Return the zone of the terminal's clock, by the offset of its event time; UTC where it says none."""
    leg: Event = voucher.legs[0]
    text = leg.body.event_time
    if isinstance(text, str) and text[-6:-5] in ("+", "-"):
        minutes = int(text[-5:-3]) * 60 + int(text[-2:])
        return timezone(timedelta(minutes=-minutes if text[-6] == "-" else minutes))
    return UTC


def hints(state: LaneState, voucher: Voucher, named: Original, at: int) -> tuple[str, ...]:
    """Return what is near to an original that was not found, one sentence each, at most five of a sort."""
    since = at - state.policy.originals_horizon_ms
    terminal, number = voucher.run.key[0], (named.voucher_number or "").lstrip("0")
    standing = [other for other in state.memory.ever_of_terminal(terminal, since) if other is not voucher]
    standing = sorted(
        (other for other in standing if other.log_time <= at and other.kind in VOIDABLE), key=lambda other: other.place
    )
    return (
        *[f"the same voucher number in another batch: {_told(other)}" for other in _other_batch(standing, number)],
        *[f"a number that is nearly the same: {_told(other)}" for other in _near(standing, number)],
        *[f"the same amount within the hour: {_told(other)}" for other in _same_amount(standing, voucher)],
    )


def _other_batch(standing: list[Voucher], number: str) -> list[Voucher]:
    return [other for other in standing if other.run.key[1] == number][-MOST_HINTS:]


def _near(standing: list[Voucher], number: str) -> list[Voucher]:
    return [other for other in standing if one_slip_apart(other.run.key[1], number)][-MOST_HINTS:]


def _same_amount(standing: list[Voucher], voucher: Voucher) -> list[Voucher]:
    amounts = {leg.amount for leg in voucher.legs}
    found = [
        other
        for other in standing
        if abs(other.log_time - voucher.log_time) <= HOUR_MS and any(leg.amount in amounts for leg in other.legs)
    ]
    return found[-MOST_HINTS:]


def one_slip_apart(one: str, other: str) -> bool:
    """Tell whether two numbers differ by one digit or by two neighbours that changed places."""
    size = max(len(one), len(other), 6)
    a, b = one.zfill(size), other.zfill(size)
    apart = [place for place in range(size) if a[place] != b[place]]
    if len(apart) == 1:
        return True
    if len(apart) != 2 or apart[1] != apart[0] + 1:  # noqa: PLR2004  two neighbours
        return False
    first, second = apart
    return a[first] == b[second] and a[second] == b[first]


def _told(voucher: Voucher) -> str:
    """Return a voucher in words, without what could be a card."""
    leg = voucher.legs[0]
    batch = f" of batch {leg.body.batch_number}" if leg.batch else ""
    return f"{voucher.kind} {leg.body.voucher_number}{batch} at log time {voucher.log_time}"

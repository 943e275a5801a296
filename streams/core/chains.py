"""Chains: a void, refund or completion is held against its original.

Judged at the deadline of the voucher that points, against all that is known at that log time: what is
pending, open, closed or in the ledger.  What points leaves a mark on what it points at.  Blame goes by
the log time of the first leg, then by event id, so that it never depends on what was judged first.

    found                                              host approved a pair      host answers 25 or 12
    nothing, for a void naming a voucher, covered      original_not_found        -
    nothing otherwise                                  original_unverifiable     -
    declined, voided or reversed before, too small     original_conflict         -
    approved on both sides, nothing done to it before  -                         original_denied
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core import originals
from streams.core.numbers import drop_from
from streams.core.reversals import mark_of
from streams.core.rules import original_conflict, original_denied, original_not_found
from streams.core.timers import CHAIN
from streams.core.verdicts import is_denial
from streams.core.wire import REFUSED

if TYPE_CHECKING:
    from streams.core.event import Event
    from streams.core.state import LaneState
    from streams.core.voucher import Mark, Voucher

VOIDS: Final[frozenset[str]] = frozenset({"void", "preauth_void", "completion_void"})
POINTING: Final[frozenset[str]] = VOIDS | {"refund", "completion"}
"""The kinds that point at an original and are judged here; reversals have rules of their own."""


def begin(state: LaneState, voucher: Voucher) -> None:
    """Take note of a new voucher: it may point at another, or be the one that another misses."""
    if voucher.kind in POINTING:
        _watch(state, voucher)
    wanted = state.memory.wanted
    if wanted and voucher.run.key in wanted:
        _meet(state, voucher)


def _watch(state: LaneState, voucher: Voucher) -> None:
    voucher.pinned = True
    standing = state.memory.pointing.setdefault(voucher.run.key[0], [])
    if voucher not in standing:
        standing.append(voucher)


def leave(state: LaneState, voucher: Voucher) -> None:
    """Let a voucher be none that is still to be held against its original."""
    voucher.chain_at = 0
    drop_from(state.memory.pointing, voucher.run.key[0], voucher)


def await_deadline(state: LaneState, voucher: Voucher, deadline: int) -> None:
    """Let a voucher be judged at a deadline; of several the one that was set last holds."""
    if voucher.kind not in POINTING:
        leave(state, voucher)
        return
    _watch(state, voucher)
    voucher.chain_at = deadline
    leg = voucher.legs[0]
    state.timers.set(deadline, CHAIN, leg.source, leg.offset, voucher)


def judge(state: LaneState, voucher: Voucher, at: int) -> None:
    """Hold a voucher against its original at its deadline."""
    leave(state, voucher)
    host = voucher.host
    original = originals.find(state, voucher, at)
    before = _marks_before(state, voucher, original, at) if original is not None else []
    _leave_mark(state, voucher, original, at)
    if host is None or voucher.accused_of or voucher.reversed_at is not None:
        return
    if is_denial(host):
        if original is not None and _is_denied(original, before):
            _accuse(state, voucher, "original_denied", at, original)
        return
    if host.outcome != "approved" or voucher.terminal is None:
        return
    if original is None:
        _judge_unfound(state, voucher, at)
        return
    found = _conflict(state, voucher, original, before)
    if found is not None:
        voucher.accused_of = "original_conflict"
        finding = original_conflict.find(voucher, original, *found)
        state.open_anomaly(voucher, finding, at, main=False)


def _accuse(state: LaneState, voucher: Voucher, kind: str, at: int, original: Voucher) -> None:
    voucher.accused_of = kind
    state.open_anomaly(voucher, original_denied.find_of_chain(voucher, original), at, main=False)


def _judge_unfound(state: LaneState, voucher: Voucher, at: int) -> None:
    """Judge a voucher without original: a void names a voucher of its own terminal, if it names one by number."""
    named = originals.named_by(voucher)
    split = state.blind is not None and state.blind.split
    names_own = named is not None and named.voucher_number and voucher.kind in VOIDS and not split
    if named is None or not names_own or not originals.covered(state, voucher, named, at):
        if not voucher.unverifiable:
            voucher.unverifiable = True
            state.count_beside(voucher, "original_unverifiable", at)
        return
    voucher.accused_of = "original_not_found"
    finding = original_not_found.find(voucher, named, originals.hints(state, voucher, named, at))
    voucher.unfound = state.open_anomaly(voucher, finding, at, main=False)
    if voucher.unfound is not None:
        want(state, voucher)


def want(state: LaneState, voucher: Voucher) -> None:
    """Look out for the voucher that a void names."""
    named = originals.named_by(voucher)
    if named is not None and named.voucher_number:
        key = (voucher.run.key[0], named.voucher_number.lstrip("0"))
        state.memory.wanted.setdefault(key, []).append(voucher)


def _meet(state: LaneState, comer: Voucher) -> None:
    """Let a new voucher be the original that earlier voids have missed."""
    for voucher in list(state.memory.wanted[comer.run.key]):
        anomaly = voucher.unfound
        if anomaly is None or not originals.would_find(voucher, comer):
            continue
        at = comer.log_time
        state.drop_wanted(voucher)
        _leave_mark(state, voucher, comer, at)
        state.journal.resolve(anomaly, "late_match", at, ("limited",) if comer.limited else ())


def _leave_mark(state: LaneState, voucher: Voucher, original: Voucher | None, at: int) -> None:
    """Write on the original what points at it, in place of what the same voucher wrote before."""
    before = voucher.original
    mine = mark_of(voucher, approved=voucher.host is not None and voucher.host.outcome == "approved")
    if before is not None and original is not before:
        before.marks = _without(before.marks, mine)
        state.memory.put_down(before)
    voucher.original = original
    if original is None:
        return
    state.memory.use(original, at)
    original.marks = (*_without(original.marks, mine), mine)
    anomaly = original.anomaly
    if anomaly is not None and anomaly.kind in ("orphan_terminal", "orphan_host"):
        state.journal.add_evidence(anomaly, mine.sentence, at)


def _without(marks: tuple[Mark, ...], mine: Mark) -> tuple[Mark, ...]:
    return tuple(mark for mark in marks if not _same_marker(mark, mine))


def _same_marker(one: Mark, other: Mark) -> bool:
    return one.kind == other.kind and bool(set(one.events) & set(other.events)) and one.number == other.number


def _marks_on(state: LaneState, original: Voucher, at: int) -> list[Mark]:
    """Return what has been done to a voucher, by those too that are not judged yet."""
    marks = list(original.marks)
    place = original.place
    if state.memory.usual is not None:
        state.memory.usual.unpack_pointing_at(original)
    pointing = state.memory.pointing
    for other in [one for till in originals.tills(state, original, at) for one in pointing.get(till, ())]:
        if other.host is None or other.host.outcome != "approved" or other.place == place:
            continue
        if not originals.may_point_at(other, original):
            continue
        pointed = originals.find(state, other, at)
        if pointed is not None and pointed.place == place:
            mine = mark_of(other, approved=True)
            marks = [*(mark for mark in marks if not _same_marker(mark, mine)), mine]
    return [mark for mark in marks if mark.approved]


def _marks_before(state: LaneState, voucher: Voucher, original: Voucher, at: int) -> list[Mark]:
    """Return what others did to the original before this voucher, without what was undone since."""
    mine = mark_of(voucher, approved=True)
    return [
        mark
        for mark in _marks_on(state, original, at)
        if mark.blame < mine.blame and not _same_marker(mark, mine) and _stands(state, voucher, mark, at)
    ]


def _stands(state: LaneState, near: Voucher, mark: Mark, at: int) -> bool:
    """Tell whether what left a mark was neither reversed nor voided itself; only what is later can undo it.

    ``near`` is a voucher of the marker's terminal, or where lanes are keyed so of its merchant.
    """
    if mark.kind == "reversal":
        return True
    tills = originals.tills(state, near, at)
    for marker in [one for till in tills for one in state.memory.ever_of_number((till, mark.number))]:
        if marker.kind != mark.kind or not set(mark.events) & {leg.body.event_id for leg in marker.legs}:
            continue
        if marker.reversed_at is not None:
            return False
        undone = (one for one in _marks_on(state, marker, at) if one.kind in VOIDS and one.blame > mark.blame)
        return not any(_stands(state, near, one, at) for one in undone)
    return True


def amount_of(original: Voucher) -> int:
    """Return the amount of an original in minor units: the host's, else the terminal's."""
    for leg in (original.host, original.terminal):
        if leg is not None and leg.amount is not None:
            return leg.amount
    return 0


def _refunded(marks: list[Mark]) -> int:
    """Return the sum of refunds, those sent twice counted once."""
    counted: list[Mark] = []
    for mark in marks:
        if mark.kind == "refund" and not any(mark.repeats(other) for other in counted):
            counted.append(mark)
    return sum(mark.amount for mark in counted)


def _is_denied(original: Voucher, before: list[Mark]) -> bool:
    """Tell whether a host that does not know an original has approved it, as the terminal has, and it stands."""
    if any(leg is None or leg.outcome != "approved" for leg in (original.terminal, original.host)):
        return False
    if any(mark.kind in VOIDS or mark.kind == "reversal" for mark in before):
        return False
    refunded = _refunded(before)
    return refunded == 0 or refunded < amount_of(original)


def _conflict(state: LaneState, voucher: Voucher, original: Voucher, before: list[Mark]) -> tuple[str, str] | None:
    """Return why an original does not allow what points at it, as a word and as a sentence."""
    decides: Event | None = original.host or original.terminal
    if decides is not None and decides.outcome in REFUSED:
        side = "host" if decides is original.host else "terminal"
        return "declined", f"the original was {decides.outcome} by the {side}, code {decides.body.response_code or '-'}"
    mine = mark_of(voucher, approved=True)
    others = [mark for mark in before if not mark.repeats(mine)]
    for word, kinds in (("voided", VOIDS), ("reversed", frozenset({"reversal"}))):
        done = next((mark for mark in others if mark.kind in kinds), None)
        if done is not None:
            events = " and ".join(done.events)
            return word, f"the original was {word} before by {done.kind} {done.number} ({events})"
    return _amount_conflict(state, voucher.kind, mine.amount, amount_of(original), _refunded(others))


def _amount_conflict(state: LaneState, kind: str, amount: int, whole: int, refunded: int) -> tuple[str, str] | None:
    """Hold an amount against its rule: all of the original, at most all in sum, or at most some percent of it."""
    if kind in VOIDS:
        return None if amount == whole else ("amount", f"amount {amount}, the original has {whole}")
    if kind == "refund":
        if refunded + amount <= whole:
            return None
        return "amount", f"amount {amount} and {refunded} refunded before exceed the original's {whole}"
    percent = state.policy.completion_max_percent
    if amount * 100 <= whole * percent:
        return None
    return "amount", f"amount {amount} exceeds {percent} % of the original's {whole}"

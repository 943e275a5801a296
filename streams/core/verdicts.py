"""The verdict table: what two outcomes of one voucher mean.

Outcomes fall into three classes, A approved, R declined or rejected, U unknown (in progress
counts as unknown once the deadline has passed).  A final pair is judged when its second leg comes,
any other at the pair's deadline; the rows that wait are judged when a reversal is confirmed or
the wait ends.

    terminal  host   row
    A         A      COMPARE       matched, or mismatch with the fields that differ
    A         R, U   CONFLICT      outcome_conflict
    R, U      R      MATCHED
    U         U      BOTH_UNKNOWN  matched when both carry one response code, else WAIT
    R, U      A      WAIT          reversed, or unreversed
    R         U      WAIT
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.wire import FINAL, REFUSED

if TYPE_CHECKING:
    from streams.core.event import Event

COMPARE: Final = "compare"
CONFLICT: Final = "conflict"
MATCHED: Final = "matched"
BOTH_UNKNOWN: Final = "both_unknown"
WAIT: Final = "wait"

TABLE: Final = {
    ("A", "A"): COMPARE,
    ("A", "R"): CONFLICT,
    ("A", "U"): CONFLICT,
    ("R", "A"): WAIT,
    ("R", "R"): MATCHED,
    ("R", "U"): WAIT,
    ("U", "A"): WAIT,
    ("U", "R"): MATCHED,
    ("U", "U"): BOTH_UNKNOWN,
}

CLASSES: Final = {"approved": "A", "declined": "R", "rejected": "R", "unknown": "U", "in_progress": "U"}

DENIALS: Final = frozenset({"25", "12"})
"""Response codes by which a host says that it does not know the original."""


def row_of(terminal: Event, host: Event, both_unknown: str) -> str:
    """Return the row of the table for two legs; ``both_unknown`` is the setting ``matched`` or ``wait``."""
    row = TABLE[CLASSES[terminal.outcome], CLASSES[host.outcome]]
    if row is BOTH_UNKNOWN:
        one, other = terminal.body.response_code, host.body.response_code
        if both_unknown == "wait" or not one or one != other:
            return WAIT
    return row


def both_final(terminal: Event, host: Event) -> bool:
    """Tell whether neither outcome can still change by an answer."""
    return terminal.outcome in FINAL and host.outcome in FINAL


def is_denial(leg: Event | None) -> bool:
    """Tell whether a leg was refused with 25 or 12; an outcome that says otherwise wins over the code."""
    return leg is not None and leg.outcome in REFUSED and leg.body.response_code in DENIALS


def reversal_outcomes_agree(terminal: Event, host: Event) -> bool:
    """Tell whether two legs of a reversal say the same: 25 and 12 are as good as approved."""
    one, other = terminal.outcome, host.outcome
    if CLASSES[one] == "U" or CLASSES[other] == "U":
        return True
    done = (one == "approved" or is_denial(terminal), other == "approved" or is_denial(host))
    return done[0] == done[1] or (one in REFUSED and other in REFUSED)

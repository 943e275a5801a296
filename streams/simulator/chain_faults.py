"""The table of faults of chains: what each does, what it must lead to in the final state, and why.

The reasons quote the correlation contract, as in ``faults.py``.  P is the voucher that points, O its
original.
"""

from __future__ import annotations

from typing import Final

from streams.simulator import chains
from streams.simulator.fault import Fault, alone, late, paired, repeated, turned_back
from streams.simulator.truth import Expectation

_NOT_FOUND: Final = (Expectation("original_not_found", "critical"),)
_CONFLICT: Final = (Expectation("original_conflict", "critical"),)
_DENIED: Final = (Expectation("original_denied", "critical"),)
_TYPED: Final = "operator_error"

_WRONG: Final[dict[str, Fault]] = {
    "void_of_nothing": Fault(
        chains.void_of_nothing,
        _NOT_FOUND,
        paired,
        "P approved by the host, nothing found, a void naming a voucher of its own terminal, the time covered: "
        "original_not_found, critical, with the pointing voucher's amount.",
    ),
    "void_mistyped": Fault(
        chains.void_mistyped,
        _NOT_FOUND,
        paired,
        "As void_of_nothing: the way to O is by reference alone.",
        cause=_TYPED,
    ),
    "void_swapped": Fault(
        chains.void_swapped, _NOT_FOUND, paired, "As void_mistyped, with two digits exchanged.", 0.5, cause=_TYPED
    ),
    "void_mistyped_onto_another": Fault(
        chains.void_mistyped_onto_another,
        _CONFLICT,
        paired,
        "O is what the reference names; its amount is another: original_conflict, with the pointing voucher's amount.",
        cause=_TYPED,
    ),
    "void_of_declined": Fault(
        chains.void_of_declined,
        _CONFLICT,
        paired,
        "O declined by its host leg, P approved: original_conflict, critical, with the pointing voucher's amount.",
        cause="card_problem",
    ),
    "void_twice": Fault(
        chains.void_twice, _CONFLICT, paired, "O already voided by another voucher, P approved: original_conflict."
    ),
    "void_of_other_amount": Fault(
        chains.void_of_other_amount,
        _CONFLICT,
        paired,
        "The amount is equal for a void; here it is not: original_conflict.",
        0.5,
        cause=_TYPED,
    ),
    "refund_above": Fault(
        chains.refund_above,
        _CONFLICT,
        alone,
        "At most the original's amount for a refund: original_conflict.",
        cause=_TYPED,
    ),
    "refunds_above_in_sum": Fault(
        chains.refunds_above_in_sum,
        _CONFLICT,
        alone,
        "Refunds in sum at most the original's amount; this one is small enough, the sum is not: original_conflict.",
        cause=_TYPED,
    ),
    "completion_above": Fault(
        chains.completion_above,
        _CONFLICT,
        paired,
        "At most completion_max_percent of O for a completion: original_conflict.",
        cause=_TYPED,
    ),
    "void_denied": Fault(
        chains.void_denied,
        _DENIED,
        paired,
        "O approved on both sides, nothing done to it before, yet the host answers P with 25 or 12: original_denied.",
        cause="host_fault",
    ),
    "refund_denied": Fault(
        chains.refund_denied, _DENIED, alone, "As void_denied, for a refund.", 0.5, cause="host_fault"
    ),
    "completion_denied": Fault(
        chains.completion_denied, _DENIED, paired, "As void_denied, for a completion.", 0.5, cause="host_fault"
    ),
    "reversal_denied": Fault(
        chains.reversal_denied,
        _DENIED,
        turned_back,
        "RH 25 or 12 with an approved host leg of the transaction: original_denied with the transaction's amount, "
        "which closes the transaction.",
        0.5,
        cause="host_fault",
    ),
    "sale_after_its_void": Fault(
        chains.sale_after_its_void,
        (Expectation("original_not_found", "critical", "resolved", "late_match"),),
        late,
        "Nothing found by P's deadline: original_not_found; it resolves as late_match when a voucher that would have "
        "been found comes.",
        0.5,
    ),
}

_RIGHT: Final[dict[str, Fault]] = {
    "void_of_nothing_denied": Fault(
        chains.void_of_nothing_denied,
        (),
        paired,
        "What the host declined is the host doing its work; 25 is a complaint only where O stands.",
        0.5,
    ),
    "void_repeated": Fault(
        chains.void_repeated,
        (),
        repeated,
        "After the deadline a new voucher; nobody conflicts with a repeat (same target, kind, amount and number).",
        0.5,
    ),
    "refund_repeated": Fault(
        chains.refund_repeated, (), repeated, "As void_repeated: a repeat does not enter the sum of refunds.", 0.5
    ),
    "refund_without_original": Fault(
        chains.refund_without_original,
        (),
        alone,
        "Nothing found for a refund, as of a sale at another till: original_unverifiable, counted, no anomaly.",
        0.5,
    ),
}

CHAIN_FAULTS: Final[dict[str, Fault]] = _WRONG | _RIGHT
"""Label -> fault, in the order in which they are weighed."""

"""The table of faults that troubles bring: what each must lead to in the final state, and why.

The reasons quote the correlation contract, as in ``faults.py``: T and H are the terminal's and the
host's leg.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.simulator.causes import scripts
from streams.simulator.fault import Fault, Span, paired, waited
from streams.simulator.truth import Expectation

if TYPE_CHECKING:
    from streams.simulator.params import Windows

LONGEST_WAIT: Final = 6.0
"""Longest silence of a feed or a terminal, in pair windows."""


def _until_it_is_over(windows: Windows) -> Span:
    sent_ms = int((LONGEST_WAIT + 2) * windows.pair_ms)
    return Span(sent_ms, sent_ms + 2 * windows.pair_ms)


CAUSE_FAULTS: Final[dict[str, Fault]] = {
    "refused": Fault(
        scripts.refused,
        (),
        paired,
        "declined/declined, rejected/rejected, and unknown/unknown under one code: matched.",
    ),
    "refused_for_card": Fault(scripts.refused_for_card, (), paired, "declined/declined is matched."),
    "slip_of_refused": Fault(
        scripts.slip_of_refused,
        (Expectation("outcome_conflict", "critical"),),
        paired,
        "approved against declined, rejected or unknown: outcome_conflict, critical; the approved amount, or the "
        "host's where it is unknown, which is the same.",
    ),
    "refused_alone": Fault(
        scripts.refused_alone,
        (Expectation("orphan_host", "info", risk="zero"),),
        paired,
        "T none by the deadline: orphan_host; info since declined or rejected, which risk nothing.",
    ),
    "unanswered_alone": Fault(
        scripts.unanswered_alone,
        (Expectation("orphan_host", "warning"),),
        paired,
        "T none by the deadline: orphan_host; warning since unknown, with its amount.",
    ),
    "both_without_answer": Fault(
        scripts.both_without_answer,
        (Expectation("unreversed", "critical"),),
        waited,
        "unknown/unknown with a code on one side only waits for a reversal, else unreversed with the host's amount.",
    ),
    "answer_lost_on_the_way": Fault(
        scripts.answer_lost_on_the_way,
        (Expectation("unreversed", "critical"),),
        waited,
        "unknown/approved waits for a reversal until reversal_window after the later leg, else unreversed.",
    ),
    "other_batch": Fault(
        scripts.other_batch,
        (Expectation("mismatch", "warning", risk="zero"),),
        paired,
        "Without batch_in_key, batches on both sides are compared like any field: mismatch, warning, 0.",
    ),
    "held_back_host": Fault(
        scripts.held_back,
        (Expectation("orphan_terminal", "critical", "resolved", "late_match"),),
        _until_it_is_over,
        "H comes after T's deadline: orphan_terminal, critical since approved; it agrees: late_match.",
    ),
    "held_back_terminal": Fault(
        scripts.held_back,
        (Expectation("orphan_host", "critical", "resolved", "late_match"),),
        _until_it_is_over,
        "As held_back_host with the sides exchanged.",
    ),
    "held_back_shortly": Fault(scripts.held_back, (), paired, "Both legs within the pair window: matched."),
    "lost_at_power_off": Fault(
        scripts.lost_at_power_off,
        (Expectation("orphan_host", "critical"),),
        paired,
        "T none by the deadline, H approved: orphan_host, critical.",
    ),
    "sent_after_power_on": Fault(
        scripts.sent_after_power_on,
        (Expectation("orphan_host", "critical", "resolved", "late_match"),),
        _until_it_is_over,
        "T comes after H's deadline and agrees: late_match.",
    ),
}
"""Label -> fault."""

"""The table of faults: what each does, what it must lead to in the final state, and why.

The reasons quote the correlation contract; nothing here was learnt by running the product.  T and H
are the terminal's and the host's leg of the transaction, RT and RH those of its reversal.  An entry
without an expected anomaly must lead to none.
"""

from __future__ import annotations

from typing import Final

from streams.simulator import broken, disagree, harmless, missing, unanswered
from streams.simulator.fault import (
    Fault,
    alone,
    in_progress,
    late,
    late_by_far,
    paired,
    redelivered,
    turned_back,
    waited,
    waited_and_reversed,
)
from streams.simulator.truth import Expectation

_RARE: Final = 0.3
_LATE_ORPHAN_TERMINAL: Final = Expectation("orphan_terminal", "critical", "resolved", "late_match")
_UNREVERSED: Final = Expectation("unreversed", "critical")
_CONFLICT: Final = Expectation("outcome_conflict", "critical")
_SEVERE: Final = (Expectation("mismatch", "critical", risk="zero"),)
_SLIGHT: Final = (Expectation("mismatch", "warning", risk="zero"),)
_REPEATED: Final = (Expectation("duplicate_voucher", "warning", risk="zero"),)

_MISSING: Final[dict[str, Fault]] = {
    "lost_request": Fault(
        missing.lost_request,
        (Expectation("orphan_terminal", "critical"),),
        alone,
        "T approved, H none by the deadline: orphan_terminal. Critical since approved; a pre-authorisation is never "
        "above warning, a query never above info and risks 0.",
    ),
    "lost_terminal_record": Fault(
        missing.lost_terminal_record,
        (Expectation("orphan_host", "critical"),),
        alone,
        "T none by the deadline, H approved: orphan_host; severity and amount as for lost_request.",
    ),
    "terminal_decline_alone": Fault(
        missing.terminal_decline_alone,
        (Expectation("orphan_terminal", "info", risk="zero"),),
        paired,
        "Any T, H none: orphan_terminal; info since declined; only an approved or unknown side risks its amount.",
    ),
    "host_decline_alone": Fault(
        missing.host_decline_alone,
        (Expectation("orphan_host", "info", risk="zero"),),
        paired,
        "T none, any H: orphan_host; info since declined; only an approved or unknown side risks its amount.",
    ),
    "host_unknown_alone": Fault(
        missing.host_unknown_alone,
        (Expectation("orphan_host", "warning"),),
        paired,
        "T none, H unknown (96): orphan_host, warning since unknown, with the unknown side's amount.",
    ),
    "timeout_at_host": Fault(
        missing.timeout_at_host,
        (Expectation("orphan_terminal", "warning"),),
        waited,
        "T unknown waits alone for the larger of pair_window and reversal_window; then H none: orphan_terminal, "
        "warning since unknown, with its amount.",
    ),
    "late_host_record": Fault(
        missing.late_host_record,
        (_LATE_ORPHAN_TERMINAL,),
        late,
        "H comes after T's deadline; alone at its own deadline it finds the open orphan of the same key that agrees "
        "in amount, currency and whatever both carry: late_match. Approved on both sides: matched, nothing new.",
    ),
    "late_host_record_by_far": Fault(
        missing.late_host_record_by_far,
        (_LATE_ORPHAN_TERMINAL,),
        late_by_far,
        "As late_host_record: an open orphan is found within resolve_horizon, however long ago it was opened.",
        0.5,
    ),
    "late_terminal_record": Fault(
        missing.late_terminal_record,
        (Expectation("orphan_host", "critical", "resolved", "late_match"),),
        late,
        "As late_host_record with the sides exchanged: pairing is symmetric.",
    ),
    "late_with_other_amount": Fault(
        missing.late_with_other_amount,
        (Expectation("orphan_terminal", "critical"), Expectation("orphan_host", "critical")),
        late,
        "A late counterpart must agree in amount; this one does not, so H stays alone too: two orphans.",
    ),
    "late_decline": Fault(
        missing.late_decline,
        (_LATE_ORPHAN_TERMINAL, _CONFLICT),
        late,
        "H agrees in amount, currency and card or RRN: the orphan resolves as late_match and the pair is judged now: "
        "approved/declined is outcome_conflict with the approved side's amount.",
    ),
    "late_terminal_answer": Fault(
        missing.late_terminal_answer,
        (Expectation("unreversed", "critical", "resolved", "late_match"),),
        waited_and_reversed,
        "unknown/approved waits for reversal_window after the later leg: unreversed. T's final event comes after its "
        "deadline (reversal_window for status updates) and within resolve_horizon: late answer, late_match; "
        "approved/approved is matched.",
    ),
    "late_host_answer": Fault(
        missing.late_host_answer,
        (Expectation("outcome_conflict", "critical", "resolved", "late_match"),),
        late,
        "approved/unknown at the pair's deadline: outcome_conflict. H's final event after the deadline is the late "
        "answer of a leg judged as unknown: late_match; approved/approved is matched.",
    ),
    "late_host_answer_by_far": Fault(
        missing.late_host_answer_by_far,
        (Expectation("outcome_conflict", "critical", "resolved", "late_match"),),
        late_by_far,
        "As late_host_answer: within resolve_horizon after the deadline of a leg judged as unknown.",
        0.5,
    ),
    "offline_uploaded_late": Fault(
        missing.offline_uploaded_late,
        (),
        late,
        "Offline legs open no orphan; closed as offline_unverified they stay findable, and the late H joins, for "
        "which nothing is opened either.",
    ),
    "offline_never_uploaded": Fault(
        missing.offline_never_uploaded,
        (),
        paired,
        "Offline legs open no orphan: alone at the deadline they are counted offline_unverified.",
    ),
}

_DISAGREEING: Final[dict[str, Fault]] = {
    "wrong_amount": Fault(
        disagree.wrong_amount,
        (Expectation("mismatch", "critical", risk="claimed"),),
        paired,
        "approved/approved compares fields; amount differs: mismatch, critical, at risk the absolute difference.",
    ),
    "wrong_auth_code": Fault(disagree.wrong_auth_code, _SLIGHT, paired, "mismatch in auth_code alone: warning, 0."),
    "wrong_rrn": Fault(disagree.wrong_rrn, _SLIGHT, paired, "mismatch in rrn alone: warning, 0."),
    "wrong_batch": Fault(
        disagree.wrong_batch,
        _SLIGHT,
        paired,
        "Without batch_in_key, batches on both sides are compared like any field: mismatch, warning, 0.",
    ),
    "wrong_card": Fault(
        disagree.wrong_card,
        _SEVERE,
        paired,
        "Two masked numbers agree when every digit shown by both is equal; the last four differ: mismatch, critical.",
    ),
    "wrong_currency": Fault(
        disagree.wrong_currency, _SEVERE, paired, "mismatch in currency: critical; the amounts are equal: 0."
    ),
    "wrong_kind": Fault(disagree.wrong_kind, _SEVERE, paired, "mismatch in kind: critical, 0; one class, so a pair."),
    "wrong_merchant": Fault(disagree.wrong_merchant, _SEVERE, paired, "mismatch in merchant_id: critical, 0."),
    "host_declined": Fault(
        disagree.host_declined,
        (_CONFLICT,),
        paired,
        "approved/declined and approved/rejected: outcome_conflict at the later leg, critical, the approved amount.",
    ),
    "duplicate_at_terminal": Fault(
        disagree.duplicate_at_terminal,
        _REPEATED,
        paired,
        "The same key and source at or before the deadline of a leg, closed or not, two finals: duplicate_voucher, "
        "warning, 0; the first stays the leg, so the pair stays matched.",
    ),
    "duplicate_at_host": Fault(
        disagree.duplicate_at_host, _REPEATED, paired, "As duplicate_at_terminal, on the host's side."
    ),
    "duplicate_other_amount": Fault(
        disagree.duplicate_other_amount, _REPEATED, paired, "Another amount in the window: duplicate_voucher; else 0."
    ),
}

_UNANSWERED: Final[dict[str, Fault]] = {
    "lost_answer": Fault(
        unanswered.lost_answer,
        (_UNREVERSED,),
        waited,
        "unknown/approved waits for a reversal until reversal_window after the later leg, else unreversed, critical, "
        "with the host's amount.",
    ),
    "lost_answer_reversed": Fault(
        unanswered.lost_answer_reversed,
        (),
        turned_back,
        "RH approved confirms the reversal before the transaction's own judgement: reversed; RT and RH agree.",
    ),
    "timeout_at_host_reversed": Fault(
        unanswered.timeout_at_host_reversed,
        (),
        turned_back,
        "RH 25 confirms when no host leg of the transaction is approved or unknown by the reversal's deadline, which "
        "lies within T's wait: reversed, whatever side is missing. RT 25 agrees with RH 25.",
    ),
    "timeout_at_host_reversed_late": Fault(
        unanswered.timeout_at_host_reversed_late,
        (Expectation("orphan_terminal", "warning", "resolved", "reversed"),),
        waited_and_reversed,
        "orphan_terminal, warning, at T + reversal_window; confirmed later, RH 25 resolves the open orphan: reversed.",
    ),
    "timeout_of_declined": Fault(
        unanswered.timeout_of_declined, (), paired, "unknown/declined is matched at the pair's deadline."
    ),
    "chip_declined": Fault(
        unanswered.chip_declined, (_UNREVERSED,), waited, "declined/approved waits for a reversal, else unreversed."
    ),
    "chip_declined_reversed": Fault(
        unanswered.chip_declined_reversed, (), turned_back, "declined/approved waits for a reversal: reversed."
    ),
    "reversal_late": Fault(
        unanswered.reversal_late,
        (Expectation("unreversed", "critical", "resolved", "reversed"),),
        waited_and_reversed,
        "unreversed at the end of the wait; a reversal confirmed later resolves it as reversed.",
    ),
    "reversal_confirmed_late": Fault(
        unanswered.reversal_confirmed_late,
        (
            Expectation("unreversed", "critical", "resolved", "reversed"),
            Expectation("orphan_terminal", "warning", "resolved", "late_match", risk="zero"),
        ),
        waited_and_reversed,
        "Not confirmed in time: unreversed; RT without RH: orphan_terminal, warning, reversal legs risk 0. RH after "
        "both confirms (reversed) and, alone at its deadline, finds the orphan RT (late_match).",
    ),
    "reversal_unanswered": Fault(
        unanswered.reversal_unanswered,
        (_UNREVERSED, Expectation("orphan_terminal", "warning", risk="zero")),
        waited_and_reversed,
        "Never confirmed: unreversed; RT without RH: orphan_terminal, warning, reversal legs risk 0.",
    ),
    "reversal_at_host_only": Fault(
        unanswered.reversal_at_host_only,
        (Expectation("orphan_host", "critical", risk="zero"),),
        turned_back,
        "RH without RT is orphan_host, critical, since the transaction's T is approved; reversal legs risk 0. The "
        "transaction was matched at its later leg, before RH.",
    ),
    "timeout_reversed_by_host": Fault(
        unanswered.timeout_reversed_by_host,
        (),
        turned_back,
        "RH approved confirms: reversed. RH without RT of a T that is not approved: counted reversal_host_only.",
    ),
    "reversal_outcomes_differ": Fault(
        unanswered.reversal_outcomes_differ,
        (Expectation("mismatch", "warning", risk="zero"),),
        turned_back,
        "RH approved confirms: the transaction is reversed. RT rejected against RH approved: mismatch, warning, 0.",
    ),
    "reversal_repeated": Fault(
        unanswered.reversal_repeated,
        (),
        turned_back,
        "Repeats of a reversal are status updates whatever their own number, and add it to the keys under which the "
        "leg pairs: RT becomes approved and meets RH; the transaction is reversed.",
    ),
    "reversal_overtakes": Fault(
        unanswered.reversal_overtakes,
        (),
        turned_back,
        "Confirmed while H is missing: reversed; a voucher closed so stays findable for that side: H joins it.",
    ),
    "host_only_reversed": Fault(
        unanswered.host_only_reversed,
        (),
        turned_back,
        "Confirmed before H's deadline: closed as reversed, whatever side is missing.",
    ),
    "host_only_reversed_late": Fault(
        unanswered.host_only_reversed_late,
        (Expectation("orphan_host", "critical", "resolved", "reversed"),),
        late,
        "orphan_host at H's deadline; a reversal confirmed later resolves the open orphan as reversed.",
    ),
    "in_progress_then_approved": Fault(
        unanswered.in_progress_then_approved,
        (),
        in_progress,
        "09 waits for in_progress_window; 00 of a higher rank before the deadline is a status update that sets the "
        "deadline to its own time + pair_window: approved/approved, matched.",
    ),
    "in_progress_for_good": Fault(
        unanswered.in_progress_for_good,
        (_CONFLICT,),
        in_progress,
        "At the pair's deadline in progress counts as unknown: approved/unknown is outcome_conflict.",
    ),
    "in_progress_ended_late": Fault(
        unanswered.in_progress_ended_late,
        (Expectation("outcome_conflict", "critical", "resolved", "late_match"),),
        in_progress,
        "outcome_conflict at the pair's deadline; the final event afterwards is the late answer: late_match, matched.",
    ),
    "host_outcome_found": Fault(
        unanswered.host_outcome_found,
        (),
        paired,
        "96, then 00 of a higher rank before the deadline: status update; approved/approved, matched.",
    ),
    "host_outcome_unknown": Fault(
        unanswered.host_outcome_unknown,
        (_CONFLICT,),
        paired,
        "approved/unknown at the pair's deadline: outcome_conflict with the host's amount.",
    ),
    "both_unknown": Fault(unanswered.both_unknown, (), paired, "unknown/unknown, same response code on both: matched."),
    "both_unknown_differently": Fault(
        unanswered.both_unknown_differently,
        (_UNREVERSED,),
        waited,
        "unknown/unknown under different codes waits for a reversal, else unreversed with the host's amount.",
    ),
    "refund_answer_lost": Fault(
        unanswered.refund_answer_lost,
        (Expectation("outcome_conflict", "warning"),),
        alone,
        "A refund has no automatic reversal: in the waiting row it is outcome_conflict, warning, at the deadline.",
    ),
    "query_answer_lost": Fault(unanswered.query_answer_lost, (), paired, "A query in the waiting row is matched."),
}

_HARMLESS: Final[dict[str, Fault]] = {
    "redelivered_by_terminal": Fault(
        harmless.redelivered_by_terminal,
        (),
        redelivered,
        "Same source, event_id and content within redelivery_horizon: a redelivery, counted and dropped.",
    ),
    "redelivered_by_host": Fault(
        harmless.redelivered_by_host, (), redelivered, "As redelivered_by_terminal, on the host's side."
    ),
    "event_id_reused": Fault(
        harmless.event_id_reused, (), paired, "Equal event_id with other content is a new event, counted id_reused."
    ),
    "clock_skew": Fault(harmless.clock_skew, (), paired, "event_time is evidence, never a deadline; log times agree."),
    "card_in_clear": Fault(
        harmless.card_in_clear, (), paired, "A hit masks the value and keeps the event; the masked digits agree."
    ),
    "card_in_extra_field": Fault(
        harmless.card_in_extra_field, (), paired, "The card test applies to unknown extra fields; the event is kept."
    ),
}

_DEAD: Final = "The first reason that applies is given; the record's voucher has no other leg and nothing is judged."
_BROKEN: Final[dict[str, Fault]] = {
    "broken_empty": Fault(broken.empty, (), paired, _DEAD, _RARE, kafka_only=True),
    "broken_too_large": Fault(broken.too_large, (), paired, _DEAD, 0.1),
    "broken_malformed": Fault(broken.malformed, (), paired, _DEAD, _RARE),
    "broken_not_an_object": Fault(broken.not_an_object, (), paired, _DEAD, _RARE),
    "broken_missing_field": Fault(broken.missing_field, (), paired, _DEAD, _RARE),
    "broken_invalid_field": Fault(broken.invalid_field, (), paired, _DEAD, _RARE),
    "broken_key_mismatch": Fault(broken.key_mismatch, (), paired, _DEAD, _RARE, kafka_only=True),
    "broken_source_mismatch": Fault(broken.source_mismatch, (), paired, _DEAD, _RARE),
    "broken_unknown_kind": Fault(broken.unknown_kind, (), paired, _DEAD, _RARE),
    "garbled_host_record": Fault(
        broken.garbled_host_record,
        (Expectation("orphan_terminal", "critical"),),
        paired,
        "H does not decode and is no leg: T approved, H none by the deadline is orphan_terminal.",
        _RARE,
    ),
}

FAULTS: Final[dict[str, Fault]] = _MISSING | _DISAGREEING | _UNANSWERED | _HARMLESS | _BROKEN
"""Label -> fault, in the order in which they are weighed."""

BROKEN: Final = frozenset(_BROKEN)
"""The labels of records that must become dead letters."""

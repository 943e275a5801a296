"""The table of troubles: for each cause what it touches, for how long, how hard, and what it leads to.

Times are multiples of the pair window, so that the same table fits a night and a live show.  Every
number is drawn from the range that stands here; ``Draw`` says which parts of a range a run may use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from streams.simulator.causes.scopes import (
    Scope,
    of_all,
    of_link,
    of_merchant,
    of_network,
    of_one,
    of_one_operator,
    of_operator,
    of_region_or_link,
    of_some,
    of_version,
)
from streams.simulator.traffic import CARD_CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streams.simulator.causes.draw import Draw
    from streams.simulator.fleet import Terminal

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Trouble:
    """One line of the table: a cause and how it shows itself."""

    cause: str
    about: str
    scope: Callable[[Draw, list[Terminal]], Scope]
    every: float
    """Mean distance of two of its episodes, in pair windows."""
    length: Range
    """In pair windows."""
    share: Range
    """Of the touched terminals' acts; 0 where it strikes at moments of its own."""
    mixture: Mapping[str, float]
    also: tuple[Mapping[str, float], ...] = ()
    """Other mixtures, of which one is drawn instead with equal chances."""
    codes: tuple[str, ...] = ()
    one_code: bool = False
    """Whether one code is drawn for the whole episode."""
    slow: Range = (1.0, 1.0)
    strikes: tuple[int, int] = (0, 0)
    more: Mapping[str, Any] = field(default_factory=dict)
    """Attributes of its episodes that are always the same."""


_REFUSALS: Final = {"refused": 0.7, "slip_of_refused": 0.16, "refused_alone": 0.14}

TROUBLES: Final[dict[str, Trouble]] = {
    "version_bug": Trouble(
        "outdated_terminal",
        "one software version loses records, prints what it never sent, or forgets reversals",
        of_version,
        30,
        (6, 14),
        (0.02, 0.2),
        {"lost_terminal_record": 1.0, "answer_lost_on_the_way": 0.15},
        also=(
            {"lost_request": 1.0, "duplicate_at_terminal": 0.15},
            {"answer_lost_on_the_way": 1.0, "lost_terminal_record": 0.15},
            {"duplicate_at_terminal": 1.0, "lost_terminal_record": 0.2},
        ),
    ),
    "ageing_modem": Trouble(
        "network_delay",
        "a few terminals of one network are slow: late records, answers that never arrive",
        of_network,
        25,
        (6, 16),
        (0.1, 0.4),
        {
            "late_terminal_record": 0.4,
            "answer_lost_on_the_way": 0.2,
            "lost_answer_reversed": 0.2,
            "timeout_at_host": 0.1,
            "reversal_unanswered": 0.06,
            "redelivered_by_terminal": 0.04,
        },
        slow=(4, 16),
    ),
    "link_brown_out": Trouble(
        "host_fault",
        "one link fails for many terminals at once: 91, 98, 96, 68, 06",
        of_link,
        20,
        (1, 4),
        (0.3, 0.9),
        {
            "refused": 0.55,
            "both_without_answer": 0.12,
            "unanswered_alone": 0.08,
            "slip_of_refused": 0.06,
            "timeout_at_host": 0.09,
            "answer_lost_on_the_way": 0.06,
            "reversal_unanswered": 0.04,
        },
        codes=("91", "91", "98", "98", "96", "68", "06"),
        slow=(2, 8),
    ),
    "lost_originals": Trouble(
        "host_fault",
        "the host of one link does not know what it recorded: 25 on voids of approved sales",
        of_link,
        30,
        (4, 10),
        (0.03, 0.12),
        {"void_denied": 0.6, "refund_denied": 0.15, "completion_denied": 0.1, "reversal_denied": 0.15},
    ),
    "cut_over": Trouble(
        "maintenance",
        "a link changes its business day inside an announced window: 90 and 96 in bulk, reversals dropped",
        of_link,
        30,
        (2, 6),
        (0.4, 0.9),
        {
            "refused": 0.68,
            "both_without_answer": 0.1,
            "unanswered_alone": 0.06,
            "slip_of_refused": 0.04,
            "timeout_at_host": 0.06,
            "reversal_unanswered": 0.06,
        },
        codes=("90", "90", "96"),
        more={"notice": True},
    ),
    "bad_cards": Trouble(
        "card_problem",
        "cards without funds, expired, or with a wrong PIN; some sales are voided although they were declined",
        of_all,
        60,
        (40, 60),
        (0.004, 0.016),
        {"refused_for_card": 0.5, "void_of_declined": 0.25, "refused_alone": 0.17, "slip_of_refused": 0.08},
        codes=CARD_CODES,
    ),
    "closed_merchant": Trouble(
        "merchant_account",
        "everything of one merchant is refused with 03 or 97",
        of_merchant,
        15,
        (6, 20),
        (0.8, 1.0),
        _REFUSALS,
        codes=("03", "97"),
        one_code=True,
    ),
    "not_permitted": Trouble(
        "permission",
        "some terminals, or one operator, may not do what they try: 57, 58, 62",
        of_some,
        15,
        (6, 20),
        (0.1, 0.5),
        _REFUSALS,
        codes=("57", "58", "62"),
        one_code=True,
    ),
    "missed_sign_on": Trouble(
        "batch_state",
        "a terminal and its host are in different batches: 77, 19, 22, and batch numbers that differ",
        of_one,
        6,
        (4, 12),
        (0.4, 0.9),
        {"other_batch": 0.35, "refused": 0.35, "slip_of_refused": 0.15, "refused_alone": 0.15},
        codes=("77", "77", "77", "19", "22"),
    ),
    "void_fraud": Trouble(
        "suspected_fraud",
        "one operator of one terminal voids sales that never were, and more than once",
        of_one_operator,
        4,
        (2, 10),
        (0.0, 0.0),
        {"void_of_nothing": 0.65, "void_twice": 0.12, "refund_above": 0.08, "refund_without_original": 0.15},
        strikes=(5, 14),
    ),
    "late_feed": Trouble(
        "feed_gap",
        "our own feed of one source is late, for all or for a link or region; some of its records are broken",
        of_region_or_link,
        25,
        (2, 5),
        (0.95, 1.0),
        {"held_back": 0.98, "garbled_host_record": 0.02},
    ),
    "power_loss": Trouble(
        "terminal_fault",
        "a terminal loses power: what it had not stored is lost, heartbeats stop, numbers jump",
        of_one,
        0.8,
        (3, 6),
        (0.0, 0.0),
        {"lost_at_power_off": 1.0},
        also=({"sent_after_power_on": 1.0},),
        strikes=(1, 3),
        more={"silent": True},
    ),
    "careless_operator": Trouble(
        "operator_error",
        "one operator mistypes: numbers one digit away, amounts too large, wrong formats",
        of_operator,
        8,
        (8, 20),
        (0.25, 0.6),
        {
            "void_mistyped": 0.3,
            "void_swapped": 0.12,
            "void_mistyped_onto_another": 0.12,
            "refund_above": 0.14,
            "completion_above": 0.08,
            "void_of_other_amount": 0.06,
            "refused": 0.18,
        },
        codes=("12", "13", "14", "30"),
    ),
}
"""Label -> trouble; the order in which they are planned."""

CAUSES: Final = tuple(dict.fromkeys(trouble.cause for trouble in TROUBLES.values()))

NOISE: Final = (
    "lost_request",
    "lost_terminal_record",
    "lost_answer",
    "late_terminal_record",
    "wrong_rrn",
    "wrong_auth_code",
    "wrong_merchant",
    "wrong_amount",
    "duplicate_at_terminal",
    "timeout_of_declined",
    "lost_answer_reversed",
)
"""Faults of single vouchers that leave no evidence of a cause: what goes wrong anyway."""

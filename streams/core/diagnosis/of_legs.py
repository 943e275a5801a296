"""Evidence in the legs themselves: codes, what differs, who refused, what a chain's original was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.currency import money
from streams.core.wire import FINAL, REFUSED

if TYPE_CHECKING:
    from streams.core.diagnosis.case import Leg, Legs
    from streams.core.diagnosis.evidence import Evidence

CODE_CLASSES: Final = {
    "host": ("96", "91", "98", "06", "68", "92"),
    "cut_over": ("90",),
    "denied": ("25",),
    "operator": ("12", "13", "14", "30"),
    "card": ("01", "04", "05", "07", "33", "34", "35", "36", "38", "41", "43", "51", "54", "55", "61", "65", "75"),
    "merchant": ("03", "97"),
    "permission": ("57", "58", "62", "63"),
    "batch": ("19", "22", "77", "94", "95"),
    "security": ("40", "99", "A0", "A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9"),
}
CLASS_OF: Final = {code: name for name, codes in CODE_CLASSES.items() for code in codes}
"""Response code -> what it tells of the cause, after the domain's table of hypotheses."""

# Names of pieces are made once: what is gathered later is looked up by them.
PIECE_OF_CODE: Final = {code: f"code_{name}" for code, name in CLASS_OF.items()}
PIECE_OF_ORIGINAL_CODE: Final = {code: f"original_code_{name}" for code, name in CLASS_OF.items()}
_KINDS: Final[dict[str, str]] = {}

POINTING: Final = frozenset({"void", "refund", "completion", "preauth_void", "completion_void"})
REFERENCES: Final = frozenset({"rrn", "auth_code"})
HINTS: Final = {
    "a number that is nearly the same": "near_number",
    "the same voucher number in another batch": "other_batch",
    "same voucher, other batch": "other_batch",
    "the same amount within the hour": "same_amount",
}
"""How a sentence that a rule found begins -> the piece of evidence that it is."""
_LEADING_CODE: Final = "code "


def kind_piece(kind: str) -> str:
    """Return the piece of evidence that the kind of an anomaly is."""
    name = _KINDS.get(kind)
    if name is None:
        name = _KINDS[kind] = f"kind_{kind}"
    return name


def code_of(leg: Leg | None) -> str:
    """Return the response code of a leg, empty where it has none."""
    code = leg.body.response_code if leg is not None else None
    return code if isinstance(code, str) else ""


def legs_say(legs: Legs, found: Evidence) -> None:
    """Add what the legs and the finding of an anomaly say by themselves."""
    found.add(kind_piece(legs.kind))
    if legs.transaction in POINTING:
        found.tell("points_at_original", (legs.transaction,))
    _codes(legs, found)
    if legs.finding.fields:
        _differences(legs, found)
    if legs.finding.original is not None or legs.finding.evidence:
        _chain(legs, found)
    if legs.repeats:
        found.add(legs.repeats)


def _codes(legs: Legs, found: Evidence) -> None:
    terminal, host = legs.terminal, legs.host
    terminal_code = code_of(terminal)
    code = code_of(host) or terminal_code
    if code and code != "00":
        named = PIECE_OF_CODE.get(code)
        if named is not None:
            found.tell(named, (code,))
    if terminal is None or terminal.outcome == "approved":
        return
    if terminal.outcome not in FINAL:
        if not terminal_code:
            found.add("no_answer")
    elif host is not None and host.outcome not in REFUSED:
        found.tell("terminal_refused", (terminal_code or "-",))


def _differences(legs: Legs, found: Evidence) -> None:
    terminal, host = legs.terminal, legs.host
    if terminal is None or host is None:
        return
    names: list[str] = [name for name in legs.finding.fields if name != "outcome"]
    if names and REFERENCES.issuperset(names):
        found.tell("differs_reference", (", ".join(names),))
    for name in names:
        if name in REFERENCES:
            continue
        if name == "amount" and is_slip(terminal.amount or 0, host.amount or 0):
            one, other = money(terminal.amount, terminal.currency), money(host.amount, host.currency)
            found.tell("amount_slip", (one, other))
        else:
            found.add(f"differs_{name}")


def is_slip(one: int, other: int) -> bool:
    """Tell whether two amounts differ as typed ones do: one digit, two neighbours changed, or zeros more or less."""
    a, b = str(one), str(other)
    if a.rstrip("0") == b.rstrip("0"):
        return True
    if len(a) != len(b):
        longer, shorter = (a, b) if len(a) > len(b) else (b, a)
        return len(longer) == len(shorter) + 1 and any(
            longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer))
        )
    apart = [place for place in range(len(a)) if a[place] != b[place]]
    if len(apart) == 1:
        return True
    first = apart[0]
    return apart == [first, first + 1] and a[first] == b[first + 1] and a[first + 1] == b[first]


def _chain(legs: Legs, found: Evidence) -> None:
    finding = legs.finding
    original = finding.original or {}
    reason = original.get("reason")
    if isinstance(reason, str):
        found.add(f"original_{reason}")
    hints = {piece for said in finding.evidence for start, piece in HINTS.items() if said.startswith(start)}
    for piece in sorted(hints):
        found.add(piece)
    code = original.get("response_code") or _code_in(finding.evidence)
    if isinstance(code, str) and code in CLASS_OF:
        found.tell(PIECE_OF_ORIGINAL_CODE[code], (code,))


def _code_in(sentences: tuple[str, ...]) -> str:
    """Return the response code that a rule's sentence ends with, empty where none does."""
    for said in sentences:
        head, found, tail = said.rpartition(_LEADING_CODE)
        if found and head and len(tail) == 2:  # noqa: PLR2004  a response code
            return tail
    return ""

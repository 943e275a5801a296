"""Writes diagnoses as JSON: what is the same for many is written once, and the values of one voucher put between."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from streams.core.diagnosis.evidence import fields_of, values_of
from streams.core.diagnosis.posterior import Posteriors
from streams.core.diagnosis.template import Frame, Template, encode, plain

if TYPE_CHECKING:
    from streams.core.diagnosis.evidence import Told, Values
    from streams.core.diagnosis.model import Action, Model
    from streams.core.diagnosis.posterior import Posterior

RANKED: Final = 5
"""How many causes a record names; the rest share what is left."""
WORDY: Final = frozenset({"source", "kind", "fields"})
"""Values that are words of ours rather than a sender's: Chinese sentences show them in Chinese."""
NONE: Final = ("none", "无")
"""What stands for a value that a voucher does not have, in the order of ``LANGUAGES``."""
VALUES: Final = ("terminal", "merchant", "batch", "voucher", "rrn", "link", "money", "time")
"""What the text of an action may show of a voucher."""
_NONE_BYTES: Final = [name.encode() for name in NONE]
_THOUSANDTHS: Final = [encode(number / 1_000) for number in range(1_001)]
DAY_S: Final = 86_400
_EPOCH: Final = date(1970, 1, 1).toordinal()
MOST_TELLERS: Final = 4
_TELLERS: Final[list[Teller]] = []
_TWO: Final = [f"{number:02d}" for number in range(60)]


class Teller:
    """Writes the diagnoses of one model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.posteriors = Posteriors(model)
        self._heads: dict[str, bytes] = {}
        self._sentences: dict[str, Template] = {}
        self._actions: dict[tuple[str, str], Template] = {}

    def tell(self, kind: str, posterior: Posterior, told: Told | None, about: list[object]) -> bytes:
        """Return the ``diagnosis`` of a record.

        ``told`` are the values of the pieces of evidence, ``about`` those of the anomaly in the order of ``VALUES``.
        """
        frame = posterior.frame
        if frame is None:
            frame = posterior.frame = self._frame(posterior)
        out: list[bytes] = [frame.head]
        for number, place in enumerate(frame.places):
            out.append(frame.begins[number])
            template = frame.pieces[number]
            template.fill(self._values(values_of(told, place), by_language=template.by_language), out)
        out.append(b'],"actions":[')
        values: list[bytes] = []
        for value in about:
            if value is None or (isinstance(value, str) and not value):
                values.extend(_NONE_BYTES)
            else:
                said = plain(value)
                values.append(said)
                values.append(said)
        self._steps(kind, posterior.cause).fill(values, out)
        out.append(frame.tail)
        return b"".join(out)

    def _values(self, values: Values, *, by_language: bool) -> list[bytes]:
        """Return the values of one piece as they stand in its sentence; our own words stand twice, in each language."""
        if not by_language:
            return [plain(value) for value in values]
        words = self.model.words
        told: list[bytes] = []
        for value in values:
            told.append(plain(value))
            parts = value.split(", ") if isinstance(value, str) else [str(value)]
            told.append(plain("\u3001".join([words.get(part, part) for part in parts])))
        return told

    def actions(self, kind: str, cause: str) -> list[Action]:
        """Return the next steps for a kind and cause: what to check, to do and never to do, and whom to call."""
        model = self.model
        steps = [*model.of_kind.get(kind, ()), *model.of_cause.get(cause, ())]
        return [step for step in steps if not step.kinds or kind in step.kinds]

    def _frame(self, posterior: Posterior) -> Frame:
        # Names of causes and pieces are words of ours: nothing in them needs an escape.
        begins: list[bytes] = []
        pieces: list[Template] = []
        places: list[int] = []
        for place, points in self.posteriors.shown(posterior):
            places.append(place)
            piece = posterior.names[place]
            begin = b'{"piece":"%b","points":%b,"en":"' % (piece.encode(), _hundredths(points))
            begins.append(b"," + begin if begins else begin)
            pieces.append(self._sentence(piece))
        rows = [
            b'{"cause":"%b","confidence":%b}' % (cause.encode(), _thousandths(confidence))
            for cause, confidence in posterior.likeliest(RANKED)
        ]
        head = b'%b%b,"evidence":[' % (self._head(posterior.cause), _thousandths(posterior.confidence))
        return Frame(head, places, begins, pieces, b'],"ranked":[%b]}' % b",".join(rows))

    def _head(self, cause: str) -> bytes:
        """Return how a diagnosis with a cause begins, up to its confidence."""
        known = self._heads.get(cause)
        if known is None:
            name = self.model.names.get(cause)
            texts = {"en": name.en, "zh": name.zh} if name is not None else {"en": "", "zh": ""}
            known = self._heads[cause] = encode({"cause": cause, "name": texts})[:-1] + b',"confidence":'
        return known

    def _sentence(self, piece: str) -> Template:
        known = self._sentences.get(piece)
        if known is None:
            known = self._sentences[piece] = Template()
            fields = fields_of(piece)
            known.by_language = not WORDY.isdisjoint(fields)
            known.write_texts(self.model.sentences[piece], fields, by_language=known.by_language)
        return known

    def _steps(self, kind: str, cause: str) -> Template:
        known = self._actions.get((kind, cause))
        if known is None:
            known = self._actions[kind, cause] = Template()
            for number, action in enumerate(self.actions(kind, cause)):
                step = encode({"who": action.who, "sort": action.sort})[:-1] + b',"en":"'
                known.write(b"," + step if number else step)
                known.write_texts(action.text, VALUES, by_language=True)
        return known


def teller_of(model: Model) -> Teller:
    """Return what writes the diagnoses of a model, the same for all lanes of a process."""
    for known in _TELLERS:
        if known.model is model:
            return known
    teller = Teller(model)
    _TELLERS.append(teller)
    if len(_TELLERS) > MOST_TELLERS:
        del _TELLERS[0]
    return teller


def _thousandths(share: float) -> bytes:
    """Return a number between 0 and 1 with three decimals."""
    return _THOUSANDTHS[int(share * 1_000.0 + 0.5)]


@lru_cache(maxsize=1_024)
def _hundredths(points: float) -> bytes:
    """Return log-odds with two decimals."""
    return encode(round(points, 2))


@lru_cache(maxsize=8)
def _day(number: int) -> str:
    """Return the date of a day since the epoch."""
    return date.fromordinal(_EPOCH + number).isoformat()


def clock(at_ms: int) -> str:
    """Return a log time as on-call staff of any zone read it: ``2026-03-02 00:00:05 UTC``."""
    second = at_ms // 1_000
    day = _day(second // DAY_S)
    second %= DAY_S
    minute = second // 60
    return f"{day} {_TWO[minute // 60]}:{_TWO[minute % 60]}:{_TWO[second % 60]} UTC"


def log_time(legs: dict[str, Any], otherwise: int) -> int:
    """Return the first log time of the legs of a record, another time where it has none."""
    first = otherwise
    any_one = False
    for leg in legs.values():
        if leg is not None:
            at: int = leg["log_time"]
            first = min(first, at) if any_one else at
            any_one = True
    return first

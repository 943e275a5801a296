"""Texts with gaps as JSON: what is the same for many records is written once, the values of one are put between."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Final

import msgspec
from mypy_extensions import mypyc_attr

from streams.core.masking import SHORTEST_PAN, mask_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.diagnosis.model import Text

encode: Final = msgspec.json.Encoder().encode
_UNNAMED: Final = b"-"
"""What stands for a value that nobody brings: a model file of one's own may name it."""
_TENTH: Final = 0.1
"""A share below this is told with one more digit."""


@mypyc_attr(acyclic=True)
class Template:
    """A text with gaps, as JSON without quotes around it."""

    def __init__(self) -> None:
        self.parts: list[bytes] = [b""]
        """The text between the gaps, and an empty part in each gap."""
        self.gaps: list[int] = []
        """Places of values."""
        self.by_language = False
        """Whether each value stands twice."""

    def write(self, json: bytes) -> None:
        """Add what is the same for all."""
        self.parts[-1] += json

    def write_texts(self, text: Text, fields: Sequence[str], *, by_language: bool = False) -> None:
        """Add both languages of a text, from the value of ``en`` to the end of the object.

        ``fields`` are the names of the values in their order, of which each stands twice where it differs by language.
        """
        for language, said in enumerate((text.en, text.zh)):
            for literal, field, _, _ in Formatter().parse(said):
                self.write(encode(literal)[1:-1])
                if field is None:
                    continue
                if field in fields:
                    place = fields.index(field)
                    self.gaps.append(2 * place + language if by_language else place)
                    self.parts.extend((b"", b""))
                else:
                    self.write(_UNNAMED)
            self.write(b'"}' if language else b'","zh":"')

    def fill(self, values: list[bytes], into: list[bytes]) -> None:
        """Write the text with values, each JSON without quotes around it."""
        place = len(into) + 1
        into.extend(self.parts)
        for gap in self.gaps:
            into[place] = values[gap]
            place += 2


@mypyc_attr(acyclic=True)
class Frame:
    """What stands before, in and after the evidence and actions of all diagnoses with the same pieces."""

    def __init__(
        self, head: bytes, places: list[int], begins: list[bytes], pieces: list[Template], tail: bytes
    ) -> None:
        self.head = head
        self.places = places
        """Of the pieces of evidence that are shown, among all."""
        self.begins = begins
        """How each of them begins, up to its sentence."""
        self.pieces = pieces
        """Their sentences."""
        self.tail = tail


def plain(value: object) -> bytes:
    """Return a value as it stands in a text of JSON; a float is a share, and told in percent, bytes are JSON already.

    Whatever could be a card number is masked, in any value: one merchant number in ten passes the card test by
    chance, and nobody who reads a chat can tell it from a card.  The numbers stand in the record's ``voucher``.
    That no text puts a digit or a second value beside one, with which it could make such a run, is checked where
    texts are read.
    """
    if isinstance(value, str):
        said: bytes = encode(mask_text(value)[0] if len(value) >= SHORTEST_PAN else value)
        return said[1:-1]
    if isinstance(value, bytes):
        return value
    if isinstance(value, float):
        return (f"{100 * value:.1f} %" if value < _TENTH else f"{100 * value:.0f} %").encode()
    return mask_text(str(value))[0].encode()

"""Label values that senders choose, held to a few: the first ones keep their name, the rest is ``other``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

MOST_NAMES: Final = 20
OTHER: Final = "other"
UNKNOWN: Final = "unknown"
_NAME: Final = re.compile(r"[^\W_][\w .+/-]{0,31}")
_NUMBER: Final = re.compile(r"[0-9]{9}")


class BoundedNames:
    """Admits the first names that come, until it is full; what was admitted keeps its name as long as it lives.

    A counter cannot follow the largest names of the moment, because series would come and go and their
    rates with them.  So the rule is closed: first come, first named.  A name has at most 32 letters,
    digits, blanks and ``. + / - _``; nine digits in a row could be somebody's number and make no name.
    """

    def __init__(self, limit: int = MOST_NAMES) -> None:
        """Take how many names are admitted beside ``other`` and ``unknown``."""
        self._limit = limit
        self._names: set[str] = set()

    def name_of(self, value: object, identities: Collection[object] = ()) -> str:
        """Return the label value that stands for ``value``: its own, ``other``, or ``unknown`` where nothing is said.

        ``identities`` are numbers of the voucher at hand, none of which may become a label value.
        """
        if value is None or value == "":
            return UNKNOWN
        name = str(value).strip()
        if name in self._names:
            return OTHER if name in identities else name
        if len(self._names) >= self._limit or name in identities or not _NAME.fullmatch(name) or _NUMBER.search(name):
            return OTHER
        self._names.add(name)
        return name

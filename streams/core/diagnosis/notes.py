"""What diagnosis was told and has not looked at yet: a few dozen things at once cost half of what they cost singly.

Between two anomalies hundreds of vouchers pass, and drive all that a diagnosis needs out of the processor's caches.
So a lane only notes what happens, with all that would be different later, and takes the notes one after another, in
the order of the log, when there are many or an answer is asked for.  No answer depends on when that is.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import mypyc_attr

MOST_NOTES: Final = 256


@mypyc_attr(acyclic=True)
class Note:
    """One thing that happened; it holds what it needs to be taken later."""

    def take(self) -> None:
        """Let it count; once, and after all that happened before."""
        raise NotImplementedError


class Notes:
    """The notes of one lane that have not been taken, in the order of the log."""

    def __init__(self) -> None:
        self._waiting: list[Note] = []

    def add(self, note: Note) -> None:
        """Keep a note, and take all if there are many."""
        self._waiting.append(note)
        if len(self._waiting) >= MOST_NOTES:
            self.settle()

    def settle(self) -> None:
        """Take all notes: whatever is asked for afterwards knows of them."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for note in waiting:
                note.take()

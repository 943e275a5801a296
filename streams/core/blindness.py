"""Blind spots are not orphans: sources that fell silent, and lanes that hold the wrong terminals.

A source is stalled when it gave no event for ``stall_after`` while the other gave at least
``stall_min_events``.  Verdicts on its missing legs are then held.  When it speaks again the hold
lasts as long as it was silent, at most ``hold_limit``: the backlog has that long to come in.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from streams.core.partitioner import partition_of
from streams.core.wire import HOST, TERMINAL

if TYPE_CHECKING:
    from streams.core.cut import Marks
    from streams.core.event import Event
    from streams.core.policy import Policy
    from streams.core.voucher import Voucher

MIN_TERMINALS: Final = 100
"""How many terminals must be known before a lane can be called split."""
WRONG_SHARE_PERCENT: Final = 1
MARKS_FOR_AN_EVENT: Final = 20
"""Log times read in which one event of a voucher is taken for granted; the others may be of bad records."""
LAST_SOURCE: Final = 0
STREAK: Final = 1
LAST_MS: Final = 2
SILENT_SINCE: Final = 3
"""Places of ``Blindness.speech``; the last is the terminal's, the host's follows."""
MAX_TERMINALS: Final = 200_000
"""Terminals of one source beyond this are not checked: by then the answer is known."""


class Blindness:
    """What one live lane cannot see just now; all of it a function of log times."""

    def __init__(self, lane: int, partitions: int, policy: Policy) -> None:
        self._lane = lane
        self._partitions = partitions
        self._after_ms = policy.stall_after_ms
        self._min_events = policy.stall_min_events
        self._limit_ms = policy.hold_limit_ms
        self._span_ms = policy.memory_ms
        self.speech = array("q", (-1, 0, 0, -1, -1))
        """The source of the last event, how many it gave in a row, its log time, since when each source is silent (-1:
        it speaks); flat numbers, since ``packed.pyx`` takes most of the notes."""
        self._hold_until = [-1, -1]
        self._silences: list[tuple[int, int, int, int]] = []
        """Silences long enough for a stall: last event before, source, first event after, end of the hold."""
        self.held: dict[Voucher, int] = {}
        """Vouchers whose verdict is held -> the deadline at which it was due."""
        self._known: tuple[set[str], set[str]] = (set(), set())
        self._wrong = [0, 0]
        self._good_ms = [-1, -1]
        self.split = False
        self.new_faults: list[tuple[int, int, int]] = []
        """Source, log time of the last good event and of the one that showed the fault, not yet reported."""

    def note(self, source: int, terminal: str, at: int) -> bool:
        """Take note of one applied event; tell whether its source spoke after a stall."""
        self.meet(source, terminal, at)
        speech = self.speech
        if source == speech[LAST_SOURCE]:
            speech[STREAK] += 1
            speech[LAST_MS] = at
            return False
        back = self._speak(source, at)
        speech[LAST_SOURCE] = source
        speech[STREAK] = 1
        speech[LAST_MS] = at
        return back

    def _speak(self, source: int, at: int) -> bool:
        first = self.speech[LAST_SOURCE] < 0
        since = at if first else self.silent_since(source)
        back = not first and self.stalled(source, at)
        if back:
            self._hold_until[source] = at + min(at - since, self._limit_ms)
        if not first and at - since >= self._after_ms:
            self._silences.append((since, source, at, max(at, self._hold_until[source])))
        self.speech[SILENT_SINCE + source] = -1
        self.speech[SILENT_SINCE + 1 - source] = at if first else self.speech[LAST_MS]
        return back

    def stalled(self, source: int, at: int) -> bool:
        """Tell whether a source is stalled at log time ``at``."""
        since = self.silent_since(source)
        return since >= 0 and at - since >= self._after_ms and self.speech[STREAK] >= self._min_events

    def silent_since(self, source: int) -> int:
        """Return the log time of the last event before a source fell silent, -1 while it speaks."""
        return self.speech[SILENT_SINCE + source]

    def needed_from(self, r_ms: int, now: int, marks: tuple[Marks, Marks]) -> int:
        """Return from which log time a replay must read so that it sees at ``r_ms`` what is silent or held.

        A stall is a fact of the whole silence, so a replay that begins within one, or while its
        hold lasts, begins at its start.  Of a long silence the end is enough, as long as it holds
        enough events of the other source.

        Where a verdict can be held at ``r_ms`` or later, a leg whose other side lies before it would be
        held too, and be an orphan in the end.  Reading from L before shows which runs are cut in two.
        """
        silences = [*self._silences]
        for source in (TERMINAL, HOST):
            since = self.silent_since(source)
            if since >= 0:
                silences.append((since, source, r_ms, r_ms))
        stalled = self.stalled(0, now) or self.stalled(1, now)
        astride = r_ms - self._span_ms if stalled or any(end >= r_ms for *_, end in self._silences) else r_ms
        while concerned := [silence for silence in silences if silence[0] < r_ms <= silence[3]]:
            for silence in concerned:
                silences.remove(silence)
                r_ms = min(r_ms, self._start_of(silence, r_ms, marks))
        self._silences = [silence for silence in self._silences if silence[3] >= r_ms]
        return min(r_ms, astride)

    def _start_of(self, silence: tuple[int, int, int, int], r_ms: int, marks: tuple[Marks, Marks]) -> int:
        """Return where a replay must begin to see a silence as it was."""
        since, source, end, _ = silence
        last = min(end, r_ms)
        late = last - self._limit_ms - self._after_ms
        enough = marks[1 - source].count(late, last) > MARKS_FOR_AN_EVENT * self._min_events
        return max(since, late) if enough else since

    def hold_end(self, missing: int, leg: Event, at: int) -> int:
        """Return until which log time a verdict on a missing leg is held.

        Before ``at``: it is not held.  Equal to ``at``: the hold limit is reached, the verdict is
        made now and marked.  Later: it waits.
        """
        limit = leg.deadline + self._limit_ms
        if self.stalled(missing, at):
            return max(limit, at)
        until = min(self._hold_until[missing], limit)
        if until > at:
            return until
        return at if until == limit == at else -1

    def oldest_held(self) -> int | None:
        """Return the earliest deadline whose verdict is held, in epoch milliseconds of log time."""
        return min(self.held.values(), default=None)

    def meet(self, source: int, terminal: str, at: int) -> None:
        """Look at a terminal, or where lanes are keyed so a merchant, that was not met before: is this its lane?"""
        known = self._known[source]
        if terminal in known or self._partitions < 2 or len(known) >= MAX_TERMINALS:  # noqa: PLR2004  one partition cannot be wrong
            return
        known.add(terminal)
        if partition_of(terminal.encode(), self._partitions) == self._lane:
            if not self._wrong[source]:
                self._good_ms[source] = at
        else:
            self._wrong[source] += 1
        enough = len(known) >= MIN_TERMINALS
        if enough and self._wrong[source] * 100 > len(known) * WRONG_SHARE_PERCENT:
            self._report(source, at)

    def _report(self, source: int, at: int) -> None:
        self.split = True
        if self._good_ms[source] > -2:  # noqa: PLR2004  -2 marks a source that was reported
            self.new_faults.append((source, self._good_ms[source], at))
            self._good_ms[source] = -2

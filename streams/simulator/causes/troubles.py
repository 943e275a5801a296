"""The troubles of a run while it runs: what happens next because of them, and how ordinary traffic looks."""

from __future__ import annotations

import heapq
from itertools import chain
from random import Random
from typing import TYPE_CHECKING, Final, cast

from streams.simulator.causes.plan import plan
from streams.simulator.causes.scopes import operators_of
from streams.simulator.causes.scripts import SURELY_IN_TIME
from streams.simulator.params import LARGEST_VOUCHER_NUMBER
from streams.simulator.voucher import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.simulator.causes.episode import Episode
    from streams.simulator.fleet import Terminal
    from streams.simulator.params import SimulationParams
    from streams.simulator.stage import Stage
    from streams.simulator.truth import Truth

NORMS_MS: Final = {"lan": (90, 250), "wifi": (150, 450), "4g": (300, 900)}
"""Usual round trip of a terminal, by its network type."""
JITTER: Final = 0.3
"""Standard deviation of the logarithm of a round trip."""
NOTICE_LEAD: Final = 1.0
NOTICE_MARGIN: Final = (0.25, 0.5)
"""How long before its window a notice comes, and how much wider than the trouble the window is, in pair windows."""
QUIET_EVERY: Final = 12.0
"""Mean distance of announced windows in which nothing happens, in pair windows."""
OFTEN: Final = 4.0
"""A round trip that is so many times the norm makes uploads late, too."""

Strike = tuple["Episode", str]
Item = tuple[int, int, str, "Episode | None", "Terminal"]
"""When (epoch milliseconds), a running number, what, because of which episode, at which terminal."""


class Troubles:
    """Knows which episodes are under way; the feed asks it at every act."""

    def __init__(self, params: SimulationParams, fleet: list[Terminal], stage: Stage) -> None:
        """Plan the episodes and the heartbeats of a run.

        Raises:
            UsageError: The parameters name a cause that there is none of.
        """
        self.episodes = plan(params, fleet)
        self._stage = stage
        self._pair_ms = params.windows.pair_ms
        self._active: list[Episode] = []
        self._waiting = list(reversed(self.episodes))
        self._agenda = self._planned(fleet)
        self._operators = {terminal.terminal_id: operators_of(terminal) for terminal in fleet}
        self._norms = {
            terminal.terminal_id: stage.rng.uniform(*NORMS_MS.get(terminal.network, (150, 450))) for terminal in fleet
        }
        self._operator = ""
        self._factor = 1.0
        stage.witness = self._witness

    def _planned(self, fleet: list[Terminal]) -> list[Item]:
        """Return what happens at moments of its own, as a heap: heartbeats, strikes, notices, ends of power losses."""
        pair_ms, start_ms = self._pair_ms, self._stage.at_ms
        agenda: list[tuple[int, str, Episode | None, Terminal]] = [
            (start_ms + int(self._stage.random() * pair_ms), "heartbeat", None, terminal) for terminal in fleet
        ]
        for episode in self.episodes:
            first = episode.first or fleet[0]
            agenda.extend((at_ms, "strike", episode, first) for at_ms in episode.strikes)
            if episode.notice:
                agenda.append((episode.from_ms - int(NOTICE_LEAD * pair_ms), "notice", episode, first))
            if episode.silent:
                agenda.append((episode.until_ms, "power_on", episode, first))
        # Announced maintenance in which nothing happens: a window alone proves nothing.
        rng = Random(f"{self._stage.params.seed}:quiet")
        for number in range(1, round((self._stage.params.end_ms - start_ms) / (QUIET_EVERY * pair_ms)) + 1):
            at_ms = start_ms + int((number - 0.5 + rng.random()) * QUIET_EVERY * pair_ms)
            agenda.append((at_ms, "quiet", None, rng.choice(fleet)))
        # A running number, so that nothing but the time is ever compared.
        numbered = [(at_ms, number, *rest) for number, (at_ms, *rest) in enumerate(agenda)]
        heapq.heapify(numbered)
        return cast("list[Item]", numbered)

    def due(self, clock_ms: int) -> Iterator[Strike]:
        """Let happen what is due by a moment; yield the faults to be played, each with its terminal on stage."""
        self._renew(clock_ms)
        stage = self._stage
        while self._agenda and self._agenda[0][0] <= clock_ms:
            at_ms, number, what, episode, terminal = heapq.heappop(self._agenda)
            stage.begin(clock_ms, terminal)
            if what == "quiet":
                from_ms, length_ms = clock_ms + self._pair_ms, 3 * self._pair_ms
                self._tell(f"q{stage.params.seed}-{number}", from_ms, from_ms + length_ms, "work on spare lines")
            elif episode is None:
                heapq.heappush(self._agenda, (at_ms + self._pair_ms, number, what, None, terminal))
                if not self.is_off(terminal):
                    stage.plain("terminal", "status", stage.prompt())
            elif what == "strike":
                if episode.silent or not self.is_off(terminal):
                    self._look(terminal, episode.operator or stage.rng.choice(self._operators[terminal.terminal_id]))
                    yield episode, self._label(episode)
            elif what == "notice":
                self._announce(episode)
            else:
                self._power_on(terminal, episode)

    def take_stage(self, clock_ms: int) -> None:
        """Let a terminal that has power come on stage."""
        self._stage.begin(clock_ms)
        for _ in range(20):
            if not self.is_off(self._stage.terminal):
                break
            self._stage.begin(clock_ms)

    def strike(self) -> Strike | None:
        """Return the trouble that befalls the terminal on stage now, if one does, and the label of its fault."""
        stage, terminal = self._stage, self._stage.terminal
        self._look(terminal, stage.rng.choice(self._operators[terminal.terminal_id]))
        for episode in self._active:
            meant = episode.share and episode.touches(terminal) and episode.operator in {"", self._operator}
            if meant and stage.random() < episode.share:
                return episode, self._label(episode)
        return None

    def is_off(self, terminal: Terminal) -> bool:
        """Tell whether a terminal has no power."""
        return any(episode.silent and episode.first is terminal for episode in self._active)

    def truth(self) -> list[Truth]:
        """Return a line of truth for each episode."""
        return [episode.truth() for episode in self.episodes]

    def _renew(self, clock_ms: int) -> None:
        while self._waiting and self._waiting[-1].from_ms <= clock_ms:
            self._active.append(self._waiting.pop())
        if any(episode.until_ms <= clock_ms for episode in self._active):
            self._active = [episode for episode in self._active if episode.until_ms > clock_ms]

    def _look(self, terminal: Terminal, operator: str) -> None:
        """Let the terminal's events show who works there and how slow the line is."""
        self._operator = operator
        touching = (one.slow for one in self._active if one.slow > 1 and one.touches(terminal))
        self._factor = max(chain((1.0,), touching))
        self._stage.slow = self._factor >= OFTEN

    def _label(self, episode: Episode) -> str:
        label = episode.pick(self._stage.random())
        if label != "held_back":
            return label
        left_ms = episode.until_ms - self._stage.at_ms
        if left_ms <= SURELY_IN_TIME * self._pair_ms:
            return "held_back_shortly"
        return f"held_back_{episode.late_source}"

    def _witness(self, code: str) -> str:
        """Return who worked at the terminal on stage and how long the answer took; none came without a code."""
        text = f',"operator_id":"{self._operator}"' if self._operator else ""
        if code:
            norm = self._norms[self._stage.terminal.terminal_id]
            took = int(norm * self._stage.rng.lognormvariate(0, JITTER) * self._factor)
            text += f',"round_trip_ms":{took}'
        return text

    def _announce(self, episode: Episode) -> None:
        before, after = (int(share * self._pair_ms) for share in NOTICE_MARGIN)
        name = f"n{self._stage.params.seed}-{episode.number}"
        self._tell(name, episode.from_ms - before, episode.until_ms + after, "change of the business day")

    def _tell(self, name: str, from_ms: int, until_ms: int, reason: str) -> None:
        """Send the host's notice of a window on the link of the terminal on stage."""
        # As texts: one in ten numbers of 13 digits passes the card test, and is masked.
        span = f'"window_from":"{stamp(from_ms, 0)}","window_until":"{stamp(until_ms, 0)}"'
        window = f',"window_id":"{name}",{span},"reason":"{reason}"'
        self._stage.plain("host", "notice", 10, window)

    def _power_on(self, terminal: Terminal, episode: Episode) -> None:
        """Say that a terminal is back, its numbers moved on or back; never back to what is not ordinary."""
        jump = episode.lost_numbers
        if jump < 0:
            number = terminal.next_number
            reusable = (number - (terminal.reusable_from or terminal.first_number)) % LARGEST_VOUCHER_NUMBER
            jump = -min(-jump, reusable)
            terminal.forget_originals()
        terminal.next_number = (terminal.next_number - 1 + jump) % LARGEST_VOUCHER_NUMBER + 1
        self._stage.plain("terminal", "status", self._stage.prompt())

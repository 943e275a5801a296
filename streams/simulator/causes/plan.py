"""The troubles of one run: drawn before it begins, from its seed, each independent of the traffic."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Final

from streams.errors import UsageError
from streams.simulator.causes.draw import Draw
from streams.simulator.causes.episode import Episode
from streams.simulator.causes.kinds import CAUSES, TROUBLES, Trouble

if TYPE_CHECKING:
    from streams.simulator.fleet import Terminal
    from streams.simulator.params import SimulationParams, SourceName

BEGINS: Final = (0.08, 0.75)
"""Between which shares of the timeline episodes begin: before them there is a usual, after them time to judge."""
LOST_NUMBERS: Final = (1, 8)
"""By how much a terminal's number moves, on or back, when it has power again."""
SETTLED_PAIRS: Final = 2.5
"""A terminal whose numbers go back is silent for so long at least, so that none is in use twice at once."""


def check_causes(causes: tuple[str, ...]) -> None:
    """Refuse what is no cause of the table.

    Raises:
        UsageError: One has no trouble; the sentence lists those that have.
    """
    for name in causes:
        if name not in CAUSES:
            raise UsageError(f"There is no cause {name!r} to simulate; there are {', '.join(CAUSES)}.")


def plan(params: SimulationParams, fleet: list[Terminal]) -> list[Episode]:
    """Return the episodes of a run in the order of their beginnings.

    Raises:
        UsageError: ``params.causes`` names a cause that is none of the table.
    """
    check_causes(params.causes)
    drawn: list[Episode] = []
    for label, trouble in TROUBLES.items():
        if params.causes and trouble.cause not in params.causes:
            continue
        # One generator a trouble: leaving one out changes nothing about the others.
        draw = Draw(Random(f"{params.seed}:{label}"), params.ranges)
        length_ms = params.end_ms - params.start_ms
        count = max(1, round(length_ms / (trouble.every * params.windows.pair_ms)))
        drawn.extend(_apart([_episode(label, trouble, draw, params, fleet) for _ in range(count)], params))
    drawn.sort(key=lambda episode: (episode.from_ms, episode.label))
    return [replace(episode, number=number) for number, episode in enumerate(drawn, 1)]


def _apart(episodes: list[Episode], params: SimulationParams) -> list[Episode]:
    """Return episodes without those in which a terminal would lose power while it has none, or just after."""
    kept: list[Episode] = []
    between_ms = SETTLED_PAIRS * params.windows.pair_ms
    for one in episodes:
        meets = (
            one.silent
            and one.first is other.first
            and one.from_ms < other.until_ms + between_ms
            and other.from_ms < one.until_ms + between_ms
            for other in kept
        )
        if not any(meets):
            kept.append(one)
    return kept


def _episode(label: str, trouble: Trouble, draw: Draw, params: SimulationParams, fleet: list[Terminal]) -> Episode:
    pair_ms, length_ms = params.windows.pair_ms, params.end_ms - params.start_ms
    low, high = BEGINS
    from_ms = params.start_ms + int(length_ms * (low + (high - low) * draw.rng.random()))
    until_ms = min(from_ms + int(draw.between(*trouble.length) * pair_ms), params.end_ms)
    scope = trouble.scope(draw, fleet)
    share, slow = draw.between(*trouble.share), draw.between(*trouble.slow)
    mixture = draw.choice((trouble.mixture, *trouble.also))
    codes = (draw.choice(trouble.codes),) if trouble.one_code else trouble.codes
    strikes: list[int] = []
    if trouble.strikes[1]:
        wanted = draw.whole(*trouble.strikes)
        strikes = sorted(from_ms + int(draw.rng.random() * (until_ms - from_ms)) for _ in range(wanted))
    episode = Episode(
        0,
        label,
        trouble.cause,
        from_ms,
        until_ms,
        scope.touches,
        share,
        mixture,
        scope.about | {"share": round(share, 4), "slow": round(slow, 2), "codes": list(codes)},
        codes,
        scope.operator,
        slow,
        strikes=strikes,
        first=scope.first,
        **trouble.more,
    )
    return _finished(episode, draw, pair_ms)


def _finished(episode: Episode, draw: Draw, pair_ms: int) -> Episode:
    """Return an episode with what only its sort has."""
    if episode.label == "late_feed":
        source: SourceName = draw.choice(("terminal", "host"))
        return replace(episode, late_source=source, about=dict(episode.about) | {"source": source})
    if episode.silent:
        # Its vouchers are in flight when the power goes, whatever happens afterwards.
        strikes = [episode.from_ms] * len(episode.strikes)
        jump = draw.whole(*LOST_NUMBERS) * draw.choice((1, -1))
        goes_back = episode.until_ms - episode.from_ms >= SETTLED_PAIRS * pair_ms
        if "sent_after_power_on" in episode.mixture or not goes_back:
            jump = abs(jump)
        about = dict(episode.about) | {"lost_numbers": jump}
        return replace(episode, strikes=strikes, lost_numbers=jump, about=about)
    return episode

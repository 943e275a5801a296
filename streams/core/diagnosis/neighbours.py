"""A terminal's recent life, read off its voucher numbers: those just before and after the one in question.

Terminals number their vouchers one by one, and the lane remembers them for minutes anyway; so this costs
nothing until an anomaly asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import mypyc_attr

from streams.core.diagnosis.pulse import clock_ms
from streams.core.wire import FINAL, HOST, REFUSED, TERMINAL

if TYPE_CHECKING:
    from streams.core.event import Event
    from streams.core.memory import Key, Memory
    from streams.core.state import LaneState

REACH: Final = 5
"""How many numbers before and after are looked at."""
STEPS: Final = tuple(step for step in range(-REACH, REACH + 1) if step)
LARGEST_NUMBER: Final = 999_999
OVERDUE_MS: Final = 20_000
"""A leg that waits longer than this for its other side counts as alone."""
MOST_CLOCKS: Final = 3

Peeked = tuple[int, int, str, str, int, int | None]
"""Source, log time, outcome, response code, round trip in milliseconds (-1: not said), the sender's clock in ms.

The last two are looked at in legs of the terminal only.
"""
Neighbour = tuple[int, list[Peeked]]
"""The step from one number to another, and the legs of that other voucher."""


def peek(event: Event) -> Peeked:
    """Return what a leg tells of the life of its terminal."""
    body = event.body
    code = body.response_code
    said = code if isinstance(code, str) else ""
    if event.source == HOST:
        return HOST, event.log_time, event.outcome, said, -1, None
    trip = body.round_trip_ms
    return (
        TERMINAL,
        event.log_time,
        event.outcome,
        said,
        trip if isinstance(trip, int) else -1,
        clock_ms(body.event_time),
    )


Counted = tuple[int, int, int, int, str, int, int, float, float, int, float]
"""What a life is made of, in the order of the arguments of ``Life``."""


@mypyc_attr(acyclic=True)
class Life:
    """What the neighbours of one voucher number say, in counts and milliseconds."""

    def __init__(  # noqa: PLR0913, PLR0917  one argument a figure, by position for speed
        self,
        found: int = 0,
        alone: int = 0,
        missing: int = 0,
        refused: int = 0,
        refused_code: str = "",
        back: int = 0,
        trips: int = 0,
        trip: float = 0.0,
        delay: float = 0.0,
        clocks: int = 0,
        clock: float = 0.0,
    ) -> None:
        self.found = found
        """Neighbours of which a leg is there."""
        self.alone = alone
        """Those with one leg, whose other side is overdue."""
        self.missing = missing
        """Numbers between neighbours that nobody has seen."""
        self.refused = refused
        """Those declined or rejected."""
        self.refused_code = refused_code
        """The code that most of these bear, of several the first."""
        self.back = back
        """Neighbours whose order in the log is not that of their numbers."""
        self.trips = trips
        """How many round trips ``trip`` is the median of."""
        self.trip = trip
        """The median round trip at the terminal."""
        self.delay = delay
        """The median time between the two legs of a pair."""
        self.clocks = clocks
        """How many clocks ``clock`` is the median of."""
        self.clock = clock
        """The median of log time less the terminal's own clock."""


def life_around(state: LaneState, terminal: str, number: str, at: int) -> Life:
    """Look at the neighbours of a voucher at a log time."""
    if not number.isdigit():
        return Life()
    # What is older is remembered by chance, until the next sweep.
    memory = state.memory
    since_ms = at - memory.span_ms
    if memory.usual is not None:
        return _life_of(memory.usual.life((terminal, number), REACH, since_ms, at))
    middle = int(number)
    found: list[Neighbour] = []
    for step in STEPS:
        if 0 < middle + step <= LARGEST_NUMBER:
            legs = remembered(memory, (terminal, str(middle + step)))
            if legs and max([leg[1] for leg in legs]) >= since_ms:
                found.append((step, sorted(legs, key=_by_source)))
    return _life_of(counted(found, at)) if found else Life()


def _life_of(told: Counted) -> Life:
    found, alone, missing, refused, code, back, trips, trip, delay, clocks, clock = told
    return Life(found, alone, missing, refused, code, back, trips, trip, delay, clocks, clock)


def counted(found: list[Neighbour], at: int) -> Counted:
    """Return what some neighbours say at a log time; ``Packed.life`` does the same to packed ones."""
    steps = [step for step, _ in found]
    low, high = min(0, *steps), max(0, *steps)
    alone = refused = back = 0
    codes: dict[str, int] = {}
    before: int | None = None
    for _, legs in found:
        began = legs[0][1]
        back += before is not None and began - before <= -OVERDUE_MS
        before = began
        alone += len(legs) == 1 and at - began >= OVERDUE_MS
        for leg in legs:
            if leg[2] in REFUSED:
                refused += 1
                codes[leg[3]] = codes.get(leg[3], 0) + 1
                break
    code = max(sorted(codes), key=codes.__getitem__) if codes else ""
    delays = [abs(legs[1][1] - legs[0][1]) for _, legs in found if len(legs) > 1]
    mine = [legs[0] for _, legs in found if legs[0][0] == TERMINAL]
    trips = [leg[4] for leg in mine if leg[4] >= 0]
    clocks = [leg[1] - leg[5] for leg in mine[:MOST_CLOCKS] if leg[5] is not None]
    return (
        len(found),
        alone,
        high - low - len(found),
        refused,
        code,
        back,
        len(trips),
        _median(trips),
        _median(delays),
        len(clocks),
        _median(clocks),
    )


def _median(values: list[int]) -> float:
    """Return the median, 0 of nothing."""
    if not values:
        return 0.0
    values.sort()
    middle = len(values) // 2
    return float(values[middle]) if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def remembered(memory: Memory, key: Key) -> list[Peeked]:
    """Return the legs of a voucher that is not packed, in any order."""
    run = memory.runs.get(key)
    if run is None:
        return []
    if run.terminal_bytes is not None and run.host_bytes is not None:
        terminal = peek(memory.read_again(TERMINAL, run.terminal_time, run.terminal_offset, run.terminal_bytes))
        if terminal[2] in FINAL:
            # The pair agreed, so the host's outcome need not be read.
            return [terminal, (HOST, run.host_time, terminal[2], terminal[3], -1, None)]
        return [terminal, peek(memory.read_again(HOST, run.host_time, run.host_offset, run.host_bytes))]
    return [peek(leg) for voucher in run.vouchers[:1] for leg in voucher.legs]


def _by_source(leg: Peeked) -> int:
    return leg[0]

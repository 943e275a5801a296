"""Evidence in the terminal's recent life: its other vouchers, heartbeats, round trips, clock and software."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.diagnosis.case import UNSAID
from streams.core.diagnosis.crowds import NETWORK_PLACE, VERSION_PLACE
from streams.core.diagnosis.neighbours import REACH
from streams.core.wire import HOST, TERMINAL

if TYPE_CHECKING:
    from streams.core.diagnosis.case import Case
    from streams.core.diagnosis.evidence import Evidence, Values
    from streams.core.diagnosis.neighbours import Life
    from streams.core.diagnosis.pulse import Pulse

FEW: Final = 3
"""Neighbours, round trips or samples below which nothing is compared with them."""
SLOW_TIMES: Final = 3.0
"""A round trip of so many times the usual one is slow."""
SLOW_MS: Final = 1_500
"""No round trip below this is slow."""
LATE_MS: Final = 20_000
"""A record that was so long on its way to us, beyond what is usual for it, is late."""
CLOCK_MS: Final = 120_000
"""A terminal's clock that is off by this much has been lost."""
SILENT_BEATS: Final = 2.4
"""A terminal without heartbeat for so many of its usual intervals was silent."""
SHORTEST_BEAT_MS: Final = 5_000
_FOUND: Final[list[Values]] = [(number,) for number in range(2 * REACH + 1)]
"""Number of neighbours -> the values of a sentence that shows it alone."""


def life_says(case: Case, at: int, found: Evidence, pulse: Pulse) -> None:
    """Add what the terminal's recent life says of a case at a log time."""
    _numbers(case.life, found)
    _trips(case, found, pulse)
    _clock(case, TERMINAL, case.terminal_lag, found, pulse)
    _clock(case, HOST, case.host_lag, found, pulse)
    _beats(case, at, found, pulse)
    _version(case, found, pulse)


def _numbers(life: Life, found: Evidence) -> None:
    if life.missing:
        found.tell("numbers_missing", (life.missing,))
    if life.back:
        found.tell("numbers_back", (life.back,))
    if life.found < FEW:
        return
    if life.alone == life.found:
        found.tell("neighbours_all_alone", (life.found,))
    elif life.alone * 2 >= life.found:
        found.tell("neighbours_alone", (life.found, life.alone))
    elif life.alone:
        found.tell("neighbour_alone", (life.found, life.alone))
    elif life.refused == 0 and life.missing == 0:
        found.tell("neighbours_fine", _FOUND[life.found])
    if life.refused * 2 >= life.found:
        found.tell("neighbours_refused", (life.found, life.refused, life.refused_code or "-"))
    if life.delay >= LATE_MS / 2:
        found.tell("neighbours_late", (round(life.delay / 1_000),))


def _trips(case: Case, found: Evidence, pulse: Pulse) -> None:
    network = case.entry.value(NETWORK_PLACE)
    fleet = pulse.network_trips.get(network, pulse.trips)
    life = case.life
    usual = fleet.usual if fleet.count >= FEW else 0.0
    if usual > 0.0:
        if fleet.lately >= SLOW_MS and fleet.lately >= SLOW_TIMES * usual:
            found.tell("fleet_slow", (network or "-", round(fleet.lately)))
        if life.trips >= FEW and life.trip >= SLOW_MS and life.trip >= SLOW_TIMES * usual:
            found.tell("terminal_slow", (round(life.trip), round(usual)))
    if case.trip >= SLOW_MS:
        norm = life.trip if life.trips >= FEW else usual
        if norm > 0.0 and case.trip >= SLOW_TIMES * norm:
            found.tell("trip_slow", (case.trip, round(norm)))


def _clock(case: Case, source: int, lag: int, found: Evidence, pulse: Pulse) -> None:
    if lag == UNSAID:
        return
    level = pulse.lag[source]
    usual = level.usual if level.count >= FEW else 0.0
    if source == TERMINAL and case.life.clocks:
        usual = case.life.clock
    off = lag - usual
    if abs(off) >= CLOCK_MS:
        found.tell("clock_off" if source == TERMINAL else "host_clock_off", (round(off / 1_000),))
    elif off >= LATE_MS:
        found.tell("record_late" if source == TERMINAL else "host_record_late", (round(off / 1_000),))


def _beats(case: Case, at: int, found: Evidence, pulse: Pulse) -> None:
    """Tell a terminal whose heartbeats stopped around its voucher."""
    known = pulse.beats.of(case.terminal_id)
    if known is None:
        return
    usual = max(known.usual, SHORTEST_BEAT_MS)
    # Still silent, or back after a silence that began around the voucher.
    begin, end = (known.last, at) if at - known.last >= SILENT_BEATS * usual else (known.before, known.last)
    if end - begin >= SILENT_BEATS * usual and begin <= case.leg_ms + 2 * usual and end >= case.leg_ms:
        found.tell("heartbeat_gap", ((end - begin) // 1_000, usual // 1_000))


def _version(case: Case, found: Evidence, pulse: Pulse) -> None:
    """Tell a terminal whose software is older than the newest that many of the fleet run."""
    own = case.entry.value(VERSION_PLACE)
    if own and own != pulse.newest_name and pulse.version(own) < pulse.newest:
        found.tell("version_old", (own, pulse.newest_name))

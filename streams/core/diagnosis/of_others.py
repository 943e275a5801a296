"""Evidence in what others suffer at the same time: clusters, a troubled link, our own feeds, maintenance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.diagnosis.case import BOTH_THERE, UNSAID
from streams.core.diagnosis.crowds import DIMENSIONS, LINK_PLACE, REGION_PLACE, TERMINAL_PLACE
from streams.core.diagnosis.of_legs import POINTING
from streams.core.diagnosis.pulse import FIRST_SAMPLES, NO_LINK
from streams.core.diagnosis.rates import surprise
from streams.core.diagnosis.telling import clock
from streams.core.wire import HOST, SOURCES, TERMINAL

if TYPE_CHECKING:
    from streams.core.diagnosis.calendar import Window
    from streams.core.diagnosis.case import Case, Moment
    from streams.core.diagnosis.crowds import Group
    from streams.core.diagnosis.evidence import Evidence
    from streams.core.diagnosis.pulse import Pulse
    from streams.core.diagnosis.rates import Rate

WEAK: Final = 3.0
STRONG: Final = 9.0
"""Natural logs of the likelihood ratio from which a cluster counts, and counts as strong."""
FEWEST: Final = 2
"""Others that share something with a voucher, below which chance is not ruled out."""
NARROWEST: Final = 5
"""From this place on stand operator, merchant and terminal: what makes a cluster by one terminal alone."""
LETTER_MS: Final = 120_000
FEED_LAG_MS: Final = 10_000
LATE_MS: Final = 20_000
FEW: Final = 10
SLOW_TIMES: Final = 1.6
"""A link is slow when its round trips, averaged, take so many times as long as usual."""
FITS_MAINTENANCE: Final = frozenset({"code_cut_over", "code_host", "no_answer", "code_denied"})
"""What a link under maintenance does to a voucher; another fault may fall into its window by chance."""
SAMPLES_A_LOOK: Final = 16
"""A share is looked up anew after so many samples."""
MINUTE_MS: Final = 60_000
EARLIEST_MS: Final = 120_000
"""How long before the leg a silence of the other feed may have ended to matter."""
CLUSTERS: Final = [f"{name}_cluster" for name in DIMENSIONS]
STRONG_CLUSTERS: Final = [f"{name}_cluster_strong" for name in DIMENSIONS]


class Spans:
    """How far back the anomalies are counted that an anomaly is held against, in minutes."""

    def __init__(self, short_ms: int, long_ms: int) -> None:
        self.short = short_ms // MINUTE_MS
        self.long = long_ms // MINUTE_MS


def others_say(case: Case, moment: Moment, found: Evidence, spans: Spans, pulse: Pulse) -> None:
    """Add what the others say of a case at some moment."""
    at, window = moment.at, moment.window
    _clusters(case, found, spans, pulse)
    link = case.entry.value(LINK_PLACE)
    _troubles(case, link, at, found, pulse)
    pulse.pass_letters(at)
    if case.missing != HOST:
        _feed(case, TERMINAL, moment, found, pulse)
    if case.missing != TERMINAL:
        _feed(case, HOST, moment, found, pulse)
    if window is not None:
        _maintenance(case, link, found, window)
    if case.late_source >= 0:
        _late(case, at, found, pulse)


def _clusters(case: Case, found: Evidence, spans: Spans, pulse: Pulse) -> None:
    """Hold the share of each thing that the voucher has against its share of the fleet, in bursts and drop by drop."""
    entry = case.entry
    crowd = entry.crowd
    any_one = narrow = False
    terminal = entry.group(TERMINAL_PLACE)
    short_own = 0 if terminal is None else max(terminal.short - 1, 0)
    long_own = 0 if terminal is None else max(terminal.long - 1, 0)
    for place in range(TERMINAL_PLACE + 1):
        group = entry.group(place)
        if group is None or group.long <= FEWEST:
            continue
        # What one terminal does by itself says nothing of its link or version.
        wide = place < NARROWEST
        short_less, long_less = (short_own, long_own) if wide else (0, 0)
        short, long = group.short - 1 - short_less, group.long - 1 - long_less
        if long < FEWEST:
            continue
        share = _share(group, place, pulse)
        in_short = above(short, share * (crowd.short - 1 - short_less))
        in_long = above(long, share * (crowd.long - 1 - long_less))
        if in_short < WEAK and in_long < WEAK:
            continue
        if in_long > in_short:
            shown = (group.long, crowd.long, spans.long, group.value, share)
        else:
            shown = (group.short, crowd.short, spans.short, group.value, share)
        strong = max(in_short, in_long) >= STRONG
        found.tell(STRONG_CLUSTERS[place] if strong else CLUSTERS[place], shown)
        any_one, narrow = True, narrow or not wide
    if not any_one:
        found.add("alone")
    elif narrow and case.transaction in POINTING:
        found.tell("undoing_cluster", (case.transaction,))


def _share(group: Group, place: int, pulse: Pulse) -> float:
    """Return the share of the fleet that a group's value has; it changes with samples alone, and slowly after some."""
    time = pulse.samples if pulse.samples < FIRST_SAMPLES else pulse.samples // SAMPLES_A_LOOK + FIRST_SAMPLES
    if group.share_of != time:
        group.share_of = time
        group.share = pulse.shares.share(place, group.value)
    return group.share


def above(count: int, expected: float) -> float:
    """Return the surprise of a count, 0 where it is too small to count as a cluster."""
    over = count - expected
    if count < FEWEST or over <= 0.0 or over * over < WEAK * expected:
        return 0.0  # the square of what is over, by what is expected, is never less than the surprise
    return surprise(float(count), expected)


def _troubles(case: Case, name: str, at: int, found: Evidence, pulse: Pulse) -> None:
    link = pulse.links.get(name)
    if link is None:
        found.tell("link_calm", (name or NO_LINK,))
        return
    count = link.troubles.count(case.leg_ms)
    if count == 0:
        found.tell("link_calm", link.shown)
    elif count >= WEAK:
        usual = link.troubles.usual(case.leg_ms, at, pulse.since)
        surprising = surprise(float(count), usual)
        if surprising >= WEAK:
            strong = min(float(count), surprising) >= STRONG
            found.tell("link_troubled_strong" if strong else "link_troubled", (name or NO_LINK, count, _often(usual)))
    level = link.trips
    if level.count >= FEW and level.lately >= SLOW_TIMES * level.usual:
        found.tell("link_slow", (name or NO_LINK, round(level.lately)))


def _often(usual: float) -> str:
    return f"{usual:.0f}" if usual >= FEW else f"{usual:.1f}"


def _feed(case: Case, source: int, moment: Moment, found: Evidence, pulse: Pulse) -> None:
    """Tell what one of our own feeds lacked when the leg, or the missing one, was due."""
    name, at = SOURCES[source], moment.at
    silence = pulse.silence_around(source, case.leg_ms - EARLIEST_MS, case.at, moment.silences[source])
    if silence is not None:
        found.tell("feed_silent" if case.missing == source else "feed_silent_once", (name, silence[1] // 1_000))
    if case.missing != BOTH_THERE:
        _quiet(case, source, at, found, pulse)
    level = pulse.lag[source]
    if level.lately - level.usual >= FEED_LAG_MS:
        found.tell("feed_lag", (name, round(level.lately / 1_000)))
    letters = _many(pulse.letters[source], at, pulse)
    if letters:
        found.tell("feed_letters", (name, letters))
    if pulse.words[source].name(case.terminal_id, case.leg_ms, LETTER_MS):
        found.tell("letter_of_terminal", (name,))


def _quiet(case: Case, source: int, at: int, found: Evidence, pulse: Pulse) -> None:
    """Tell that the missing side's feed has brought nothing of this link or region for unusually long."""
    name = case.entry.value(LINK_PLACE)
    link = pulse.links.get(name) if name else None
    if link is not None:
        missed = link.flow[source].quiet(at, pulse.since)
        _lacks("feed_quiet_link", "feed_quiet_link_strong", missed, (source, name), found)
    name = case.entry.value(REGION_PLACE)
    region = pulse.regions.get(name) if name else None
    if region is not None:
        missed = region[source].quiet(at, pulse.since)
        _lacks("feed_quiet_region", "feed_quiet_region_strong", missed, (source, name), found)


def _lacks(weak: str, strong: str, missed: float, of: tuple[int, str], found: Evidence) -> None:
    """Tell how many events of a link or region a feed would usually have brought since the last, if they are many."""
    if missed >= WEAK:
        source, name = of
        found.tell(strong if missed >= STRONG else weak, (SOURCES[source], name, round(missed)))


def _maintenance(case: Case, link: str, found: Evidence, window: Window) -> None:
    fits = any(name in FITS_MAINTENANCE for name in case.evidence.names)
    shown = (window.reason or window.id, link or NO_LINK, clock(window.from_ms), clock(window.until_ms))
    found.tell("in_maintenance" if fits else "in_maintenance_otherwise", shown)


def _late(case: Case, at: int, found: Evidence, pulse: Pulse) -> None:
    """Tell a leg that was written late from one that was written in time and long on its way to us."""
    source = case.late_source
    on_its_way = case.late_lag != UNSAID and case.late_lag - pulse.lag[source].usual >= LATE_MS
    name = SOURCES[source]
    if on_its_way:
        piece = "host_late_on_its_way" if source == HOST else "terminal_late_on_its_way"
    else:
        piece = "host_late_at_the_sender" if source == HOST else "terminal_late_at_the_sender"
    found.tell(piece, (round((case.late_at - case.leg_ms) / 1_000),))
    lates = _many(pulse.lates[source], at, pulse)
    if lates:
        found.tell("late_together", (lates, name))


def _many(rate: Rate, at: int, pulse: Pulse) -> int:
    """Return how many there were lately if that is more than usual, else 0."""
    fast = rate.lately(at) if rate.fast >= WEAK else 0.0
    return round(fast) if fast >= WEAK and surprise(fast, rate.expected(at, pulse.since)) >= WEAK else 0

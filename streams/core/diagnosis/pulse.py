"""What a lane notes of all its events, for diagnosis: a sample of the fleet, silences, late feeds, heartbeats.

Almost all events are packed, and cost more than a few nanoseconds each if Python looks at them.  So only one in
sixteen of the first 8,000 and one in 512 or fewer of the others is looked at, chosen by its offset: the same events
whatever the fetches were.  ``packed.pyx`` keeps the flat numbers of ``heard`` by itself.
"""

from __future__ import annotations

from array import array
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from streams.core.diagnosis.beats import Fleet
from streams.core.diagnosis.crowds import LINK_PLACE, NETWORK_PLACE, REGION_PLACE, VERSION_PLACE
from streams.core.diagnosis.heard import Beat, Sample, Silence, Trouble
from streams.core.diagnosis.rates import History, Level, Rate
from streams.core.diagnosis.shares import Shares
from streams.core.wire import TERMINAL

if TYPE_CHECKING:
    from streams.core.diagnosis.crowds import Shared
    from streams.core.diagnosis.evidence import Values
    from streams.core.diagnosis.notes import Notes
    from streams.core.event import Event
    from streams.core.wire import Body, DeadLetter

LAST: Final = 0
"""Of ``Pulse.heard``: the log time of the last event of the terminal feed; the host's follows."""
SINCE: Final = 2
"""Of ``Pulse.heard``: how many events the other feed gave since then; the host's follows."""
MASK: Final = 4
"""Of ``Pulse.heard``: an event is sampled where its scattered offset has none of these bits."""
WORD: Final = (1 << 30) - 1
SCATTER: Final = 2_654_435_761 & WORD
SHIFT: Final = 12
"""An offset times ``SCATTER``, its lowest 30 bits without the last twelve: traffic with a rhythm is sampled fairly.

Numbers below 2**30 are multiplied without making a long integer; ``packed.pyx`` has the same bits of the whole one.
"""
SILENT_MS: Final = 10_000
SILENT_EVENTS: Final = 5
"""A feed was silent when it gave nothing for ``SILENT_MS`` while the other gave ``SILENT_EVENTS``."""
FIRST_SAMPLES: Final = 512
FIRST_MASK: Final = 15
SMALLEST_MASK: Final = 511
LARGEST_MASK: Final = 4_095
ROUND: Final = 256
BUSY_ROUND_MS: Final = 128_000
QUIET_ROUND_MS: Final = 1_024_000
"""One event in 16 is sampled at first, then one in 512 or fewer: a round of samples that took less or more log
time than these lets the next take half or twice as many, so that a busy lane pays no more than a quiet one."""
MOST_SILENCES: Final = 64
MOST_LETTERS: Final = 128
LETTER_BYTES: Final = 512
MOST_WORDS: Final = 2_048
"""Words of dead letters that are remembered, at least; terminal ids are among them."""
_SIGNS: Final = b'\t\n\v\f\r",:{}[]'
_BLANKS: Final = bytes.maketrans(_SIGNS, b" " * len(_SIGNS))
"""Turns the signs of JSON to blanks: what stands between them is a word."""
NO_LINK: Final = "(unnamed)"
"""What stands for the link of records that name none."""
MOST_NETWORKS: Final = 64
MOST_PLACES: Final = 256
"""Links, and regions, that are known by name."""
FLEET_SHARE: Final = 0.1
"""A version with this share of the fleet counts where the newest one is looked for."""
VERSION_ROUND: Final = 16
"""Samples between two looks for the newest version."""
MOST_VERSIONS: Final = 1_024
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
TROUBLED: Final = frozenset({"unknown", "in_progress"})


def plain_usual_ms(text: str) -> int:
    """Leave every time to the library: -1."""
    del text
    return -1


try:
    from streams.core.packed import usual_ms
except ImportError:  # not compiled
    usual_ms = plain_usual_ms


def clock_ms(value: object) -> int | None:
    """Return a sender's clock in epoch milliseconds, ``None`` for what is no time."""
    if isinstance(value, int):
        return value
    if not isinstance(value, str):
        return None
    usual = usual_ms(value)
    if usual >= 0:
        return usual
    try:
        told = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if told.tzinfo is None:
        told = told.replace(tzinfo=UTC)  # the zone of this machine says nothing of the sender's
    return (told - _EPOCH) // _MILLISECOND


def text(value: object) -> str:
    """Return an optional text of an event without blanks, empty where it is absent."""
    return value.strip() if isinstance(value, str) else ""


def shared_by(body: Body, link: str = "") -> Shared:
    """Return what an event has in common with others, in the order of ``DIMENSIONS``."""
    merchant, operator = body.merchant_id.strip(), text(body.operator_id)
    return (
        text(body.link) or link,
        text(body.region),
        text(body.software_version),
        text(body.terminal_model),
        text(body.network_type),
        f"{merchant}/{operator}" if operator else "",
        merchant,
        body.terminal_id.strip(),
    )


def version_of(name: str) -> tuple[int, ...]:
    """Return a version as numbers that can be compared; what is no number counts as 0."""
    return tuple([int(part) if part.isdigit() else 0 for part in name.split(".")])


class Words:
    """When dead letters named something: looked up one by one, no look has to search the letters."""

    def __init__(self) -> None:
        self._young: dict[str, int] = {}
        """Word -> log time of the last letter that has it."""
        self._old: dict[str, int] = {}

    def note(self, letter: bytes, at: int) -> None:
        """Remember the words of a letter of a log time."""
        self._young.update(dict.fromkeys(letter.translate(_BLANKS).decode(errors="replace").split(), at))
        if len(self._young) > MOST_WORDS:
            self._young, self._old = {}, self._young

    def name(self, word: str, at: int, span_ms: int) -> bool:
        """Tell whether the last letter that has a word lies within a span of a log time."""
        last = self._young.get(word)
        if last is None:
            last = self._old.get(word)
        return last is not None and abs(last - at) <= span_ms


class Link:
    """What is known of one link."""

    def __init__(self, name: str) -> None:
        self.shown: Values = (name or NO_LINK,)
        """The values of a sentence that names the link alone."""
        self.troubles = History()
        """Answers whose outcome is not known."""
        self.trips = Level()
        """Round trips in milliseconds."""
        self.flow = [Rate(), Rate()]
        """Sampled events of terminal and host."""


class Pulse:
    """The notes of one lane; log times are epoch milliseconds and come in merged order."""

    def __init__(self, notes: Notes) -> None:
        """``notes`` keeps what has happened and is not counted yet."""
        self.heard = array("q", (-1, -1, 0, 0, FIRST_MASK))
        self.shares = Shares()
        self.silences: deque[tuple[int, int, int, int]] = deque(maxlen=MOST_SILENCES)
        """Source, its last event before, its first after, and how many events the other gave meanwhile."""
        self.lag = [Level(), Level()]
        """Log time less the sender's clock of terminal and host, in milliseconds."""
        self.trips = Level()
        """Round trips of the whole fleet in milliseconds."""
        self.network_trips: dict[str, Level] = {}
        """The same by network type."""
        self.links: dict[str, Link] = {}
        """Those that sampled or troubled events name."""
        self.beats = Fleet()
        self.letters = [Rate(), Rate()]
        """Dead letters of terminal and host."""
        self.words = [Words(), Words()]
        """Those of the dead letters of terminal and host."""
        self._letters_ahead: list[deque[DeadLetter]] = [deque(maxlen=MOST_LETTERS), deque(maxlen=MOST_LETTERS)]
        self.regions: dict[str, list[Rate]] = {}
        """Region -> sampled events of terminal and host."""
        self.lates = [Rate(), Rate()]
        """Legs of terminal and host that came after their anomaly was opened."""
        self.samples = 0
        self._notes = notes
        self.chosen = False
        """Whether the event that is heard next is one of the sample."""
        self.newest: tuple[int, ...] = ()
        """The newest version that many of the fleet run, looked for every ``VERSION_ROUND`` samples."""
        self.newest_name = ""
        self._versions: dict[str, tuple[int, ...]] = {}
        """Version -> the same as numbers."""
        self._round_ms = -1
        self._sampled = 0
        """How many samples were taken, counted above or not yet."""
        self.since = -1
        """The log time from which on anything is counted."""

    def hear(self, event: Event, *, listened: bool) -> None:
        """Take note of one event that is not packed, at its place in the merged order.

        In a lane that packs others ``Packed.hear`` has ``listened`` to it already.
        """
        source, at = event.source, event.log_time
        if not listened:
            self._listen(source, at, event.offset)
        if event.number:
            if event.outcome in TROUBLED:
                self._notes.add(Trouble(self, at, text(event.body.link)))
        elif event.kind == "status" and source == TERMINAL:
            self._notes.add(Beat(self, at, event.terminal, event.body))
        if self.chosen:
            self.chosen = False
            body = event.body
            trip = body.round_trip_ms
            self._choose(source, at, shared_by(body), clock_ms(body.event_time), trip if isinstance(trip, int) else -1)

    def _listen(self, source: int, at: int, offset: int) -> None:
        """Take note of who speaks, as ``Packed.hear`` does, and whether the event is one of the sample."""
        heard = self.heard
        if heard[LAST + source] >= 0 and at - heard[LAST + source] >= SILENT_MS:
            self.end_silence(source, at)
        heard[LAST + source] = at
        heard[SINCE + source] = 0
        heard[SINCE + 1 - source] += 1
        self.chosen = not ((offset & WORD) * SCATTER & WORD) >> SHIFT & heard[MASK]

    def end_silence(self, source: int, at: int) -> None:
        """Keep the silence that an event of a source ends, if the other source spoke meanwhile."""
        others = self.heard[SINCE + source]
        if others >= SILENT_EVENTS:
            self._notes.add(Silence(self, (source, self.heard[LAST + source], at, others)))

    def sample(self, source: int, at: int, members: Shared, written: int, trip: int) -> None:
        """Look at one packed event: ``members`` is as ``DIMENSIONS``, with the operator's bare number.

        ``written`` is the sender's clock in epoch milliseconds, ``trip`` the round trip, -1 where it is not said.
        """
        link, region, version, model, network, operator, merchant, terminal = members
        if operator:
            operator = f"{merchant}/{operator}"
        self._choose(source, at, (link, region, version, model, network, operator, merchant, terminal), written, trip)

    def _choose(self, source: int, at: int, shared: Shared, written: int | None, trip: int) -> None:
        self._sampled += 1
        if not self._sampled % ROUND and self._sampled >= FIRST_SAMPLES:
            self._adapt(at)
        self._notes.add(Sample(self, source, at, shared, written, trip))

    def take_sample(self, source: int, at: int, shared: Shared, written: int | None, trip: int) -> None:
        """Count one event of the sample."""
        if self.since < 0:
            self.since = at
        self.samples += 1
        self.shares.add(at, shared)
        if not self.samples % VERSION_ROUND:
            self._look_for_newest()
        link = self._link(shared[LINK_PLACE])
        if link is not None:
            link.flow[source].add(at)
        if shared[REGION_PLACE]:
            self._region(shared[REGION_PLACE], source, at)
        if written is not None:
            self.lag[source].add(float(at - written))
        if trip >= 0 and source == TERMINAL:
            self._took(float(trip), link, shared[NETWORK_PLACE])

    def _region(self, name: str, source: int, at: int) -> None:
        """Count a sampled event of a region; of more than ``MOST_PLACES`` the new one is not counted."""
        region = self.regions.get(name)
        if region is None:
            if len(self.regions) >= MOST_PLACES:
                return
            region = self.regions[name] = [Rate(), Rate()]
        region[source].add(at)

    def _took(self, trip: float, link: Link | None, network: str) -> None:
        """Take a round trip; of more than ``MOST_NETWORKS`` types the new one is not known by itself."""
        self.trips.add(trip)
        if link is not None:
            link.trips.add(trip)
        if not network:
            return
        level = self.network_trips.get(network)
        if level is None:
            if len(self.network_trips) >= MOST_NETWORKS:
                return
            level = self.network_trips[network] = Level()
        level.add(trip)

    def trouble(self, name: str, at: int) -> None:
        """Count an answer whose outcome is not known."""
        if self.since < 0:
            self.since = at
        link = self._link(name)
        if link is not None:
            link.troubles.add(at)

    def _link(self, name: str) -> Link | None:
        """Return what is known of a link; of more than ``MOST_PLACES`` the new one is not noted."""
        link = self.links.get(name)
        if link is None and len(self.links) < MOST_PLACES:
            link = self.links[name] = Link(name)
        return link

    def _look_for_newest(self) -> None:
        """Find the newest of the versions that many of the fleet run."""
        self.newest = ()
        for name, share in self.shares.values(VERSION_PLACE).items():
            if share >= FLEET_SHARE:
                self.newest = max(self.newest, self.version(name))
        self.newest_name = ".".join([str(part) for part in self.newest])

    def version(self, name: str) -> tuple[int, ...]:
        """Return ``version_of`` a name; those asked for lately are remembered."""
        known = self._versions.get(name)
        if known is None:
            if len(self._versions) >= MOST_VERSIONS:
                self._versions.clear()
            known = self._versions[name] = version_of(name)
        return known

    def _adapt(self, at: int) -> None:
        """Sample more seldom in a busy lane, more often in a quiet one."""
        took_ms, self._round_ms = at - self._round_ms, at
        mask = self.heard[MASK]
        if mask < SMALLEST_MASK:
            mask = SMALLEST_MASK
        elif took_ms < BUSY_ROUND_MS:
            mask = min(2 * mask + 1, LARGEST_MASK)
        elif took_ms > QUIET_ROUND_MS:
            mask = max(mask // 2, SMALLEST_MASK)
        self.heard[MASK] = mask

    def completed(self, shared: Shared, terminal: str) -> Shared:
        """Return what a voucher shares, where its terminal's record lacks with what its heartbeats said of it."""
        known = self.beats.of(terminal)
        if known is None:
            return shared
        link, region, version, model, network, operator, merchant, name = shared
        return (
            link,
            region,
            version or known.version,
            model or known.model,
            network or known.network,
            operator,
            merchant,
            name,
        )

    def beat(self, terminal: str, at: int, body: Body) -> None:
        """Count a heartbeat."""
        known = self.beats.beat(terminal, at)
        self.beats.describe(known, text(body.software_version), text(body.terminal_model), text(body.network_type))

    def letter(self, letter: DeadLetter) -> None:
        """Take note of a record that could not be read; it counts once its log time has been passed."""
        self._letters_ahead[letter.source].append(letter)

    def pass_letters(self, at: int) -> None:
        """Let the dead letters up to a log time count, so that it never matters how far was read ahead."""
        for source, ahead in enumerate(self._letters_ahead):
            while ahead and ahead[0].timestamp <= at:
                letter = ahead.popleft()
                if self.since < 0:
                    self.since = letter.timestamp
                self.letters[source].add(letter.timestamp)
                self.words[source].note(letter.key or (letter.value or b"")[:LETTER_BYTES], letter.timestamp)

    def silent_since(self, source: int, until: int) -> int:
        """Return when the silence began in which a source is now, and was at a log time; -1 where it is in none."""
        last: int = self.heard[LAST + source]
        return -1 if until - last < SILENT_MS or self.heard[SINCE + source] < SILENT_EVENTS else last

    def silence_around(self, source: int, at: int, until: int, last: int) -> tuple[int, int] | None:
        """Return begin and length of a silence of a source that overlaps a span of log time, the longest of several.

        ``last`` is when the one began that goes on, as ``silent_since`` told it.
        """
        found: tuple[int, int] | None = None
        for one in self.silences:
            if one[0] == source and one[1] <= until and one[2] >= at and (found is None or one[2] - one[1] > found[1]):
                found = (one[1], one[2] - one[1])
        if last < 0:
            return found
        return (last, until - last) if found is None or until - last > found[1] else found

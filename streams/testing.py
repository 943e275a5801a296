"""What a test of voucherwatch needs: a clock moved by hand, stories as timelines, a source and a sink.

A timeline is text, one record a line, in the words of the contract:

    t=0          terminal sale 42 approved amount=10000
    t=1.5        host     sale 000042 51 amount=10000 rrn=R1
    t=2          terminal reversal 42 00 original.voucher_number=42
    t=3          terminal again t1
    t=4          host     raw {"no": "event"}
    t=10..20/2   terminal sale 100+ approved
    t=90         host     idle

``t`` is seconds since the start; ``10..20/2`` writes the line for every second one from 10 to 20.
After the source come the kind, the voucher number (``-`` for none) and what was answered: an outcome,
a response code, or ``-`` for neither.  The rest are fields, a dot reaching into ``original``.  A number
that ends with ``+`` counts up from line to line of a range, 12 to 18 digits that end with ``?`` get their
Luhn check digit, so that no story needs to hold a card number.  ``again`` delivers an event once more by its
id, ``raw`` and ``empty`` write any value, ``iso DIALECT TYPE number=value ...`` a raw message of ISO 8583,
``idle`` says that the source was read to its end at ``t``.
Ids count up by themselves: ``t1``, ``t2``, ... for the terminal's events, ``h1``, ... for the host's.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import iso8583
import msgspec

from streams.core.dialects.calendar import moment
from streams.core.lane import AnomalyChange, Lane, LaneOutput
from streams.core.masking import passes_luhn
from streams.core.policy import OUTCOMES, PLAIN_KINDS, Policy
from streams.core.wire import HOST, SOURCES, TERMINAL, DeadLetter, RawRecord
from streams.settings.dialects import load_dialect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.core.dialects.dialect import Dialect

START_MS: Final = 1_772_409_600_000
"""2026-03-02T00:00:00Z, the zero of every timeline unless it says otherwise."""

DEFAULTS: Final = {"terminal_id": "T0000001", "merchant_id": "M00000001", "amount": 10_000, "currency": "CNY"}
"""What an event of a timeline carries without being told; plain kinds carry the ids alone."""

_INTEGERS: Final = ("amount", "original.amount", "round_trip_ms", "received_at")
_MILLISECONDS: Final = 1_000
_EAST_MINUTES: Final = 480
"""The zone of the clocks in raw messages, as the settings have it."""
_RANGE: Final = re.compile(r"([0-9.]+)\.\.([0-9.]+)(?:/([0-9.]+))?\Z")
_CARD: Final = re.compile(r"[0-9]{12,18}\?\Z")
_COUNTING: Final = re.compile(r"(.*?)([0-9]+)\+\Z")


class ManualClock:
    """A clock that stands still until it is moved; calling it gives its epoch milliseconds."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        """Return the time in epoch milliseconds."""
        return self.now_ms

    def advance(self, seconds: float) -> int:
        """Move the clock forward by seconds and return its new time in epoch milliseconds."""
        self.now_ms += round(seconds * _MILLISECONDS)
        return self.now_ms


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: a record of a source, or ``idle``, the news that a source is read to its end."""

    at_ms: int
    source: int
    key: bytes | None = None
    value: bytes | None = None
    idle: bool = False


@dataclass(slots=True)
class Timeline:
    """What happens, in the order in which it was written."""

    steps: list[Step]

    def records(self, source: int) -> list[RawRecord]:
        """Return the log of one source: its records in the order written, offsets counting from 0."""
        mine = [step for step in self.steps if step.source == source and not step.idle]
        return [(offset, step.at_ms, step.key, step.value) for offset, step in enumerate(mine)]


class ListSource:
    """A log in memory, read in fetches of any size."""

    def __init__(self, records: Sequence[RawRecord]) -> None:
        self._records = list(records)
        self._at = 0

    def fetch(self, count: int) -> list[RawRecord]:
        """Return at most ``count`` further records; an empty list at the end."""
        found = self._records[self._at : self._at + count]
        self._at += len(found)
        return found

    @property
    def left(self) -> int:
        """Return how many records were not fetched yet."""
        return len(self._records) - self._at


class ListSink:
    """Collects what a lane says."""

    def __init__(self) -> None:
        self.changes: list[AnomalyChange] = []
        self.dead_letters: list[DeadLetter] = []
        self.tally: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.pair_delays: list[int] = []
        self.pending = 0
        """Vouchers without a verdict at the end, set by ``replay`` and ``run_live``."""

    def take(self, output: LaneOutput) -> None:
        """Take the output of one call of a lane."""
        self.changes += output.changes
        self.dead_letters += output.dead_letters
        self.tally.update(output.tally)
        self.pair_delays += output.pair_delays

    def history(self) -> list[dict[str, Any]]:
        """Return every revision as its JSON record, in the order said, as detected when it changed."""
        return [msgspec.json.decode(change.encode(change.log_time)) for change in self.changes]

    def anomalies(self) -> list[dict[str, Any]]:
        """Return the last record of each anomaly, by (``opened_at``, ``id``)."""
        final = {record["id"]: record for record in self.history()}
        return sorted(final.values(), key=lambda record: (record["opened_at"], record["id"]))

    def count(self, name: str, *labels: str) -> int:
        """Return one counter; labels that are left out are summed over."""
        return sum(
            n for (counter, values), n in self.tally.items() if counter == name and values[: len(labels)] == labels
        )

    def verdicts(self) -> dict[str, int]:
        """Return how many vouchers were closed with each verdict."""
        found: Counter[str] = Counter()
        for (counter, values), count in self.tally.items():
            if counter == "vouchers_closed_total":
                found[values[0]] += count
        return dict(found)


@dataclass(slots=True)
class _Writer:
    """Turns the lines of a timeline into steps."""

    start_ms: int
    defaults: dict[str, Any]
    steps: list[Step] = field(default_factory=list)
    by_id: dict[tuple[int, str], bytes] = field(default_factory=dict)
    counts: list[int] = field(default_factory=lambda: [0, 0])

    def line(self, text: str) -> None:
        """Write one line, as often as its time says."""
        at, _, rest = text.removeprefix("t=").partition(" ")
        if not text.startswith("t=") or not rest:
            raise ValueError(f"a line of a timeline begins with t=SECONDS and a source: {text}")
        name, _, what = rest.strip().partition(" ")
        if name not in SOURCES:
            raise ValueError(f"{name} is no source, write terminal or host: {text}")
        for turn, seconds in enumerate(_times(at)):
            self._step(self.start_ms + round(seconds * _MILLISECONDS), SOURCES.index(name), what.strip(), turn)

    def _step(self, at_ms: int, source: int, what: str, turn: int) -> None:
        word, _, rest = what.partition(" ")
        key = str(self.defaults["terminal_id"]).strip().encode()
        if word == "idle":
            self.steps.append(Step(at_ms, source, idle=True))
        elif word == "empty":
            self.steps.append(Step(at_ms, source, key))
        elif word == "raw":
            self.steps.append(Step(at_ms, source, key, rest.encode()))
        elif word == "iso":
            value = _message(rest.split(), str(self.defaults["merchant_id"]), key, at_ms)
            self.steps.append(Step(at_ms, source, key, value))
        elif word == "again":
            value = self.by_id[source, rest.strip()]
            self.steps.append(Step(at_ms, source, _key_of(value), value))
        else:
            event = self._event(at_ms, source, what.split(), turn)
            value = msgspec.json.encode(event)
            self.by_id[source, str(event["event_id"])] = value
            self.steps.append(Step(at_ms, source, _key_of(value), value))

    def _event(self, at_ms: int, source: int, words: list[str], turn: int) -> dict[str, Any]:
        self.counts[source] += 1
        event: dict[str, Any] = {
            "event_id": f"{SOURCES[source][0]}{self.counts[source]}",
            "kind": words[0],
            "event_time": at_ms,
        }
        event |= self.defaults
        plain = words[0] in PLAIN_KINDS
        if plain:
            del event["amount"], event["currency"]
        else:
            number, answer = words[1:3]
            if number != "-":
                event["voucher_number"] = _counted(number, turn)
            if answer != "-":
                event["outcome" if answer in OUTCOMES else "response_code"] = answer
        for word in words[1 if plain else 3 :]:
            _put(event, word, turn)
        return event


def _message(words: list[str], merchant: str, terminal: bytes, at_ms: int) -> bytes:
    """Return a raw message: ``DIALECT TYPE number=value ...``; what every event carries is there without being told."""
    dialect = load_dialect(words[0])
    if dialect is None:
        raise ValueError(f"{words[0]} is no dialect of raw messages")
    at = moment(at_ms, _EAST_MINUTES)
    fields = {"3": "0", "4": str(DEFAULTS["amount"]), "12": f"{at:%H%M%S}", "13": f"{at:%m%d}", "25": "0"}
    fields |= {"41": terminal.decode(), "42": merchant, "49": "156"}
    for word in words[2:]:
        number, _, text = word.partition("=")
        fields[number] = _counted(text, 0)
    return encode(dialect, words[1], fields)


def encode(dialect: Dialect, message_type: str, fields: dict[str, str]) -> bytes:
    """Return the bytes of a raw message; fixed fields are filled up with zeros or blanks, empty ones left out."""
    document = {"t": message_type}
    for number, text in fields.items():
        form = dialect.spec[number]
        size = form["max_len"] if not form["len_type"] else 0
        if text:
            document[number] = text.zfill(size) if dialect.names[number].digits else text.ljust(size)
    return bytes(iso8583.encode(document, dialect.spec)[0])


def _times(text: str) -> Iterator[float]:
    match = _RANGE.match(text)
    if match is None:
        yield float(text)
        return
    first, last, step = float(match[1]), float(match[2]), float(match[3] or 1)
    for turn in range(int((last - first) / step) + 1):
        yield first + turn * step


def _counted(text: str, turn: int) -> str:
    if _CARD.match(text):
        return text[:-1] + _check_digit(text[:-1])
    match = _COUNTING.match(text)
    return text if match is None else f"{match[1]}{int(match[2]) + turn:0{len(match[2])}d}"


def _check_digit(digits: str) -> str:
    return next(digit for digit in "0123456789" if passes_luhn(digits + digit))


def _put(event: dict[str, Any], word: str, turn: int) -> None:
    """Set a field from ``name=value``; an empty value takes the field away."""
    name, sign, text = word.partition("=")
    if not sign:
        raise ValueError(f"a field is written name=value, not {word}")
    value: object = _counted(text, turn)
    if text[:1] in ("{", "[", '"') or text in ("true", "false", "null"):
        value = msgspec.json.decode(text)
    elif text and name in _INTEGERS:
        value = int(str(value))
    outer, dot, inner = name.partition(".")
    if dot:
        event.setdefault(outer, {})[inner] = value
    elif text:
        event[name] = value
    else:
        event.pop(name, None)


def _key_of(value: bytes) -> bytes | None:
    terminal = msgspec.json.decode(value).get("terminal_id")
    return terminal.strip().encode() if isinstance(terminal, str) else None


def timeline(text: str, *, start_ms: int = START_MS, **fields: object) -> Timeline:
    """Read a timeline; ``fields`` replace or add to what every event carries.

    Blank lines and those that begin with ``#`` are left out.  Raises ``ValueError`` for a line that
    is not in the notation of this module.
    """
    writer = _Writer(start_ms, {**DEFAULTS, **fields})
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            writer.line(line.strip())
    return Timeline(writer.steps)


def replay(story: Timeline, policy: Policy, *, flush: bool = True, fetch: int = 1) -> ListSink:
    """Run a timeline as a replay of files does: by time stamp, ``fetch`` records a call, then the end."""
    lane, sink = Lane(0, policy, live=False), ListSink()
    sources = [ListSource(sorted(story.records(source), key=lambda record: record[1])) for source in (TERMINAL, HOST)]
    while any(source.left for source in sources):
        for number, source in enumerate(sources):
            if records := source.fetch(fetch):
                sink.take(lane.feed(number, records))
    sink.take(lane.flush() if flush else lane.settle())
    sink.pending = lane.unclosed
    return sink


def judge_stalls(lane: Lane, sink: ListSink) -> None:
    """Let a lane that is all of its worker say that a source is stalled, or speaks again."""
    for source, stalled in enumerate(lane.stalled()):
        if stalled != lane.speaks_for_stall(source):
            sink.take(lane.source_stalled(source, stalled=stalled))


def run_live(story: Timeline, lane: Lane, clock: ManualClock | None = None) -> ListSink:
    """Run a timeline as a worker of one lane does: a record a call in the order written, idle news where it says.

    ``clock`` is the wall clock; without one it shows the time stamp of each record.
    """
    sink = ListSink()
    offsets = [0, 0]
    for step in story.steps:
        if step.idle:
            sink.take(lane.caught_up(step.source, step.at_ms))
            judge_stalls(lane, sink)
            continue
        record = (offsets[step.source], step.at_ms, step.key, step.value)
        offsets[step.source] += 1
        sink.take(lane.feed(step.source, [record], step.at_ms if clock is None else clock()))
        judge_stalls(lane, sink)
    sink.pending = lane.unclosed
    return sink

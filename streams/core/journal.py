"""What a lane has to say: anomalies opened, resolved and expired, counters, delays.

While a restarted lane replays what was judged before, changes are made silently: nothing up to
the committed log time J is said again, and nothing that a stored record already says.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec
from mypy_extensions import mypyc_attr

from streams.core.anomaly import Anomaly, Finding, field_rows, leg_row, voucher_anomaly_id, voucher_row
from streams.core.diagnosis.diagnosis import Diagnosis
from streams.core.maintenance import attributed, sentence_in, sentence_of
from streams.core.wire import HOST, SOURCES, TERMINAL

if TYPE_CHECKING:
    from streams.core.decode import Tally
    from streams.core.diagnosis.calendar import Window
    from streams.core.state import LaneState
    from streams.core.voucher import Voucher
    from streams.core.wire import DeadLetter


def _told(thing: object) -> msgspec.Raw:
    """Return a diagnosis as JSON: its texts are written only where a record is."""
    if isinstance(thing, Diagnosis):
        return msgspec.Raw(thing.json())
    raise TypeError(f"an anomaly record holds no {type(thing).__name__}")


_encode: Final = msgspec.json.Encoder(enc_hook=_told).encode


class AnomalyChange:
    """One revision of one anomaly, ready to be published."""

    __slots__ = ("anomaly_id", "held", "kind", "log_time", "record", "revision")

    def __init__(self, record: dict[str, object], log_time: int) -> None:
        self.record = record
        self.anomaly_id = str(record["id"])
        self.kind = str(record["kind"])
        self.revision = int(str(record["revision"]))
        self.log_time = log_time
        marks = record["marks"]
        self.held = isinstance(marks, list) and "held" in marks

    def encode(self, detected_at_ms: int, generation: int | None = None) -> bytes:
        """Return the JSON record; ``detected_at_ms`` is the wall clock in epoch milliseconds.

        ``generation`` orders the owners of the lane: of one anomaly the record with the largest
        (generation, revision) counts.  Without owners (file replay) it is left out.
        """
        record = self.record
        if generation is not None:
            record["generation"] = generation
        if record["detected_at"] is None:
            record["detected_at"] = detected_at_ms
            record["lateness_ms"] = detected_at_ms - int(str(record["opened_at"]))
        return _encode(record)


class LaneOutput:
    """What one call of a lane produced, in order; see the attributes.

    ``tally`` maps (counter name without prefix, label values) to increments, ``pair_delays`` are
    milliseconds of log time between two legs, ``read`` counts the records handled.
    """

    __slots__ = ("changes", "dead_letters", "notices", "pair_delays", "read", "tally")

    def __init__(self) -> None:
        self.changes: list[AnomalyChange] = []
        self.dead_letters: list[DeadLetter] = []
        self.notices: list[Window] = []
        """Maintenance windows that notices told of, for the lanes that did not hear them."""
        self.tally: Tally = defaultdict(int)
        self.pair_delays: list[int] = []
        self.read = 0


@mypyc_attr(allow_interpreted_subclasses=True)
class Journal:
    """Keeps the open anomalies of one lane and collects what changes."""

    def __init__(self, lane: int) -> None:
        self.lane = lane
        self.diagnosed_in: LaneState | None = None
        """The lane that anomalies are diagnosed in, where they are."""
        self.out = LaneOutput()
        self.open: dict[str, Anomaly] = {}
        self.silent_until = -1
        """J of the last commit: what happens at or before this log time is not said again."""
        self.stored: dict[str, tuple[int, int, str]] = {}
        """Anomaly id -> (log time, revision, status) of the newest record found in the topic at restart."""
        self.awaited: set[str] = set()
        """Anomalies of the topic that were opened between R and J, and that the replay has not derived yet."""
        self.unresolved: dict[str, int] = defaultdict(int)
        self._acknowledged: dict[str, tuple[str, int]] = {}
        """Anomaly id -> who acknowledged it, and when in epoch milliseconds."""
        self._unsaid: set[str] = set()
        """Acknowledged anomalies that the topic shows as open, and that are not derived again yet."""
        self.knows_windows = False
        """Whether the control topic has been read to its end."""
        self._inside: dict[str, str] = {}
        """Anomaly id -> what the topic said at restart of the maintenance window it lies in, empty for none."""
        self._detected: dict[str, dict[str, object]] = {}
        """Anomaly id -> when it was first published, by its record."""
        self._matched: dict[str, int] = defaultdict(int)

    def remember(self, record: dict[str, object]) -> None:
        """Keep what of a published anomaly does not follow from its events, for when it is derived again."""
        anomaly_id = str(record["id"])
        if record["acknowledged_by"] is not None:
            self._acknowledged[anomaly_id] = (str(record["acknowledged_by"]), int(str(record["acknowledged_at"])))
        self._inside[anomaly_id] = sentence_in(record)
        self._detected[anomaly_id] = {name: record[name] for name in ("detected_at", "lateness_ms")}

    def acknowledge(self, anomaly_id: str, by: str, at_ms: int) -> None:
        """Write down that somebody takes care of an open anomaly; the latest acknowledgement counts.

        What is no open anomaly of this lane is left alone, and so is one that the topic shows as over.
        """
        known = self._acknowledged.get(anomaly_id)
        if known is not None and at_ms <= known[1]:
            return
        stored = self.stored.get(anomaly_id)
        if stored is not None and stored[2] != "open":
            return
        anomaly = self.open.get(anomaly_id)
        if anomaly is not None:
            self._acknowledged[anomaly_id] = (by, at_ms)
            self._say_acknowledged(anomaly)
        elif stored is not None:
            self._acknowledged[anomaly_id] = (by, at_ms)
            self._unsaid.add(anomaly_id)

    def _say_acknowledged(self, anomaly: Anomaly) -> None:
        by, at_ms = self._acknowledged[anomaly.id]
        anomaly.record = anomaly.record | {"acknowledged_by": by, "acknowledged_at": at_ms}
        self._revise(anomaly, int(str(anomaly.record["changed_at"])))

    def attribute(self, anomaly: Anomaly, window: Window | None) -> None:
        """Let an open anomaly say in which maintenance window it lies, if that is not what is known of it."""
        before = sentence_in(anomaly.record)
        now = "" if window is None else sentence_of(window)
        anomaly.record = attributed(anomaly.record, now)
        cause = anomaly.cause
        if now != before:
            self._diagnose_anew(anomaly)
        shown = self._inside.pop(anomaly.id, before)
        if now and not shown:
            self.out.tally["anomalies_in_maintenance_total", (anomaly.kind,)] += 1
        if now != shown:
            if anomaly.cause != cause:
                self.out.tally["diagnoses_total", (anomaly.kind, anomaly.cause)] += 1
                self.out.tally["diagnoses_by_link_total", (anomaly.cause, anomaly.link)] += 1
            self._revise(anomaly, int(str(anomaly.record["changed_at"])))

    def take(self, *, settled: bool) -> LaneOutput:
        """Return what was collected since the last call.

        Unless it is to be ``settled``, the causes of some anomalies are counted in a later one.
        """
        state = self.diagnosed_in
        if settled and state is not None and state.diagnoser is not None:
            state.diagnoser.notes.settle()
        out, self.out = self.out, LaneOutput()
        for link, count in self._matched.items():
            out.tally["vouchers_closed_total", ("matched", link)] += count
        self._matched.clear()
        return out

    def count(self, log_time: int, name: str, *labels: str) -> None:
        """Count one decision, unless it is being replayed."""
        if log_time > self.silent_until:
            self.out.tally[name, labels] += 1

    def count_matched(self, log_time: int, link: str) -> None:
        """Count one matched voucher; a dictionary of its own, since all but a few end here."""
        if log_time > self.silent_until:
            self._matched[link] += 1

    def add_matched(self, link: str, count: int) -> None:
        """Count matched vouchers of a link, none of them replayed."""
        self._matched[link] += count

    def open_voucher(self, voucher: Voucher, finding: Finding, at: int, link: str, marks: list[str]) -> Anomaly | None:
        """Open an anomaly of a voucher at a log time; ``None`` when it was opened before."""
        number = voucher.run.key
        key = (*number, "reversal" if voucher.is_reversal else "transaction", voucher.batch_key)
        anomaly_id = voucher_anomaly_id(finding.kind, key, finding.legs)
        if anomaly_id in self.open:
            return None
        if at <= self.silent_until and anomaly_id not in self.stored:
            return None  # judged by an earlier process, and not among what the topic still shows
        by_source = {leg.source: leg for leg in finding.legs}
        terminal, host = by_source.get(TERMINAL), by_source.get(HOST)
        record = _blank(anomaly_id, finding, at, marks, self.lane)
        record["voucher"] = voucher_row(finding.legs)
        record["fields"] = field_rows(finding.fields, terminal, host)
        record["legs"] = {
            SOURCES[TERMINAL]: leg_row(terminal, self.lane),
            SOURCES[HOST]: leg_row(host, self.lane),
        }
        record["original"] = finding.original
        record["evidence"] = list(finding.evidence)
        record["link"] = link
        record["key"] = {"batch": voucher.batch_key, "numbers": [other[1] for other in voucher.more_keys]}
        anomaly = Anomaly(record, link)
        anomaly.voucher = voucher
        self.enter(anomaly, at, held="held" in marks)
        return anomaly

    def enter(self, anomaly: Anomaly, at: int, *, held: bool) -> None:
        """Let a new anomaly stand among the open ones, say and count it."""
        acknowledged = self._acknowledged.get(anomaly.id)
        if acknowledged is not None:
            by, time = acknowledged
            anomaly.record = anomaly.record | {"acknowledged_by": by, "acknowledged_at": time}
        if anomaly.id in self._detected:
            anomaly.record = anomaly.record | self._detected[anomaly.id]
        self.open[anomaly.id] = anomaly
        self.awaited.discard(anomaly.id)
        said = self._say(anomaly, at)
        self._say_where(anomaly, at, said=said)
        if anomaly.id in self._unsaid:
            self._unsaid.discard(anomaly.id)
            if not said:
                self._say_acknowledged(anomaly)
        self.count(at, "anomalies_opened_total", anomaly.kind, anomaly.severity, anomaly.link)
        if held:
            self.count(at, "anomalies_held_total", anomaly.kind)

    def add_evidence(self, anomaly: Anomaly, sentence: str, at: int) -> None:
        """Add a sentence to the evidence of an open anomaly, once."""
        known = anomaly.record["evidence"]
        if anomaly.id not in self.open or not isinstance(known, list) or sentence in known:
            return
        anomaly.record = anomaly.record | {"evidence": [*known, sentence]}
        self._say(anomaly, at)

    def _say_where(self, anomaly: Anomaly, at: int, *, said: bool) -> None:
        """Say of an anomaly that is derived again what the calendar has learnt since it was published."""
        shown = self._inside.pop(anomaly.id, None)
        stored = self.stored.get(anomaly.id)
        if said or shown is None or stored is None or stored[2] != "open":
            return
        if shown == sentence_in(anomaly.record):
            return
        if self.knows_windows:
            self._revise(anomaly, at)
        else:
            anomaly.record = attributed(anomaly.record, shown)  # until the control topic says otherwise

    def resolve(self, anomaly: Anomaly, resolution: str, at: int, marks: tuple[str, ...] = ()) -> None:
        """Close an open anomaly with one of the resolutions of its kind."""
        if self.open.pop(anomaly.id, None) is None:
            return
        known = anomaly.record["marks"]
        kept = [*known, *(mark for mark in marks if mark not in known)] if isinstance(known, list) else list(marks)
        anomaly.record = anomaly.record | {
            "status": "resolved",
            "resolution": resolution,
            "resolved_at": at,
            "marks": kept,
        }
        anomaly.status = "resolved"
        anomaly.voucher = None
        state = self.diagnosed_in
        if state is not None and state.diagnoser is not None:
            state.diagnoser.ended(state, anomaly, at)
        self._say(anomaly, at)
        self.count(at, "anomalies_resolved_total", anomaly.kind, resolution)

    def diagnose_again(self, anomaly: Anomaly, at: int) -> None:
        """Look once more at an open anomaly, and say so only where another cause is now the likeliest."""
        state = self.diagnosed_in
        if state is None or state.diagnoser is None or anomaly.id not in self.open:
            return
        record = state.diagnoser.looked_again(state, anomaly, at)
        if record is not None:
            anomaly.record = record
            self.count_cause(anomaly, at, anomaly.cause)
            self._say(anomaly, at)

    def _diagnose_anew(self, anomaly: Anomaly) -> None:
        """Diagnose an open anomaly by the calendar as it is now; the caller says so."""
        state = self.diagnosed_in
        if state is not None and state.diagnoser is not None:
            at = max(state.now, anomaly.opened_at)
            anomaly.record = state.diagnoser.diagnosed_now(state, anomaly, at)

    def count_cause(self, anomaly: Anomaly, at: int, cause: str) -> None:
        """Count the cause of an anomaly, which is another than was said before."""
        self.count(at, "diagnoses_total", anomaly.kind, cause)
        self.count(at, "diagnoses_by_link_total", cause, anomaly.link)

    def expire(self, anomaly: Anomaly, at: int) -> None:
        """Let an anomaly that nobody resolved leave the open ones."""
        if self.open.pop(anomaly.id, None) is None:
            return
        anomaly.record = anomaly.record | {"status": "expired"}
        anomaly.status = "expired"
        anomaly.voucher = None
        anomaly.case = None
        if anomaly.amount:
            self.unresolved[anomaly.currency] += anomaly.amount
        self._say(anomaly, at)
        self.count(at, "anomalies_expired_total", anomaly.kind)

    def _say(self, anomaly: Anomaly, at: int) -> bool:
        """Publish a change, unless an earlier process has; tell whether it is published now."""
        stored = self.stored.get(anomaly.id)
        if at <= self.silent_until or (stored is not None and _is_said(stored, at, anomaly.status)):
            if stored is not None:
                anomaly.revision = max(anomaly.revision, stored[1])
            return False
        self._revise(anomaly, at)
        return True

    def _revise(self, anomaly: Anomaly, at: int) -> None:
        stored = self.stored.get(anomaly.id)
        anomaly.revision = 1 + max(anomaly.revision, stored[1] if stored is not None else 0)
        anomaly.record = anomaly.record | {"revision": anomaly.revision, "changed_at": at}
        self.out.changes.append(AnomalyChange(anomaly.record, at))


def _is_said(stored: tuple[int, int, str], at: int, status: str) -> bool:
    """Tell whether the stored record says a change already.

    One that was opened and ended at one log time may have been cut off by a crash between the two.
    """
    return at < stored[0] or (at == stored[0] and (status == "open" or stored[2] != "open"))


def _blank(anomaly_id: str, finding: Finding, at: int, marks: list[str], lane: int) -> dict[str, object]:
    return {
        "id": anomaly_id,
        "revision": 0,
        "kind": finding.kind,
        "severity": "info" if "held" in marks else finding.severity,
        "status": "open",
        "resolution": None,
        "marks": marks,
        "acknowledged_by": None,
        "acknowledged_at": None,
        "voucher": None,
        "amount_at_risk": finding.amount,
        "currency": finding.currency or None,
        "fields": [],
        "legs": {},
        "original": None,
        "opened_at": at,
        "resolved_at": None,
        "changed_at": at,
        "detected_at": None,
        "lateness_ms": None,
        "diagnosis": None,
        "incident_id": None,
        "evidence": [],
        "lane": lane,
        "link": "other",
        "key": None,
    }


def open_episode(lane: int, anomaly_id: str, kind: str, source: int, at: int, sentence: str) -> Anomaly:
    """Return the anomaly of an episode without a voucher: a stalled source, a partitioning fault."""
    record = _blank(anomaly_id, Finding(kind, "critical", evidence=(sentence,)), at, [], lane)
    record["evidence"] = [sentence]
    record["source"] = SOURCES[source]
    return Anomaly(record, "other")

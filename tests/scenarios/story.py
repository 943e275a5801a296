"""Golden stories: what happened, what must come of it, one readable file each.

A story file has three parts between lines of ``---``: words about it and its settings, the timeline in
the notation of ``streams.testing``, and the expected end.  Lines ``set KEY=VALUE`` change settings,
``no flush`` leaves what has no verdict pending, ``live`` runs the story as a worker does, record by
record in the order written; ``live partitions=N`` says how many partitions the topics have.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streams.core.lane import Lane
from streams.settings import load_settings
from streams.testing import START_MS, ListSink, replay, run_live, timeline

if TYPE_CHECKING:
    from streams.core.policy import Policy
    from streams.testing import Timeline

FOLDER = Path(__file__).parent / "stories"
CUT = "---\n"
SILENT = ("vouchers_closed_total", "anomalies_opened_total", "anomalies_resolved_total", "anomalies_expired_total")
"""Counters that the anomalies themselves already show; of the first the verdicts without an anomaly are shown."""


@dataclass(frozen=True)
class Story:
    """One story file."""

    path: Path
    about: str
    events: str
    expected: str

    @property
    def timeline(self) -> Timeline:
        """Return what happens."""
        return timeline(self.events)

    @property
    def policy(self) -> Policy:
        """Return the defaults with the story's own settings, as the command line would set them."""
        overrides = [line.removeprefix("set ").strip() for line in self.about.splitlines() if line.startswith("set ")]
        # A story tells verdicts, whatever weights diagnosis is fitted to next.
        overrides = ["diagnosis=false", *overrides]
        return load_settings(None, overrides, {}, live=self.live is not None).policy()

    @property
    def live(self) -> int | None:
        """Return how many partitions a live story's topics have, ``None`` for a replay."""
        for line in self.about.splitlines():
            word, _, rest = line.partition(" partitions=")
            if word == "live":
                return int(rest or 1)
        return None

    def play(self) -> ListSink:
        """Run the story."""
        if self.live is not None:
            return run_live(self.timeline, Lane(0, self.policy, partitions=self.live))
        return replay(self.timeline, self.policy, flush="no flush" not in self.about.splitlines())

    def told(self) -> str:
        """Run the story and write down its end."""
        return ended(self.play())


def stories() -> list[Story]:
    """Return every story by name."""
    return [read(path) for path in sorted(FOLDER.glob("*.story"))]


def read(path: Path) -> Story:
    """Read one story file; a new one may lack the third part."""
    about, events, *expected = path.read_text(encoding="utf-8").split(CUT)
    return Story(path, about, events, expected[0] if expected else "")


def ended(sink: ListSink) -> str:
    """Write down the last state of every anomaly, the dead letters and the counts."""
    lines = [line for record in sink.anomalies() for line in _anomaly(record)]
    lines += [f"dead letter {letter.reason}: {letter.detail}" for letter in sink.dead_letters]
    return "\n".join([*lines, *_counts(sink)]) + "\n"


def _anomaly(record: dict[str, Any]) -> list[str]:
    said = f"{record['kind']} {record['severity']} {record['amount_at_risk']} {record['currency']}"
    if record["voucher"] is None:
        said = f"{record['kind']} {record['severity']}"
    lines = [f"t={_seconds(record['opened_at'])} {said}", f"    {_place(record)}"]
    lines += [f"    {row['field']}: {row['terminal']} and {row['host']}" for row in record["fields"]]
    lines += [f"    {sentence}" for sentence in record["evidence"]]
    if record["original"]:
        original = record["original"]
        kind = original["kind"] or "nothing,"
        lines.append(f"    original: {kind} {original['terminal_id']} {original['voucher_number']}")
    if record["status"] == "resolved":
        lines.append(f"    t={_seconds(record['resolved_at'])} resolved, {record['resolution']}")
    elif record["status"] == "expired":
        lines.append(f"    t={_seconds(record['changed_at'])} expired")
    if record["marks"]:
        lines.append(f"    marked {', '.join(record['marks'])}")
    return lines


def _place(record: dict[str, Any]) -> str:
    """Return the voucher and the event ids of its legs, or the source of a kind without a voucher."""
    voucher, sides = record["voucher"], record["legs"]
    if voucher is None:
        return f"{record['source']} of lane {record['lane']}"
    legs = [sides[side]["event_id"] if sides.get(side) else "none" for side in ("terminal", "host")]
    return f"{voucher['kind']} {voucher['terminal_id']} {voucher['voucher_number']}: {' and '.join(legs)}"


def _counts(sink: ListSink) -> list[str]:
    lines = [f"events: {sink.count('events_total')}"]
    opened = {record["kind"] for record in sink.history()}
    lines += [f"{verdict}: {count}" for verdict, count in sorted(sink.verdicts().items()) if verdict not in opened]
    if sink.pending:
        lines.append(f"pending: {sink.pending}")
    for (name, labels), count in sorted(sink.tally.items()):
        if name in SILENT or name in ("events_total", "events_rejected_total"):
            continue
        words = " ".join([name.removesuffix("_total").replace("_", " "), *labels])
        lines.append(f"{words}: {count}")
    return lines


def _seconds(at_ms: int) -> str:
    return f"{(at_ms - START_MS) / 1000:g}"

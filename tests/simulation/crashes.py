"""A lane that is killed again and again: a restart has the committed cut, the topic, and the ledger or none."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from streams.core.cut import Cut
from streams.core.lane import Lane
from streams.core.ledger import MemoryLedger
from streams.core.ledger_chunks import PREFIX_BYTES, facts_with

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from streams.core.lane import LaneOutput
    from streams.core.ledger import Fact
    from streams.core.ledger_chunks import Chunk
    from streams.core.policy import Policy
    from streams.core.wire import RawRecord

Log = tuple[list["RawRecord"], list["RawRecord"]]

SYNCED, LOST = "synced", "lost"
"""What a crash leaves of the ledger: what goes before the committed cut, or nothing."""
NEVER_STALLED = 10**9
PROMISED = (
    "id kind severity status resolution voucher fields amount_at_risk currency opened_at resolved_at".split()  # noqa: SIM905
)


@dataclass
class Broker:
    """The anomaly topic reduced to the newest revision of each id, and the group's last commit."""

    topic: dict[str, dict[str, Any]] = field(default_factory=dict)
    committed: Cut | None = None
    contradictions: list[str] = field(default_factory=list)

    def publish(self, output: LaneOutput, until: int | None = None) -> None:
        """Take the changes of one call, or only the first few where the process dies in the middle."""
        for change in output.changes[:until]:
            record = json.loads(change.encode(0))
            old = self.topic.get(record["id"])
            if old is not None and record["revision"] < old["revision"]:
                self.contradictions.append(f"revision {record['revision']} of {record['id']} after {old['revision']}")
            self.topic[record["id"]] = record


def reduced(topic: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what the promise covers of each anomaly, by id."""
    found = {}
    for key, record in topic.items():
        kept = {name: record[name] for name in PROMISED}
        kept["legs"] = {side: leg and leg["event_id"] for side, leg in record["legs"].items()}
        found[key] = kept
    return found


def run_whole(log: Log, policy: Policy) -> dict[str, dict[str, Any]]:
    """Run one lane that is never interrupted, with a ledger that recognises deliveries as a killed one's does."""
    lane = Lane(0, policy, ledger=CopiedLedger())
    broker = Broker()
    for source in (0, 1):
        broker.publish(lane.feed(source, log[source]))
    broker.publish(lane.flush())
    return reduced(broker.topic)


class CopiedLedger:
    """A ledger that is no lane's own memory, so that a copy of it holds all that was handed over."""

    bucket_ms = 3_600_000

    def __init__(self, most_at_hand: int = 0) -> None:
        self._kept = MemoryLedger()
        self.most_at_hand = most_at_hand
        self.settled = 0
        """All that was handed over is here."""

    @property
    def chunks(self) -> CopiedLedger:
        """It takes packed pairs in chunks."""
        return self

    @property
    def outlives(self) -> bool:
        """A copy of it survives the lane."""
        return True

    @property
    def covers_from(self) -> int:
        """The log time since which every forgotten voucher is here."""
        return self._kept.covers_from

    def begin(self, at: int) -> None:
        """Say that reading begins at a log time."""
        self._kept.begin(at)

    def put(self, facts: Sequence[Fact]) -> None:
        """Take facts."""
        self._kept.put(facts)

    def put_chunks(self, chunks: list[Chunk], ever: int) -> None:
        """Take the facts out of chunks; a new lane counts anew."""
        for _, start, chunk in chunks:
            self._kept.put(facts_with(start[PREFIX_BYTES:].decode(), chunk, b""))
        self.settled = ever

    def of_number(self, terminal: str, number: str) -> list[Fact]:
        """Return the facts of one voucher number."""
        return self._kept.of_number(terminal, number)

    def of_reference(self, terminal: str, reference: str) -> list[Fact]:
        """Return the facts of a terminal that have a reference."""
        return self._kept.of_reference(terminal, reference)

    def of_terminal(self, terminal: str, since_ms: int) -> list[Fact]:
        """Return the facts of a terminal since a log time."""
        return self._kept.of_terminal(terminal, since_ms)

    def forget(self, before_ms: int) -> None:
        """Give back the space of facts before a log time."""
        self._kept.forget(before_ms)


class Killed:
    """One lane over one log, fed in random fetches, committed at random and killed at random."""

    def __init__(self, log: Log, policy: Policy, rng: random.Random, *, kills: int, ledger: str = SYNCED) -> None:
        self._log = log
        self._policy = policy
        self._rng = rng
        self._kills = kills
        self.broker = Broker()
        self._left = ledger
        self._ledger = CopiedLedger(rng.choice([0, 2, 1_000]))
        self._synced = CopiedLedger()
        self._lane = Lane(0, policy, ledger=self._ledger)
        self._at = [0, 0]

    def run(self) -> dict[str, dict[str, Any]]:
        """Run to the end of both logs through every kill, and return what the topic shows."""
        while self._at != [len(self._log[0]), len(self._log[1])]:
            output = self._step()
            if self._kills and self._rng.random() < 0.3:
                self._kills -= 1
                self.broker.publish(output, self._rng.randint(0, len(output.changes)))
                self._restart()
                continue
            self.broker.publish(output)
            if self._rng.random() < 0.5:
                self._commit()
        self.broker.publish(self._lane.flush())
        return reduced(self.broker.topic)

    def _step(self) -> LaneOutput:
        left = [source for source in (0, 1) if self._at[source] < len(self._log[source])]
        source = self._rng.choice(left)
        start = self._at[source]
        end = min(len(self._log[source]), start + self._rng.choice([1, 1, 2, 3, 50]))
        self._at[source] = end
        return self._lane.feed(source, self._log[source][start:end])

    def _commit(self) -> None:
        cut = self._lane.cut()
        if all(offset is not None for offset in cut.offsets):
            self.broker.committed = cut
            if self._left == SYNCED:
                self._synced = deepcopy(self._ledger)

    def _restart(self) -> None:
        cut = self.broker.committed
        if self._left == LOST or cut is None:
            self._ledger = CopiedLedger()
        elif self._left == SYNCED:
            self._ledger = deepcopy(self._synced)
        self._lane = Lane(0, self._policy, ledger=self._ledger)
        if cut is None:
            self._at = [0, 0]
            self._lane.restore(-1, (0, 0), self._records(), r_ms=-1, starts=(0, 0))
            return
        starts = (cut.offsets[0] or 0, cut.offsets[1] or 0)
        said = Cut.parse_metadata(cut.metadata())
        assert said is not None
        # Offsets have gaps, as compaction and transaction markers leave them.
        self._at = [sum(1 for record in self._log[source] if record[0] < starts[source]) for source in (0, 1)]
        r_ms = said.r_ms
        if self._left == LOST:
            r_ms = min(r_ms, said.j_ms - self._policy.originals_horizon_ms - self._policy.memory_ms)
            self._at = [min(self._at[source], self._first_at(source, r_ms)) for source in (0, 1)]
            first, second = (self._offset(source, starts[source]) for source in (0, 1))
            starts = (first, second)
        self._lane.restore(said.j_ms, said.processed, self._records(), r_ms=r_ms, starts=starts)

    def _first_at(self, source: int, log_time: int) -> int:
        """Return the place of the first record with a log time or a later one."""
        return sum(1 for record in self._log[source] if record[1] < log_time)

    def _offset(self, source: int, otherwise: int) -> int:
        """Return the offset at which reading goes on."""
        log, at = self._log[source], self._at[source]
        return log[at][0] if at < len(log) else otherwise

    def _records(self) -> Sequence[bytes]:
        return [json.dumps(record).encode() for record in self.broker.topic.values()]

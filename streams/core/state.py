"""Everything that one lane knows, and the steps by which a voucher is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import mypyc_attr

from streams.core.blindness import Blindness
from streams.core.diagnosis.diagnoser import Diagnoser
from streams.core.journal import Journal
from streams.core.ledger import MemoryLedger
from streams.core.maintenance import MARK, Maintenance, sentence_of, window_of
from streams.core.memory import Memory
from streams.core.numbers import drop_from
from streams.core.timers import HORIZON, Timers
from streams.core.voucher import ONE_SIDED, Run
from streams.core.wire import SOURCES

if TYPE_CHECKING:
    from streams.core.anomaly import Anomaly, Finding
    from streams.core.diagnosis.calendar import Window
    from streams.core.event import Event
    from streams.core.ledger import Ledger
    from streams.core.policy import LinkPolicy, Policy
    from streams.core.voucher import Voucher


MOST_FACTS: Final = 1_000_000
"""Facts that the ledger of a live lane keeps where it is in memory, about 1 GB; what is older is not covered."""


@mypyc_attr(allow_interpreted_subclasses=True)
class LaneState:
    """The state of one lane; ``now`` is the log time through which the merged order was applied."""

    def __init__(
        self,
        number: int,
        policy: Policy,
        *,
        partitions: int,
        live: bool,
        ledger: Ledger | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.policy = policy
        self.timers = Timers()
        self.ledger: Ledger = ledger if ledger is not None else MemoryLedger(MOST_FACTS if live else 0)
        self.gathers = live
        """Whether the ledger may have begun later than what is pointed at, as it cannot in a replay of files."""
        self.memory = Memory(policy, self.ledger, live=live)
        self.journal = journal or Journal(number)
        self.diagnoser = Diagnoser(policy.diagnosis) if policy.diagnosis is not None else None
        if self.diagnoser is not None:
            self.journal.diagnosed_in = self
        self.maintenance = Maintenance(policy)
        self.blind: Blindness | None = Blindness(number, partitions, policy) if live else None
        self.now = -1
        self.pending = [0, 0]
        self.unclosed = 0

    def link_policy(self, leg: Event) -> LinkPolicy:
        """Return the policy of the link that a leg travelled on."""
        policy = self.policy
        link = leg.body.link
        if link and policy.links:
            return policy.links.get(link.strip(), policy.default_link)
        return policy.default_link

    def compare_fields(self, voucher: Voucher) -> tuple[str, ...]:
        """Return the fields to compare on a voucher's link: the host's, else the terminal's."""
        policy = self.policy
        if policy.links:
            for leg in (voucher.host, voucher.terminal):
                link = leg.body.link if leg is not None else None
                if link and link.strip() in policy.links:
                    return policy.links[link.strip()].compare_fields
        return policy.default_link.compare_fields

    def link_label(self, voucher: Voucher) -> str:
        """Return the metric label of a voucher's link: a configured name (the host's first) or ``other``."""
        links = self.policy.links
        if links:
            for leg in (voucher.host, voucher.terminal):
                link = leg.body.link if leg is not None else None
                if link and link.strip() in links:
                    return link.strip()
        return "other"

    def thin_out(self, vouchers: list[Voucher], at: int) -> None:
        """Let go of what is over and out of reach at a log time among many vouchers of one number."""
        floor = at - self.policy.memory_ms
        kept = [
            v for v in vouchers if not v.closed or v.anomaly is not None or max(leg.deadline for leg in v.legs) >= floor
        ]
        for voucher in vouchers:
            if voucher not in kept:
                self.memory.put_down_of_run(voucher, voucher.run)
        vouchers[:] = kept

    def begin(self, run: Run) -> None:
        """Count a voucher that was opened in a run."""
        run.open += 1
        self.unclosed += 1

    def close(self, voucher: Voucher, verdict: str, at: int) -> None:
        """Close a voucher with a verdict at a log time; it counts under its first verdict only."""
        if voucher.lone is not None:
            self.pending[voucher.lone.source] -= 1
            voucher.lone = None
        self.release(voucher)
        if not voucher.closed:
            voucher.closed = True
            voucher.run.open -= 1
            self.unclosed -= 1
        voucher.verdict = verdict
        if not voucher.counted:
            voucher.counted = True
            self.journal.count(at, "vouchers_closed_total", verdict, self.link_label(voucher))
        if verdict in ONE_SIDED and (voucher.terminal is None or voucher.host is None):
            self.memory.keep_one_sided(voucher)

    def count_beside(self, voucher: Voucher, verdict: str, at: int) -> None:
        """Count a verdict that stands beside the one that closes a voucher."""
        self.journal.count(at, "vouchers_closed_total", verdict, self.link_label(voucher))

    def drop_wanted(self, voucher: Voucher) -> None:
        """Look out no longer for the voucher that a void names."""
        voucher.unfound = None
        for key in list(self.memory.wanted):
            drop_from(self.memory.wanted, key, voucher)

    def release(self, voucher: Voucher) -> None:
        """Let a voucher wait for a stalled source no longer, so that it holds no cut back."""
        if voucher.held_until and self.blind is not None:
            self.blind.held.pop(voucher, None)

    def reopen(self, voucher: Voucher) -> None:
        """Let a closed voucher wait once more: a late leg or answer made it a pair that waits."""
        if voucher.closed:
            voucher.closed = False
            self.begin(voucher.run)

    def adopt(self, run: Run, voucher: Voucher) -> None:
        """Move a voucher of a forgotten run into the run that it is met in again."""
        old = voucher.run
        if old is run:
            return
        self.memory.drop_one_sided(voucher)
        self.memory.drop_anomaly(voucher)
        standing = old.reversals if voucher.is_reversal else self.memory.vouchers_of(old)
        if standing and voucher in standing:
            standing.remove(voucher)
        if not voucher.closed:
            old.open -= 1
            run.open += 1
        voucher.run = run
        if voucher.is_reversal:
            run.reversals = [*(run.reversals or []), voucher]
        else:
            self.memory.vouchers_of(run).append(voucher)
        if voucher.anomaly is not None:
            self.memory.keep_anomaly(voucher)

    def close_matched(self, voucher: Voucher, at: int) -> None:
        """Close a pair that agrees, which is what becomes of almost every voucher, and put it away."""
        voucher.closed = True
        voucher.verdict = "matched"
        voucher.run.open -= 1
        self.unclosed -= 1
        if not voucher.counted:
            voucher.counted = True
            self.journal.count_matched(at, self.link_label(voucher))
        terminal, host = voucher.terminal, voucher.host
        if terminal is None or host is None:
            return
        terminal.voucher = host.voucher = None
        run = voucher.run
        if terminal.raw is None or host.raw is None or len(run.vouchers) != 1 or run.reversals is not None:
            return
        if not (voucher.pinned or voucher.limited or voucher.batch_key):
            run.put_away(terminal, host)

    def accuse(self, voucher: Voucher, finding: Finding, at: int, *, held: bool = False) -> None:
        """Open the anomaly of a voucher and close the voucher with it."""
        self.open_anomaly(voucher, finding, at, held=held, main=True)
        self.close(voucher, finding.kind, at)

    def open_anomaly(
        self, voucher: Voucher, finding: Finding, at: int, *, held: bool = False, main: bool
    ) -> Anomaly | None:
        """Open an anomaly; ``main`` says that it is the voucher's own, which later facts can resolve.

        Returns ``None`` where it was opened before.
        """
        marks = ["held"] * held + ["limited"] * voucher.limited
        if main and voucher.marks and finding.kind in ("orphan_terminal", "orphan_host"):
            finding.evidence = (*finding.evidence, *(mark.sentence for mark in voucher.marks))
        window = self.maintenance.covering(finding.legs)
        if window is not None:
            marks.append(MARK)
            finding.evidence = (*finding.evidence, sentence_of(window))
        if voucher.batch_key:
            finding.evidence = (*finding.evidence, *self._other_batches(voucher))
        anomaly = self.journal.open_voucher(voucher, finding, at, self.link_label(voucher), marks)
        if anomaly is None:
            return None
        if window is not None:
            self.journal.count(at, "anomalies_in_maintenance_total", anomaly.kind)
        self._bound_open(at)
        if main:
            voucher.anomaly = anomaly
            self.memory.keep_anomaly(voucher)
        source, offset = finding.legs[0].source, finding.legs[0].offset
        self.timers.set(at + self.policy.resolve_horizon_ms, HORIZON, source, offset, anomaly)
        diagnoser = self.diagnoser
        if diagnoser is not None:
            diagnoser.opened(self, voucher, finding, anomaly, at)
        return anomaly

    def tell_windows(self, windows: tuple[Window, ...]) -> None:
        """Take all maintenance windows of the control topic, and look at what is open again."""
        self.journal.knows_windows = True
        if self.maintenance.tell(windows):
            self.look_at_windows()

    def look_at_windows(self) -> None:
        """Let every open anomaly say in which window it lies; in none only if the control topic was read to its end."""
        for anomaly in list(self.journal.open.values()):
            window = self.maintenance.covering_record(anomaly.record)
            if window is not None or self.maintenance.told is not None:
                self.journal.attribute(anomaly, window)

    def notice(self, event: Event) -> None:
        """Take a notice: its window holds in this lane at once, and elsewhere when it was passed on."""
        try:
            window = window_of(event)
        except ValueError:
            self.journal.count(event.log_time, "notices_unreadable_total", SOURCES[event.source])
            return
        if window is None or not self.maintenance.notice(window):
            return
        # In a replay, too: who read it first may not have come to pass it on.
        self.journal.out.notices.append(window)
        self.look_at_windows()

    def _other_batches(self, voucher: Voucher) -> list[str]:
        """Return the hint that the same voucher number stands in another batch of the terminal."""
        batches = {
            other.batch_key for other in self.memory.vouchers_of(voucher.run) if other.batch_key != voucher.batch_key
        }
        return [f"same voucher, other batch: {batch}" for batch in sorted(batches)]

    def _bound_open(self, at: int) -> None:
        """At the limit let the oldest open anomaly expire early, marked ``limited``."""
        standing = self.journal.open
        while len(standing) > self.policy.max_open_anomalies:
            oldest = standing[next(iter(standing))]
            oldest.mark("limited")
            self.expire(oldest, at)

    def expire(self, anomaly: Anomaly, at: int) -> None:
        """Let an anomaly that nobody resolved leave the open ones, and its voucher be forgotten."""
        voucher = anomaly.voucher
        if voucher is not None and voucher.unfound is anomaly:
            self.drop_wanted(voucher)
        if voucher is not None and voucher.anomaly is anomaly:
            voucher.anomaly = None
            self.memory.drop_anomaly(voucher)
            self.memory.drop_one_sided(voucher)
            self.memory.let_go(voucher)
        self.journal.expire(anomaly, at)

    def meets_late(self, voucher: Voucher, leg: Event) -> None:
        """Let the diagnosis of a lone voucher know the leg that has come at last."""
        if self.diagnoser is not None and voucher.anomaly is not None:
            self.diagnoser.came_late(voucher.anomaly, leg)

    def resolve(self, voucher: Voucher, resolution: str, at: int, marks: tuple[str, ...] = ()) -> None:
        """Resolve the open anomaly of a voucher, if it has one."""
        anomaly = voucher.anomaly
        if anomaly is None:
            return
        voucher.anomaly = None
        self.memory.drop_anomaly(voucher)
        self.journal.resolve(anomaly, resolution, at, ("limited", *marks) if voucher.limited else marks)
